// Healthy connections that look dead: slow replies, slow uploads, a process that slept.
#include "proto/jute.hpp"
#include "script.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kazoo::test::patience_test {
namespace {

using testing::HasSubstr;

const std::string ping = reference("ping");
const std::string ping_reply = got("connect", "ping_of_resumed_session");
const std::string get = reference("get_data");
const std::string no_node = hex("00000010000000040000000000000005ffffff9b");

script opened() {
    script s(script::one_host()); // T = 10 s
    s.open_session();
    return s;
}

/// A reply to `get` with a body of this many bytes.
std::string large_reply(std::size_t body) {
    std::string frame = no_node.substr(0, 16) + std::string(4, '\0') + std::string(body, 'x');
    proto::store_be32(frame.data(), static_cast<std::uint32_t>(frame.size() - 4));
    return frame;
}

TEST(patience, counts_from_the_request_when_that_is_later_than_the_last_byte) {
    opened()
        .advance(3s)
        .submit({get})
        .write(get)
        .advance(4s) // 7 s without a byte, and 4 s since we asked
        .expect_nothing()
        .feed(no_node)
        .expect("reply 4 err -101")
        .run();
}

TEST(patience, a_reply_that_is_still_arriving_keeps_the_connection_and_the_session) {
    const std::string reply = large_reply(15'000);
    script s = opened();
    s.submit({get}).write(get);
    for (std::size_t at = 0; at < reply.size() / 1'000; ++at) { // 15 s with T = 10 s
        s.advance(1s).then([piece = reply.substr(at * 1'000, 1'000)](world& w) {
            w.write_all(); // the pings
            w.feed(piece);
        });
    }
    s.expect_nothing()
        .then([&](world& w) { w.feed(reply.substr(15'000)); })
        .expect("reply 4 err 0")
        .feed(ping_reply + ping_reply + ping_reply)
        .then([](world& w) { EXPECT_GT(w.subject.lease_end(), w.now); })
        .expect_nothing()
        .run();
}

TEST(patience, pings_go_out_behind_a_reply_that_is_still_arriving) {
    const std::string reply = large_reply(1'000);
    opened()
        .submit({get})
        .write(get)
        .advance(3'334ms)
        .write(ping)
        .feed(reply.substr(0, 500))
        .advance(3'334ms)
        .write(ping)
        .feed(reply.substr(500) + ping_reply + ping_reply)
        .expect("reply 4 err 0")
        .expect_nothing()
        .run();
}

TEST(patience, a_reply_that_stops_arriving_is_silence) {
    const std::string reply = large_reply(1'000);
    opened()
        .submit({get})
        .write(get)
        .advance(1s)
        .feed(reply.substr(0, 500))
        .advance(6'667ms)
        .expect("fail 4 connection_loss not_applied")
        .expect("state suspended")
        .expect("disconnect")
        .then([](world& w) { EXPECT_THAT(w.subject.last_failures(), HasSubstr("silent")); })
        .run();
}

TEST(patience, C06_the_lease_ends_where_the_reply_stopped) {
    const std::string reply = large_reply(1'000);
    script s = opened();
    s.submit({get}).write(get);
    for (std::size_t at = 0; at < 900; at += 100)
        s.advance(1s).then([piece = reply.substr(at, 100)](world& w) {
            w.write_all(); // the pings
            w.feed(piece);
        });
    s.then([](world& w) {
        w.advance(1'666ms); // 10.67 s after the last request that was answered
        EXPECT_EQ(w.subject.state(), session_state::connected);
        EXPECT_LT(w.subject.lease_end(), w.now); // it is not certain any more
        w.advance(1ms);
        EXPECT_THAT(w.said, testing::Contains("state lost"));
        w.said.clear();
    });
    s.run();
}

TEST(patience, an_upload_that_goes_on_is_no_silence) {
    script s = opened();
    s.submit({get}).then([](world& w) {
        w.flush();
        for (int i = 0; i < 9; ++i) { // 9 s with T = 10 s, and no frame is whole
            w.write_some(2);
            w.advance(1s);
        }
        EXPECT_EQ(w.subject.state(), session_state::connected);
    });
    s.write(get.substr(18)).feed(no_node).expect("reply 4 err -101").run();
}

TEST(patience, a_process_that_slept_reads_before_it_judges) {
    opened()
        .submit({get})
        .write(get)
        .then([](world& w) {
            w.now += 9s;
            w.subject.on_time(w.now); // late, and the answer waits in the socket
            w.take_orders();
        })
        .expect_nothing()
        .feed(no_node)
        .expect("reply 4 err -101")
        .then([](world& w) { w.subject.on_all_read(w.now, w.now); })
        .expect_nothing()
        .run();
}

TEST(patience, the_answer_to_a_connect_request_is_read_before_it_is_late) {
    script(script::one_host())
        .start()
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(sent("connect", "new_session"))
        .then([](world& w) {
            w.now += 4s;
            w.subject.on_time(w.now);
            EXPECT_LE(w.subject.deadline(), w.now);
            w.subject.on_all_read(w.now - 1s, w.now); // what came in the last second was not read
            w.take_orders();
        })
        .expect_nothing()
        .then([](world& w) { w.subject.on_all_read(w.now, w.now); })
        .expect("disconnect")
        .run();
}

TEST(patience, a_peer_that_was_never_asked_is_not_silent) {
    opened()
        .then([](world& w) {
            w.now += 8s; // we slept
            w.ring();
            EXPECT_EQ(w.subject.state(), session_state::connected);
        })
        .write(ping)
        .feed(ping_reply)
        .expect_nothing()
        .run();
}

TEST(patience, a_socket_that_takes_nothing_is_dead_unless_replies_come) {
    opened()
        .advance(3s)
        .submit({get})
        .write(get)
        .submit({with_xid(get, 5)})
        .then([](world& w) {
            w.flush();
            w.advance(3s);
        })
        .feed(no_node)
        .expect("reply 4 err -101")
        .advance(6'666ms)
        .expect_nothing()
        .advance(1ms)
        .expect("unsent 5")
        .expect("state suspended")
        .expect("disconnect")
        .then([](world& w) { EXPECT_THAT(w.subject.last_failures(), HasSubstr("silent")); })
        .run();
}

} // namespace
} // namespace kazoo::test::patience_test
