// How long the session lives, and how the client sees that the peer is dead.
#include "script.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kazoo::test::lease_test {
namespace {

using testing::HasSubstr;

const std::string ping = reference("ping");
const std::string ping_reply = got("connect", "ping_of_resumed_session");
const std::string no_node = hex("00000010000000040000000000000005ffffff9b");

script opened() {
    script s(script::one_host()); // T = 10 s
    s.open_session();
    return s;
}

TEST(lease, a_ping_goes_out_after_a_third_of_the_timeout_without_traffic) {
    opened()
        .advance(3'333ms)
        .then([](world& w) { EXPECT_EQ(w.subject.output(), ""); })
        .advance(1ms)
        .write(ping)
        .feed(ping_reply)
        .then([](world& w) { EXPECT_EQ(w.subject.lease_end(), w.now + 10s); })
        .advance(3'000ms)
        .submit({reference("get_data")})
        .write(reference("get_data")) // a request is as good as a ping
        .feed(no_node)
        .expect("reply 4 err -101")
        .advance(3'000ms)
        .then([](world& w) { EXPECT_EQ(w.subject.output(), ""); })
        .run();
}

TEST(lease, one_ping_at_a_time) {
    opened()
        .advance(3'334ms)
        .write(ping)
        .advance(3'332ms)
        .then([](world& w) { EXPECT_EQ(w.subject.output(), ""); })
        .run();
}

TEST(lease, L090_a_ping_without_an_answer_drops_the_connection) {
    opened()
        .advance(3'334ms)
        .write(ping)
        .advance(3'333ms) // 2/3 T without a byte
        .expect("state suspended")
        .expect("disconnect")
        .then([](world& w) { EXPECT_THAT(w.subject.last_failures(), HasSubstr("silent")); })
        .run();
}

TEST(lease, C05_a_peer_that_answers_nothing_is_dead_however_much_is_sent) {
    script s = opened();
    s.then([](world& w) {
        for (std::int32_t xid = 1; w.subject.state() == session_state::connected; ++xid) {
            ASSERT_LT(w.now, time_point(1h) + 7s);
            w.request(with_xid(reference("get_data"), xid));
            w.flush();
            w.write_all();
            w.advance(200ms);
        }
        EXPECT_EQ(w.said.front(), "fail 1 connection_loss not_applied");
        w.said.clear();
        w.take_orders();
        w.said.clear();
    });
    s.run();
}

TEST(lease, C05_events_do_not_hide_that_requests_get_no_answer) {
    const std::string event = reference("event_created");
    script s = opened();
    s.submit({reference("get_data")}).write(reference("get_data"));
    for (int i = 0; i < 8; ++i) s.advance(1s).feed(event);
    s.expect_nothing()
        .advance(334ms) // a sixth of T is left for another server
        .expect("fail 4 connection_loss not_applied")
        .expect("state suspended")
        .expect("disconnect")
        .then([](world& w) { EXPECT_THAT(w.subject.last_failures(), HasSubstr("answers nothing")); })
        .run();
}

TEST(lease, C05_a_socket_that_takes_nothing_is_dead) {
    const std::string event = reference("event_created");
    script s = opened();
    s.submit({reference("set_data")}).then([](world& w) {
        w.flush();
        w.subject.on_time(w.now);
    });
    for (int i = 0; i < 6; ++i) s.advance(1s).feed(event);
    s.expect_nothing()
        .advance(667ms)
        .expect("unsent 5")
        .expect("state suspended")
        .expect("disconnect")
        .then([](world& w) { EXPECT_EQ(w.waiting.size(), 1U); })
        .run();
}

TEST(lease, C06_the_session_is_lost_by_our_own_clock) {
    script s = opened();
    s.advance(2s)
        .submit({reference("get_data")})
        .write(reference("get_data"))
        .advance(1s)
        .feed(no_node) // sent at 2 s
        .expect("reply 4 err -101")
        .then([](world& w) { EXPECT_EQ(w.subject.lease_end(), w.now + 9s); })
        .closed()
        .expect("state suspended")
        .then([](world& w) {
            const time_point end = w.subject.lease_end();
            while (w.now < end - 1ms) {
                w.advance(std::min<duration>(end - 1ms - w.now, 100ms));
                w.take_orders();
                if (w.connecting) w.closed(std::make_error_code(std::errc::connection_refused));
            }
            EXPECT_EQ(w.subject.state(), session_state::suspended);
            w.said.clear();
        })
        .advance(1ms)
        .expect("session lost session_expired")
        .expect("state lost")
        .expect("state connecting")
        .then([](world& w) { EXPECT_EQ(w.subject.lease_end(), never); })
        .run();
}

TEST(lease, C06_a_lost_session_is_never_resumed) {
    opened()
        .closed()
        .expect("state suspended")
        .advance(50ms)
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(resume_frame(0))
        .then([](world& w) {
            // The answer and the end of the lease come at the same moment: the clock goes first.
            w.now = w.subject.lease_end();
            w.feed(got("connect", "resume"));
        })
        .expect("session lost session_expired")
        .expect("state lost")
        .expect("state connecting")
        .expect("disconnect")
        .advance(1s)
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(sent("connect", "new_session"))
        .run();
}

// The process slept between its last look at the clock and the write: the kernel has the frame, whatever the timers
// say.
TEST(lease, what_was_written_after_a_sleep_counts_as_sent) {
    for (const duration slept : {duration(7s), duration(11s)}) {
        opened()
            .then([&](world& w) {
                w.request(reference("set_data"));
                w.flush();
                w.now += slept;
                w.write_all();
                if (slept < 10s) w.closed();
                const std::string how = slept < 10s ? "connection_loss" : "session_expired";
                EXPECT_THAT(w.said, testing::Contains("fail 5 " + how + " unknown"));
                w.take_orders();
                w.said.clear();
            })
            .run();
    }
}

TEST(lease, a_late_answer_does_not_revive) {
    opened()
        .submit({reference("get_data")})
        .write(reference("get_data"))
        .then([](world& w) {
            w.now += 10s;
            w.feed(no_node);
        })
        .expect("fail 4 session_expired not_applied")
        .expect("session lost session_expired")
        .expect("state lost")
        .expect("state connecting")
        .expect("disconnect")
        .run();
}

TEST(lease, counts_from_the_sending_of_what_was_answered) {
    const std::string get = reference("get_data");
    opened()
        .advance(1s)
        .submit({with_xid(get, 1), with_xid(get, 2)})
        .then([](world& w) {
            w.flush();
            w.write_some(w.subject.output().size() - 1); // the second one is not under way yet
            w.now += 1s;
            w.write_all();
            w.now += 1s;
            const time_point opened_at = w.now - 3s;
            w.feed(with_xid(no_node, 1));
            EXPECT_EQ(w.subject.lease_end(), opened_at + 1s + 10s);
            w.feed(with_xid(no_node, 2));
            EXPECT_EQ(w.subject.lease_end(), opened_at + 2s + 10s);
            w.said.clear();
        })
        .run();
}

TEST(lease, the_connect_request_counts_from_its_sending) {
    script(script::one_host())
        .start()
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(sent("connect", "new_session"))
        .advance(1s)
        .feed(got("connect", "timeout_below_the_minimum")) // 2 s
        .expect("state connected")
        .then([](world& w) { EXPECT_EQ(w.subject.lease_end(), w.now + 1s); })
        .advance(0ms)
        .write(ping) // it is more than T/3 ago
        .run();
}

TEST(lease, auth_replies_do_not_count) {
    opened()
        .advance(1s)
        .credential("digest", "u:p")
        .write(reference("auth"))
        .advance(1s)
        .feed(got("auth", "auth_digest"))
        .expect("accepted digest u:p")
        .then([](world& w) { EXPECT_EQ(w.subject.lease_end(), w.now + 8s); })
        .advance(1'334ms)
        .write(ping) // T/3 after the connect request, whatever was sent to authenticate
        .run();
}

TEST(lease, a_session_granted_too_late_is_not_announced) {
    session::config c = script::one_host();
    script(c)
        .start()
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(sent("connect", "new_session"))
        .advance(3s)
        .feed(got("connect", "timeout_below_the_minimum")) // 2 s
        .expect("disconnect")
        .run();
}

TEST(lease, at_its_end_everything_is_told_once) {
    opened()
        .submit_watch(reference("exists"), "w", session::watch_kind::exists, "/a")
        .write(reference("exists"))
        .feed(hex("00000010000000030000000000000002ffffff9b"))
        .expect("reply 3 err -101")
        .submit({reference("set_data"), with_xid(reference("get_data"), 6)})
        .write(reference("set_data") + with_xid(reference("get_data"), 6))
        .then([](world& w) {
            w.now += 10s;
            w.subject.on_time(w.now);
        })
        .expect("fail 5 session_expired unknown")
        .expect("fail 6 session_expired not_applied")
        .expect("end w session_expired")
        .expect("session lost session_expired")
        .expect("state lost")
        .expect("state connecting")
        .expect("disconnect")
        .then([](world& w) { EXPECT_TRUE(w.write_failed); })
        .run();
}

TEST(lease, at_its_end_reads_that_may_be_asked_again_are_told_so) {
    opened()
        .submit({reference("exists"), with_xid(reference("get_data"), 6)})
        .write(reference("exists") + with_xid(reference("get_data"), 6))
        .then([](world& w) {
            w.requests.back()->outlives_session = true;
            w.now += 10s;
            w.subject.on_time(w.now);
        })
        .expect("fail 3 session_expired not_applied")
        .expect("fail 6 connection_loss not_applied")
        .expect("session lost session_expired")
        .expect("state lost")
        .expect("state connecting")
        .expect("disconnect")
        .then([](world& w) { EXPECT_FALSE(w.write_failed); })
        .run();
}

TEST(lease, expire_is_as_if_it_had_ended) {
    opened()
        .then([](world& w) { w.subject.expire(w.now); })
        .expect("session lost session_expired")
        .expect("state lost")
        .expect("state connecting")
        .expect("disconnect")
        .advance(1s)
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(sent("connect", "new_session"))
        .run();
}

} // namespace
} // namespace kazoo::test::lease_test
