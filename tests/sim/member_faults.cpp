#include "member_faults.hpp"

namespace kazoo::testkit {

using namespace std::chrono_literals;

void member_faults::hold(std::size_t a, std::size_t b, bool there, bool back) {
    world_.hold_members(a, b, there);
    world_.hold_members(b, a, back);
}

void member_faults::one() { one(static_cast<what>(world_.world().random().below(count))); }

void member_faults::one(what kind) {
    if (!world_.run_until([this] { return world_.leader().has_value(); }, 30s)) return;
    counted_.add(kind);
    const std::size_t leader = *world_.leader();
    const std::size_t follower = (leader + 1 + world_.world().random().below(2)) % 3, other = 3 - leader - follower;
    const duration length = between(500ms, 14s);
    switch (kind) {
    case hold_both:
        hold(leader, follower, true, true);
        world_.run_for(length);
        break;
    case hold_one_way: {
        const bool down = chance(2);
        hold(leader, follower, down, !down);
        world_.run_for(length);
        break;
    }
    case flip: {
        const bool down = chance(2);
        hold(leader, follower, down, !down);
        world_.run_for(length / 2);
        hold(leader, follower, !down, down);
        world_.run_for(length / 2);
        break;
    }
    case flap: flap_for(9s, leader, follower, chance(2)); break;
    case disconnect:
        for (std::uint64_t n = 1 + world_.world().random().below(4); n > 0; --n) {
            world_.disconnect_members(leader, follower);
            world_.run_for(between(50ms, 2s));
        }
        break;
    case leader_paused:
    case follower_paused: {
        const std::size_t who = kind == leader_paused ? leader : follower;
        world_.pause_member(who, true);
        world_.run_for(length);
        world_.pause_member(who, false);
        break;
    }
    case leader_killed:
        world_.stop_member(leader);
        world_.run_for(length);
        world_.start_member(leader);
        break;
    case leader_without_majority:
        hold(leader, follower, true, true);
        hold(leader, other, true, true);
        world_.run_for(between(0ms, 1s));
        for (const std::size_t m : {follower, other}) world_.stop_member(m);
        world_.run_for(between(0ms, 500ms));
        for (const std::size_t m : {follower, other}) world_.start_member(m);
        world_.run_for(between(2s, 16s));
        hold(leader, other, false, false);
        break;
    case count: break;
    }
    hold(leader, follower, false, false);
}

/// Short and long holds of either direction, then a long one of both.
void member_faults::flap_for(duration length, std::size_t leader, std::size_t follower, bool pauses) {
    const auto end = world_.now() + length;
    while (world_.now() < end) {
        constexpr std::array<duration, 4> scales{5ms, 50ms, 300ms, 1500ms};
        const duration scale = scales[world_.world().random().below(scales.size())];
        world_.run_for(between(scale / 5, scale * 3 / 2));
        if (pauses && chance(7)) {
            const std::size_t who = chance(2) ? leader : follower;
            world_.pause_member(who, true);
            world_.run_for(between(1ms, chance(2) ? 100ms : 1500ms));
            world_.pause_member(who, false);
            continue;
        }
        hold(leader, follower, world_.world().random().below(100) < 45, world_.world().random().below(100) < 45);
    }
    hold(leader, follower, true, true);
    world_.run_for(8s);
}

} // namespace kazoo::testkit
