#pragma once
// The library's time. It is passed in as an argument, so this clock has no now(); real clocks are read at the edge.
#include <chrono>

namespace kazoo::util {

inline namespace time {

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

/// t + d, or the end of the clock where that does not fit.
constexpr time_point saturating_add(time_point t, duration d) noexcept {
    if (d > duration::zero()) return t > never - d ? never : t + d;
    return t < time_point::min() - d ? time_point::min() : t + d;
}

} // namespace time

} // namespace kazoo::util

// Every room may name these types without a prefix.
// clang-format off
namespace kazoo::detail { using namespace util::time; }
namespace kazoo::session { using namespace util::time; }
namespace kazoo::server { using namespace util::time; }
namespace kazoo::net { using namespace util::time; }
namespace kazoo::testkit { using namespace util::time; }
// clang-format on
