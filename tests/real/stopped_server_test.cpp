// A server that stops without dying: connections stay open, new ones are accepted by the kernel, nothing answers.
#include "shared/backend.hpp"

#include <kazoo/client.hpp>
#include <kazoo/testkit/ensemble.hpp>

#include <gtest/gtest.h>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::eventually;
using kazoo::test::state_log;

namespace {

client_options with_timeout(std::chrono::milliseconds t) {
    client_options o;
    o.session_timeout = t;
    return o;
}

TEST(stopped_server, a_short_stop_costs_the_connection_and_not_the_session) {
    kazoo::testkit::real_server zk;
    const client c(zk.address(), with_timeout(6s));
    c.wait_connected(20s);
    const auto session = c.session_id();
    c.create("/e", "", {.mode = create_mode::ephemeral});
    state_log log(c);
    zk.pause();
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::suspended; })) << "at 2/3 of the timeout";
    auto waits = c.async_set("/e", "after");
    zk.resume();
    EXPECT_EQ(std::move(waits).get_for(20s).data_version, version{1});
    EXPECT_EQ(c.session_id(), session);
    EXPECT_EQ(c.get("/e").stat.owner, session);
    EXPECT_FALSE(log.saw(session_state::lost));
}

TEST(stopped_server, C06_a_long_stop_loses_the_session_while_the_server_still_sleeps) {
    kazoo::testkit::real_server zk;
    const client c(zk.address(), with_timeout(1500ms));
    c.wait_connected(20s);
    const auto session = c.session_id();
    const std::stop_token token = c.session_token();
    state_log log(c);
    zk.pause();
    ASSERT_TRUE(eventually([&] { return log.saw(session_state::lost); }));
    EXPECT_TRUE(eventually([&] { return token.stop_requested(); }));
    zk.resume();
    c.wait_connected(30s);
    EXPECT_NE(c.session_id(), session) << "a lost session is never resumed";
    c.create("/new", "", {.mode = create_mode::ephemeral});
}

TEST(stopped_server, a_call_ends_at_its_limit) {
    kazoo::testkit::real_server zk;
    const client c(zk.address(), with_timeout(30s));
    c.wait_connected(20s);
    c.create("/a", "");
    zk.pause();
    auto write = c.async_set("/a", "x");
    auto r = std::move(write).result_for(100ms);
    EXPECT_EQ(r.error(), errc::operation_timeout);
    EXPECT_EQ(r.outcome(), outcome::unknown) << "it was sent";
    zk.resume();
    EXPECT_EQ(c.get("/a").data, "x") << "and it was applied";
}

} // namespace
