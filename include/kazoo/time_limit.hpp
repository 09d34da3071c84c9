#pragma once
// How long to wait at most.
#include <kazoo/detail/until.hpp>
#include <kazoo/export.hpp>

#include <chrono>
#include <iosfwd>
#include <string>

namespace kazoo {

/// A duration of any unit, as users say it: hours::max(), like anything from 50 years on, is no limit; zero and less is
/// "now". Counts whole nanoseconds, rounded up.
class time_limit {
  public:
    /// Never overflows.
    template <class Rep, class Period>
    constexpr time_limit(std::chrono::duration<Rep, Period> d) noexcept : nanoseconds_(detail::saturate(d)) {}
    /// nanoseconds::max() if there is no limit.
    constexpr operator std::chrono::nanoseconds() const noexcept { return nanoseconds_; }

  private:
    std::chrono::nanoseconds nanoseconds_;
};
/// "1.5 s"; "no limit".
KAZOO_EXPORT std::string to_string(time_limit);
/// Prints to_string() of it.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, time_limit);

} // namespace kazoo
