// Watches: registered by replies, fired once, restored on every connection, ended with the session.
#include "script.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kazoo::test::watches_test {
namespace {

using session::watch_kind;
using testing::HasSubstr;

const std::string resumed = got("connect", "resume");
const std::string no_node_2 = got("watch_once", "exists_watch_on_missing"); // xid 1, zxid 2

script opened() {
    script s(script::one_host());
    s.open_session();
    return s;
}

/// A connection break and the way back, up to the answer of the connect request.
void reconnect(script& s, std::int64_t last_zxid, duration pause = 50ms) {
    s.closed()
        .expect("state suspended")
        .advance(pause)
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(resume_frame(last_zxid))
        .feed(resumed);
}

std::string event(std::int32_t type, std::string_view path) {
    std::string frame = reference("event_created").substr(0, 4 + 16);
    const auto put = [&](std::uint32_t v) {
        for (int shift = 24; shift >= 0; shift -= 8) frame.push_back(static_cast<char>(v >> shift));
    };
    put(static_cast<std::uint32_t>(type));
    put(3);
    put(static_cast<std::uint32_t>(path.size()));
    frame += path;
    frame[3] = static_cast<char>(frame.size() - 4);
    return frame;
}

TEST(watches, event_frames_are_what_the_reference_says) {
    EXPECT_EQ(to_hex(event(1, "/a")), to_hex(reference("event_created")));
}

// -- one-shots --------------------------------------------------------------------------------------------------------

TEST(watches, a_recorded_course_of_one_shots) {
    script s = opened();
    s.submit_watch(sent("watch_once", "exists_watch_on_missing"), "appears", watch_kind::exists, "/a")
        .write(sent("watch_once", "exists_watch_on_missing"))
        .feed(got("watch_once", "exists_watch_on_missing"))
        .expect("reply 1 err -101")
        .submit({sent("watch_once", "created")})
        .write(sent("watch_once", "created"))
        .feed(got("watch_once", "created", 0))
        .expect("event appears created /a")
        .feed(got("watch_once", "created", 1))
        .expect("reply 2 err 0")
        .submit_watch(sent("watch_once", "get_data_watch"), "changes", watch_kind::data, "/a")
        .write(sent("watch_once", "get_data_watch"))
        .feed(got("watch_once", "get_data_watch"))
        .expect("reply 3 err 0")
        .submit({sent("watch_once", "data_changed"), sent("watch_once", "fired_once_only")})
        .write(sent("watch_once", "data_changed") + sent("watch_once", "fired_once_only"))
        .feed(got("watch_once", "data_changed", 0) + got("watch_once", "data_changed", 1))
        .expect("event changes data_changed /a")
        .expect("reply 4 err 0")
        .feed(got("watch_once", "fired_once_only"))
        .expect("reply 5 err 0")
        .submit_watch(sent("watch_once", "get_children_watch"), "children", watch_kind::child, "/a")
        .write(with_xid(sent("watch_once", "get_children_watch"), 8))
        .feed(got("watch_once", "get_children_watch"))
        .expect("reply 8 err 0")
        .submit({sent("watch_once", "children_changed_by_create")})
        .write(sent("watch_once", "children_changed_by_create"))
        .feed(got("watch_once", "children_changed_by_create", 0) + got("watch_once", "children_changed_by_create", 1))
        .expect("event children children_changed /a")
        .expect("reply 9 err 0")
        .run();
}

TEST(watches, a_watch_that_was_not_set_is_not_registered) {
    const std::string ask = sent("watch_once", "get_data_watch_on_missing");
    script s = opened();
    s.submit_watch(ask, "w", watch_kind::data, "/missing")
        .then([](world& w) { w.watcher("w").path = "/missing"; })
        .write(ask)
        .feed(got("watch_once", "get_data_watch_on_missing"))
        .then([](world& w) {
            EXPECT_THAT(w.said.front(), HasSubstr("err -101"));
            w.said.clear();
        })
        .feed(event(1, "/missing"))
        .expect_nothing();
    reconnect(s, 10);
    s.expect("state connected"); // without setWatches
    s.run();
}

const std::string exists_a = reference("exists"); // xid 3
const std::string missing = hex("00000010000000030000000000000002ffffff9b");
const std::string exists_again = with_xid(exists_a, 4);
const std::string missing_again = with_xid(missing, 4);
const std::string remove_a = hex("000000127fffffff00000012000000022f6100000003"); // any kind of watch on /a
const std::string removed = with_xid(got("watch_removed", "remove_any"), 2147483647);

TEST(watches, one_event_fires_all_one_shots_on_a_path) {
    const std::string get = sent("watch_once", "get_data_watch"); // xid 3
    const std::string found = got("watch_once", "get_data_watch");
    opened()
        .submit_watch(get, "one", watch_kind::data, "/a")
        .submit_watch(exists_a, "two", watch_kind::exists, "/a")
        .submit_watch(with_xid(sent("watch_once", "get_children_watch"), 3), "three", watch_kind::child, "/a")
        .write(get + exists_a + with_xid(sent("watch_once", "get_children_watch"), 3))
        .feed(found + with_xid(got("watch_once", "exists_watch"), 3) +
              with_xid(got("watch_once", "get_children_watch"), 3))
        .expect("reply 3 err 0")
        .expect("reply 3 err 0")
        .expect("reply 3 err 0")
        .feed(event(2, "/a"))
        .expect("event one deleted /a")
        .expect("event two deleted /a")
        .expect("event three deleted /a")
        .feed(event(2, "/a") + event(1, "/a"))
        .run();
}

TEST(watches, unknown_event_types_are_ignored) {
    opened().feed(event(5, "/a") + event(-1, "/a") + event(99, "")).run();
}

// -- restoring --------------------------------------------------------------------------------------------------------

TEST(watches, C23_one_shots_survive_a_reconnect_and_tell_what_was_missed) {
    // Registered at zxid 8 in the transcript; here the last reply says 8 as well.
    const std::string get_changed = [] {
        std::string f = hex("00000015") + reference("get_data").substr(4, 8) + hex("00000008") + "/changed" + hex("01");
        return f;
    }();
    const std::string found = hex("0000001000000004000000000000000800000000");
    script s = opened();
    s.submit_watch(get_changed, "w", watch_kind::data, "/changed")
        .write(get_changed)
        .feed(found)
        .expect("reply 4 err 0");
    reconnect(s, 8);
    s.write(sent("set_watches", "set_watches_changed"))
        .expect_nothing() // connected is not announced yet (C11)
        .feed(got("set_watches", "set_watches_changed", 0))
        .expect("event w data_changed /changed")
        .expect_nothing()
        .feed(got("set_watches", "set_watches_changed", 1))
        .expect("state connected");
    reconnect(s, 8, 100ms);
    s.expect("state connected"); // it has fired: nothing is left to restore
    s.run();
}

TEST(watches, C23_an_exists_watch_on_a_missing_node_is_restored_as_such) {
    std::string ask = hex("00000016") + exists_a.substr(4, 8) + hex("00000009") + "/appeared" + hex("01");
    script s = opened();
    s.submit_watch(ask, "w", watch_kind::exists, "/appeared")
        .write(ask)
        .feed(hex("00000010000000030000000000000008ffffff9b"))
        .expect("reply 3 err -101");
    reconnect(s, 8);
    s.write(sent("set_watches", "set_watches_exist"))
        .feed(got("set_watches", "set_watches_exist", 0) + got("set_watches", "set_watches_exist", 1))
        .expect("event w created /appeared")
        .expect("state connected");
    s.run();
}

TEST(watches, C23_a_child_watch_is_restored_as_such) {
    std::string ask = hex("00000016") + hex("0000000300000008") + hex("00000009") + "/children" + hex("01");
    script s = opened();
    s.submit_watch(ask, "w", watch_kind::child, "/children")
        .write(ask)
        .feed(hex("0000001000000003000000000000000800000000"))
        .expect("reply 3 err 0");
    reconnect(s, 8);
    s.write(sent("set_watches", "set_watches_children"))
        .feed(got("set_watches", "set_watches_children", 0) + got("set_watches", "set_watches_children", 1))
        .expect("event w children_changed /children")
        .expect("state connected");
    s.run();
}

TEST(watches, C23_a_forgotten_one_shot_is_not_restored) {
    script s = opened();
    s.submit_watch(exists_a, "w", watch_kind::exists, "/a")
        .write(exists_a)
        .feed(missing)
        .expect("reply 3 err -101")
        .forget("w")
        .write(remove_a)
        .feed(removed);
    reconnect(s, 4);
    s.expect("state connected").feed(event(1, "/a")).expect_nothing();
    s.run();
}

TEST(watches, one_given_up_ahead_of_its_reply_is_forgotten_behind_it) {
    script s = opened();
    s.submit_watch(exists_a, "w", watch_kind::exists, "/a")
        .write(exists_a)
        .forget("w") // nothing is known of it yet
        .then([](world& w) { EXPECT_EQ(w.subject.output(), ""); })
        .feed(missing)
        .expect("reply 3 err -101")
        .forget("w")
        .write(remove_a)
        .feed(removed)
        .feed(event(1, "/a"))
        .expect_nothing();
    reconnect(s, 4);
    s.expect("state connected");
    s.run();
}

TEST(watches, the_server_keeps_a_watch_that_somebody_else_needs) {
    script s = opened();
    s.submit_watch(exists_a, "one", watch_kind::exists, "/a")
        .write(exists_a)
        .feed(missing)
        .expect("reply 3 err -101")
        .submit_watch(exists_again, "two", watch_kind::exists, "/a")
        .write(exists_again)
        .forget("one") // the other's request is under way
        .then([](world& w) { EXPECT_EQ(w.subject.output(), ""); })
        .feed(missing_again)
        .expect("reply 4 err -101")
        .forget("two")
        .write(remove_a)
        .feed(removed)
        .expect_nothing()
        .run();
}

TEST(watches, one_that_was_given_up_is_removed_when_the_request_of_another_sets_none) {
    std::string get = reference("get_data");
    get.back() = '\1';
    script s = opened();
    s.submit_watch(exists_a, "one", watch_kind::exists, "/a")
        .write(exists_a)
        .feed(missing)
        .expect("reply 3 err -101")
        .submit_watch(reference("get_data"), "two", watch_kind::data, "/a")
        .write(get)
        .forget("one")
        .then([](world& w) { EXPECT_EQ(w.subject.output(), ""); })
        .feed(missing_again)
        .expect("reply 4 err -101")
        .write(remove_a)
        .feed(removed)
        .expect_nothing()
        .run();
}

TEST(watches, one_that_has_fired_is_not_removed) {
    script s = opened();
    s.submit_watch(exists_a, "w", watch_kind::exists, "/a")
        .write(exists_a)
        .feed(missing)
        .expect("reply 3 err -101")
        .feed(event(1, "/a"))
        .expect("event w created /a")
        .forget("w")
        .then([](world& w) { EXPECT_EQ(w.subject.output(), ""); })
        .run();
}

TEST(watches, L091_repeated_reconnects_do_not_multiply_a_watch) {
    script s = opened();
    s.submit_watch(exists_a, "w", watch_kind::exists, "/a").write(exists_a).feed(missing).expect("reply 3 err -101");
    std::string restore = reference("set_watches"); // data[/a], rel 5
    restore = hex("00000022fffffff80000006500000000000000020000000000000001000000022f6100000000");
    for (int i = 0; i < 2; ++i) {
        s.closed().expect("state suspended").advance(100ms);
        s.expect("connect 10.0.0.1:2181").connected().write(resume_frame(2)).feed(resumed);
        s.write(restore).feed(hex("00000010fffffff8000000000000000f00000000")).expect("state connected");
    }
    s.feed(event(1, "/a") + event(1, "/a")).expect("event w created /a").expect_nothing();
    s.run();
}

TEST(watches, L166_restoring_does_not_disturb_the_matching_of_replies) {
    const std::string get = reference("get_data");
    script s = opened();
    s.submit_watch(exists_a, "w", watch_kind::exists, "/a").write(exists_a).feed(missing).expect("reply 3 err -101");
    reconnect(s, 2);
    s.submit({get})
        .write(hex("00000022fffffff80000006500000000000000020000000000000001000000022f6100000000"))
        .credential("digest", "u:p")
        .write(reference("auth"))
        .feed(event(1, "/a") + got("auth", "auth_digest") + hex("00000010fffffff8000000000000000f00000000"))
        .expect("event w created /a")
        .expect("accepted digest u:p")
        .expect("state connected")
        .write(get)
        .feed(hex("00000010000000040000000000000005ffffff9b"))
        .expect("reply 4 err -101");
    s.run();
}

TEST(watches, end_with_the_session_and_with_the_client) {
    script lost = opened();
    lost.submit_watch(exists_a, "w", watch_kind::exists, "/a")
        .write(exists_a)
        .feed(missing)
        .expect("reply 3 err -101")
        .then([](world& w) { w.subject.expire(w.now); })
        .expect("end w session_expired")
        .expect("session lost session_expired")
        .expect("state lost")
        .expect("state connecting")
        .expect("disconnect");
    lost.run();
    script closed = opened();
    closed.submit_watch(exists_a, "w", watch_kind::exists, "/a")
        .write(exists_a)
        .feed(missing)
        .expect("reply 3 err -101")
        .abort()
        .expect("end w closed")
        .expect("state closed")
        .expect("disconnect");
    closed.run();
}

TEST(watches, large_tables_are_restored_in_pieces_with_one_relative_zxid) {
    world w(script::one_host());
    w.start();
    w.take_orders();
    w.connected();
    w.write_all();
    w.feed(got("connect", "new_session"));
    const std::string padding(990, 'x');
    for (std::int32_t i = 0; i < 400; ++i) { // 400 paths of 1000 bytes
        char number[16];
        std::snprintf(number, sizeof number, "/%08d-", i);
        const std::string path = number + padding;
        std::string frame = hex("000003f5") + with_xid(exists_a, 1).substr(4, 8) + hex("000003e8") + path + hex("01");
        w.request(frame, &w.watcher(path, watch_kind::exists, path));
    }
    w.flush();
    w.write_all();
    for (int i = 0; i < 400; ++i) w.feed(no_node_2);
    w.closed();
    w.advance(50ms);
    w.take_orders();
    w.connected();
    w.write_all();
    w.feed(resumed);
    std::string out = w.write_all();
    std::vector<std::size_t> sizes;
    std::size_t paths = 0;
    while (!out.empty()) {
        const std::size_t length = static_cast<std::size_t>(static_cast<unsigned char>(out[1])) << 16 |
                                   static_cast<std::size_t>(static_cast<unsigned char>(out[2])) << 8 |
                                   static_cast<unsigned char>(out[3]);
        EXPECT_EQ(to_hex(out.substr(4, 16)), "fffffff8000000650000000000000002");
        sizes.push_back(length);
        paths += (length - 28) / 1004;
        out.erase(0, 4 + length);
    }
    EXPECT_EQ(paths, 400U);
    EXPECT_EQ(sizes.size(), 4U);
    for (const std::size_t size : sizes) EXPECT_LE(size, (128U << 10) + 28);
    w.said.clear();
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        EXPECT_TRUE(w.said.empty());
        w.feed(hex("00000010fffffff8000000000000000f00000000"));
    }
    EXPECT_EQ(w.said.front(), "state connected");
    w.subject.abort(w.now);
}

} // namespace
} // namespace kazoo::test::watches_test
