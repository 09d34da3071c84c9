#pragma once
// Durations and time points as callers have them, of any unit and clock. This is the one place where a public header
// reads a clock: the caller's own.
#include <chrono>

namespace kazoo::detail {

/// Time from now until t on t's clock, rounded up; saturates.
template <class Clock, class Duration>
std::chrono::nanoseconds until(std::chrono::time_point<Clock, Duration> t) noexcept {
    const auto now = Clock::now();
    using real = std::chrono::duration<long double, std::nano>;
    const real left = real(t.time_since_epoch()) - real(now.time_since_epoch());
    if (left >= real(std::chrono::nanoseconds::max())) return std::chrono::nanoseconds::max();
    if (!(left > real::zero())) return std::chrono::nanoseconds::zero(); // nor a number
    return std::chrono::ceil<std::chrono::nanoseconds>(left);
}

/// Rounded up; saturates, as in try_lock_for(hours::max()).
template <class Rep, class Period>
constexpr std::chrono::nanoseconds saturate(std::chrono::duration<Rep, Period> d) noexcept {
    using real = std::chrono::duration<long double, std::nano>;
    const real whole(d);
    if (whole >= real(std::chrono::nanoseconds::max())) return std::chrono::nanoseconds::max();
    if (!(whole > real::zero())) return std::chrono::nanoseconds::zero(); // nor a number
    return std::chrono::ceil<std::chrono::nanoseconds>(whole);
}

} // namespace kazoo::detail
