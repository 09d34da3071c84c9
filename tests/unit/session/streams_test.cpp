// Persistent and recursive watches, also beside one-shots, on servers that keep only one mode per path.
#include "script.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kazoo::test::streams_test {
namespace {

using session::watch_kind;

const std::string persistent = sent("watch_persistent", "add_watch_persistent"); // xid 1, /a
const std::string recursive = sent("watch_persistent", "add_watch_recursive");   // xid 1, /a
const std::string added = got("watch_persistent", "add_watch_persistent");       // xid 1
const std::string resumed = got("connect", "resume");
const std::string set_watches_done = hex("00000010fffffff8000000000000000f00000000");
const std::string remove_a = hex("000000127fffffff00000012000000022f6100000003"); // any kind of watch on /a
const std::string removed = with_xid(got("watch_removed", "remove_any"), 2147483647);

const std::string created_a = got("watch_persistent", "create", 0, 1);
const std::string changed_a = got("watch_persistent", "set", 0, 1);
const std::string children_of_a = got("watch_persistent", "create_child", 0, 1);
const std::string created_ab = got("watch_persistent", "create_child", 0, 2);
const std::string changed_ab = got("watch_persistent", "set_child", 0, 2);
const std::string created_abc = got("watch_persistent", "create_grandchild", 0, 2);
const std::string deleted_ab = got("watch_persistent", "delete_child", 0, 2);
const std::string deleted_a = got("watch_persistent", "delete", 0, 1);

/// A read that asks for a one-shot, and the same without its flag.
const std::string get_with_flag = sent("watch_once", "get_data_watch"); // xid 3, /a
const std::string get_without_flag = [] {
    std::string frame = get_with_flag;
    frame.back() = '\0';
    return frame;
}();
const std::string got_data = got("watch_once", "get_data_watch");
const std::string list_with_flag = with_xid(sent("watch_once", "get_children_watch"), 3);
const std::string list_without_flag = [] {
    std::string frame = list_with_flag;
    frame.back() = '\0';
    return frame;
}();
const std::string got_list = with_xid(got("watch_once", "get_children_watch"), 3);

script opened() {
    script s(script::one_host());
    s.open_session();
    return s;
}

script& add(script& s, const std::string& name, watch_kind kind, const std::string& on_wire) {
    return s.submit_watch(kind == watch_kind::persistent ? persistent : recursive, name, kind, "/a")
        .write(on_wire)
        .feed(added)
        .expect("reply 1 err 0");
}

void reconnect(script& s, std::int64_t last_zxid) {
    s.closed()
        .expect("state suspended")
        .advance(50ms)
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(resume_frame(last_zxid))
        .feed(resumed);
}

TEST(streams, a_persistent_watch_sees_the_node_and_its_children) {
    script s = opened();
    add(s, "p", watch_kind::persistent, persistent)
        .feed(created_a + changed_a + changed_a + children_of_a)
        .expect("event p created /a")
        .expect("event p data_changed /a")
        .expect("event p data_changed /a")
        .expect("event p children_changed /a")
        .feed(deleted_a + created_a)
        .expect("event p deleted /a")
        .expect("event p created /a")
        .run();
}

TEST(streams, a_recursive_watch_sees_all_below_and_no_children_changed) {
    script s = opened();
    add(s, "r", watch_kind::recursive, recursive)
        .feed(created_a + created_ab + changed_ab + created_abc + deleted_ab)
        .expect("event r created /a")
        .expect("event r created /a/b")
        .expect("event r data_changed /a/b")
        .expect("event r created /a/b/c")
        .expect("event r deleted /a/b")
        .feed(children_of_a)
        .expect_nothing()
        .run();
}

TEST(streams, holders_share_one_registration) {
    script s = opened();
    add(s, "one", watch_kind::persistent, persistent);
    add(s, "two", watch_kind::persistent, persistent)
        .feed(changed_a)
        .expect("event one data_changed /a")
        .expect("event two data_changed /a")
        .forget("one")
        .feed(changed_a)
        .expect("event two data_changed /a")
        .expect_nothing()
        .then([](world& w) { EXPECT_EQ(w.subject.output(), ""); })
        .forget("two")
        .write(remove_a)
        .feed(removed)
        .feed(changed_a)
        .expect_nothing();
    s.run();
}

TEST(streams, an_error_of_a_removal_is_nobodys_business) {
    script s = opened();
    add(s, "p", watch_kind::persistent, persistent)
        .forget("p")
        .write(remove_a)
        .submit({reference("get_data")})
        .write(reference("get_data"))
        .feed(hex("000000107fffffff0000000000000004ffffff87"))
        .expect_nothing()
        .feed(hex("00000010000000040000000000000005ffffff9b"))
        .expect("reply 4 err -101")
        .run();
}

TEST(streams, a_refused_add_watch_leaves_nothing_behind) {
    script s = opened();
    s.submit_watch(persistent, "p", watch_kind::persistent, "/a")
        .submit({reference("get_data")})
        .write(persistent + reference("get_data"))
        .feed(hex("0000001000000001fffffffffffffffffffffffa")) // unimplemented
        .expect("reply 1 err -6")
        .feed(changed_a)
        .expect_nothing()
        .feed(hex("00000010000000040000000000000005ffffff9b"))
        .expect("reply 4 err -101")
        .expect("state suspended")
        .expect("disconnect")
        .advance(50ms)
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(resume_frame(5))
        .feed(resumed);
    s.expect("state connected").then([](world& w) { EXPECT_EQ(w.subject.output(), ""); });
    s.run();
}

TEST(streams, one_that_was_not_acknowledged_is_gone_with_the_connection) {
    script s = opened();
    s.submit_watch(persistent, "p", watch_kind::persistent, "/a")
        .write(persistent)
        .closed()
        .expect("fail 1 connection_loss not_applied")
        .expect("state suspended")
        .advance(50ms)
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(resume_frame(0))
        .feed(resumed)
        .expect("state connected")
        .run();
}

TEST(streams, an_unsent_add_watch_goes_out_again) {
    script s = opened();
    s.submit_watch(persistent, "p", watch_kind::persistent, "/a")
        .then([](world& w) {
            w.flush();
            w.write_some(persistent.size() - 1);
        })
        .closed()
        .expect("unsent 1")
        .expect("state suspended")
        .advance(50ms)
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(resume_frame(0))
        .feed(resumed)
        .expect("state connected")
        .write(persistent)
        .feed(added)
        .expect("reply 1 err 0")
        .feed(changed_a)
        .expect("event p data_changed /a")
        .run();
}

// -- new connections --------------------------------------------------------------------------------------------------

const std::string restore_recursive = [] {
    std::string frame = reference("set_watches2"); // rec[/a], relative zxid 5
    return frame.replace(12, 8, hex("0000000000000002"));
}();

TEST(streams, are_restored_and_told_of_the_gap_first) {
    script s = opened();
    add(s, "r", watch_kind::recursive, recursive);
    reconnect(s, 2);
    s.expect("event r gap /a")
        .expect_nothing()
        .write(restore_recursive)
        .feed(created_ab + set_watches_done)
        .expect("event r created /a/b")
        .expect("state connected");
    s.run();
}

TEST(streams, outlive_the_session) {
    script s = opened();
    add(s, "r", watch_kind::recursive, recursive)
        .then([](world& w) { w.subject.expire(w.now); })
        .expect("session lost session_expired")
        .expect("state lost")
        .expect("state connecting")
        .expect("disconnect")
        .advance(50ms)
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(sent("connect", "new_session"))
        .feed(got("connect", "new_session"))
        .expect("event r gap /a")
        .then([](world& w) {
            std::string expected = restore_recursive;
            expected.replace(12, 8, hex("0000000000000000"));
            EXPECT_EQ(to_hex(w.write_all()), to_hex(expected));
        })
        .feed(set_watches_done)
        .expect("state connected")
        .run();
}

TEST(streams, end_as_unimplemented_where_the_server_does_not_know_them) {
    script s = opened();
    add(s, "r", watch_kind::recursive, recursive);
    reconnect(s, 2);
    s.expect("event r gap /a")
        .write(restore_recursive)
        .feed(hex("00000010fffffff8fffffffffffffffffffffffa"))
        .expect("end r unimplemented")
        .expect("disconnect")
        .advance(50ms)
        .advance(50ms)
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(resume_frame(2))
        .feed(resumed)
        .expect("state connected");
    s.run();
}

// -- one mode per path (up to 3.8) ------------------------------------------------------------------------------------

TEST(streams, a_one_shot_beside_a_persistent_one_is_served_by_it) {
    script s = opened();
    add(s, "p", watch_kind::persistent, persistent)
        .submit_watch(get_with_flag, "data", watch_kind::data, "/a")
        .write(get_without_flag) // with it, the stream would be over: watch_replaced/one_shot_replaces_it
        .feed(got_data)
        .expect("reply 3 err 0")
        .submit_watch(list_with_flag, "children", watch_kind::child, "/a")
        .write(list_without_flag)
        .feed(got_list)
        .expect("reply 3 err 0")
        .feed(changed_a + changed_a)
        .expect("event p data_changed /a")
        .expect("event data data_changed /a")
        .expect("event p data_changed /a")
        .feed(children_of_a + children_of_a)
        .expect("event p children_changed /a")
        .expect("event children children_changed /a")
        .expect("event p children_changed /a")
        .run();
}

TEST(streams, a_one_shot_in_the_same_batch_knows_of_the_stream) {
    opened()
        .submit_watch(with_xid(get_with_flag, 2), "before", watch_kind::data, "/a")
        .submit_watch(persistent, "p", watch_kind::persistent, "/a")
        .submit_watch(get_with_flag, "behind", watch_kind::data, "/a")
        .write(with_xid(get_with_flag, 2) + persistent + get_without_flag)
        .run();
}

TEST(streams, a_child_one_shot_beside_a_recursive_one_keeps_its_flag) {
    script s = opened();
    add(s, "r", watch_kind::recursive, recursive)
        .submit_watch(list_with_flag, "children", watch_kind::child, "/a")
        .submit_watch(get_with_flag, "data", watch_kind::data, "/a")
        .write(list_with_flag + get_without_flag)
        .feed(got_list + got_data)
        .expect("reply 3 err 0")
        .expect("reply 3 err 0")
        .feed(got("watch_persistent", "children_changed_for_both", 0, 2) +
              got("watch_persistent", "children_changed_for_both", 1, 2))
        .then([](world& w) {
            std::ranges::sort(w.said); // either event may tell of the child
            EXPECT_EQ(w.said.front(), "event children children_changed /a");
            w.said.pop_front();
        })
        .expect("event r created /a/d")
        .expect_nothing()
        .run();
}

TEST(streams, a_persistent_holder_beside_a_recursive_one_derives_its_children) {
    // watch_replaced/persistent_replaces_recursive: the mode must not go back, and a recursive registration gets no
    // ChildrenChanged.
    script s = opened();
    add(s, "r", watch_kind::recursive, recursive);
    add(s, "p", watch_kind::persistent, recursive)
        .feed(created_ab)
        .expect("event r created /a/b")
        .expect("event p children_changed /a")
        .feed(changed_ab)
        .expect("event r data_changed /a/b")
        .feed(created_abc)
        .expect("event r created /a/b/c")
        .feed(deleted_ab + changed_a)
        .expect("event r deleted /a/b")
        .expect("event p children_changed /a")
        .expect("event r data_changed /a")
        .expect("event p data_changed /a")
        .feed(children_of_a) // a server that keeps the modes apart says it once more
        .expect_nothing()
        .run();
}

TEST(streams, a_recursive_holder_behind_a_persistent_one_takes_over_the_children) {
    // watch_replaced/create_child_fires: one event, no ChildrenChanged, although a persistent watch came first.
    script s = opened();
    add(s, "p", watch_kind::persistent, persistent)
        .submit_watch(list_with_flag, "children", watch_kind::child, "/a")
        .write(list_without_flag)
        .feed(got_list)
        .expect("reply 3 err 0");
    add(s, "r", watch_kind::recursive, recursive)
        .feed(got("watch_replaced", "create_child_fires", 0))
        .expect("event p children_changed /a")
        .expect("event r created /a/d")
        .expect("event children children_changed /a")
        .run();
}

TEST(streams, both_modes_are_restored_each_in_its_list) {
    script s = opened();
    add(s, "r", watch_kind::recursive, recursive);
    add(s, "p", watch_kind::persistent, recursive);
    s.submit_watch(get_with_flag, "data", watch_kind::data, "/a").write(get_without_flag).feed(got_data);
    s.expect("reply 3 err 0");
    reconnect(s, 3);
    s.expect("event r gap /a")
        .expect("event p gap /a")
        .write(hex("00000036fffffff800000069000000000000000300000001000000022f61000000000000000000000001000000022f6100"
                   "000001000000022f61"))
        .feed(set_watches_done)
        .expect("state connected")
        .feed(created_ab + changed_a)
        .expect("event r created /a/b")
        .expect("event p children_changed /a")
        .expect("event r data_changed /a")
        .expect("event p data_changed /a")
        .expect("event data data_changed /a");
    s.run();
}

TEST(streams, the_registration_stays_while_a_one_shot_lives_on_it) {
    script s = opened();
    add(s, "p", watch_kind::persistent, persistent)
        .submit_watch(get_with_flag, "data", watch_kind::data, "/a")
        .write(get_without_flag)
        .feed(got_data)
        .expect("reply 3 err 0")
        .forget("p")
        .then([](world& w) { EXPECT_EQ(w.subject.output(), ""); })
        .feed(children_of_a)
        .expect_nothing()
        .feed(changed_a)
        .expect("event data data_changed /a")
        .write(remove_a)
        .feed(removed)
        .run();
}

TEST(streams, the_registration_stays_while_a_one_shot_is_on_its_way) {
    script s = opened();
    add(s, "p", watch_kind::persistent, persistent)
        .submit_watch(get_with_flag, "data", watch_kind::data, "/a")
        .write(get_without_flag)
        .forget("p")
        .then([](world& w) { EXPECT_EQ(w.subject.output(), ""); })
        .feed(hex("00000010000000030000000000000005ffffff9b"))
        .expect("reply 3 err -101")
        .write(remove_a)
        .run();
}

TEST(streams, one_given_up_ahead_of_its_reply_is_forgotten_behind_it) {
    opened()
        .submit_watch(persistent, "p", watch_kind::persistent, "/a")
        .write(persistent)
        .forget("p") // nothing is known of it yet
        .then([](world& w) { EXPECT_EQ(w.subject.output(), ""); })
        .feed(added)
        .expect("reply 1 err 0")
        .forget("p")
        .write(remove_a)
        .feed(removed)
        .feed(changed_a)
        .expect_nothing()
        .run();
}

TEST(streams, a_one_shot_whose_stream_is_refused_is_armed_on_its_own) {
    // Throttled, for example. The read behind it went out without its flag.
    script s = opened();
    s.submit_watch(persistent, "p", watch_kind::persistent, "/a")
        .submit_watch(get_with_flag, "data", watch_kind::data, "/a")
        .write(persistent + get_without_flag)
        .feed(hex("00000010000000010000000000000002ffffff81"))
        .expect("reply 1 err -127")
        .then([](world& w) { EXPECT_EQ(w.subject.output(), ""); })
        .feed(got_data) // at zxid 3
        .expect("reply 3 err 0")
        .write(hex("00000022fffffff800000065000000000000000300000001000000022f610000000000000000"))
        .feed(changed_a + set_watches_done)
        .expect("event data data_changed /a")
        .run();
}

TEST(streams, end_with_the_client) {
    script s = opened();
    add(s, "p", watch_kind::persistent, persistent)
        .abort()
        .expect("end p closed")
        .expect("state closed")
        .expect("disconnect");
    s.run();
}

} // namespace
} // namespace kazoo::test::streams_test
