// Requests are handed over while the server keeps up.
#include "script.hpp"

#include <gtest/gtest.h>

namespace kazoo::test::window_test {
namespace {

const std::string get = reference("get_data");
const std::string ping = reference("ping");
const std::string ping_reply = got("connect", "ping_of_resumed_session");

std::string reply(std::int32_t xid) { return with_xid(hex("00000010000000010000000000000005ffffff9b"), xid); }

script opened() {
    script s(script::one_host()); // T = 10 s
    s.open_session();
    return s;
}

TEST(window, is_closed_while_the_oldest_answer_is_a_sixth_of_T_late) {
    opened()
        .submit({with_xid(get, 1), with_xid(get, 2)})
        .write(with_xid(get, 1) + with_xid(get, 2))
        .advance(1'666ms)
        .then([](world& w) { EXPECT_TRUE(w.subject.accepts_requests()); })
        .advance(1ms)
        .then([](world& w) {
            EXPECT_FALSE(w.subject.accepts_requests());
            w.feed(reply(1));
            EXPECT_FALSE(w.subject.accepts_requests());
            w.feed(reply(2));
            EXPECT_TRUE(w.subject.accepts_requests());
        })
        .expect("reply 1 err -101")
        .expect("reply 2 err -101")
        .run();
}

TEST(window, what_it_keeps_back_is_not_lost_with_a_write) {
    opened()
        .submit({with_xid(get, 1)})
        .write(with_xid(get, 1))
        .advance(2s)
        .submit({with_xid(reference("set_data"), 2)})
        .write("") // it stays where it can be given up
        .closed()
        .expect("fail 1 connection_loss not_applied")
        .expect("state suspended")
        .then([](world& w) { EXPECT_EQ(w.waiting.size(), 1U); })
        .run();
}

TEST(window, a_ping_goes_out_through_a_closed_one) {
    opened()
        .submit({with_xid(get, 1)})
        .write(with_xid(get, 1))
        .advance(2s)
        .submit({with_xid(get, 2)})
        .advance(1'334ms)
        .write(ping)
        .feed(reply(1) + ping_reply)
        .expect("reply 1 err -101")
        .write(with_xid(get, 2))
        .run();
}

TEST(window, a_due_ping_goes_before_the_next_batch) {
    opened()
        .advance(3'334ms)
        .submit({with_xid(get, 1)})
        .then([](world& w) { EXPECT_FALSE(w.subject.accepts_requests()); })
        .write(ping)
        .write(with_xid(get, 1))
        .run();
}

} // namespace
} // namespace kazoo::test::window_test
