#pragma once
// One seed: clients that contend for locks, what is done to them, and whether the mutex kept every promise.
#include "actor.hpp"
#include "faults.hpp"
#include "lock_book.hpp"
#include "mutex_tally.hpp"
#include "scene.hpp"

#include <kazoo/recipe/mutex.hpp>

#include <map>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

namespace kazoo::testkit {

class mutex_storm {
  public:
    explicit mutex_storm(std::uint64_t seed);
    ~mutex_storm();
    mutex_storm(const mutex_storm&) = delete;
    mutex_storm& operator=(const mutex_storm&) = delete;

    /// What a storm goes on for.
    static constexpr std::uint64_t least_acquisitions = 20;
    /// Runs from the first connection to the last close. What is wrong, a line each.
    const std::vector<std::string>& run();
    const mutex_tally& counted() const noexcept { return tally_; }
    tally faults_counted() const { return faults_.counted(); }
    std::uint64_t trace_hash() const { return world_.trace_hash(); }
    std::string last_events() const { return world_.last_events(); }
    void remember_more() { inside().traces().keep(20'000); }

  private:
    static constexpr duration length = std::chrono::seconds(10);

    struct player {
        std::size_t number = 0;
        machine where;
        std::shared_ptr<sim_machine> inside;
        std::optional<client> c;
        duration timeout{0};
        explicit player(machine m) : where(std::move(m)) {}
    };
    /// One mutex object and those who share it.
    struct station {
        player* who = nullptr;
        std::size_t site = 0;
        std::unique_ptr<mutex> lock;
        std::uint64_t calls = 0;
        std::uint64_t busy = 0;          ///< actors from their call to the end of unlock
        std::set<std::uint64_t> patient; ///< calls without a limit that have not ended
        bool held = false;               ///< by one of its actors
        std::string name() const { return "client " + std::to_string(who->number) + " at " + lock->path(); }
    };
    /// What an actor has between the end of its call and unlock.
    struct holding {
        std::string node;
        zxid token{};
        std::stop_token lost;
    };

    /// How long a node may be there that belongs to no acquisition, while its client is connected. What lands late does
    /// so within a timeout.
    static duration orphan_limit(const player& p) { return p.timeout * 2 + std::chrono::seconds(2); }

    // -- mutex_storm.cpp
    player& add_player();
    void add_station(player&, std::size_t site, std::uint64_t actors);
    void plan_passing_client();
    void plan_vandal();
    void settle();
    void close_all();
    void on_write(const sim_write&);
    void on_turn();
    void take_complaints_of_book();
    void look_for_orphans();
    bool nothing_left() const;
    void complain(std::string what) { wrong_.push_back(std::move(what)); }
    duration between(duration least, duration most) { return inside().between(least, most); }
    std::uint64_t below(std::uint64_t n) { return inside().random().below(n); }
    sim_world& inside() const { return world_.world(); }

    // -- mutex_storm_actors.cpp
    struct actors;
    friend struct actors;
    holding acquired(station&, std::uint64_t call);
    void write(station&, const holding&, bool believes);
    void released(station&, const holding&);

    simulation world_;
    mutex_tally tally_;
    faults faults_{world_};
    std::vector<std::string> wrong_;
    std::vector<std::unique_ptr<player>> players_;
    std::vector<std::unique_ptr<station>> stations_;
    lock_book book_;
    std::map<std::size_t, fenced_store> stores_;
    std::map<std::size_t, zxid> last_acquired_;
    std::map<std::pair<std::size_t, std::size_t>, time_point> orphaned_since_; ///< by client and site
    int actors_ = 0;
    bool open_ = true; ///< new turns begin
    bool settled_ = false;
};

} // namespace kazoo::testkit
