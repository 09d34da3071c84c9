// The TLS filter between its user and a server of OpenSSL's.
#include "tls_world.hpp"

#include <gmock/gmock.h>

namespace kazoo::test {
namespace {

using testing::HasSubstr;

class tls_stream : public tls_test, public testing::WithParamInterface<int> {
  protected:
    tls_stream() { server.only(GetParam()); }
};

TEST_P(tls_stream, talks_however_the_bytes_are_cut) {
    for (const std::size_t portion : {1U, 2U, 3U, 5U, 7U, 64U, 1000U, 100'000U}) {
        SCOPED_TRACE(portion);
        tls_server fresh(own);
        fresh.only(GetParam());
        tls_world w(fresh, trusting());
        w.portion = portion;
        w.open();
        EXPECT_EQ(w.write("a question"), 10u);
        fresh.say("an answer");
        fresh.say(std::string(40'000, 'x'));
        w.run();
        EXPECT_EQ(fresh.received, "a question");
        EXPECT_EQ(w.received, "an answer" + std::string(40'000, 'x'));
        EXPECT_FALSE(w.failure);
    }
}

TEST_P(tls_stream, says_nothing_of_input_that_is_not_whole) {
    tls_world w(server, trusting());
    w.open();
    server.say("whole");
    w.portion = 1;
    const int before = w.readable;
    while (w.received.empty()) ASSERT_TRUE(w.step());
    EXPECT_EQ(w.readable, before + 1);
}

TEST_P(tls_stream, C16_replies_in_one_record_are_read_without_waiting_for_more) {
    tls_world w(server, trusting());
    w.read_size = 4;
    w.one_read = true;
    w.open();
    server.say("one.two.six.ten.");
    w.on_the_way = server.sent();
    w.line_carries = false;
    w.wire.arrived = std::exchange(w.on_the_way, {});
    w.run();
    EXPECT_EQ(w.received, "one.two.six.ten.");
    EXPECT_EQ(w.readable, 4);
}

TEST_P(tls_stream, C16_input_that_waits_inside_counts_until_it_is_announced) {
    tls_world w(server, trusting());
    w.read_size = 4;
    w.at_readable = [] {};
    w.open();
    server.say("one.two.");
    w.run();
    EXPECT_EQ(w.readable, 1);
    std::string buffer(4, '\0');
    EXPECT_EQ(w.stream->read_some(buffer).bytes, 4u);
    EXPECT_TRUE(w.stream->input_waits());
    w.stream->want_read();
    w.stream->want_read();
    EXPECT_FALSE(w.stream->input_waits()); // an event is on its way
    w.run();
    EXPECT_EQ(w.readable, 2);
    EXPECT_EQ(w.stream->read_some(buffer).bytes, 4u);
    EXPECT_TRUE(w.stream->read_some(buffer).would_block);
    EXPECT_FALSE(w.stream->input_waits());
    w.wire.arrived = "x";
    EXPECT_TRUE(w.stream->input_waits());
}

TEST_P(tls_stream, C17_hands_that_wait_for_the_server_wait_for_nothing_else) {
    tls_world w(server, trusting());
    w.server_listens = false;
    w.connected();
    w.run();
    EXPECT_TRUE(w.wire.wants_read);
    EXPECT_FALSE(w.wire.wants_write);
    EXPECT_EQ(w.wire.events, 0);
    EXPECT_FALSE(w.opened);
}

TEST_P(tls_stream, writes_no_more_than_the_line_takes_and_a_record) {
    tls_world w(server, trusting());
    w.open();
    w.wire.room = 0;
    const std::string much(1 << 20, 'y');
    const std::size_t taken = w.write(much);
    EXPECT_LE(taken, 16u << 10);
    EXPECT_TRUE(w.stream->write_some(much).would_block);
    w.stream->want_write();
    w.run();
    EXPECT_EQ(w.writable, 0);
    w.wire.room = 100; // less than the record
    w.run();
    EXPECT_EQ(w.writable, 0);
    w.wire.room = SIZE_MAX;
    w.run();
    EXPECT_EQ(w.writable, 1);
    EXPECT_EQ(w.write(std::string_view(much).substr(taken)), much.size() - taken);
    w.run();
    EXPECT_EQ(server.received, much);
}

TEST_P(tls_stream, sends_what_it_took_although_nobody_waits_to_write) {
    tls_world w(server, trusting());
    w.open();
    w.wire.room = 5;
    EXPECT_EQ(w.write("a question"), 10u);
    w.run();
    EXPECT_EQ(server.received, "");
    w.wire.room = SIZE_MAX;
    w.run();
    EXPECT_EQ(server.received, "a question");
    EXPECT_EQ(w.writable, 0);
}

// -- ends -------------------------------------------------------------------------------------------------------------

TEST_P(tls_stream, the_servers_end_is_the_end_of_the_stream) {
    tls_world w(server, trusting());
    w.open();
    server.say("last words");
    SSL_shutdown(server.ssl());
    w.run();
    w.wire.ended = true;
    w.run();
    EXPECT_EQ(w.received, "last words");
    EXPECT_TRUE(w.ended);
    EXPECT_FALSE(w.failure);
}

TEST_P(tls_stream, our_end_is_said) {
    tls_world w(server, trusting());
    w.open();
    w.write("the last question");
    w.stream.reset();
    w.run();
    EXPECT_EQ(server.received, "the last question");
    EXPECT_NE(SSL_get_shutdown(server.ssl()) & SSL_RECEIVED_SHUTDOWN, 0);
}

TEST_P(tls_stream, a_line_that_ends_in_the_middle_truncates) {
    tls_world w(server, trusting());
    w.open();
    server.say("half of what was to be sa");
    w.run();
    w.wire.ended = true;
    w.run();
    EXPECT_EQ(w.received, "half of what was to be sa");
    EXPECT_EQ(w.failure, std::errc::connection_reset);
    EXPECT_THAT(w.stream->why(), HasSubstr("truncated"));
}

TEST_P(tls_stream, a_line_that_breaks_is_an_error) {
    tls_world w(server, trusting());
    w.open();
    server.say("words");
    w.run();
    w.wire.broken = std::make_error_code(std::errc::timed_out);
    w.run();
    EXPECT_EQ(w.received, "words");
    EXPECT_EQ(w.failure, std::errc::timed_out);
}

TEST_P(tls_stream, a_write_that_fails_later_is_told_to_the_reader) {
    tls_world w(server, trusting());
    w.open();
    w.wire.room = 0;
    w.write("question");
    w.wire.torn = std::make_error_code(std::errc::broken_pipe);
    w.run();
    EXPECT_EQ(w.failure, std::errc::broken_pipe);
}

TEST_P(tls_stream, a_write_that_fails_behind_what_it_took_is_told_to_the_reader) {
    tls_world w(server, trusting());
    w.open();
    w.wire.torn = std::make_error_code(std::errc::broken_pipe);
    EXPECT_EQ(w.stream->write_some("question").bytes, 8u);
    w.run();
    EXPECT_EQ(w.failure, std::errc::broken_pipe);
}

TEST_P(tls_stream, what_came_before_a_write_that_fails_is_read) {
    tls_world w(server, trusting());
    w.open();
    server.say("reply");
    w.wire.arrived += server.sent();
    w.wire.torn = std::make_error_code(std::errc::broken_pipe);
    EXPECT_EQ(w.stream->write_some("question").bytes, 8u);
    EXPECT_TRUE(w.stream->write_some("question").would_block);
    w.stream->want_write();
    w.run();
    EXPECT_EQ(w.received, "reply");
    EXPECT_EQ(w.failure, std::errc::broken_pipe);
    EXPECT_EQ(w.writable, 0) << "the reader is told";
}

/// The line below may be reading on while its user only writes.
TEST_P(tls_stream, a_write_that_fails_is_told_to_who_waits_to_write_alone) {
    for (const bool reads_below : {false, true}) {
        tls_server one(own);
        one.only(GetParam());
        tls_world w(one, trusting());
        w.reads = false;
        w.open();
        w.wire.wants_read = reads_below;
        w.wire.room = 0;
        EXPECT_EQ(w.stream->write_some("question").bytes, 8u);
        EXPECT_TRUE(w.stream->write_some("question").would_block);
        w.wire.torn = std::make_error_code(std::errc::broken_pipe);
        w.stream->want_write();
        std::error_code told;
        w.at_writable = [&] { told = w.stream->write_some("question").error; };
        w.run();
        EXPECT_EQ(w.writable, 1);
        EXPECT_EQ(told, std::errc::broken_pipe);
    }
}

TEST_P(tls_stream, bytes_that_are_no_record_are_an_error) {
    tls_world w(server, trusting());
    w.open();
    w.wire.arrived = "HTTP/1.1 400 Bad Request\r\n";
    w.run();
    EXPECT_EQ(w.failure, std::errc::protocol_error);
    EXPECT_NE(w.stream->why(), "");
}

TEST_P(tls_stream, may_go_in_each_of_its_events) {
    {
        tls_world w(server, trusting());
        w.at_open = [&w] { w.stream.reset(); };
        w.connected();
        w.run();
        EXPECT_TRUE(w.opened);
    }
    for (const bool inside : {false, true}) { // a record of its own, or the rest of one
        tls_server fresh(own);
        tls_world w(fresh, trusting());
        w.read_size = 2;
        w.open();
        w.at_readable = [&] {
            std::string buffer(2, '\0');
            if (inside && w.readable == 1) {
                w.stream->read_some(buffer);
                w.stream->want_read();
            } else {
                w.stream.reset();
            }
        };
        fresh.say("some");
        w.run();
        EXPECT_EQ(w.readable, inside ? 2 : 1);
    }
    tls_server fresh(own);
    tls_world w(fresh, trusting());
    w.open();
    w.at_writable = [&w] { w.stream.reset(); };
    w.stream->want_write();
    w.run();
    EXPECT_EQ(w.writable, 1);
}

TEST_P(tls_stream, an_event_on_its_way_does_not_outlive_it) {
    tls_world w(server, trusting());
    w.read_size = 2;
    w.at_readable = [] {};
    w.open();
    server.say("some");
    w.run();
    std::string buffer(2, '\0');
    w.stream->read_some(buffer);
    w.stream->want_read();
    const int before = w.readable;
    w.stream.reset();
    w.run();
    EXPECT_EQ(w.readable, before);
}

INSTANTIATE_TEST_SUITE_P(versions, tls_stream, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

// -- what one version alone has ---------------------------------------------------------------------------------------

class tls_stream_1_2 : public tls_test {
  protected:
    tls_stream_1_2() { server.only(TLS1_2_VERSION); }
};

TEST_F(tls_stream_1_2, refuses_to_negotiate_again) {
    tls_world w(server, trusting());
    w.open();
    ASSERT_EQ(SSL_renegotiate(server.ssl()), 1);
    SSL_do_handshake(server.ssl());
    w.run();
    EXPECT_EQ(server.failure, "no renegotiation");
}

TEST_F(tls_stream_1_2, C17_what_reading_has_to_send_waits_for_the_line_alone) {
    tls_world w(server, trusting());
    w.open();
    w.wire.room = 3; // our refusal is longer
    ASSERT_EQ(SSL_renegotiate(server.ssl()), 1);
    SSL_do_handshake(server.ssl());
    w.run();
    EXPECT_EQ(server.failure, "");
    EXPECT_TRUE(w.wire.wants_read);
    EXPECT_TRUE(w.wire.wants_write);
    EXPECT_EQ(w.readable, 0);
    EXPECT_EQ(w.wire.events, w.opening_events + 1);
    w.wire.room = SIZE_MAX;
    w.run();
    EXPECT_EQ(server.failure, "no renegotiation");
}

class tls_stream_1_3 : public tls_test {
  protected:
    tls_stream_1_3() { server.only(TLS1_3_VERSION); }
};

TEST_F(tls_stream_1_3, follows_new_keys_in_both_directions) {
    tls_world w(server, trusting());
    w.open();
    ASSERT_EQ(SSL_key_update(server.ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
    server.say("with new keys");
    w.run();
    EXPECT_EQ(w.received, "with new keys");
    w.write("with ours");
    w.run();
    EXPECT_EQ(server.received, "with ours");
}

/// A ticket that holds our certificate is longer than the records of this server.
TEST_F(tls_stream_1_3, C17_a_write_in_the_middle_of_what_the_server_says_waits_for_the_rest) {
    tls_options o = trusting();
    const certificate mine = ca.issue({.common_name = "alice"});
    o.certificate_file = files.put("alice.pem", mine.pem() + mine.key_pem());
    server.want_certificate(ca);
    SSL_CTX_set_max_send_fragment(server.context(), 512);
    tls_world w(server, o);
    w.connected();
    while (!w.opened) ASSERT_TRUE(w.step());
    w.line_carries = false;
    w.run(); // the server has our certificate, and sends tickets
    ASSERT_GT(w.on_the_way.size(), 600u);
    w.wire.arrived = w.on_the_way.substr(0, 512 + 5 + 17);
    w.on_the_way.erase(0, w.wire.arrived.size());
    w.run();
    EXPECT_TRUE(w.stream->write_some("question").would_block);
    w.stream->want_write();
    const int events = w.wire.events;
    w.run();
    EXPECT_EQ(w.writable, 0);
    EXPECT_EQ(w.wire.events, events); // it does not spin
    EXPECT_FALSE(w.wire.wants_write);
    w.line_carries = true;
    w.run();
    EXPECT_EQ(w.writable, 1);
    w.write("question");
    server.say("answer");
    w.run();
    EXPECT_EQ(server.received, "question");
    EXPECT_EQ(w.received, "answer");
}

} // namespace
} // namespace kazoo::test
