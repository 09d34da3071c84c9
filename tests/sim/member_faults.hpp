#pragma once
// What is done to the members of an ensemble and to the network between them.
#include "storm/counts.hpp"
#include "testing/sim/sim_world.hpp"

#include <kazoo/testkit/simulation.hpp>

#include <array>
#include <cstdint>
#include <string_view>

namespace kazoo::testkit {

struct member_fault_kinds {
    enum what : std::uint8_t {
        hold_both,
        hold_one_way,
        flip,
        flap,
        disconnect,
        leader_paused,
        follower_paused,
        leader_killed,
        leader_without_majority,
        count
    };
    static constexpr std::array<std::string_view, count> names{
        "held both ways",  "held one way",  "flipped",
        "flapped",         "disconnected",  "leader paused",
        "follower paused", "leader killed", "leader alone, both restarted"};
};

class member_faults : public member_fault_kinds {
  public:
    explicit member_faults(simulation& s) : world_(s) {}

    /// Does one of them and lets the world go on until it is healed.
    void one();
    void one(what);
    const counts<member_fault_kinds>& counted() const noexcept { return counted_; }

  private:
    void hold(std::size_t a, std::size_t b, bool there, bool back);
    void flap_for(duration, std::size_t leader, std::size_t follower, bool pauses);
    duration between(duration least, duration most) { return world_.world().between(least, most); }
    bool chance(std::uint64_t one_in) { return world_.world().chance(one_in); }

    simulation& world_;
    counts<member_fault_kinds> counted_;
};

} // namespace kazoo::testkit
