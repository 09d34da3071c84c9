// The end of a client.
#include "script.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kazoo::test::closing_test {
namespace {

const std::string close_frame = with_xid(reference("close"), 2147483647);
const std::string close_reply = with_xid(got("close", "close_without_ephemerals"), 2147483647);
const std::string get = reference("get_data"), set = reference("set_data");
const std::string resumed = got("connect", "resume");

script opened() {
    script s(script::one_host());
    s.open_session();
    return s;
}

TEST(close, ends_the_session_behind_everything_submitted) {
    opened()
        .submit({get, set})
        .then([](world& w) {
            w.flush();
            w.write_some(3);
        })
        .close()
        .then([](world& w) { EXPECT_EQ(to_hex(w.write_all()), to_hex((get + set).substr(3) + close_frame)); })
        .feed(hex("00000010000000040000000000000005ffffff9b") + hex("00000010000000050000000000000005ffffff9b"))
        .expect("reply 4 err -101")
        .expect("reply 5 err -101")
        .expect_nothing()
        .feed(close_reply)
        .expect("state closed")
        .expect("disconnect")
        .run();
}

TEST(close, is_done_when_the_server_closes) {
    opened()
        .close()
        .then([](world& w) { EXPECT_FALSE(w.subject.accepts_requests()); })
        .write(close_frame)
        .closed()
        .expect("state closed")
        .run();
}

TEST(close, without_a_session_is_done_at_once) {
    script(script::one_host()).close().expect("state closed").run();
    script(script::one_host())
        .start()
        .expect("connect 10.0.0.1:2181")
        .close()
        .expect("state closed")
        .expect("give up 10.0.0.1:2181")
        .run();
    script(script::one_host())
        .start()
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(sent("connect", "new_session"))
        .close()
        .expect("state closed")
        .expect("disconnect")
        .run();
}

TEST(close, finds_a_server_to_end_the_session_at) {
    opened()
        .closed()
        .expect("state suspended")
        .close()
        .expect_nothing()
        .advance(50ms)
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(resume_frame(0))
        .feed(resumed)
        .write(close_frame)
        .feed(close_reply)
        .expect("state closed")
        .expect("disconnect")
        .run();
}

TEST(close, is_done_when_the_session_is_over_anyway) {
    opened()
        .closed()
        .expect("state suspended")
        .close()
        .advance(50ms)
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(resume_frame(0))
        .feed(got("connect", "resume_unknown_session"))
        .expect("state closed")
        .expect("disconnect")
        .run();
    opened()
        .closed()
        .expect("state suspended")
        .close()
        .then([](world& w) {
            w.now += 10s;
            w.subject.on_time(w.now);
        })
        .expect("state closed")
        .run();
}

TEST(close, that_did_not_get_out_is_tried_again) {
    opened()
        .submit({get})
        .close()
        .then([](world& w) { w.write_some(5); })
        .closed()
        .expect("state suspended")
        .advance(50ms)
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(resume_frame(0))
        .feed(resumed)
        .write(close_frame)
        .closed()
        .expect("state closed")
        .expect("fail 4 closed not_applied")
        .run();
}

TEST(close, C24_abort_fails_everything_and_then_there_is_silence) {
    const std::string exists = reference("exists");
    opened()
        .submit_watch(exists, "w", session::watch_kind::exists, "/a")
        .write(exists)
        .feed(hex("00000010000000030000000000000002ffffff9b"))
        .expect("reply 3 err -101")
        .submit({with_xid(get, 6), with_xid(set, 7), with_xid(set, 8)})
        .then([](world& w) {
            w.flush();
            w.write_some(get.size() + set.size() + 1);
        })
        .credential("digest", "u:p")
        .abort()
        .then([](world& w) {
            EXPECT_THAT(std::vector<std::string>(w.said.begin(), w.said.end()),
                        testing::IsSupersetOf({"fail 6 closed not_applied", "fail 7 closed unknown",
                                               "fail 8 closed not_applied", "end w closed", "refused digest u:p closed",
                                               "state closed"}));
            EXPECT_EQ(w.said.back(), "state closed");
            w.said.clear();
            w.feed(reference("event_created"));
            w.subject.on_written(5, w.now);
            w.subject.on_connected(w.used, w.now);
            w.subject.on_resolved("10.0.0.1", {"10.0.0.1"}, w.now);
            w.subject.expire(w.now);
            w.subject.close(w.now);
            w.subject.abort(w.now);
            w.subject.start(w.now);
        })
        .expect("disconnect")
        .expect_nothing()
        .run();
}

TEST(close, C24_no_event_of_a_closed_session_reaches_a_watcher) {
    const std::string exists = reference("exists");
    opened()
        .submit_watch(exists, "w", session::watch_kind::exists, "/a")
        .write(exists)
        .feed(hex("00000010000000030000000000000002ffffff9b"))
        .expect("reply 3 err -101")
        .close()
        .write(close_frame)
        .feed(close_reply + reference("event_created"))
        .expect("end w closed")
        .expect("state closed")
        .expect("disconnect")
        .run();
}

} // namespace
} // namespace kazoo::test::closing_test
