// Requests: matched to replies, completed once, and honest about what may have happened.
#include "script.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kazoo::test::requests_test {
namespace {

using testing::HasSubstr;

const std::string get = reference("get_data"); // a read
const std::string set = reference("set_data"); // a write
const std::string no_node = hex("00000010000000010000000000000005ffffff9b");

std::string reply(std::int32_t xid) { return with_xid(no_node, xid); }
std::string read(std::int32_t xid) { return with_xid(get, xid); }
std::string write(std::int32_t xid) { return with_xid(set, xid); }

script opened(session::config c = script::one_host()) {
    script s(std::move(c));
    s.open_session();
    return s;
}

TEST(requests, are_answered_in_order) {
    opened()
        .submit({read(1), write(2), read(3)})
        .write(read(1) + write(2) + read(3))
        .then([](world& w) {
            EXPECT_EQ(w.subject.pending(), 3U);
            EXPECT_TRUE(w.subject.accepts_requests());
        })
        .feed(reply(1) + reply(2))
        .expect("reply 1 err -101")
        .expect("reply 2 err -101")
        .submit({write(4)})
        .write(write(4))
        .feed(reply(3) + reply(4))
        .expect("reply 3 err -101")
        .expect("reply 4 err -101")
        .then([](world& w) { EXPECT_EQ(w.subject.pending(), 0U); })
        .run();
}

TEST(requests, a_batch_is_written_before_the_next_is_taken) {
    opened()
        .submit({read(1)})
        .then([](world& w) {
            w.flush();
            EXPECT_FALSE(w.subject.accepts_requests());
            w.write_some(w.subject.output().size() - 1);
            EXPECT_FALSE(w.subject.accepts_requests());
            w.write_some(1);
            EXPECT_TRUE(w.subject.accepts_requests());
        })
        .run();
}

TEST(requests, L235_any_positive_xid_is_matched_wherever_the_count_wraps) {
    opened()
        .submit({read(2147483646), read(1), read(1)})
        .write(read(2147483646) + read(1) + read(1))
        .feed(reply(2147483646) + reply(1) + reply(1))
        .expect("reply 2147483646 err -101")
        .expect("reply 1 err -101")
        .expect("reply 1 err -101")
        .run();
}

TEST(requests, C02_a_reply_that_does_not_match_drops_the_connection_only) {
    session::config c = script::one_host();
    c.log_threshold = log_level::warn;
    opened(c)
        .submit({read(1), read(2)})
        .write(read(1) + read(2))
        .feed(reply(2))
        .expect("fail 1 connection_loss not_applied")
        .expect("fail 2 connection_loss not_applied")
        .expect("state suspended")
        .expect("disconnect")
        .then([](world& w) { EXPECT_THAT(w.logged, HasSubstr("protocol violation: reply to xid 2, expected 1")); })
        .advance(50ms)
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(resume_frame(0))
        .feed(got("connect", "resume"))
        .expect("state connected")
        .run();
}

TEST(requests, C03_unknown_error_codes_pass_through) {
    opened()
        .submit({read(1), read(2)})
        .write(read(1) + read(2))
        .feed(hex("00000010000000010000000000000005") + hex("fffffc18") +
              hex("00000010000000020000000000000005000004d2"))
        .expect("reply 1 err -1000")
        .expect("reply 2 err 1234")
        .run();
}

TEST(requests, C04_a_reply_that_nobody_waits_for_drops_the_connection_only) {
    for (const std::string& frame : {
             reply(1),
             got("connect", "ping_of_resumed_session"),
             got("auth", "auth_digest"),
             got("set_watches", "set_watches_data"),
             hex("0000000fffffffff000000000000000000000000000000"), // shorter than a header
             hex("00000000"),
             hex("00000014ffffffffffffffffffffffff0000000000000001"), // half an event
             hex("00000010ffffffffffffffffffffffff00000000"),
         })
        opened()
            .feed(frame)
            .expect("state suspended")
            .expect("disconnect")
            .then([](world& w) { EXPECT_THAT(w.subject.last_failures(), HasSubstr("protocol violation")); })
            .run();
}

TEST(requests, C04_a_reply_ahead_of_its_request_drops_the_connection_only) {
    opened()
        .submit({read(1), write(2)})
        .then([](world& w) {
            w.flush();
            w.write_some(read(1).size() + 3);
        })
        .feed(reply(1))
        .expect("reply 1 err -101")
        .feed(reply(2))
        .expect("unsent 2")
        .expect("state suspended")
        .expect("disconnect")
        .run();
}

TEST(requests, C12_a_frame_of_negative_length_drops_the_connection) {
    for (const char* length : {"ffffffff", "80000000"})
        opened()
            .submit({read(1)})
            .write(read(1))
            .feed(hex(length))
            .expect("fail 1 connection_loss not_applied")
            .expect("state suspended")
            .expect("disconnect")
            .run();
}

session::config small_replies() {
    session::config c = script::one_host();
    c.max_reply_bytes = 100;
    return c;
}

TEST(requests, C12_a_reply_above_the_limit_fails_its_request_and_is_skipped) {
    const std::string too_long =
        hex("00000065") + reply(1).substr(4, 12) + hex("00000000") + std::string(101 - 16, 'x');
    const std::string longest = hex("00000064") + reply(3).substr(4, 12) + hex("00000000") + std::string(100 - 16, 'x');
    opened(small_replies())
        .submit({read(1), write(2), read(3), read(4)})
        .write(read(1) + write(2) + read(3) + read(4))
        .feed(too_long + with_xid(too_long, 2) + longest + reply(4))
        .expect("fail 1 too_large not_applied")
        .expect("fail 2 too_large unknown")
        .expect("reply 3 err 0")
        .expect("reply 4 err -101")
        .run();
}

TEST(requests, C12_a_frame_above_the_limit_that_is_no_reply_drops_the_connection) {
    opened(small_replies())
        .submit({read(1)})
        .write(read(1))
        .feed(hex("000000c8ffffffffffffffffffffffff00000000"))
        .expect("fail 1 connection_loss not_applied")
        .expect("state suspended")
        .expect("disconnect")
        .run();
}

TEST(requests, a_large_reply_arrives_whole) {
    struct keep final : session::request {
        std::string body;
        void on_reply(const session::reply& r) noexcept override { body = r.body; }
        void on_failure(errc, outcome) noexcept override { ADD_FAILURE(); }
    };
    std::string data(700'000, '\0');
    for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<char>(i * 7 >> 3);
    opened()
        .then([&](world& w) {
            for (int i = 0; i < 20; ++i) {
                keep r;
                r.xid = 1;
                r.frame_size = static_cast<std::uint32_t>(get.size());
                session::request_list list;
                list.push_back(r);
                std::string frames = read(1);
                w.subject.submit(list, frames);
                w.write_all();
                std::string frame = hex("000aae70") + reply(1).substr(4, 12) + hex("00000000") + data;
                w.feed(frame, 1460);
                EXPECT_TRUE(r.body == data);
            }
        })
        .run();
}

// -- what a dropped connection does to requests -----------------------------------------------------------------------

TEST(dropped, reads_under_way_fail_and_may_be_repeated) {
    opened()
        .submit({read(1), read(2)})
        .write(read(1) + read(2))
        .closed(std::make_error_code(std::errc::connection_reset))
        .expect("fail 1 connection_loss not_applied")
        .expect("fail 2 connection_loss not_applied")
        .expect("state suspended")
        .run();
}

TEST(dropped, nothing_may_overtake_a_lost_write) {
    opened()
        .submit({read(1), write(2), read(3), write(4), read(5)})
        .then([](world& w) {
            w.flush();
            w.write_some(read(1).size() + write(2).size() + read(3).size() + 1);
            w.request(write(6)); // waits at the client
        })
        .closed()
        .expect("fail 1 connection_loss not_applied")
        .expect("fail 2 connection_loss unknown")
        .expect("fail 3 connection_loss not_applied")
        .expect("fail 4 connection_loss not_applied")
        .expect("fail 5 connection_loss not_applied")
        .expect("write lost")
        .expect("fail 6 connection_loss not_applied")
        .expect("state suspended")
        .run();
}

TEST(dropped, what_was_not_sent_goes_to_the_next_connection_in_order) {
    opened()
        .submit({read(1), write(2), write(3)})
        .then([](world& w) {
            w.flush();
            w.write_some(read(1).size() + write(2).size() - 1); // all but the last byte of the first write
            w.request(read(4));
        })
        .closed()
        .expect("fail 1 connection_loss not_applied")
        .expect("unsent 2 3")
        .expect("state suspended")
        .advance(50ms)
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(resume_frame(0))
        .feed(got("connect", "resume"))
        .expect("state connected")
        .write(write(2) + write(3) + read(4))
        .feed(reply(2) + reply(3) + reply(4))
        .expect("reply 2 err -101")
        .expect("reply 3 err -101")
        .expect("reply 4 err -101")
        .run();
}

TEST(dropped, an_answered_write_is_not_lost) {
    opened()
        .submit({write(1), write(2)})
        .then([](world& w) {
            w.flush();
            w.write_some(write(1).size() + 1);
        })
        .feed(reply(1))
        .expect("reply 1 err -101")
        .closed()
        .expect("unsent 2")
        .expect("state suspended")
        .run();
}

// -- last zxid --------------------------------------------------------------------------------------------------------

TEST(last_zxid, comes_from_replies_only) {
    opened()
        .submit({read(1)})
        .write(read(1))
        .feed(hex("00000010000000010000000000000007ffffff9b"))
        .expect("reply 1 err -101")
        .submit({read(2), read(3)})
        .write(read(2) + read(3))
        .feed(hex("00000010000000020000000000000006ffffff9b"))                             // never back
        .feed(hex("0000001effffffff0000000000000063000000000000000100000003000000022f61")) // an event, as from 3.9
        .feed(hex("0000001000000003fffffffffffffffffffffffa"))                             // unimplemented
        .expect("reply 2 err -101")
        .expect("reply 3 err -6")
        .expect("state suspended")
        .expect("disconnect")
        .advance(50ms)
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(resume_frame(7))
        .run();
}

TEST(last_zxid, is_forgotten_with_the_session) {
    opened()
        .submit({read(1)})
        .write(read(1))
        .feed(hex("00000010000000010000000000000007ffffff9b"))
        .expect("reply 1 err -101")
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

TEST(requests, L211_a_flood_of_replies_does_not_starve_pings) {
    // Events keep coming; the ping clock goes by what we send.
    script s = opened();
    for (int i = 0; i < 33; ++i) s.advance(100ms).feed(reference("event_created"));
    s.then([](world& w) { EXPECT_EQ(w.subject.output(), ""); })
        .advance(100ms)
        .feed(reference("event_created"))
        .write(reference("ping"));
    s.run();
}

} // namespace
} // namespace kazoo::test::requests_test
