// The first frame in each direction, whatever it may be.
#include "script.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kazoo::test::handshake_test {
namespace {

using testing::HasSubstr;

script one_host_script() { return script(script::one_host()); }

script two_hosts_script(bool read_only = false) {
    session::config c = script::one_host();
    c.hosts.hosts.push_back({"10.0.0.2", 2181});
    c.read_only = read_only;
    return script(c);
}

/// Up to the point where the first of two servers reads the connect request.
script at_the_first_of_two(bool read_only = false) {
    script s = two_hosts_script(read_only);
    s.start()
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(sent("connect", read_only ? "new_session_read_only_allowed" : "new_session"));
    return s;
}

TEST(handshake, a_new_session) {
    one_host_script()
        .open_session()
        .then([](world& w) {
            EXPECT_EQ(w.subject.identity().negotiated_timeout, 10s);
            EXPECT_NE(w.subject.identity().id, session_id::none);
            EXPECT_FALSE(w.subject.identity().read_only);
            EXPECT_TRUE(w.subject.accepts_requests());
            EXPECT_EQ(w.subject.last_failures(), "");
        })
        .run();
}

TEST(handshake, an_old_server_leaves_the_read_only_byte_out) {
    one_host_script()
        .start()
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(sent("connect", "new_session"))
        .feed(got("connect", "new_session_without_read_only_byte"))
        .expect("state connected")
        .then([](world& w) { EXPECT_FALSE(w.subject.identity().read_only); })
        .run();
}

TEST(handshake, the_server_decides_the_timeout) {
    one_host_script()
        .start()
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(sent("connect", "new_session"))
        .feed(got("connect", "timeout_below_the_minimum"))
        .expect("state connected")
        .then([](world& w) {
            EXPECT_EQ(w.subject.identity().negotiated_timeout, 2s);
            EXPECT_EQ(w.subject.lease_end(), w.now + 2s);
        })
        .run();
}

TEST(handshake, nothing_is_sent_before_the_answer) {
    one_host_script()
        .credential("digest", "u:p")
        .start()
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(sent("connect", "new_session"))
        .then([](world& w) {
            EXPECT_EQ(w.subject.output(), "");
            EXPECT_FALSE(w.subject.accepts_requests());
        })
        .run();
}

TEST(handshake, L023_a_session_is_resumed_with_its_password_byte_for_byte) {
    std::string granted = got("connect", "new_session");
    granted[granted.size() - 3] = '\0'; // an embedded zero byte
    std::string asked = sent("connect", "resume");
    asked[asked.size() - 3] = '\0';
    one_host_script()
        .start()
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(sent("connect", "new_session"))
        .feed(granted)
        .expect("state connected")
        .closed()
        .expect("state suspended")
        .advance(50ms)
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(asked)
        .feed(granted)
        .expect("state connected")
        .run();
}

TEST(handshake, L027_an_expired_session_is_given_up_and_a_new_one_opened) {
    one_host_script()
        .open_session()
        .closed()
        .expect("state suspended")
        .advance(50ms)
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(resume_frame(0))
        .feed(got("connect", "resume_unknown_session"))
        .expect("session lost session_expired")
        .expect("state lost")
        .expect("state connecting")
        .expect("disconnect")
        .then([](world& w) {
            EXPECT_EQ(w.subject.identity().id, session_id::none);
            EXPECT_EQ(w.subject.lease_end(), never);
            EXPECT_THAT(w.subject.last_failures(), HasSubstr("session expired"));
        })
        .expect_nothing() // no reconnect without a pause: the server may do this for ever
        .advance(200ms)
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(sent("connect", "new_session"))
        .feed(got("connect", "new_session"))
        .expect("state connected")
        .run();
}

TEST(handshake, a_close_without_an_answer_is_no_expiry) {
    at_the_first_of_two()
        .feed(got("connect", "new_session"))
        .expect("state connected")
        .closed()
        .expect("state suspended")
        .expect("connect 10.0.0.2:2181")
        .connected()
        .write(resume_frame(0))
        .closed()
        .then([](world& w) {
            EXPECT_THAT(w.subject.last_failures(), HasSubstr("10.0.0.2:2181: connected, but closed without an answer"));
        })
        .advance(100ms)
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(resume_frame(0))
        .feed(got("connect", "resume"))
        .expect("state connected")
        .run();
}

TEST(handshake, a_bare_reply_header_is_a_refusal) {
    at_the_first_of_two(true)
        .feed(reference("read_only_refusal"))
        .expect("disconnect")
        .expect("connect 10.0.0.2:2181")
        .then([](world& w) {
            EXPECT_THAT(w.subject.last_failures(),
                        HasSubstr("10.0.0.1:2181: refused: it has no quorum, and no sessions of its own "
                                  "(localSessionsEnabled)"));
        })
        .run();
}

/// A server refuses whoever has seen more than itself, without a word.
TEST(handshake, a_server_that_lags_behind_what_was_seen_is_suspected_of_that) {
    one_host_script()
        .open_session()
        .submit({reference("exists")})
        .write(reference("exists"))
        .feed(hex("00000010000000030000000000000002ffffff9b")) // zxid 2
        .expect("reply 3 err -101")
        .closed()
        .expect("state suspended")
        .advance(1s)
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(resume_frame(2))
        .closed()
        .then([](world& w) {
            EXPECT_THAT(w.subject.last_failures(),
                        HasSubstr("closed without an answer to the handshake; it may have no quorum or too many "
                                  "connections, be behind what this client has seen, or expect TLS"));
        })
        .run();
}

TEST(handshake, L084_an_answer_nobody_can_read_is_a_failed_attempt) {
    const std::string good = got("connect", "new_session");
    for (const std::string& bad : {
             std::string("\0\0\0\0", 4), hex("00000004deadbeef"), hex("ffffffff"), hex("7fffffff"),
             hex("00000024") + good.substr(4, 36).replace(16, 4, hex("0000000f")), // a password of 15 bytes, one behind
         })
        at_the_first_of_two()
            .feed(bad)
            .expect("disconnect")
            .expect("connect 10.0.0.2:2181")
            .then([](world& w) {
                EXPECT_THAT(w.subject.last_failures(), HasSubstr("10.0.0.1:2181: protocol violation"));
            })
            .run();
}

TEST(handshake, timeout_zero_for_a_new_session_is_a_refusal) {
    at_the_first_of_two()
        .feed(got("connect", "resume_unknown_session"))
        .expect("disconnect")
        .expect("connect 10.0.0.2:2181")
        .run();
}

TEST(handshake, an_answer_ahead_of_the_request_is_a_violation) {
    two_hosts_script()
        .start()
        .expect("connect 10.0.0.1:2181")
        .connected()
        .feed(got("connect", "new_session"))
        .expect("disconnect")
        .expect("connect 10.0.0.2:2181")
        .run();
}

std::string read_only(std::string answer) {
    answer.back() = '\1';
    return answer;
}

TEST(handshake, a_read_only_server_makes_a_read_only_client) {
    at_the_first_of_two(true)
        .feed(read_only(got("connect", "new_session")))
        .expect("state connected_read_only")
        .then([](world& w) { EXPECT_TRUE(w.subject.identity().read_only); })
        .run();
}

TEST(handshake, a_read_only_server_that_does_not_know_the_session_proves_no_expiry) {
    at_the_first_of_two(true)
        .feed(got("connect", "new_session"))
        .expect("state connected")
        .closed()
        .expect("state suspended")
        .expect("connect 10.0.0.2:2181")
        .connected()
        .write(read_only(resume_frame(0)))
        .feed(read_only(got("connect", "resume_unknown_session")))
        .expect("disconnect")
        .then([](world& w) { EXPECT_EQ(w.subject.state(), session_state::suspended); })
        .advance(100ms)
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(read_only(resume_frame(0)))
        .feed(got("connect", "resume"))
        .expect("state connected")
        .run();
}

TEST(handshake, a_session_that_only_a_read_only_server_knew_ends_with_the_connection) {
    at_the_first_of_two(true)
        .feed(read_only(got("connect", "new_session")))
        .expect("state connected_read_only")
        .closed()
        .expect("state suspended")
        .expect("session lost session_expired")
        .expect("state lost")
        .expect("state connecting")
        .expect("connect 10.0.0.2:2181")
        .connected()
        .write(sent("connect", "new_session_read_only_allowed"))
        .run();
}

TEST(handshake, a_session_that_moved_to_a_read_only_server_can_move_back) {
    at_the_first_of_two(true)
        .feed(got("connect", "new_session"))
        .expect("state connected")
        .closed()
        .expect("state suspended")
        .expect("connect 10.0.0.2:2181")
        .connected()
        .write(read_only(resume_frame(0)))
        .feed(read_only(got("connect", "resume")))
        .expect("state connected_read_only")
        .closed()
        .expect("state suspended")
        .advance(100ms)
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(read_only(resume_frame(0)))
        .feed(got("connect", "resume"))
        .expect("state connected")
        .run();
}

} // namespace
} // namespace kazoo::test::handshake_test
