#pragma once
// One seed: readers and writers of one path, what is done to them, and whether writers were alone.
#include "grant_book.hpp"
#include "sim/actor.hpp"
#include "sim/storm/counts.hpp"
#include "sim/storm/frame.hpp"

#include <kazoo/recipe/shared_mutex.hpp>

#include <memory>
#include <vector>

namespace kazoo::testkit {

struct shared_mutex_things {
    enum what : std::uint8_t {
        writes,
        reads,
        reads_together,
        lost_while_writing,
        lost_while_reading,
        not_in_time,
        cancelled,
        closed,
        count
    };
    static constexpr std::array<std::string_view, count> names{"held to write",
                                                               "held to read",
                                                               "moments with several readers",
                                                               "lost while writing",
                                                               "lost while reading",
                                                               "not acquired in time",
                                                               "cancelled",
                                                               "ended by close or destruction"};
};
using shared_mutex_counts = counts<shared_mutex_things>;

class shared_mutex_storm final : public storm_frame {
  public:
    explicit shared_mutex_storm(std::uint64_t seed);
    ~shared_mutex_storm() override;
    const shared_mutex_counts& counted() const noexcept { return counts_; }

  private:
    /// One object and those who share it.
    struct station {
        storm_client* who = nullptr;
        std::unique_ptr<shared_mutex> lock;
        int reading = 0; ///< actors that have it
    };

    void start() override;
    std::function<void()> on_passing_client(storm_client&) override;
    void on_turn(const sim_machine&) override;
    void on_forced_end(std::int64_t session) override { book_.on_forced_end(session); }
    void on_forget() override;
    void settle() override;
    void before_close() override;
    void audit() override;

    struct actors;
    friend struct actors;
    station& add_station(storm_client&, std::uint64_t actors);
    bool nothing_left() const;

    shared_mutex_counts counts_;
    std::vector<std::unique_ptr<station>> stations_;
    grant_book book_;
    zxid last_write_{};
    bool open_ = true; ///< new turns begin
};

} // namespace kazoo::testkit
