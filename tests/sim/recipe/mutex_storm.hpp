#pragma once
// Those of a storm who contend for mutexes, and whether these kept every promise.
#include "lock_book.hpp"
#include "sim/storm/stations.hpp"

#include <kazoo/recipe/mutex.hpp>

#include <map>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

namespace kazoo::testkit {

/// One mutex object and those who share it.
struct mutex_station : station_of<mutex> {
    std::size_t site = 0;
    std::uint64_t calls = 0;
    std::uint64_t busy = 0;          ///< actors from their call to the end of unlock
    std::set<std::uint64_t> patient; ///< calls without a limit that have not ended
    bool held = false;               ///< by one of its actors
    std::string name() const { return who->name() + " at " + object->path(); }
};

class mutex_crew final : public station_crew<mutex_things, mutex_station> {
  public:
    static constexpr std::string_view name = "mutex";
    static constexpr storm_shape shape{.length = 10s, .faults = 16, .first_passing = 500ms, .longest_passing = 4s};

    explicit mutex_crew(crew_storm&);

    // -- mutex_storm_actors.cpp
    void stay(storm_client&) override;
    void begin() override;
    void pass_by(storm_client&) override;
    void leave(storm_client&) override;
    std::vector<std::string> places() const override { return book_.sites(); }

    // -- mutex_storm_test.cpp
    void on_write(const sim_write&) override;
    void on_turn() override;
    void on_forced_end(std::int64_t session) override { book_.on_forced_end(session); }
    void on_forget() override;
    bool has_enough() const override { return is_enough(counts_[mutex_counts::acquisitions], 20); }
    std::vector<std::string> unsettled() const override { return not_empty(book_.sites()); }
    void stop_watching() override { settled_ = true; }
    void audit() override { counts_.add(mutex_counts::requests_to_a_late_follower, inside().late_reads()); }

  private:
    /// What an actor has between the end of its call and unlock.
    struct holding {
        std::string node;
        zxid token{};
        std::stop_token lost;
    };

    void add(storm_client&, std::size_t site, std::uint64_t actors);
    void plan_vandal();
    actor work(mutex_station&) override;
    void count(std::error_code why_not);
    holding acquired(mutex_station&, std::uint64_t call);
    void write(mutex_station&, const holding&, bool believes);
    void released(mutex_station&, const holding&);

    void take_complaints_of_book();
    void look_for_orphans();

    lock_book book_;
    std::map<std::size_t, fenced_store> stores_;
    std::map<std::size_t, zxid> last_acquired_;
    std::map<std::pair<std::size_t, std::size_t>, time_point> orphaned_since_; ///< by client and site
    bool settled_ = false;
};

} // namespace kazoo::testkit
