// What the log tells who misses an event: whether the watch was registered, as what, set again where, and what became
// of it.
#include "script.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kazoo::test::watch_log_test {
namespace {

using session::watch_kind;
using testing::ElementsAre;

const std::string exists_a = reference("exists"); // xid 3
const std::string missing = hex("00000010000000030000000000000002ffffff9b");
const std::string get_a = sent("watch_once", "get_data_watch"); // xid 3
const std::string got_a = got("watch_once", "get_data_watch");
const std::string get_a_without_flag = [] {
    std::string frame = get_a;
    frame.back() = '\0';
    return frame;
}();
const std::string persistent = sent("watch_persistent", "add_watch_persistent"); // xid 1, /a
const std::string recursive = sent("watch_persistent", "add_watch_recursive");
const std::string added = got("watch_persistent", "add_watch_persistent");
const std::string created_ab = got("watch_persistent", "create_child", 0, 2);
const std::string changed_a = got("watch_persistent", "set", 0, 1);

script logging(log_level threshold = log_level::debug) {
    session::config c = script::one_host();
    c.log_threshold = threshold;
    script s(c);
    s.open_session();
    return s;
}

/// The lines about watches since the last call.
std::vector<std::string> told(world& w) {
    std::vector<std::string> lines;
    std::istringstream all(std::exchange(w.logged, {}));
    for (std::string line; std::getline(all, line);)
        if (line.find("watch on ") != std::string::npos || line.starts_with("watches on ")) lines.push_back(line);
    return lines;
}

template <class... Lines> void expect_told(script& s, Lines... lines) {
    s.then([=](world& w) { EXPECT_THAT(told(w), ElementsAre(lines...)); });
}

void reconnect(script& s, std::int64_t last_zxid) {
    s.closed()
        .expect("state suspended")
        .advance(50ms)
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(resume_frame(last_zxid))
        .feed(got("connect", "resume"));
}

TEST(watch_log, names_a_watch_that_was_registered_and_set_again_and_did_not_fire) {
    script s = logging();
    s.submit_watch(exists_a, "w", watch_kind::exists, "/a").write(exists_a).feed(missing).expect("reply 3 err -101");
    expect_told(s, "exists watch on /a: registered (10.0.0.1:2181)");
    reconnect(s, 2);
    s.write(hex("00000022fffffff80000006500000000000000020000000000000001000000022f6100000000"))
        .feed(hex("00000010fffffff8000000000000000f00000000"))
        .expect("state connected");
    expect_told(s, "exists watch on /a: set again (10.0.0.1:2181)");
    s.forget("w").write(hex("000000127fffffff00000012000000022f6100000003"));
    expect_told(s, "exists watch on /a: given up (10.0.0.1:2181)", "watches on /a: removal sent (10.0.0.1:2181)");
    s.run();
}

TEST(watch_log, tells_what_fired) {
    script s = logging();
    s.submit_watch(get_a, "w", watch_kind::data, "/a")
        .write(get_a)
        .feed(got_a + changed_a)
        .expect("reply 3 err 0")
        .expect("event w data_changed /a");
    expect_told(s, "data watch on /a: registered (10.0.0.1:2181)",
                "data watch on /a: fired, data_changed /a (10.0.0.1:2181)");
    s.run();
}

TEST(watch_log, tells_why_a_watch_was_not_registered) {
    script s = logging();
    s.submit_watch(get_a, "w", watch_kind::data, "/a").write(get_a).feed(missing).expect("reply 3 err -101");
    expect_told(s, "data watch on /a: not registered, no node (10.0.0.1:2181)");
    s.submit_watch(get_a, "again", watch_kind::data, "/a")
        .write(get_a)
        .closed()
        .expect("fail 3 connection_loss not_applied")
        .expect("state suspended");
    expect_told(s, "data watch on /a: not registered, no reply came (10.0.0.1:2181)");
    s.run();
}

TEST(watch_log, tells_as_what_a_watch_is_registered) {
    script s = logging();
    s.submit_watch(exists_a, "exists", watch_kind::exists, "/a")
        .write(exists_a)
        .feed(with_xid(got("watch_once", "exists_watch"), 3))
        .expect("reply 3 err 0");
    expect_told(s, "exists watch on /a: registered as data (10.0.0.1:2181)");
    s.submit_watch(recursive, "r", watch_kind::recursive, "/a").write(recursive).feed(added).expect("reply 1 err 0");
    s.submit_watch(persistent, "p", watch_kind::persistent, "/a").write(recursive).feed(added).expect("reply 1 err 0");
    s.submit_watch(get_a, "data", watch_kind::data, "/a").write(get_a_without_flag).feed(got_a);
    s.expect("reply 3 err 0");
    expect_told(s, "recursive watch on /a: registered (10.0.0.1:2181)",
                "persistent watch on /a: registered as recursive (10.0.0.1:2181)",
                "data watch on /a: registered, fired by the stream on its path (10.0.0.1:2181)");
    s.run();
}

TEST(watch_log, tells_that_a_one_shot_lost_the_stream_that_would_have_fired_it) {
    script s = logging();
    s.submit_watch(persistent, "p", watch_kind::persistent, "/a")
        .submit_watch(get_a, "data", watch_kind::data, "/a")
        .write(persistent + get_a_without_flag)
        .feed(hex("00000010000000010000000000000002ffffff81"))
        .expect("reply 1 err -127")
        .feed(got_a)
        .expect("reply 3 err 0");
    expect_told(s, "persistent watch on /a: not registered, throttled by the server (10.0.0.1:2181)",
                "data watch on /a: registered, fired by the stream on its path (10.0.0.1:2181)",
                "data watch on /a: set by itself, the stream on its path was refused (10.0.0.1:2181)");
    s.write(hex("00000022fffffff800000065000000000000000300000001000000022f610000000000000000"));
    s.run();
}

TEST(watch_log, tells_what_streams_hear) {
    script s = logging();
    s.submit_watch(recursive, "r", watch_kind::recursive, "/a")
        .write(recursive)
        .feed(added + created_ab)
        .expect("reply 1 err 0")
        .expect("event r created /a/b");
    expect_told(s, "recursive watch on /a: registered (10.0.0.1:2181)",
                "recursive watch on /a: fired, created /a/b (10.0.0.1:2181)");
    reconnect(s, 2);
    s.expect("event r gap /a");
    expect_told(s, "recursive watch on /a: gap (10.0.0.1:2181)", "recursive watch on /a: set again (10.0.0.1:2181)");
    s.abort().expect("end r closed").expect("state closed").expect("disconnect");
    expect_told(s, "recursive watch on /a: over, client is closed");
    s.run();
}

TEST(watch_log, tells_that_watches_end_with_their_session) {
    script s = logging();
    s.submit_watch(get_a, "w", watch_kind::data, "/a")
        .write(get_a)
        .feed(got_a)
        .expect("reply 3 err 0")
        .then([](world& w) { w.logged.clear(); })
        .then([](world& w) { w.subject.expire(w.now); })
        .expect("end w session_expired")
        .expect("session lost session_expired")
        .expect("state lost")
        .expect("state connecting")
        .expect("disconnect");
    expect_told(s, "data watch on /a: over, session expired");
    s.run();
}

TEST(watch_log, is_silent_above_debug) {
    script s = logging(log_level::info);
    s.submit_watch(get_a, "w", watch_kind::data, "/a")
        .write(get_a)
        .feed(got_a + changed_a)
        .expect("reply 3 err 0")
        .expect("event w data_changed /a");
    s.then([](world& w) { EXPECT_THAT(told(w), ElementsAre()); });
    s.run();
}

} // namespace
} // namespace kazoo::test::watch_log_test
