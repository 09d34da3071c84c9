// The pauses at the ends of what a policy can say.
#include "session/backoff.hpp"

#include <gtest/gtest.h>

#include <limits>

using namespace std::chrono_literals;
using kazoo::retry_policy;
using kazoo::session::backoff;
using kazoo::util::duration;
using kazoo::util::random_source;

namespace {

constexpr auto endless = std::chrono::milliseconds::max();

TEST(backoff, pauses_that_no_clock_can_count_are_as_long_as_it_can) {
    kazoo::util::random_source random(1);
    backoff pauses({.initial_delay = endless, .max_delay = endless, .factor = 2.0, .jitter = 0});
    for (int i = 0; i < 3; ++i) EXPECT_EQ(pauses.next(random), duration::max());
}

TEST(backoff, without_a_longest_pause_they_grow_and_never_fall) {
    kazoo::util::random_source random(1);
    backoff pauses({.initial_delay = 50ms, .max_delay = endless, .factor = 2.0, .jitter = 0});
    duration last = 25ms;
    for (int i = 0; i < 200; ++i) {
        const duration next = pauses.next(random);
        EXPECT_EQ(next, last > duration::max() / 2 ? duration::max() : last * 2);
        last = next;
    }
}

TEST(backoff, an_infinite_factor_means_the_longest_pause_from_the_second_on) {
    kazoo::util::random_source random(1);
    backoff pauses(
        {.initial_delay = 50ms, .max_delay = 3s, .factor = std::numeric_limits<double>::infinity(), .jitter = 0});
    EXPECT_EQ(pauses.next(random), 50ms);
    EXPECT_EQ(pauses.next(random), 3s);
    EXPECT_EQ(pauses.next(random), 3s);
}

} // namespace
