// Commands to servers, in a world that can lose them.
#include "scene.hpp"

#include <gmock/gmock.h>

namespace kazoo::testkit {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(command, C22_is_answered_beside_the_session) {
    scene s;
    s.c.wait_connected();
    EXPECT_EQ(s.c.command("ruok"), "imok");
    EXPECT_THAT(s.c.command("mntr"), HasSubstr("zk_version\t3.8.0"));
    EXPECT_EQ(s.c.server_version(), (server_version{3, 8, 0}));
    EXPECT_EQ(s.c.server_version("zookeeper:2181"), (server_version{3, 8, 0})) << "by name";
    EXPECT_EQ(s.here.connections(), 1u) << "each ends with its answer";
}

TEST(command, that_gets_no_answer_ends_with_its_time_and_leaves_no_connection) {
    scene s;
    s.c.wait_connected();
    s.here.silence(flow::to_client, true);
    auto asked = s.c.async_command("ruok");
    EXPECT_EQ(verdict_of(std::move(asked)).code, errc::operation_timeout);
    s.here.silence(flow::to_client, false);
    EXPECT_TRUE(s.world.run_until([&] { return s.here.connections() == 1; }, 1min));
}

TEST(command, ends_with_its_client) {
    scene s;
    s.c.wait_connected();
    s.here.silence(flow::to_client, true);
    auto asked = s.c.async_command("ruok");
    s.world.run_for(20ms);
    auto closed = s.c.async_close();
    EXPECT_EQ(verdict_of(std::move(asked)).code, errc::closed);
    EXPECT_TRUE(s.finish(closed));
    EXPECT_EQ(s.here.connections(), 0u);
}

TEST(command, that_is_given_up_leaves_no_connection) {
    scene s;
    s.c.wait_connected();
    s.here.silence(flow::to_client, true);
    {
        auto asked = s.c.async_command("ruok");
        s.world.run_for(20ms);
        EXPECT_EQ(s.here.connections(), 2u);
        std::move(asked).cancel();
    }
    s.here.silence(flow::to_client, false);
    EXPECT_TRUE(s.world.run_until([&] { return s.here.connections() == 1; }, 1min));
}

TEST(command, to_a_server_that_refuses_names_it) {
    scene s;
    s.c.wait_connected();
    s.here.refuse(true);
    try {
        s.c.command("ruok", "10.0.0.1:2181");
        ADD_FAILURE();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::connection_loss);
        EXPECT_THAT(e.detail(), StartsWith("10.0.0.1:2181: "));
    }
    s.here.fail_lookups(true);
    EXPECT_EQ(verdict_of(s.c.async_command("ruok", "zookeeper:2181")).code, errc::no_hosts);
}

} // namespace
} // namespace kazoo::testkit
