#pragma once
#include "util/clock.hpp"

#include <ctime>

namespace kazoo::net {

/// The clock of real loops. Time that the machine spends asleep counts: sessions run out meanwhile.
inline constexpr clockid_t loop_clock_id = CLOCK_BOOTTIME;

inline time_point loop_time() noexcept {
    timespec t{};
    ::clock_gettime(loop_clock_id, &t);
    return time_point(std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec));
}

} // namespace kazoo::net
