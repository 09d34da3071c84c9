#pragma once
// The ensemble of a lease storm.
#include <kazoo/testkit/simulation.hpp>

#include <chrono>
#include <cstdint>

namespace kazoo::testkit {

inline std::chrono::milliseconds lease_timeout(std::uint64_t seed) {
    return std::chrono::seconds(seed % 2 == 0 ? 4 : 10);
}

/// A session is worth at least two ticks: servers insist on that by default.
inline simulation_options lease_world(std::uint64_t seed) {
    simulation_options o;
    o.seed = seed;
    o.members = 3;
    o.tick = lease_timeout(seed) / (seed % 4 < 2 ? 2 : 5);
    o.min_session_timeout = o.tick * 2;
    return o;
}

} // namespace kazoo::testkit
