// Handles of one session: nothing that is asked through them goes into the next one.
#include "client/handle.hpp"
#include "scene.hpp"

#include <chrono>

namespace kazoo::testkit {
namespace {

using enum session_state;

TEST(pinned_handle, transactions_reads_and_credentials_end_with_its_session) {
    simulation world;
    const machine where = world.add_machine();
    const client c(simulation::addresses(), options_on(where));
    c.wait_connected();
    const detail::pinned_handle zk(detail::client_access::core_of(c), "");
    EXPECT_TRUE(zk.async_exists("/").result());
    auto begun = zk.transaction().create("/late", "");
    where.refuse(true);
    where.cut();
    ASSERT_TRUE(world.run_until([&] { return c.state() == connecting; }, 10s));
    where.refuse(false);
    ASSERT_TRUE(world.run_until([&] { return c.state() == connected; }, 10s));
    EXPECT_EQ(begun.async_commit().result().error(), errc::session_expired);
    EXPECT_EQ(zk.transaction().create("/late", "").async_commit().result().error(), errc::session_expired);
    EXPECT_EQ(zk.multi_read().get("/").async_run().result().error(), errc::session_expired);
    EXPECT_EQ(zk.async_add_auth("digest", "user:secret").result().error(), errc::session_expired);
    EXPECT_EQ(zk.async_get("/").result().error(), errc::session_expired);
    EXPECT_FALSE(c.exists("/late"));
}

TEST(pinned_handle, nothing_that_waits_outlives_its_session) {
    simulation world;
    const machine where = world.add_machine();
    client_options o = options_on(where);
    o.carried_over = carry_over::reads_and_writes;
    const client c(simulation::addresses(), o);
    c.wait_connected();
    where.refuse(true);
    where.cut();
    ASSERT_TRUE(world.run_until([&] { return c.state() == suspended; }, 10s));
    const detail::pinned_handle zk(detail::client_access::core_of(c), "");
    auto read = zk.async_get("/");
    auto write = zk.async_set("/", "x");
    auto several = zk.transaction().set("/", "x").async_commit();
    ASSERT_TRUE(world.run_until([&] { return c.state() == connecting; }, 10s));
    EXPECT_EQ(verdict_of(std::move(read)), failed(errc::session_expired));
    EXPECT_EQ(verdict_of(std::move(write)), failed(errc::session_expired));
    EXPECT_EQ(verdict_of(std::move(several)), failed(errc::session_expired));
}

} // namespace
} // namespace kazoo::testkit
