#pragma once
// Time below the edge of the library is an argument: this clock has no now().
#include <chrono>

namespace kazoo {

/// The monotonic clock of an event loop, real or simulated. Its zero means nothing.
struct loop_clock {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<loop_clock>;
    static constexpr bool is_steady = true;
};

using time_point = loop_clock::time_point;
using duration = loop_clock::duration;
inline constexpr time_point never = time_point::max();

/// t + d, or `never` where that does not fit.
constexpr time_point saturating_add(time_point t, duration d) noexcept { return d > never - t ? never : t + d; }

} // namespace kazoo
