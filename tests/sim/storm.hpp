#pragma once
// One seed: clients, what they do, what is done to them, and whether every promise was kept.
#include "client_counts.hpp"
#include "ledger.hpp"
#include "storm/frame.hpp"

#include <map>
#include <memory>
#include <ranges>
#include <set>
#include <string>
#include <vector>

namespace kazoo::testkit {

class storm final : public storm_frame {
  public:
    explicit storm(std::uint64_t seed);
    ~storm() override;
    const client_counts& counted() const noexcept { return counts_; }

  private:
    /// One client and what is known of it.
    struct player final : storm_client {
        using storm_client::storm_client;
        session_id last_session = session_id::none;
        bool had_session = false;              ///< in the turn before
        std::uint64_t connections_at_loss = 0; ///< tried when the newest loss of a session was seen
        session_state last_state = session_state::connecting;
        session_state last_heard = session_state::connecting;
        subscription listening;
        std::uint64_t reconnects = 0;
        bool authenticated = false;
        std::uint64_t reconnects_at_auth = 0;
        std::vector<std::string> own_nodes; ///< that only its credential opens
    };
    /// What somebody believes that a part of the tree looks like, having watched it.
    struct view {
        std::string (storm::*truth)(const std::string& path) const;
        std::string path, seen;
        std::string who;
    };

    /// Opens to one credential only, which everybody has sooner or later.
    static constexpr const char* protected_node = "/p/shared";

    // -- storm.cpp
    std::unique_ptr<storm_client> make_client(machine) override;
    void on_client(storm_client&) override;
    void start() override;
    std::function<void()> on_passing_client(storm_client&) override;
    void on_write(const sim_write&) override;
    void on_turn(const sim_machine&) override;
    void on_forced_end(std::int64_t session) override { ended_by_force_.insert(session); }
    void on_forget() override;
    void settle() override;
    void audit() override;
    static player& player_of(storm_client& c) { return static_cast<player&>(c); }
    auto all_players() const {
        return clients() | std::views::transform([](const auto& c) -> player& { return player_of(*c); });
    }
    void on_state(player&, session_state);
    bool quiet() const;
    bool views_are_true() const;
    std::vector<std::size_t> left_by_protected_creates() const;

    // -- storm_operations.cpp
    void work(player&, int operations);
    void one_operation(player&);
    void make_folders(player&);
    void write_something(player&);
    void write_in_transaction(player&);
    void fill_the_socket(player&);
    void use_own_nodes(player&);
    void read_something(player&);
    template <class T, class Done> void begin(player&, std::size_t entry, future<T>, Done);
    template <class T> void begin(player& p, std::size_t entry, future<T> f) {
        begin(p, entry, std::move(f), [](auto&) {});
    }

    // -- storm_watchers.cpp
    void start_watchers(player&);
    friend struct watchers;
    std::string data_of(const std::string& path) const;
    std::string presence_of(const std::string& path) const;
    std::string children_of(const std::string& path) const;
    std::string subtree_of(const std::string& path) const;

    client_counts counts_;
    ledger ledger_;
    std::vector<std::unique_ptr<view>> views_;
    std::set<std::int64_t> ended_by_force_, expired_;
    int operations_to_begin_ = 0;
};

} // namespace kazoo::testkit
