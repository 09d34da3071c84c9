// Rules of nodes that the transcripts cannot show: those that take time, or 2^31 requests.
#include "server/draft.hpp"

#include "support.hpp"

namespace kazoo::server::test {
namespace {

constexpr std::int32_t container = proto::create_flags::container;

answer create_container(client& c, std::string_view path) {
    return c.call(opcode::create_container, proto::create_request{path, "", open_to_all(), container});
}

answer create_ttl(client& c, std::string_view path, std::int64_t ttl_ms) {
    return c.call(opcode::create_ttl,
                  proto::create_ttl_request{path, "", open_to_all(), proto::create_flags::ttl, ttl_ms});
}

struct long_sessions : testing::Test {
    world w{with_extended_types()};
    client c{w};
    long_sessions() { connect(); }
    static config with_extended_types() {
        config result = test_config();
        result.max_session_timeout_ms = 10'000'000;
        result.extended_types = true;
        return result;
    }
    void connect() { EXPECT_TRUE(c.connect({.timeout_ms = 10'000'000})); }
};
using nodes = long_sessions;

TEST_F(nodes, an_empty_container_goes_at_the_next_minute_once_it_had_a_child) {
    create_container(c, "/unused");
    create_container(c, "/used");
    create_container(c, "/busy");
    c.create("/used/x");
    c.create("/busy/x");
    c.remove("/used/x");
    c.exists("/used", true);
    EXPECT_EQ(w.subject.deadline(), time_point(1h + 60s));
    w.pass(59s);
    EXPECT_EQ(c.exists("/used").error, errc{});
    const std::int64_t zxid = w.subject.zxid();
    w.pass(1s);
    EXPECT_EQ(c.take_events(), (std::vector<event>{{change_kind::deleted, "/used"}}));
    EXPECT_EQ(w.subject.zxid(), zxid + 1);
    EXPECT_EQ(c.exists("/unused").error, errc{});
    EXPECT_EQ(c.exists("/busy").error, errc{});
}

TEST_F(nodes, a_ttl_node_goes_when_it_is_childless_and_was_not_set_for_its_time) {
    create_ttl(c, "/quiet", 30'000);
    create_ttl(c, "/set", 30'000);
    create_ttl(c, "/parent", 30'000);
    c.create("/parent/x");
    w.pass(40s);
    c.set("/set", "again");
    w.pass(20s);
    EXPECT_EQ(c.exists("/quiet").error, errc::no_node);
    EXPECT_EQ(c.exists("/set").error, errc{});
    EXPECT_EQ(c.exists("/parent").error, errc{});
    w.pass(60s);
    EXPECT_EQ(c.exists("/set").error, errc::no_node);
    EXPECT_EQ(c.exists("/parent").error, errc{});
}

TEST_F(nodes, containers_and_ttl_nodes_show_no_owner) {
    EXPECT_EQ(create_container(c, "/c").as<proto::path_stat_reply>().stat.ephemeral_owner, 0);
    EXPECT_EQ(create_ttl(c, "/t", 1000).as<proto::path_stat_reply>().stat.ephemeral_owner, 0);
    EXPECT_EQ(c.create("/c/x").error, errc{});
    EXPECT_EQ(c.create("/t/x").error, errc{});
}

TEST(nodes_by_default, ttl_nodes_are_unimplemented_and_containers_are_not) {
    world w;
    client c(w);
    ASSERT_TRUE(c.connect());
    EXPECT_EQ(create_ttl(c, "/t", 1000).error, errc::unimplemented);
    EXPECT_EQ(c.create("/t", proto::create_flags::ttl).error, errc::unimplemented);
    EXPECT_EQ(create_container(c, "/c").error, errc{});
    EXPECT_EQ(c.ping().error, errc{}) << "the connection is kept";
}

TEST(nodes_by_default, a_check_on_its_own_is_an_error_and_the_connection_is_kept) {
    world w;
    client c(w);
    ASSERT_TRUE(c.connect());
    EXPECT_EQ(c.call(opcode::check, proto::path_version_request{"/", -1}).error, errc::marshalling_error);
    EXPECT_EQ(c.call(opcode::check, proto::path_version_request{"/none", -1}).error, errc::no_node);
    EXPECT_EQ(c.ping().error, errc{});
}

struct unreachable_numbers : testing::Test {
    tree nodes;
    draft checks{nodes, false};
    identity_set nobody;
    author by{1, nobody};

    errc create_sequential(std::int64_t zxid) {
        checks.begin(false);
        const errc e = checks.create(opcode::create, {"/q/n-", "", open_to_all(), proto::create_flags::sequential}, by);
        if (e != errc{}) return e;
        const change& c = checks.changes().front();
        last = nodes.create(c.path, c.data, c.acl, c.owner, {zxid, 0}).path;
        return e;
    }
    std::string last;
};

TEST_F(unreachable_numbers, the_sequence_turns_negative_after_2_to_the_31_and_stays) {
    znode& queue = nodes.create("/q", "", open_acl(), {}, {1, 0});
    queue.creates = INT32_MAX;
    queue.pzxid = 7;
    EXPECT_EQ(create_sequential(8), errc{});
    EXPECT_EQ(last, "/q/n-2147483647");
    EXPECT_EQ(queue.creates, INT32_MAX) << "the next number would be lower";
    EXPECT_EQ(queue.pzxid, 7);
    queue.creates = INT32_MIN;
    EXPECT_EQ(create_sequential(9), errc{});
    EXPECT_EQ(last, "/q/n--2147483648");
}

TEST_F(unreachable_numbers, a_version_that_would_become_any_becomes_0) {
    znode& node = nodes.create("/v", "", open_acl(), {}, {1, 0});
    for (const auto& [current, next] : {std::pair{-2, 0}, {INT32_MAX, INT32_MIN}, {0, 1}}) {
        node.version = current;
        checks.begin(false);
        ASSERT_EQ(checks.set_data({"/v", "", -1}, by), errc{});
        EXPECT_EQ(checks.changes().front().version, next);
    }
}

TEST_F(nodes, a_super_user_passes_every_check) {
    config with_super = test_config();
    with_super.super_digest = "u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=";
    world other(with_super);
    client plain(other), super(other);
    ASSERT_TRUE(plain.connect());
    ASSERT_TRUE(super.connect());
    plain.login("v:q");
    plain.create("/private", 0, "secret", acl_of(perms::all, "auth", ""));
    EXPECT_EQ(super.get("/private").error, errc::no_auth);
    EXPECT_EQ(super.login("u:p").error, errc{});
    EXPECT_EQ(super.get("/private").as<proto::data_reply>().data, "secret");
    std::vector<std::pair<std::string, std::string>> who;
    const answer reply = super.call(opcode::who_am_i);
    for (const proto::id& i : reply.as<proto::who_am_i_reply>().ids) who.emplace_back(i.scheme, i.name);
    // In the order of a real server that was asked the same.
    EXPECT_EQ(who,
              (std::vector<std::pair<std::string, std::string>>{{"super", ""}, {"ip", "127.0.0.1"}, {"digest", "u"}}));
}

TEST_F(nodes, the_wall_clock_is_in_ctime_and_mtime) {
    const std::int64_t made = w.now.wall_ms;
    c.create("/a");
    w.pass(1s);
    c.set("/a", "x");
    const proto::stat s = c.exists("/a").stat();
    EXPECT_EQ(s.ctime, made);
    EXPECT_EQ(s.mtime, made + 1000);
}

} // namespace
} // namespace kazoo::server::test
