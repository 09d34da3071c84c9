#pragma once
// One seed: those who want leases, on machines whose clocks are wrong by up to a bound, what is done to them, and
// whether two had one of them at a time.
#include "sim/actor.hpp"
#include "sim/storm/counts.hpp"
#include "sim/storm/frame.hpp"

#include <kazoo/recipe/lease.hpp>

#include <string>
#include <vector>

namespace kazoo::testkit {

struct timed_lease_things {
    enum what : std::uint8_t {
        obtained,
        places,
        held_by_others,
        renewed,
        not_renewed,
        released,
        not_released,
        ended,
        given_up,
        failed,
        count
    };
    static constexpr std::array<std::string_view, count> names{"leases obtained",
                                                               "places of several obtained",
                                                               "held by others",
                                                               "renewed",
                                                               "not renewed: others had it",
                                                               "released",
                                                               "not released: others had it",
                                                               "left to their end",
                                                               "given up while asked for",
                                                               "failed, or ended by close"};
};
using timed_lease_counts = counts<timed_lease_things>;

class timed_lease_storm final : public storm_frame {
  public:
    explicit timed_lease_storm(std::uint64_t seed);
    ~timed_lease_storm() override;
    const timed_lease_counts& counted() const noexcept { return counts_; }

  private:
    struct holder {
        const lease* what;
        int forgotten; ///< how often the server had lost its disk when it was asked for
    };

    void start() override;
    std::function<void()> on_passing_client(storm_client&) override;
    void on_write(const sim_write&) override;
    void on_turn(const sim_machine&) override;
    void on_forget() override { ++forgotten_; }
    void settle() override;
    void audit() override;

    struct actors;
    friend struct actors;
    holder& holding(const lease&);
    void add_actors(storm_client&, std::uint64_t number);
    bool nothing_left() const;
    std::chrono::system_clock::time_point true_time() const;

    const duration clock_error_; ///< at most, either way
    timed_lease_counts counts_;
    std::vector<holder> holders_;
    int forgotten_ = 0;
    std::uint64_t named_ = 0;
    bool open_ = true; ///< new turns begin
};

} // namespace kazoo::testkit
