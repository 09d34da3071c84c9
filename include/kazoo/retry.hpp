#pragma once
// How often and how fast to try again.
#include <kazoo/time_limit.hpp>

#include <chrono>

namespace kazoo {

/// Exponential back-off with jitter. The n-th pause is drawn uniformly from
/// [(1 - jitter), 1] * min(max_delay, initial_delay * factor^n).
struct retry_policy {
    time_limit initial_delay = std::chrono::milliseconds(50); ///< positive, at most 2^31-1 ms
    time_limit max_delay = std::chrono::seconds(5);           ///< hours::max(): they grow without bound
    double factor = 2.0; ///< each pause is so much longer than the one before; at least 1
    double jitter = 0.5; ///< from 0 to 1. 0: none; 1: from no pause at all to the full one
};

} // namespace kazoo
