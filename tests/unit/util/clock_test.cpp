// Durations and time points at the ends of their types.
#include "util/clock.hpp"

#include <kazoo/time_limit.hpp>

#include <gtest/gtest.h>

#include <limits>

using namespace std::chrono;
using kazoo::time_limit;
using kazoo::detail::saturate;
using kazoo::util::never;
using kazoo::util::saturating_add;

namespace {

TEST(clock, adding_saturates_at_both_ends) {
    const kazoo::util::time_point now(hours(5)), before(-hours(5));
    EXPECT_EQ(saturating_add(now, minutes(1)), now + minutes(1));
    EXPECT_EQ(saturating_add(now, kazoo::util::duration::max()), never);
    EXPECT_EQ(saturating_add(before, kazoo::util::duration::max()), before + kazoo::util::duration::max());
    EXPECT_EQ(saturating_add(never, kazoo::util::duration::max()), never);
    EXPECT_EQ(saturating_add(never, kazoo::util::duration::zero()), never);
    EXPECT_EQ(saturating_add(before, kazoo::util::duration::min()), kazoo::util::time_point::min());
    EXPECT_EQ(saturating_add(now, kazoo::util::duration::min()), now + kazoo::util::duration::min());
    EXPECT_EQ(saturating_add(kazoo::util::time_point::min(), kazoo::util::duration::min()),
              kazoo::util::time_point::min());
}

TEST(clock, a_limit_of_any_unit_saturates) {
    EXPECT_EQ(saturate(milliseconds(3)), milliseconds(3));
    EXPECT_EQ(saturate(nanoseconds::max()), nanoseconds::max());
    EXPECT_EQ(saturate(milliseconds::max()), nanoseconds::max());
    EXPECT_EQ(saturate(hours::max()), nanoseconds::max());
    EXPECT_EQ(saturate(years(300)), nanoseconds::max());
    EXPECT_EQ(saturate(years(290)), years(290));
    EXPECT_EQ(saturate(duration_cast<std::chrono::duration<std::int64_t, std::ratio<1, 3>>>(hours(24 * 365 * 100))),
              hours(24 * 365 * 100));
    EXPECT_EQ(saturate(-seconds(1)), nanoseconds::zero());
    EXPECT_EQ(saturate(hours::min()), nanoseconds::zero());
    EXPECT_EQ(saturate(std::chrono::duration<double>(0.5)), milliseconds(500));
    EXPECT_EQ(saturate(std::chrono::duration<double>(std::numeric_limits<double>::infinity())), nanoseconds::max());
    EXPECT_EQ(saturate(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN())), nanoseconds::zero());
    EXPECT_EQ(saturate(std::chrono::duration<int, std::pico>(1)), nanoseconds(1)) << "rounded up";
}

nanoseconds given(time_limit limit) { return limit; }

TEST(clock, a_limit_is_said_in_any_unit) {
    EXPECT_EQ(given(seconds(2)), seconds(2));
    EXPECT_EQ(given(hours::max()), nanoseconds::max());
}

} // namespace
