// A server that has no vote.
#include "shared/backend.hpp"

#include <kazoo/kazoo.hpp>
#include <kazoo/recipe/mutex.hpp>
#include <kazoo/testkit/ensemble.hpp>

#include <gtest/gtest.h>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::eventually;

namespace {

TEST(observer, serves_clients_as_the_others_do) {
    testkit::ensemble zk(testkit::ensemble_options{.size = 4, .observers = 1});
    ASSERT_EQ(zk[3].mode(), "observer");
    const client there(zk[3].address()), elsewhere(zk[0].address());
    there.create("/n", "x");
    elsewhere.sync("/n");
    auto read = elsewhere.watch("/n");
    EXPECT_EQ(read.value.data, "x");
    there.set("/n", "y");
    EXPECT_EQ(std::move(read.changed).get_for(20s).type, event_type::data_changed);
    mutex m(there, "/lock");
    m.lock();
    EXPECT_TRUE(m.holds());
    EXPECT_FALSE(mutex(elsewhere, "/lock").try_lock());
}

TEST(observer, a_session_moves_to_it_and_away) {
    testkit::ensemble zk(testkit::ensemble_options{.size = 4, .observers = 1});
    const client c(zk[0].address(), {.session_timeout = 20s});
    c.create("/e", "", {.mode = create_mode::ephemeral});
    const session_id id = c.session_id();
    for (const std::size_t to : {3u, 0u}) {
        c.set_hosts(zk[to].address());
        ASSERT_TRUE(eventually([&] { return c.server() == zk[to].address(); }));
        EXPECT_EQ(c.get("/e").stat.owner, id);
    }
    EXPECT_EQ(c.metrics().sessions_lost, 0u);
}

} // namespace
