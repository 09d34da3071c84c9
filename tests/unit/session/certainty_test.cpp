// Until when the session certainly lives, by pairs of sync and check (session/certainty.hpp).
#include "script.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kazoo::test::certainty_test {
namespace {

const std::string own = "7fffffff"; // the xid
const std::string sync_root = hex("0000000d" + own + "00000009000000012f");
const std::string check_root = hex("00000023" + own + "0000000e0000000d00ffffffff000000012fffffffffffffffff01ffffffff");
const std::string check_a = with_xid(sent("multi", "check_any_version"), 0x7fffffff);
const std::string synced = hex("00000015" + own + "000000000000000500000000" + "000000012f");
const std::string checked = with_xid(got("multi", "check_any_version"), 0x7fffffff);
const std::string not_permitted = with_xid(got("acl", "multi_check_no_auth"), 0x7fffffff);

constexpr duration T = 10s;
constexpr duration drift = T / 1000;
constexpr duration G = T / 3;

time_point certain_until(const world& w) { return w.subject.certain_until(); }

void want(world& w) { w.subject.want_certainty(true, w.now); }

/// A whole pair, answered at once.
void pair(script& s) {
    s.advance(0ms).write(sync_root).feed(synced).advance(0ms).write(check_root).feed(checked).advance(0ms);
}

script wanted_and_opened() {
    script s(script::one_host());
    s.then(want).open_session().advance(0ms);
    return s;
}

TEST(certainty, of_a_new_session_counts_from_its_connect_request) {
    script s(script::one_host());
    s.then(want)
        .start()
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(sent("connect", "new_session"))
        .advance(2s)
        .feed(got("connect", "new_session"))
        .expect("state connected")
        .then([](world& w) { EXPECT_EQ(certain_until(w), w.now - 2s + T - drift); })
        .run();
}

TEST(certainty, nothing_is_asked_while_nobody_wants_it) {
    script s(script::one_host());
    s.open_session().then([](world& w) { EXPECT_EQ(w.subject.output(), ""); }).run();
}

TEST(certainty, a_pair_is_sync_and_once_that_is_answered_a_check_that_changes_nothing) {
    script s = wanted_and_opened();
    s.write(sync_root)
        .then([](world& w) { EXPECT_EQ(w.subject.output(), ""); })
        .feed(synced)
        .advance(0ms)
        .write(check_root)
        .feed(checked)
        .advance(0ms)
        .write("")
        .run();
}

TEST(certainty, pairs_start_a_third_of_the_timeout_after_the_answer_and_replace_pings) {
    script s = wanted_and_opened();
    pair(s);
    s.advance(G - 1ms).then([](world& w) { EXPECT_EQ(w.subject.output(), ""); }).advance(2ms);
    pair(s);
    s.advance(G + 1ms);
    pair(s);
    s.run();
}

TEST(certainty, a_pair_proves_what_the_pair_before_it_touched) {
    script s = wanted_and_opened();
    time_point first;
    s.then([&](world& w) { first = w.now; });
    pair(s);
    s.then([&](world& w) {
         EXPECT_EQ(certain_until(w), first + T - drift) << "one pair proves nothing yet";
     }).advance(4s);
    pair(s);
    s.then([&](world& w) { EXPECT_EQ(certain_until(w), first + T - drift); }).advance(4s);
    pair(s);
    s.then([&](world& w) { EXPECT_EQ(certain_until(w), first + 4s + T - drift); }).run();
}

TEST(certainty, counts_from_the_sending_of_sync) {
    script s = wanted_and_opened();
    time_point sent_at;
    pair(s);
    s.advance(4s)
        .then([&](world& w) { sent_at = w.now; })
        .write(sync_root)
        .advance(300ms)
        .feed(synced)
        .advance(0ms)
        .write(check_root)
        .advance(300ms)
        .feed(checked)
        .advance(G + 1ms);
    pair(s);
    s.then([&](world& w) { EXPECT_EQ(certain_until(w), sent_at + T - drift); }).run();
}

TEST(certainty, a_sync_without_an_answer_lets_it_end_whatever_else_the_server_says) {
    script s = wanted_and_opened();
    pair(s);
    s.advance(4s)
        .write(sync_root) // no answer: the server has lost its leader
        .advance(2s)
        .feed(reference("event_created"))
        .then([](world& w) {
            EXPECT_TRUE(w.certain);
            w.advance(certain_until(w) - w.now - 1ms);
            EXPECT_TRUE(w.certain);
            w.advance(1ms);
            EXPECT_FALSE(w.certain);
            EXPECT_EQ(certain_until(w), time_point::min());
            w.take_orders();
            w.said.clear();
        })
        .run();
}

TEST(certainty, an_answered_ping_prolongs_the_sessions_own_clock_alone) {
    script s = wanted_and_opened();
    time_point opened;
    s.then([&](world& w) {
         opened = w.now;
         w.subject.want_certainty(false, w.now);
         w.write_all();
     })
        .feed(synced)
        .advance(4s)
        .write(reference("ping"))
        .feed(got("connect", "ping_of_resumed_session"))
        .then([&](world& w) {
            EXPECT_EQ(w.subject.lease_end(), opened + 4s + T);
            EXPECT_EQ(certain_until(w), opened + T - drift);
        })
        .run();
}

// The rule that was tried and was wrong: a leader without its quorum answers sync.
TEST(certainty, an_answered_sync_proves_nothing) {
    script s = wanted_and_opened();
    time_point before;
    pair(s);
    s.advance(4s);
    pair(s);
    s.then([&](world& w) { before = certain_until(w); }).advance(4s).write(sync_root).feed(synced).advance(0ms);
    s.write(check_root).then([&](world& w) { EXPECT_EQ(certain_until(w), before); }).run();
}

TEST(certainty, a_late_answer_does_not_revive_it) {
    script s = wanted_and_opened();
    pair(s);
    s.advance(4s)
        .write(sync_root)
        .feed(synced)
        .advance(0ms)
        .write(check_root)
        .then([](world& w) {
            // Answer and end come at the same moment: the clock goes first.
            w.now = certain_until(w);
            w.feed(checked);
            EXPECT_FALSE(w.certain);
        })
        .run();
}

TEST(certainty, the_history_of_one_connection_is_worth_nothing_on_the_next) {
    script s = wanted_and_opened();
    time_point end, connecting;
    pair(s);
    s.advance(4s);
    pair(s);
    s.then([&](world& w) { end = certain_until(w); })
        .closed()
        .expect("state suspended")
        .advance(50ms)
        .expect("connect 10.0.0.1:2181")
        .connected()
        .then([&](world& w) { connecting = w.now; })
        .write(resume_frame(6))
        .feed(got("connect", "resume"))
        .expect("state connected")
        .advance(0ms)
        .then([&](world& w) { EXPECT_EQ(certain_until(w), end) << "a resumed session proves nothing by itself"; })
        .write(sync_root)
        .feed(synced)
        .then([&](world& w) { EXPECT_EQ(certain_until(w), end); })
        .advance(0ms)
        .write(check_root)
        .feed(checked)
        .then([&](world& w) { EXPECT_EQ(certain_until(w), connecting + T - drift) << "a committed write does"; })
        .run();
}

TEST(certainty, ends_with_the_session) {
    script s = wanted_and_opened();
    s.then([](world& w) {
         w.subject.expire(w.now);
         EXPECT_FALSE(w.certain);
         EXPECT_EQ(certain_until(w), time_point::min());
         w.take_orders();
         w.said.clear();
     }).run();
}

TEST(certainty, a_node_of_ours_is_checked_where_the_root_may_not_be_read) {
    script s = wanted_and_opened();
    s.write(sync_root)
        .feed(synced)
        .advance(0ms)
        .write(check_root)
        .feed(not_permitted)
        .advance(0ms)
        .write("")
        .then([](world& w) { w.subject.offer_node("/a", w.now); })
        .advance(0ms)
        .write(hex("0000000e" + own + "00000009000000022f61"))
        .feed(synced)
        .advance(0ms)
        .write(check_a)
        .feed(checked)
        .advance(0ms)
        .then([](world& w) { EXPECT_TRUE(w.subject.certainty_lasts(w.now)); })
        .run();
}

TEST(certainty, outlasts_that_the_checked_node_goes_when_there_is_another_of_ours) {
    script s = wanted_and_opened();
    auto a = std::make_shared<session::certainty::offered_node>();
    const std::string sync_a = hex("0000000e" + own + "00000009000000022f61");
    const std::string check_b =
        hex("00000024" + own + "0000000e0000000d00ffffffff000000022f62ffffffffffffffff01ffffffff");
    s.write(sync_root)
        .feed(synced)
        .advance(0ms)
        .write(check_root)
        .then([a](world& w) {
            w.subject.offer_node("/b", w.now);
            *a = w.subject.offer_node("/a", w.now);
        })
        .feed(not_permitted)
        .advance(0ms)
        .write(check_a)
        .feed(checked)
        .then([a](world& w) { w.subject.withdraw_node(*a); })
        .advance(G + 1ms)
        .write(sync_a)
        .feed(synced)
        .advance(0ms)
        .write(check_a)
        .feed(not_permitted) // as if it was gone
        .advance(0ms)
        .write(check_root)
        .feed(not_permitted)
        .advance(0ms)
        .write(check_b)
        .feed(checked)
        .advance(0ms)
        .then([](world& w) { EXPECT_TRUE(w.subject.certainty_lasts(w.now)); })
        .run();
}

TEST(certainty, outlasts_a_pair_that_failed) {
    const std::string throttled = with_xid(hex("00000010000000010000000000000005ffffff81"), 0x7fffffff);
    script s = wanted_and_opened();
    pair(s);
    s.advance(G + 1ms);
    pair(s);
    s.advance(G + 1ms).write(sync_root).feed(throttled).advance(T / 20 + 1ms);
    pair(s);
    s.then([](world& w) { EXPECT_TRUE(w.subject.certainty_lasts(w.now)); }).run();
}

TEST(certainty, of_a_longer_timeout_ends_when_a_shorter_one_is_granted) {
    script s = wanted_and_opened();
    std::string shorter = got("connect", "resume");
    shorter.replace(8, 4, std::string("\x00\x00\x0b\xb8", 4)); // 3 s
    pair(s);
    s.closed()
        .expect("state suspended")
        .advance(50ms)
        .expect("connect 10.0.0.1:2181")
        .connected()
        .then([](world& w) {
            EXPECT_TRUE(w.certain);
            w.write_all();
        })
        .feed(shorter)
        .then([](world& w) {
            EXPECT_FALSE(w.certain);
            EXPECT_EQ(certain_until(w), time_point::min());
            w.take_orders();
            w.said.clear();
        })
        .run();
}

TEST(certainty, what_is_granted_late_in_an_old_session_would_not_last) {
    script s(script::one_host());
    s.open_session()
        .advance(3'334ms)
        .write(reference("ping"))
        .feed(got("connect", "ping_of_resumed_session"))
        .advance(3'334ms)
        .write(reference("ping"))
        .feed(got("connect", "ping_of_resumed_session"))
        .advance(3s)
        .then([](world& w) {
            want(w);
            EXPECT_GT(certain_until(w), w.now);
            EXPECT_FALSE(w.subject.certainty_lasts(w.now)) << "the first renewal takes two pairs";
        });
    pair(s);
    s.advance(G + 1ms);
    pair(s);
    s.then([](world& w) { EXPECT_TRUE(w.subject.certainty_lasts(w.now)); }).run();
}

TEST(certainty, short_sessions_leave_room_for_a_tick_between_pairs) {
    session::config c = script::one_host();
    c.server_tick = 7s; // two thirds of it are more than T/3
    script s(c);
    s.then(want).open_session();
    pair(s);
    s.advance(4s)
        .write(reference("ping"))
        .feed(got("connect", "ping_of_resumed_session"))
        .then([](world& w) { EXPECT_EQ(w.subject.output(), ""); })
        .advance(737ms);
    pair(s);
    s.run();
}

} // namespace
} // namespace kazoo::test::certainty_test
