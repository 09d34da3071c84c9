// What the transcripts cannot show of watches: several connections, ACLs, order, and what a connection misses.
#include "support.hpp"

namespace kazoo::server::test {
namespace {

using enum change_kind;
using events = std::vector<event>;

struct server_watches : testing::Test {
    world w;
    client writer{w}, watcher{w};
    server_watches() {
        EXPECT_TRUE(writer.connect());
        EXPECT_TRUE(watcher.connect());
    }
    std::vector<proto::acl_entry> only_for_u = acl_of(perms::all, "digest", "u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=");
};

TEST_F(server_watches, come_before_the_reply_to_the_change_itself_and_to_any_later_request) {
    writer.exists("/a", true);
    watcher.exists("/a", true);
    writer.send(writer.encoded(70, opcode::create, proto::create_request{"/a", "", open_to_all(), 0}));
    const auto first = writer.read();
    ASSERT_TRUE(first);
    EXPECT_EQ(proto::load_be32(first->data()), 0xffffffffU) << "the notification";
    const auto reply = writer.receive();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->xid, 70);
    EXPECT_EQ(watcher.take_events(), (events{{created, "/a"}}));
}

TEST_F(server_watches, a_deletion_is_told_once_to_who_watches_data_and_children) {
    writer.create("/a");
    watcher.get("/a", true);
    watcher.children("/a", true);
    watcher.children("/", true);
    writer.remove("/a");
    EXPECT_EQ(watcher.take_events(), (events{{deleted, "/a"}, {children_changed, "/"}}));
    EXPECT_EQ(w.subject.watches(), watch_counts{}) << "the child watch went without an event of its own";
}

TEST_F(server_watches, a_deletion_is_told_to_who_watches_children_only) {
    writer.create("/a");
    watcher.children("/a", true);
    writer.remove("/a");
    EXPECT_EQ(watcher.take_events(), (events{{deleted, "/a"}}));
}

TEST_F(server_watches, one_event_however_many_watches_of_a_connection_match) {
    watcher.add_watch("/", 1);
    watcher.add_watch("/a", 1);
    watcher.exists("/a/b", true);
    writer.create("/a");
    writer.create("/a/b");
    EXPECT_EQ(watcher.take_events(), (events{{created, "/a"}, {created, "/a/b"}}));
}

TEST_F(server_watches, a_recursive_watch_hears_of_descendants_at_component_boundaries_only) {
    watcher.add_watch("/a", 1);
    writer.create("/ab");
    writer.create("/a");
    writer.create("/a/x");
    writer.set("/a/x", "1");
    writer.remove("/a/x");
    EXPECT_EQ(watcher.take_events(),
              (events{{created, "/a"}, {created, "/a/x"}, {data_changed, "/a/x"}, {deleted, "/a/x"}}));
}

TEST_F(server_watches, a_persistent_watch_hears_of_children_and_survives_deletion) {
    watcher.add_watch("/a", 0);
    writer.create("/a");
    writer.create("/a/x");
    writer.remove("/a/x");
    writer.remove("/a");
    writer.create("/a");
    EXPECT_EQ(
        watcher.take_events(),
        (events{
            {created, "/a"}, {children_changed, "/a"}, {children_changed, "/a"}, {deleted, "/a"}, {created, "/a"}}));
}

TEST_F(server_watches, are_filtered_by_read_permission_when_they_fire) {
    writer.login("u:p");
    watcher.exists("/secret", true);
    watcher.children("/", true);
    writer.create("/secret", 0, "", only_for_u);
    EXPECT_EQ(watcher.take_events(), (events{{children_changed, "/"}}));
    EXPECT_EQ(w.subject.watches(watcher.id()), watch_counts{}) << "a one-shot is used up although nothing was told";
    watcher.add_watch("/secret", 1);
    writer.set("/secret", "1");
    EXPECT_EQ(watcher.take_events(), events{});
    watcher.login("u:p");
    writer.set("/secret", "2");
    writer.remove("/secret");
    EXPECT_EQ(watcher.take_events(), (events{{data_changed, "/secret"}, {deleted, "/secret"}}));
}

TEST_F(server_watches, children_changed_needs_read_permission_on_the_parent) {
    writer.login("u:p");
    writer.create("/p");
    watcher.children("/p", true);
    writer.call(opcode::set_acl, proto::set_acl_request{"/p", only_for_u, -1});
    writer.create("/p/x");
    EXPECT_EQ(watcher.take_events(), events{});
}

TEST_F(server_watches, catch_up_tells_what_was_missed_and_registers_the_rest) {
    for (const auto* path : {"/changed", "/same", "/gone", "/grown", "/quiet", "/empty"}) writer.create(path);
    const std::int64_t seen = w.subject.zxid();
    writer.set("/changed", "1");
    writer.remove("/gone");
    writer.remove("/empty");
    writer.create("/grown/x");
    writer.create("/new");
    proto::set_watches2_request request;
    request.relative_zxid = seen;
    request.data = {"/changed", "/same", "/gone"};
    request.exist = {"/new", "/not-yet"};
    request.child = {"/grown", "/quiet", "/empty"};
    request.persistent = {"/changed"};
    request.recursive = {"/grown"};
    EXPECT_EQ(watcher.call(opcode::set_watches2, request).error, errc{});
    EXPECT_EQ(watcher.take_events(), (events{{data_changed, "/changed"},
                                             {deleted, "/gone"},
                                             {created, "/new"},
                                             {children_changed, "/grown"},
                                             {deleted, "/empty"}}));
    EXPECT_EQ(w.subject.watches(watcher.id()), (watch_counts{4, 3}));
    writer.set("/same", "1");
    writer.create("/not-yet");
    writer.create("/quiet/x");
    writer.create("/grown/y");
    EXPECT_EQ(
        watcher.take_events(),
        (events{{data_changed, "/same"}, {created, "/not-yet"}, {children_changed, "/quiet"}, {created, "/grown/y"}}));
}

TEST_F(server_watches, a_multi_fires_a_one_shot_once) {
    watcher.children("/", true);
    std::string body;
    proto::writer out(body);
    for (const auto* path : {"/a", "/b"})
        proto::put_multi_op(out, {opcode::create, proto::create_request{path, "", open_to_all(), 0}});
    proto::put_multi_end(out);
    std::string frame;
    {
        proto::frame_writer f(frame);
        f.put(proto::request_header{1, static_cast<std::int32_t>(opcode::multi)});
        frame += body;
    }
    writer.send(frame);
    EXPECT_EQ(watcher.take_events(), (events{{children_changed, "/"}}));
}

TEST_F(server_watches, a_failed_multi_fires_nothing) {
    watcher.exists("/a", true);
    std::string frame;
    {
        proto::frame_writer f(frame);
        f.put(proto::request_header{1, static_cast<std::int32_t>(opcode::multi)});
        proto::put_multi_op(f, {opcode::create, proto::create_request{"/a", "", open_to_all(), 0}});
        proto::put_multi_op(f, {opcode::check, proto::path_version_request{"/none", -1}});
        proto::put_multi_end(f);
    }
    writer.send(frame);
    EXPECT_EQ(watcher.take_events(), events{});
    EXPECT_EQ(w.subject.watches(watcher.id()), (watch_counts{1, 0}));
}

TEST_F(server_watches, leave_with_their_connection) {
    watcher.exists("/a", true);
    watcher.add_watch("/b", 0);
    watcher.add_watch("/c", 1);
    EXPECT_EQ(w.subject.watches(), (watch_counts{3, 2}));
    watcher.leave();
    EXPECT_EQ(w.subject.watches(), watch_counts{});
    EXPECT_EQ(writer.create("/a").error, errc{});
}

TEST_F(server_watches, checking_looks_at_anybodys_removing_at_ones_own) {
    watcher.exists("/a", true);
    EXPECT_EQ(writer.call(opcode::check_watches, proto::watches_request{"/a", 2}).error, errc{});
    EXPECT_EQ(writer.call(opcode::check_watches, proto::watches_request{"/a", 1}).error, errc::no_watcher);
    EXPECT_EQ(writer.call(opcode::remove_watches, proto::watches_request{"/a", 2}).error, errc::no_watcher);
    EXPECT_EQ(watcher.call(opcode::remove_watches, proto::watches_request{"/a", 2}).error, errc{});
    EXPECT_EQ(writer.call(opcode::check_watches, proto::watches_request{"/a", 3}).error, errc::no_watcher);
}

TEST_F(server_watches, the_watchers_of_a_change_are_reported_in_the_order_of_their_connections) {
    std::vector<std::unique_ptr<client>> many;
    std::vector<connection_id> expected;
    for (int i = 0; i < 20; ++i) {
        many.push_back(std::make_unique<client>(w));
        ASSERT_TRUE(many.back()->connect());
        many.back()->exists("/a", true);
        expected.push_back(many.back()->id());
    }
    std::vector<connection_id> changed;
    w.subject.take_changed(changed);
    writer.create("/a");
    expected.push_back(writer.id());
    changed.clear();
    w.subject.take_changed(changed);
    EXPECT_EQ(changed, expected);
    changed.clear();
    w.subject.take_changed(changed);
    EXPECT_TRUE(changed.empty());
}

} // namespace
} // namespace kazoo::server::test
