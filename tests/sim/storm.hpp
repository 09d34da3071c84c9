#pragma once
// One seed: clients, what they do, what is done to them, and whether every promise was kept.
#include "faults.hpp"
#include "ledger.hpp"
#include "scene.hpp"
#include "tally.hpp"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace kazoo::testkit {

class storm {
  public:
    explicit storm(std::uint64_t seed);
    ~storm();
    storm(const storm&) = delete;
    storm& operator=(const storm&) = delete;

    /// Runs from the first connection to the last close. What is wrong, a line each.
    const std::vector<std::string>& run();
    const tally& counted() const noexcept { return tally_; }
    std::uint64_t trace_hash() const { return world_.trace_hash(); }
    std::string last_events() const { return world_.last_events(); }
    void remember_more() { inside().traces().keep(20'000); }

  private:
    /// One client and what is known of it.
    struct player {
        std::size_t number = 0;
        machine where;
        std::shared_ptr<sim_machine> inside;
        std::optional<client> c;
        session_id last_session = session_id::none;
        session_state last_state = session_state::connecting;
        session_state last_heard = session_state::connecting;
        subscription listening;
        std::uint64_t reconnects = 0;
        bool authenticated = false;
        std::uint64_t reconnects_at_auth = 0;
        std::vector<std::string> own_nodes; ///< that only its credential opens
        explicit player(machine m) : where(std::move(m)) {}
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
    void add_player();
    void prepare_faults();
    void plan_passing_client();
    void settle();
    void close_all();
    void on_write(const sim_write&);
    void on_turn(const sim_machine&);
    void on_state(player&, session_state);
    bool quiet() const;
    bool views_are_true() const;
    std::vector<std::size_t> left_by_protected_creates() const;
    void complain(std::string what) { wrong_.push_back(std::move(what)); }
    duration between(duration least, duration most) { return inside().between(least, most); }
    std::uint64_t below(std::uint64_t n) { return inside().random().below(n); }
    sim_world& inside() const { return world_.world(); }

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

    std::uint64_t seed_;
    simulation world_;
    tally tally_;
    faults faults_{world_};
    ledger ledger_;
    std::vector<std::string> wrong_;
    std::vector<std::unique_ptr<player>> players_;
    std::vector<std::unique_ptr<view>> views_;
    std::set<std::int64_t> ended_by_force_, expired_;
    int operations_to_begin_ = 0;
    int actors_ = 0;
};

} // namespace kazoo::testkit
