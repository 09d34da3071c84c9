// Peers that are no ZooKeeper, or none that answers: last_failures() names what they are.
#include "script.hpp"

#include "session/stranger.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <system_error>

namespace kazoo::test::stranger_test {
namespace {

using testing::HasSubstr;

/// Up to the point where the only server has the connect request.
script shaking_hands() {
    script s(script::one_host());
    s.start().expect("connect 10.0.0.1:2181").connected().write(sent("connect", "new_session"));
    return s;
}

auto says(const std::string& what) {
    return [what](world& w) { EXPECT_THAT(w.subject.last_failures(), HasSubstr("10.0.0.1:2181: " + what)); };
}

/// What the session says of a peer that answers with these bytes.
void expect_named(const std::string& bytes, const std::string& name) {
    SCOPED_TRACE(to_hex(bytes));
    shaking_hands().feed(bytes).expect("disconnect").then(says(name)).run();
}

TEST(stranger, one_that_answers_tls_is_named) {
    expect_named(hex("15030300020246"), "it answers TLS");     // an alert
    expect_named(hex("16030100410100003d"), "it answers TLS"); // a hello
}

TEST(stranger, one_that_answers_http_is_named) { expect_named("HTTP/1.1 400 Bad Request\r\n\r\n", "it answers HTTP"); }

TEST(stranger, one_that_greets_is_quoted) {
    expect_named("SSH-2.0-OpenSSH_9.2p1\r\n", "it answers SSH");
    EXPECT_EQ(session::describe_stranger("220 mail.example.org ESMTP\r\n"),
              "it is not a ZooKeeper client port: it says \"220 mail.example.org ESMTP\"");
    expect_named("220 mail.example.org ESMTP\r\n", "it is not a ZooKeeper client port: it says \"220 ");
    expect_named("-ERR unknown command\r\n", "it is not a ZooKeeper client port: it says \"-ERR");
}

TEST(stranger, of_one_with_other_bytes_the_first_are_shown) {
    expect_named(hex("4a0000000a382e30"), "protocol violation: not a ZooKeeper client port, its first bytes are 4a 00");
}

TEST(stranger, one_that_says_nothing_is_named_with_the_time_it_had) {
    shaking_hands()
        .advance(3'334ms)
        .expect("disconnect")
        .then(says("connected, but no answer to the handshake within 3.3 s"))
        .run();
}

TEST(stranger, one_that_closes_is_named) {
    shaking_hands()
        .closed()
        .then(says("connected, but closed without an answer to the handshake; it may expect TLS"))
        .run();
    shaking_hands()
        .closed(make_error_code(std::errc::connection_reset))
        .then(says("connected, but no answer to the handshake: Connection reset by peer"))
        .run();
}

TEST(stranger, one_that_closes_after_few_bytes_is_named_by_these) {
    shaking_hands().feed("hey").closed().then(says("it is not a ZooKeeper client port")).run();
    shaking_hands().feed(hex("150303")).closed().then(says("it answers TLS")).run();
}

TEST(stranger, a_server_whose_answer_has_come_in_part_is_none) {
    const std::string answer = got("connect", "new_session");
    for (const std::size_t n : {1u, 2u, 4u, 20u}) {
        const std::string part = answer.substr(0, n);
        shaking_hands()
            .feed(part)
            .advance(3'334ms)
            .expect("disconnect")
            .then(says("connected, but no answer to the handshake within 3.3 s, only a part of it"))
            .run();
        shaking_hands()
            .feed(part)
            .closed()
            .then(says("connected, but closed without an answer to the handshake, only a part of it"))
            .run();
    }
}

/// The election port of a server sends votes; one may look like "your session is over", but for its length.
TEST(stranger, a_frame_of_another_length_never_ends_a_session) {
    const std::string over = got("connect", "resume_unknown_session");
    for (const std::string& bad : {hex("00000015") + over.substr(4, 16) + hex("0000000100"),
                                   hex("00000028") + over.substr(4, 36) + hex("00000000")})
        script(script::one_host())
            .open_session()
            .closed()
            .expect("state suspended")
            .advance(1s)
            .expect("connect 10.0.0.1:2181")
            .connected()
            .write(resume_frame(0))
            .feed(bad)
            .expect("disconnect")
            .expect_nothing()
            .then([](world& w) {
                EXPECT_NE(w.subject.identity().id, session_id::none);
                EXPECT_THAT(w.subject.last_failures(), HasSubstr("answer to the connect request"));
            })
            .run();
}

TEST(stranger, what_is_being_tried_is_known_while_it_is) {
    script(script::one_host())
        .start()
        .expect("connect 10.0.0.1:2181")
        .then([](world& w) { EXPECT_EQ(w.subject.present_attempt().what, "10.0.0.1:2181: no connection"); })
        .advance(1s)
        .connected()
        .then([](world& w) {
            EXPECT_EQ(w.subject.present_attempt().what, "10.0.0.1:2181: connected, but no answer to the handshake");
        })
        .write(sent("connect", "new_session"))
        .feed(got("connect", "new_session"))
        .expect("state connected")
        .then([](world& w) { EXPECT_EQ(w.subject.present_attempt().what, ""); })
        .run();
}

} // namespace
} // namespace kazoo::test::stranger_test
