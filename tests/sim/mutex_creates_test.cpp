// kazoo::mutex: what becomes of a create whose reply was lost, or that lands late.
#include "mutex_scene.hpp"

#include <algorithm>

namespace kazoo::testkit {
namespace {

using enum session_state;

TEST(mutex, C51_a_second_node_whose_create_landed_late_goes) {
    int second_ones = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        for (auto after = 0us; after < 4ms; after += 200us) { // bytes travel for 2 ms at most
            simulation_options o;
            o.seed = seed;
            simulation world(o);
            contestant us(world);
            us.c.create("/lock");
            us.where.late(true);
            auto asked = us.lock.async_lock();
            world.run_for(after);
            us.where.cut();
            ASSERT_TRUE(world.run_until([&] { return asked.ready(); }, 20s));
            std::move(asked).get();
            std::size_t most = 0;
            const auto look = [&] { return most = std::max(most, nodes_of(world).size()), false; };
            world.run_until(look, 10s);
            if (most > 1) ++second_ones;
            EXPECT_EQ(nodes_of(world).size(), 1U) << seed << ' ' << after.count();
            EXPECT_TRUE(us.lock.holds());
        }
    }
    EXPECT_GT(second_ones, 0);
}

TEST(mutex, C53_a_lost_create_is_found_again_on_a_server_that_lags) {
    simulation_options o;
    o.followers = 1;
    o.shortest_lag = o.longest_lag = 1h;
    simulation world(o);
    machine where = world.add_machine(), elsewhere = world.add_machine();
    const client c(simulation::addresses(), options_on(where)), other(simulation::addresses(), options_on(elsewhere));
    mutex lock(c, "/lock", {.lost_when = loss::session_over}); // for certainty it would keep asking for a sync
    c.wait_connected();
    other.wait_connected();
    elsewhere.lead_to(1);
    elsewhere.cut();
    other.create("/lock"); // with it, the follower has all there is
    where.lead_to(0);
    where.cut();
    world.run_for(1s);
    where.cut_behind(flow::to_client, 3);
    where.lead_to(1);
    auto locking = lock.async_lock();
    ASSERT_TRUE(world.run_until([&] { return locking.ready(); }, 1min));
    EXPECT_TRUE(lock.holds());
    EXPECT_GT(world.world().late_reads(), 0U);
    ASSERT_EQ(nodes_of(world).size(), 1U);
    EXPECT_TRUE(nodes_of(world)[0]->path.ends_with("0000000000")) << "it was made a second time";
    EXPECT_TRUE(lock.async_unlock().get());
    EXPECT_EQ(nodes_of(world).size(), 0U);
}

TEST(mutex, C51_a_node_of_the_lost_session_is_not_taken_for_ours) {
    simulation world(patient_server());
    contestant us(world);
    us.c.create("/lock");
    us.where.cut_behind(flow::to_client, 3);
    auto locking = us.lock.async_lock();
    world.run_until([&] { return !nodes_of(world).empty(); }, 1s);
    lose_session(world, us);
    ASSERT_TRUE(world.run_until([&] { return us.c.state() == connected; }, 1s));
    us.where.silence(flow::to_client, true); // the reply to the second create is lost, too
    ASSERT_TRUE(world.run_until([&] { return nodes_of(world).size() == 2; }, 1s));
    us.where.silence(flow::to_client, false);
    us.where.cut();
    ASSERT_TRUE(world.run_until([&] { return us.c.state() == suspended; }, 1s));
    const auto both = nodes_of(world);
    ASSERT_EQ(both.size(), 2U);
    EXPECT_EQ(both[0]->name().substr(0, 32), both[1]->name().substr(0, 32));
    EXPECT_FALSE(locking.ready());
    ASSERT_TRUE(world.run_until([&] { return locking.ready(); }, 30s));
    ASSERT_EQ(nodes_of(world).size(), 1U);
    EXPECT_EQ(nodes_of(world)[0]->owner.value, static_cast<std::int64_t>(us.c.session_id()));
    EXPECT_TRUE(us.lock.holds());
}

TEST(mutex, C51_the_clean_up_of_a_lost_session_leaves_the_next_one_alone) {
    simulation world;
    contestant us(world);
    us.c.create("/lock");
    us.where.cut_behind(flow::to_client, 3);
    auto locking = us.lock.async_lock();
    world.run_until([&] { return !nodes_of(world).empty(); }, 1s);
    lose_session(world, us);
    ASSERT_TRUE(world.run_until([&] { return locking.ready(); }, 20s));
    world.run_for(5s);
    EXPECT_TRUE(us.lock.holds());
    EXPECT_FALSE(is_over(us.lock.lost()));
    EXPECT_EQ(nodes_of(world).size(), 1U);
}

TEST(mutex, C52_a_cancelled_create_whose_reply_is_unknown_is_removed) {
    simulation world;
    contestant us(world);
    us.c.create("/lock");
    us.where.silence(flow::to_client, true);
    std::stop_source stop;
    auto locking = us.lock.async_lock(stop.get_token());
    world.run_for(50ms);
    EXPECT_EQ(nodes_of(world).size(), 1U);
    stop.request_stop();
    EXPECT_FALSE(std::move(locking).get());
    us.where.cut();
    us.where.silence(flow::to_client, false);
    EXPECT_TRUE(world.run_until([&] { return nodes_of(world).empty(); }, 2s));
    EXPECT_NE(us.c.session_id(), session_id::none);
    EXPECT_EQ(world.sessions().size(), 1U); // it went before its session
}

} // namespace
} // namespace kazoo::testkit
