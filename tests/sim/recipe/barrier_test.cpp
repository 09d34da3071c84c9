// kazoo::barrier in exact situations.
#include "sim/scene.hpp"

#include <kazoo/recipe/barrier.hpp>

#include <gmock/gmock.h>

namespace kazoo::testkit {
namespace {

/// One who waits, and one who puts it up and takes it away.
struct barrier_scene : scene {
    machine there = world.add_machine();
    client other{simulation::addresses(), options_on(there)};
    barrier ours{c, "/b"}, theirs{other, "/b"};

    explicit barrier_scene(const simulation_options& o = {}) : scene(o) {
        c.wait_connected();
        other.wait_connected();
    }
    bool stands() const { return inside().server().nodes().find("/b") != nullptr; }
    future<bool> waits() {
        auto waiting = ours.async_wait();
        world.run_for(1s);
        EXPECT_FALSE(waiting.ready());
        return waiting;
    }
};

TEST(barrier, C63_a_removal_that_was_missed_is_noticed) {
    for (const bool put_up_again : {false, true}) {
        barrier_scene s;
        s.theirs.create();
        auto waiting = s.waits();
        s.here.silence(flow::to_client, true);
        s.theirs.remove();
        if (put_up_again) s.theirs.create();
        s.world.run_for(100ms);
        EXPECT_FALSE(waiting.ready());
        s.here.cut();
        s.here.silence(flow::to_client, false);
        ASSERT_TRUE(s.finish(waiting));
        EXPECT_TRUE(std::move(waiting).get());
    }
}

TEST(barrier, C63_a_removal_between_two_sessions_is_noticed) {
    for (const bool put_up_again : {false, true}) {
        barrier_scene s;
        s.theirs.create();
        auto waiting = s.waits();
        s.here.pause(true);
        s.world.run_for(20s);
        s.theirs.remove();
        if (put_up_again) s.theirs.create();
        s.here.pause(false);
        ASSERT_TRUE(s.finish(waiting));
        EXPECT_TRUE(std::move(waiting).get());
    }
}

TEST(barrier, C63_who_waits_goes_on_in_the_next_session) {
    barrier_scene s;
    s.theirs.create();
    auto waiting = s.waits();
    s.world.expire_session(s.c.session_id());
    s.world.run_for(20s);
    EXPECT_FALSE(waiting.ready());
    s.theirs.remove();
    ASSERT_TRUE(s.finish(waiting));
    EXPECT_TRUE(std::move(waiting).get());
}

/// Somebody has put it up and has told us so; our server has not heard of it.
TEST(barrier, C63_a_server_that_lags_is_not_believed) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        barrier_scene s({.seed = seed, .followers = 2, .longest_lag = 1500ms});
        s.theirs.create();
        auto waiting = s.ours.async_wait();
        s.world.run_for(5s);
        EXPECT_FALSE(waiting.ready()) << seed;
        s.world.expire_session(s.c.session_id());
        s.world.run_for(5s);
        EXPECT_FALSE(waiting.ready()) << seed;
        s.theirs.remove();
        ASSERT_TRUE(s.finish(waiting)) << seed;
    }
}

TEST(barrier, a_removal_that_no_server_tells_of_is_noticed) {
    barrier_scene s;
    const std::vector<acl> unreadable{{perms::write, "world", "anyone"}};
    s.other.create("/b", "", {.acl = unreadable});
    auto waiting = s.waits();
    s.theirs.remove();
    ASSERT_TRUE(s.world.run_until([&] { return waiting.ready(); }, 7s));
    EXPECT_TRUE(std::move(waiting).get());
}

TEST(barrier, lost_replies_are_repeated) {
    for (const flow way : {flow::to_client, flow::to_server}) {
        barrier_scene s;
        s.here.silence(way, true);
        auto creating = s.ours.async_create();
        s.world.run_for(100ms);
        s.here.cut();
        s.here.silence(way, false);
        ASSERT_TRUE(s.finish(creating));
        EXPECT_EQ(std::move(creating).get(), way == flow::to_server);
        EXPECT_TRUE(s.stands());
        s.here.silence(way, true);
        auto removing = s.ours.async_remove();
        s.world.run_for(100ms);
        s.here.cut();
        s.here.silence(way, false);
        ASSERT_TRUE(s.finish(removing));
        EXPECT_TRUE(std::move(removing).get());
        EXPECT_FALSE(s.stands());
    }
}

} // namespace
} // namespace kazoo::testkit
