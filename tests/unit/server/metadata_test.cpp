// Metadata of nodes that one may not read. Seen on ZooKeeper 3.8.0, which tells it, and on 3.9.3, which does not
// (ZOOKEEPER-2590).
#include "support.hpp"

namespace kazoo::server::test {
namespace {

config hiding() {
    config c = test_config();
    c.metadata_needs_permission = true;
    return c;
}

void create_unreadable(client& c) { c.create("/n", 0, "data", acl_of(perms::write | perms::admin, "world", "anyone")); }

TEST(metadata, is_told_to_everybody_by_older_servers) {
    world w;
    client c(w);
    ASSERT_TRUE(c.connect());
    create_unreadable(c);
    EXPECT_EQ(c.exists("/n").stat().data_length, 4);
    EXPECT_EQ(c.get("/n").error, errc::no_auth);
}

TEST(metadata, needs_the_permission_to_read_on_newer_ones) {
    world w(hiding());
    client c(w);
    ASSERT_TRUE(c.connect());
    create_unreadable(c);
    EXPECT_EQ(c.exists("/n", true).error, errc::no_auth);
    c.call(opcode::set_acl, proto::set_acl_request{"/n", open_to_all(), -1});
    EXPECT_EQ(c.set("/n", "more").error, errc{});
    EXPECT_TRUE(c.take_events().empty()) << "a refusal leaves no watch behind";
    c.create("/open");
    EXPECT_EQ(c.exists("/open").error, errc{});
}

TEST(metadata, that_a_node_is_not_there_is_told_and_watched) {
    world w(hiding());
    client c(w);
    ASSERT_TRUE(c.connect());
    EXPECT_EQ(c.exists("/n", true).error, errc::no_node);
    c.create("/n");
    EXPECT_EQ(c.take_events(), (std::vector<event>{{change_kind::created, "/n"}}));
}

} // namespace
} // namespace kazoo::server::test
