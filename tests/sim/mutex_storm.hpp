#pragma once
// One seed: clients that contend for locks, what is done to them, and whether the mutex kept every promise.
#include "actor.hpp"
#include "lock_book.hpp"
#include "storm/frame.hpp"

#include <kazoo/recipe/mutex.hpp>

#include <map>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

namespace kazoo::testkit {

class mutex_storm final : public storm_frame {
  public:
    explicit mutex_storm(std::uint64_t seed);
    ~mutex_storm() override;
    const mutex_counts& counted() const noexcept { return counts_; }

  private:
    /// One mutex object and those who share it.
    struct station {
        storm_client* who = nullptr;
        std::size_t site = 0;
        std::unique_ptr<mutex> lock;
        std::uint64_t calls = 0;
        std::uint64_t busy = 0;          ///< actors from their call to the end of unlock
        std::set<std::uint64_t> patient; ///< calls without a limit that have not ended
        bool held = false;               ///< by one of its actors
        std::string name() const { return who->name() + " at " + lock->path(); }
    };
    /// What an actor has between the end of its call and unlock.
    struct holding {
        std::string node;
        zxid token{};
        std::stop_token lost;
    };

    /// How long a node may be there that belongs to no acquisition, while its client is connected. What lands late does
    /// so within a timeout.
    static duration orphan_limit(const storm_client& c) { return c.timeout * 2 + std::chrono::seconds(2); }

    // -- mutex_storm.cpp
    void start() override;
    std::function<void()> on_passing_client(storm_client&) override;
    void on_write(const sim_write&) override;
    void on_turn(const sim_machine&) override;
    void on_forced_end(std::int64_t session) override { book_.on_forced_end(session); }
    void on_forget() override;
    void settle() override;
    void before_close() override;
    void audit() override;
    void take_complaints_of_book();
    void look_for_orphans();
    bool nothing_left() const;

    // -- mutex_storm_actors.cpp
    struct actors;
    friend struct actors;
    void add_station(storm_client&, std::size_t site, std::uint64_t actors);
    void plan_vandal();
    holding acquired(station&, std::uint64_t call);
    void write(station&, const holding&, bool believes);
    void released(station&, const holding&);

    mutex_counts counts_;
    std::vector<std::unique_ptr<station>> stations_;
    lock_book book_;
    std::map<std::size_t, fenced_store> stores_;
    std::map<std::size_t, zxid> last_acquired_;
    std::map<std::pair<std::size_t, std::size_t>, time_point> orphaned_since_; ///< by client and site
    bool open_ = true;                                                         ///< new turns begin
    bool settled_ = false;
};

} // namespace kazoo::testkit
