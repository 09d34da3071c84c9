// The pauses at the ends of what a policy can say.
#include "util/backoff.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

using namespace std::chrono_literals;
using kazoo::retry_policy;
using kazoo::util::backoff;
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

TEST(backoff, without_jitter_each_pause_is_the_full_one) {
    backoff pauses({.initial_delay = 10ms, .max_delay = 50ms, .factor = 2.0, .jitter = 0});
    for (const duration expected : {10ms, 20ms, 40ms, 50ms, 50ms}) EXPECT_EQ(pauses.next(), expected);
    pauses.reset();
    EXPECT_EQ(pauses.next(), 10ms);
}

TEST(backoff, is_never_without_a_pause) {
    random_source random(1);
    backoff pauses({.initial_delay = 1ms, .max_delay = 1ms, .factor = 1.0, .jitter = 1});
    for (int i = 0; i < 100; ++i) EXPECT_EQ(pauses.next(random), 1ms);
}

TEST(backoff, starts_over_when_all_was_well_for_longer_than_four_of_the_next_pauses) {
    backoff pauses({.initial_delay = 10ms, .max_delay = 1s, .factor = 2.0, .jitter = 0});
    (void)pauses.next();
    (void)pauses.next(); // the next one is 40 ms
    EXPECT_FALSE(pauses.starts_over(170ms));
    EXPECT_EQ(pauses.next(), 40ms);
    EXPECT_FALSE(pauses.starts_over(330ms));
    EXPECT_TRUE(pauses.starts_over(330ms + 1ns));
    EXPECT_EQ(pauses.next(), 10ms);
}

TEST(backoff, names_what_is_wrong_with_a_policy) {
    using kazoo::util::defect_of;
    const auto defect = [](auto change) {
        retry_policy p;
        change(p);
        return std::string(defect_of(p));
    };
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    EXPECT_EQ(defect([](retry_policy&) {}), "");
    EXPECT_EQ(defect([](retry_policy& p) { p.max_delay = endless; }), "");
    EXPECT_EQ(defect([](retry_policy& p) { p.initial_delay = 0ms; }), "initial_delay must be positive");
    EXPECT_EQ(defect([](retry_policy& p) { p.initial_delay = p.max_delay = endless; }), "initial_delay is too long");
    EXPECT_EQ(defect([](retry_policy& p) { p.max_delay = 49ms; }), "max_delay must not be less than initial_delay");
    for (const double factor : {0.999, -1.0, nan})
        EXPECT_EQ(defect([&](retry_policy& p) { p.factor = factor; }), "factor must not be less than 1");
    for (const double jitter : {-0.001, 1.001, nan})
        EXPECT_EQ(defect([&](retry_policy& p) { p.jitter = jitter; }), "jitter must be between 0 and 1");
}

} // namespace
