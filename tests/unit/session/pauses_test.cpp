// How long is waited between two attempts.
#include "script.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace kazoo::test::pauses_test {
namespace {

/// Fails attempt after attempt at once; returns the times between the connect orders.
std::vector<duration> pauses_of(world& w, int attempts) {
    std::vector<duration> result;
    time_point last = w.now;
    for (int i = 0; i < attempts; ++i) {
        for (int turns = 0; w.take_orders(), !w.connecting; ++turns) {
            if (turns > 100) throw std::runtime_error("no attempt");
            w.now = w.subject.deadline();
            w.ring();
        }
        result.push_back(w.now - std::exchange(last, w.now));
        w.closed(std::make_error_code(std::errc::connection_refused));
    }
    return result;
}

TEST(pauses, L024_pauses_between_rounds_grow_up_to_a_limit) {
    session::config c = script::one_host();
    c.reconnect = {.initial_delay = 50ms, .max_delay = 1s, .factor = 2.0, .jitter = 0};
    world w(c);
    w.start();
    EXPECT_THAT(pauses_of(w, 9), testing::ElementsAre(0ms, 50ms, 100ms, 200ms, 400ms, 800ms, 1s, 1s, 1s));
}

TEST(pauses, L024_no_pause_within_a_round) {
    world w(with_hosts({{"10.0.0.1", 1}, {"10.0.0.2", 2}}));
    w.start();
    EXPECT_THAT(pauses_of(w, 5), testing::ElementsAre(0ms, 0ms, 50ms, 0ms, 100ms));
}

TEST(pauses, L024_jitter_stays_within_its_share_and_differs_by_seed) {
    std::set<duration> first;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        session::config c = script::one_host();
        c.seed = seed;
        c.reconnect = {.initial_delay = 100ms, .max_delay = 5s, .factor = 2.0, .jitter = 0.5};
        world w(c);
        w.start();
        const auto p = pauses_of(w, 3);
        EXPECT_GT(p[1], 50ms);
        EXPECT_LE(p[1], 100ms);
        EXPECT_GT(p[2], 100ms);
        EXPECT_LE(p[2], 200ms);
        first.insert(p[1]);
    }
    EXPECT_GT(first.size(), 40U);
}

TEST(pauses, L024_even_a_policy_of_zero_does_not_spin) {
    session::config c = script::one_host();
    c.reconnect = {.initial_delay = 0ms, .max_delay = 0ms, .factor = 0, .jitter = 7};
    world w(c);
    w.start();
    for (const duration pause : pauses_of(w, 5)) EXPECT_TRUE(pause == 0ms || pause >= 1ms);
    EXPECT_GE(w.now, time_point(1h) + 4ms);
}

script working_then_dropped(session::config c, duration lived) {
    script s(std::move(c));
    s.start()
        .expect("connect 10.0.0.1:1")
        .connected()
        .write(sent("connect", "new_session"))
        .feed(got("connect", "new_session"))
        .expect("state connected")
        .advance(lived)
        .submit({reference("get_data")})
        .write(reference("get_data"))
        .feed(hex("00000010000000040000000000000005ffffff9b"))
        .expect("reply 4 err -101")
        .closed()
        .expect("state suspended");
    return s;
}

TEST(pauses, after_a_drop_the_other_addresses_come_first_and_at_once) {
    working_then_dropped(with_hosts({{"10.0.0.1", 1}, {"10.0.0.2", 2}, {"10.0.0.3", 3}}), 1s)
        .expect("connect 10.0.0.2:2")
        .closed()
        .expect("connect 10.0.0.3:3")
        .closed()
        .expect("connect 10.0.0.1:1")
        .run();
}

TEST(pauses, after_a_drop_a_single_address_gets_a_short_pause) {
    working_then_dropped(with_hosts({{"10.0.0.1", 1}}), 1s)
        .expect_nothing()
        .advance(49ms)
        .expect_nothing()
        .advance(1ms)
        .expect("connect 10.0.0.1:1")
        .run();
}

TEST(pauses, L024_a_connection_that_works_ends_the_growth_of_the_pauses) {
    const auto refused = std::make_error_code(std::errc::connection_refused);
    script(script::one_host())
        .start()
        .expect("connect 10.0.0.1:2181")
        .closed(refused)
        .advance(50ms)
        .expect("connect 10.0.0.1:2181")
        .closed(refused)
        .advance(100ms)
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(sent("connect", "new_session"))
        .feed(got("connect", "new_session"))
        .expect("state connected")
        .feed(reference("event_created"))
        .closed()
        .expect("state suspended")
        .advance(49ms)
        .expect_nothing()
        .advance(1ms)
        .expect("connect 10.0.0.1:2181")
        .run();
}

TEST(pauses, a_connection_that_lived_for_a_moment_only_is_followed_by_a_pause) {
    working_then_dropped(with_hosts({{"10.0.0.1", 1}, {"10.0.0.2", 2}}), 1ms)
        .expect_nothing()
        .advance(50ms)
        .expect("connect 10.0.0.2:2")
        .run();
}

TEST(pauses, L024_a_server_that_accepts_and_drops_is_not_hammered) {
    session::config c = script::one_host();
    c.timeout = 1'000s;
    world w(c);
    w.start();
    std::vector<duration> gaps;
    for (int i = 0; i < 5; ++i) {
        const time_point before = w.now;
        for (w.take_orders(); !w.connecting; w.take_orders()) {
            w.now = w.subject.deadline();
            w.ring();
        }
        gaps.push_back(w.now - before);
        w.connected();
        w.write_all();
        std::string granted = got("connect", "new_session");
        w.feed(granted);
        EXPECT_EQ(w.subject.state(), session_state::connected);
        w.closed();
    }
    EXPECT_THAT(gaps, testing::ElementsAre(0ms, 50ms, 100ms, 200ms, 400ms));
}

} // namespace
} // namespace kazoo::test::pauses_test
