// Addresses that are tried side by side (RFC 8305), and what each server is asked for then.
#include "script.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kazoo::test::openings_test {
namespace {

session::config three_hosts() {
    session::config c = script::one_host();
    c.hosts.hosts = {{"10.0.0.1", 1}, {"10.0.0.2", 2}, {"10.0.0.3", 3}};
    return c;
}

const std::string new_session = sent("connect", "new_session");
const std::string granted = got("connect", "new_session");

/// All three are being opened.
script all_hang() {
    script s(three_hosts());
    s.start()
        .expect("connect 10.0.0.1:1")
        .advance(249ms)
        .expect_nothing()
        .advance(1ms)
        .expect("connect 10.0.0.2:2")
        .advance(249ms)
        .expect_nothing()
        .advance(1ms)
        .expect("connect 10.0.0.3:3");
    return s;
}

script session_on_the_first() {
    script s(three_hosts());
    s.start().expect("connect 10.0.0.1:1").connected().write(new_session).feed(granted).expect("state connected");
    return s;
}

TEST(openings, the_next_address_is_tried_beside_one_that_hangs_and_the_first_to_be_open_is_asked) {
    all_hang()
        .connected("10.0.0.2:2")
        .write(new_session)
        .feed(granted)
        .expect("state connected")
        .expect("give up 10.0.0.1:1")
        .expect("give up 10.0.0.3:3")
        .then([](world& w) {
            EXPECT_EQ(w.subject.last_failures(), "") << "those that were slower have not failed";
            w.advance(2s);
        })
        .expect_nothing()
        .run();
}

TEST(openings, a_refusal_is_followed_by_the_next_address_at_once) {
    script(three_hosts())
        .start()
        .expect("connect 10.0.0.1:1")
        .advance(100ms)
        .refused("10.0.0.1:1")
        .expect("connect 10.0.0.2:2")
        .advance(249ms)
        .expect_nothing()
        .advance(1ms)
        .expect("connect 10.0.0.3:3")
        .refused("10.0.0.2:2")
        .expect_nothing()
        .refused("10.0.0.3:3")
        .advance(50ms)
        .expect("connect 10.0.0.1:1")
        .run();
}

TEST(openings, two_that_are_open_are_not_both_asked_for_a_session) {
    all_hang()
        .connected("10.0.0.2:2")
        .write(new_session)
        .connected("10.0.0.1:1")
        .write("")
        .advance(1s)
        .write("")
        .feed(granted)
        .expect("state connected")
        .expect("give up 10.0.0.1:1")
        .expect("give up 10.0.0.3:3")
        .run();
}

TEST(openings, two_that_are_open_are_not_both_asked_to_resume) {
    session_on_the_first()
        .closed()
        .expect("state suspended")
        .expect("connect 10.0.0.2:2")
        .advance(250ms)
        .expect("connect 10.0.0.3:3")
        .connected("10.0.0.3:3")
        .write(resume_frame(0))
        .connected("10.0.0.2:2")
        .write("")
        .closed(std::make_error_code(std::errc::connection_reset))
        .write(resume_frame(0))
        .feed(got("connect", "resume"))
        .expect("state connected")
        .run();
}

TEST(openings, one_that_is_open_takes_over_when_the_handshake_fails) {
    all_hang()
        .connected("10.0.0.3:3")
        .write(new_session)
        .connected("10.0.0.1:1")
        .closed()
        .write(new_session)
        .closed() // that one, too
        .expect_nothing()
        .connected("10.0.0.2:2")
        .write(new_session)
        .feed(granted)
        .expect("state connected")
        .run();
}

TEST(openings, one_that_hangs_in_the_handshake_costs_its_share_and_the_next_has_its_own) {
    const std::string close_session = with_xid(reference("close"), 2147483647);
    all_hang()
        .connected("10.0.0.2:2") // after 250 ms of its third of T
        .write(new_session)
        .advance(500ms)
        .connected("10.0.0.1:1") // after one second of its own
        .advance(2'583ms)
        .expect_nothing()
        .advance(1ms)
        .expect("disconnect")
        .then([=](world& w) { EXPECT_EQ(to_hex(w.last_words), to_hex(close_session)); })
        .write(new_session)
        .advance(749ms) // the third one, which has not been opened, began half a second after the first
        .expect("give up 10.0.0.3:3")
        .then([](world& w) { EXPECT_THAT(w.subject.last_failures(), testing::HasSubstr("10.0.0.3:3: no connection")); })
        .advance(1'583ms)
        .expect_nothing()
        .advance(1ms)
        .expect("disconnect")
        .advance(50ms)
        .expect("connect 10.0.0.1:1")
        .run();
}

TEST(openings, where_all_hang_each_is_given_up_after_its_own_time) {
    all_hang()
        .advance(2'833ms)
        .expect_nothing()
        .advance(1ms)
        .expect("give up 10.0.0.1:1")
        .advance(250ms)
        .expect("give up 10.0.0.2:2")
        .then([](world& w) { EXPECT_EQ(w.subject.present_attempt().what, "10.0.0.3:3: no connection"); })
        .advance(250ms)
        .expect("give up 10.0.0.3:3")
        .then([](world& w) {
            EXPECT_EQ(w.subject.last_failures(), "10.0.0.1:1: no connection within 3.3 s; 10.0.0.2:2: no connection "
                                                 "within 3.3 s; 10.0.0.3:3: no connection within 3.3 s");
            EXPECT_FALSE(w.subject.refused());
            EXPECT_EQ(w.most_lines, 3U);
        })
        .advance(50ms)
        .expect("connect 10.0.0.1:1")
        .run();
}

TEST(openings, closing_gives_all_of_them_up) {
    all_hang()
        .connected("10.0.0.3:3")
        .write(new_session)
        .connected("10.0.0.1:1")
        .abort()
        .expect("state closed")
        .expect("disconnect")
        .expect("give up 10.0.0.1:1")
        .expect("give up 10.0.0.2:2")
        .run();
}

TEST(openings, one_that_nobody_has_begun_is_not_given_up) {
    script(three_hosts())
        .start()
        .then([](world& w) { // nobody has looked at the orders
            w.now += 250ms;
            w.ring();
        })
        .abort()
        .expect("state closed")
        .expect_nothing()
        .run();
}

TEST(openings, go_on_when_the_session_ends_meanwhile) {
    session_on_the_first()
        .closed()
        .expect("state suspended")
        .expect("connect 10.0.0.2:2")
        .connected()
        .write(resume_frame(0))
        .advance(3'334ms)
        .expect("disconnect")
        .expect("connect 10.0.0.3:3")
        .advance(3'334ms)
        .expect("give up 10.0.0.3:3")
        .advance(50ms)
        .expect("connect 10.0.0.1:1")
        .advance(250ms)
        .expect("connect 10.0.0.2:2")
        .advance(250ms)
        .expect("connect 10.0.0.3:3")
        .advance(2'783ms) // T since the last answer
        .expect("session lost session_expired")
        .expect("state lost")
        .expect("state connecting")
        .connected("10.0.0.2:2")
        .write(new_session)
        .feed(granted)
        .expect("state connected")
        .expect("give up 10.0.0.1:1")
        .expect("give up 10.0.0.3:3")
        .run();
}

TEST(openings, while_a_session_is_at_stake_budgets_grow_to_a_third) {
    session::config c = three_hosts();
    for (std::uint16_t port = 4; port <= 10; ++port) c.hosts.hosts.push_back({"10.0.0.1", port});
    world w(c);
    w.start();
    w.take_orders();
    w.connected();
    w.write_all();
    w.feed(granted);
    w.closed();
    const auto refuse_all = [&] {
        for (w.take_orders(); w.connecting; w.take_orders())
            w.closed(std::make_error_code(std::errc::connection_refused));
        w.now = w.subject.deadline();
        w.ring();
        w.take_orders();
    };
    std::vector<duration> budgets;
    for (int round = 0; round < 4; ++round) {
        refuse_all();
        w.connected();
        w.write_all();
        const time_point begun = w.now;
        while (w.connection_open) {
            w.now = w.subject.deadline();
            w.ring();
            w.take_orders();
        }
        budgets.push_back(w.now - begun);
    }
    const duration third = duration(10s) / 3;
    EXPECT_THAT(budgets, testing::ElementsAre(2s, third, third, testing::Lt(third))) << "the lease ends then";
}

/// Plays servers that open a connection after a time and answer the handshake after another; true: a session within a
/// minute. `never` is what they do never.
struct behaviour {
    duration opens, answers;
};
bool is_reached(const std::map<std::string, behaviour>& servers, const session::config& c) {
    world w(c);
    w.start();
    std::map<std::uint64_t, time_point> opens;
    std::map<std::uint64_t, duration> answers;
    std::uint64_t asked = 0;
    time_point answer = never;
    const time_point end = w.now + 1min;
    while (w.now < end) {
        w.take_orders();
        for (const world::line& l : w.lines)
            if (!answers.contains(l.number)) {
                opens[l.number] = saturating_add(w.now, servers.at(l.address).opens);
                answers[l.number] = servers.at(l.address).answers;
            }
        if (w.connection_open && asked != w.used) {
            w.write_all();
            asked = w.used;
            answer = saturating_add(w.now, answers.at(asked));
        }
        if (!w.connection_open) answer = never;
        const auto due =
            std::ranges::find_if(w.lines, [&](const auto& l) { return !l.open && opens.at(l.number) <= w.now; });
        if (due != w.lines.end()) {
            w.connected(due->address);
            continue;
        }
        if (answer <= w.now) {
            w.feed(granted);
            return w.subject.state() == session_state::connected;
        }
        time_point next = std::min(w.subject.deadline(), answer);
        for (const auto& l : w.lines)
            if (!l.open) next = std::min(next, opens.at(l.number));
        w.now = next;
        w.ring();
    }
    return false;
}

session::config short_session(std::size_t servers) {
    session::config c = script::one_host();
    c.timeout = 4s;
    c.hosts.hosts.clear();
    for (std::size_t i = 1; i <= servers; ++i) c.hosts.hosts.push_back({"10.0.0.1", static_cast<std::uint16_t>(i)});
    return c;
}

TEST(openings, a_server_that_is_slow_to_open_is_reached_beside_one_that_opens_at_once_and_never_answers) {
    EXPECT_TRUE(is_reached({{"10.0.0.1:1", {600ms, 50ms}}, {"10.0.0.1:2", {1ms, duration::max()}}}, short_session(2)));
    EXPECT_TRUE(is_reached({{"10.0.0.1:1", {1ms, duration::max()}}, {"10.0.0.1:2", {600ms, 50ms}}}, short_session(2)));
}

TEST(openings, ten_servers_that_need_longer_than_a_tenth_of_the_timeout_are_reached) {
    std::map<std::string, behaviour> slow;
    for (int i = 1; i <= 10; ++i) slow["10.0.0.1:" + std::to_string(i)] = {1ms, 420ms};
    EXPECT_TRUE(is_reached(slow, short_session(10)));
    for (auto& [address, how] : slow) how.answers = 2'600ms; // two thirds of T
    EXPECT_TRUE(is_reached(slow, short_session(10)));
}

TEST(openings, the_one_that_answers_is_reached_among_nine_that_hang_in_whatever_way) {
    for (int one = 1; one <= 10; ++one) {
        std::map<std::string, behaviour> all;
        for (int i = 1; i <= 10; ++i)
            all["10.0.0.1:" + std::to_string(i)] =
                i % 2 == 0 ? behaviour{duration::max(), 1ms} : behaviour{1ms, duration::max()};
        all["10.0.0.1:" + std::to_string(one)] = {100ms, 1s};
        EXPECT_TRUE(is_reached(all, short_session(10))) << one;
    }
}

} // namespace
} // namespace kazoo::test::openings_test
