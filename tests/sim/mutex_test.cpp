// kazoo::mutex in exact situations.
#include "mutex_scene.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <stop_token>
#include <vector>

namespace kazoo::testkit {
namespace {

using enum session_state;

TEST(mutex, C50_a_lost_lock_is_not_unlocked_in_the_next_session) {
    simulation world(patient_server());
    contestant us(world);
    us.lock.lock();
    lose_session(world, us);
    EXPECT_FALSE(us.lock.holds());
    us.c.wait_connected();
    ASSERT_EQ(nodes_of(world).size(), 1U);
    EXPECT_FALSE(us.lock.async_unlock().get());
    world.run_for(100ms);
    EXPECT_EQ(nodes_of(world).size(), 1U); // it goes with its session
    EXPECT_TRUE(world.run_until([&] { return nodes_of(world).empty(); }, 30s));
}

TEST(mutex, C50_lost_is_requested_when_the_lease_ends_without_any_server) {
    simulation world;
    contestant us(world, 3s);
    us.lock.lock();
    const auto lost = us.lock.lost();
    const auto begun = world.now();
    world.stop_server();
    world.run_for(1s);
    EXPECT_TRUE(us.lock.holds());
    EXPECT_FALSE(is_over(lost));
    ASSERT_TRUE(world.run_until([&] { return !us.lock.holds(); }, 10s));
    EXPECT_LE(world.now() - begun, 3s);
    EXPECT_TRUE(world.run_until([&] { return is_over(lost); }, 1ms));
}

TEST(mutex, a_waiter_whose_session_expires_starts_over) {
    simulation world;
    contestant holder(world);
    contestant waiter(world);
    holder.lock.lock();
    auto locking = waiter.lock.async_lock();
    ASSERT_TRUE(world.run_until([&] { return nodes_of(world).size() == 2; }, 1s));
    world.expire_session(waiter.c.session_id());
    EXPECT_EQ(nodes_of(world).size(), 1U);
    ASSERT_TRUE(world.run_until([&] { return nodes_of(world).size() == 2; }, 5s));
    EXPECT_FALSE(locking.ready());
    holder.lock.unlock();
    ASSERT_TRUE(world.run_until([&] { return locking.ready(); }, 1s));
    EXPECT_TRUE(waiter.lock.holds());
}

TEST(mutex, an_unlock_whose_reply_is_lost_repeats_itself) {
    simulation world;
    contestant us(world);
    us.lock.lock();
    us.where.cut_behind(flow::to_client, 3);
    EXPECT_TRUE(us.lock.async_unlock().get());
    EXPECT_EQ(nodes_of(world).size(), 0U);
}

TEST(mutex, L049_a_waiter_survives_that_one_in_the_middle_leaves) {
    simulation world;
    contestant first(world);
    contestant second(world);
    contestant third(world);
    first.lock.lock();
    std::stop_source stop;
    auto leaving = second.lock.async_lock(stop.get_token());
    ASSERT_TRUE(world.run_until([&] { return nodes_of(world).size() == 2; }, 1s));
    auto staying = third.lock.async_lock();
    ASSERT_TRUE(world.run_until([&] { return nodes_of(world).size() == 3; }, 1s));
    world.run_for(100ms);
    stop.request_stop();
    EXPECT_FALSE(std::move(leaving).get());
    world.run_for(1s);
    EXPECT_EQ(nodes_of(world).size(), 2U);
    EXPECT_FALSE(staying.ready());
    EXPECT_FALSE(third.lock.holds());
    first.lock.unlock();
    ASSERT_TRUE(world.run_until([&] { return staying.ready(); }, 1s));
    EXPECT_TRUE(third.lock.holds());
}

TEST(mutex, C55_the_deadline_is_exact_also_without_a_connection) {
    simulation world;
    contestant holder(world);
    contestant waiter(world);
    holder.lock.lock();
    auto begun = world.now();
    EXPECT_FALSE(waiter.lock.try_lock_for(500ms));
    EXPECT_GE(world.now() - begun, 500ms);
    EXPECT_LE(world.now() - begun, 501ms);
    waiter.where.refuse(true);
    waiter.where.cut();
    ASSERT_TRUE(world.run_until([&] { return waiter.c.state() == suspended; }, 1s));
    begun = world.now();
    EXPECT_FALSE(waiter.lock.try_lock_for(700ms));
    EXPECT_GE(world.now() - begun, 700ms);
    EXPECT_LE(world.now() - begun, 701ms);
    waiter.where.refuse(false);
    world.run_for(2s);
    EXPECT_EQ(nodes_of(world).size(), 1U);
    EXPECT_EQ(world.world().server().watches().data, 1U); // the holder's, of its own node
}

TEST(mutex, a_lock_path_that_vanishes_is_made_again) {
    simulation world;
    contestant holder(world);
    contestant waiter(world);
    contestant vandal(world);
    holder.lock.lock();
    const auto lost = holder.lock.lost();
    auto locking = waiter.lock.async_lock();
    ASSERT_TRUE(world.run_until([&] { return nodes_of(world).size() == 2; }, 1s));
    world.run_for(100ms);
    auto t = vandal.c.transaction();
    for (const auto* n : nodes_of(world)) t.remove(std::string(n->path));
    t.remove("/lock").commit();
    ASSERT_TRUE(world.run_until([&] { return locking.ready(); }, 1s));
    world.run_for(10ms); // the holder's news travel no faster than the waiter's
    EXPECT_TRUE(is_over(lost));
    EXPECT_FALSE(holder.lock.holds());
    EXPECT_TRUE(waiter.lock.holds());
    EXPECT_EQ(nodes_of(world).size(), 1U);
}

TEST(mutex, a_closed_client_ends_its_waits_and_gives_its_lock_up) {
    simulation world;
    contestant holder(world);
    contestant waiter(world);
    holder.lock.lock();
    const auto lost = holder.lock.lost();
    auto locking = waiter.lock.async_lock();
    ASSERT_TRUE(world.run_until([&] { return nodes_of(world).size() == 2; }, 1s));
    waiter.c.close();
    EXPECT_EQ(verdict_of(std::move(locking)).code, errc::closed);
    EXPECT_EQ(nodes_of(world).size(), 1U);
    holder.c.close();
    world.run_for(1ms);
    EXPECT_TRUE(is_over(lost));
    EXPECT_FALSE(holder.lock.holds());
    EXPECT_EQ(nodes_of(world).size(), 0U);
}

TEST(mutex, C54_calls_on_one_object_are_served_in_turn_also_when_a_node_was_lost) {
    simulation world;
    contestant holder(world);
    contestant us(world);
    contestant vandal(world);
    holder.lock.lock();
    auto first = us.lock.async_lock();
    auto second = us.lock.async_lock();
    ASSERT_TRUE(world.run_until([&] { return nodes_of(world).size() == 3; }, 1s));
    const auto nodes = nodes_of(world);
    const auto of_first =
        std::ranges::find_if(nodes, [](const server::znode* n) { return n->name().ends_with("0000000001"); });
    vandal.c.remove(std::string((*of_first)->path));
    world.run_for(100ms);
    holder.lock.unlock();
    ASSERT_TRUE(world.run_until([&] { return first.ready(); }, 1s));
    EXPECT_TRUE(us.lock.holds());
    EXPECT_FALSE(second.ready());
    us.lock.unlock();
    ASSERT_TRUE(world.run_until([&] { return second.ready(); }, 1s));
    us.lock.unlock();
    EXPECT_TRUE(world.run_until([&] { return nodes_of(world).empty(); }, 1s));
}

TEST(mutex, C52_an_unlock_that_nobody_waits_for_is_done_all_the_same) {
    for (const bool cancelled : {false, true}) {
        simulation world;
        contestant us(world);
        us.lock.lock();
        us.where.refuse(true);
        us.where.cut();
        ASSERT_TRUE(world.run_until([&] { return us.c.state() == suspended; }, 1min));
        auto unlocking = us.lock.async_unlock();
        if (cancelled)
            unlocking.cancel();
        else
            EXPECT_EQ(verdict_of(std::move(unlocking).timeout(50ms)).code, errc::operation_timeout);
        us.where.refuse(false);
        ASSERT_TRUE(world.run_until([&] { return us.c.state() == connected; }, 1min));
        EXPECT_TRUE(world.run_until([&] { return nodes_of(world).empty(); }, 1s));
    }
}

TEST(mutex, an_object_that_goes_takes_the_acquisitions_along_that_have_not_begun) {
    simulation world;
    contestant us(world), other(world);
    for (const auto wait : {0us, 1us, 10us, 100us, 1000us, 3000us}) {
        std::optional<mutex> brief(std::in_place, us.c, "/lock");
        auto locking = brief->async_lock();
        if (wait > 0us) world.run_for(wait);
        brief.reset();
        world.run_for(1s);
        ASSERT_TRUE(locking.ready());
        EXPECT_EQ(nodes_of(world).size(), 0U) << wait.count();
        EXPECT_TRUE(other.lock.try_lock());
        other.lock.unlock();
    }
}

TEST(mutex, one_that_waits_behind_a_lost_holder_of_its_object_keeps_nobody_else_waiting) {
    simulation world;
    contestant us(world), other(world);
    us.lock.lock();
    const std::stop_token lost = us.lock.lost();
    auto second = us.lock.async_lock();
    ASSERT_TRUE(world.run_until([&] { return nodes_of(world).size() == 2; }, 1s));
    auto rival = other.lock.async_lock();
    ASSERT_TRUE(world.run_until([&] { return nodes_of(world).size() == 3; }, 1s));
    lose_session(world, us);
    ASSERT_TRUE(world.run_until([&] { return is_over(lost); }, 1min));
    ASSERT_TRUE(world.run_until([&] { return rival.ready(); }, 1min)) << "the first has not unlocked, and need not";
    EXPECT_TRUE(other.lock.holds());
    EXPECT_FALSE(second.ready());
    us.lock.unlock();
    world.run_for(1s);
    EXPECT_FALSE(second.ready());
    EXPECT_TRUE(other.lock.holds());
    other.lock.unlock();
    ASSERT_TRUE(world.run_until([&] { return second.ready(); }, 1min));
    EXPECT_TRUE(us.lock.holds());
}

TEST(mutex, the_same_when_the_holders_node_was_deleted) {
    simulation world;
    contestant us(world), other(world);
    us.lock.lock();
    auto second = us.lock.async_lock();
    ASSERT_TRUE(world.run_until([&] { return nodes_of(world).size() == 2; }, 1s));
    auto rival = other.lock.async_lock();
    ASSERT_TRUE(world.run_until([&] { return nodes_of(world).size() == 3; }, 1s));
    other.c.remove(us.lock.contenders().at(0).path);
    ASSERT_TRUE(world.run_until([&] { return rival.ready(); }, 1min));
    EXPECT_TRUE(world.run_until([&] { return !us.lock.holds(); }, 1s));
    EXPECT_EQ(nodes_of(world).size(), 1U);
    us.lock.unlock();
    other.lock.unlock();
    ASSERT_TRUE(world.run_until([&] { return second.ready(); }, 1min));
    EXPECT_TRUE(us.lock.holds());
}

TEST(mutex, unlock_is_in_line_ahead_of_what_is_asked_for_next) {
    simulation world;
    contestant us(world);
    us.lock.lock();
    us.lock.unlock();
    EXPECT_TRUE(us.c.get_children("/lock").empty());
}

TEST(mutex, C55_tries_without_a_connection_leave_no_requests_behind) {
    simulation world;
    const auto where = world.add_machine();
    auto o = options_on(where);
    o.max_waiting_requests = 10;
    const client c(simulation::addresses(), std::move(o));
    c.wait_connected();
    where.refuse(true);
    where.cut();
    ASSERT_TRUE(world.run_until([&] { return c.state() == suspended; }, 1min));
    mutex m(c, "/lock");
    for (int i = 0; i < 30; ++i) EXPECT_FALSE(m.try_lock_for(1ms));
    EXPECT_FALSE(m.try_lock_until(std::chrono::steady_clock::time_point())) << "long ago: a try, which ends too";
    auto asked = c.async_exists("/");
    where.refuse(false);
    EXPECT_TRUE(std::move(asked).get());
}

TEST(mutex, a_stop_ends_a_wait_with_a_deadline_too) {
    simulation world;
    contestant us(world), other(world);
    other.lock.lock();
    std::stop_source stop;
    auto waiting = us.lock.async_try_lock_for(1h, stop.get_token());
    world.run_for(1s);
    EXPECT_FALSE(waiting.ready());
    stop.request_stop();
    EXPECT_FALSE(std::move(waiting).get_for(1s));
    const auto begun = world.now();
    EXPECT_FALSE(us.lock.try_lock_for(200ms, std::stop_source().get_token()));
    EXPECT_LE(world.now() - begun, 201ms);
}

TEST(mutex, trying_without_a_server_ends_with_an_error) {
    simulation world;
    contestant us(world);
    us.where.refuse(true);
    us.where.cut();
    const auto begun = world.now();
    EXPECT_THROW((void)us.lock.try_lock(), timeout_error);
    EXPECT_LE(world.now() - begun, 20s + 1ms); // client_options::operation_timeout
}

TEST(mutex, C50_closing_counts_as_a_loss_at_once) {
    simulation world;
    contestant us(world);
    us.lock.lock();
    const std::stop_token lost = us.lock.lost();
    auto closed = us.c.async_close();
    EXPECT_FALSE(us.lock.holds()) << "the server may have ended the session before we hear of it";
    std::move(closed).get();
    EXPECT_TRUE(world.run_until([&] { return is_over(lost); }, 1s));
}

TEST(mutex, a_client_closed_at_any_moment_leaves_no_silent_holder) {
    for (int microseconds = 0; microseconds < 6'000; microseconds += 50) {
        simulation world;
        contestant us(world);
        auto locking = us.lock.async_lock();
        world.run_for(std::chrono::microseconds(microseconds));
        auto closed = us.c.async_close();
        ASSERT_TRUE(world.run_until([&] { return locking.ready() && closed.ready(); }, 1min));
        const auto end = verdict_of(std::move(locking));
        const bool acquired = !end.code;
        EXPECT_TRUE(!acquired || world.run_until([&] { return is_over(us.lock.lost()); }, 1s)) << microseconds;
        EXPECT_FALSE(us.lock.holds());
        EXPECT_EQ(nodes_of(world).size(), 0U);
    }
}

TEST(mutex, C52_clean_up_waits_for_room_in_the_queue) {
    simulation world;
    const auto where = world.add_machine();
    auto o = options_on(where);
    o.max_waiting_requests = 3;
    const client c(simulation::addresses(), std::move(o));
    c.wait_connected();
    mutex m(c, "/lock");
    m.lock();
    where.refuse(true);
    where.cut();
    ASSERT_TRUE(world.run_until([&] { return c.state() == suspended; }, 1min));
    std::vector<future<std::optional<node_stat>>> crowd;
    for (int i = 0; i < 3; ++i) crowd.push_back(c.async_exists("/"));
    m.unlock();
    where.refuse(false);
    EXPECT_TRUE(world.run_until([&] { return nodes_of(world).empty(); }, 1min));
    EXPECT_EQ(c.state(), connected) << "not because the session ended";
}

/// Each try is refused without waiting for anything.
TEST(mutex, a_lock_with_a_limit_ends_in_time_although_the_queue_is_full) {
    simulation world;
    const auto where = world.add_machine();
    auto o = options_on(where);
    o.max_waiting_requests = 3;
    const client c(simulation::addresses(), std::move(o));
    c.wait_connected();
    mutex m(c, "/lock");
    where.refuse(true);
    where.cut();
    ASSERT_TRUE(world.run_until([&] { return c.state() == suspended; }, 1min));
    std::vector<future<std::optional<node_stat>>> crowd;
    for (int i = 0; i < 3; ++i) crowd.push_back(c.async_exists("/"));
    auto locking = m.async_try_lock_for(100ms);
    ASSERT_TRUE(world.run_until([&] { return locking.ready(); }, 200ms));
    EXPECT_FALSE(std::move(locking).get());
}

} // namespace
} // namespace kazoo::testkit
