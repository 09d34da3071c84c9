// Servers that have lost their quorum, sessions that others claim, handshakes that take long.
#include "scene.hpp"

#include "recipe/barrier/members.hpp"

#include <kazoo/receipts.hpp>
#include <kazoo/recipe/double_barrier.hpp>

#include <algorithm>

namespace kazoo::testkit {
namespace {

using enum session_state;

client_options reading(const machine& m) {
    auto o = options_on(m);
    o.read_only = true;
    return o;
}

TEST(without_quorum, C15_reads_are_served_and_the_client_moves_when_there_is_one) {
    simulation world;
    world.set_read_only(true);
    const client c(simulation::addresses(), reading(world.add_machine()));
    state_log log(c);
    ASSERT_TRUE(world.run_until([&] { return c.state() == connected_read_only; }));
    const session_id local = c.session_id();
    EXPECT_NE(local, session_id::none);
    EXPECT_TRUE(c.exists("/").has_value());
    EXPECT_EQ(verdict_of(c.async_create("/n")), failed(errc::not_read_only));
    EXPECT_TRUE(world.sessions().empty()) << "nobody else knows it";
    world.set_read_only(false);
    ASSERT_TRUE(world.run_until([&] { return c.state() == connected; }));
    EXPECT_NE(c.session_id(), local);
    EXPECT_EQ(c.create("/n"), "/n");
    EXPECT_EQ(log.seen, (std::vector{connected_read_only, suspended, lost, connecting, connected}));
    EXPECT_EQ(c.metrics().sessions_lost, 1u);
}

TEST(without_quorum, a_client_that_does_not_ask_for_it_waits) {
    simulation world;
    world.set_read_only(true);
    const client c(simulation::addresses(), options_on(world.add_machine()));
    world.run_for(10s);
    EXPECT_EQ(c.state(), connecting);
    world.set_read_only(false);
    c.wait_connected();
}

TEST(without_quorum, C15_a_session_from_before_goes_on_behind_it) {
    simulation world;
    const client c(simulation::addresses(), reading(world.add_machine()));
    c.create("/e", "x", {.mode = create_mode::ephemeral});
    const session_id id = c.session_id();
    state_log log(c);
    world.set_read_only(true);
    world.run_for(1s);
    world.set_read_only(false);
    c.wait_connected();
    EXPECT_EQ(c.get("/e").stat.owner, id);
    EXPECT_EQ(log.seen, (std::vector{suspended, connected}));
}

/// A session that is over for us lives on while there is none, and so does its node, which would count as a member.
TEST(without_quorum, what_an_old_session_has_left_is_removed_before_a_new_one_enters) {
    simulation world;
    const client c(simulation::addresses(), reading(world.add_machine()));
    double_barrier alone(c, "/d", 1);
    ASSERT_TRUE(alone.enter());
    world.set_read_only(true);
    ASSERT_TRUE(world.run_until([&] { return c.state() == connected_read_only; }));
    auto entering = alone.async_enter_for(1min);
    world.run_for(1s);
    EXPECT_FALSE(entering.ready());
    world.set_read_only(false);
    EXPECT_TRUE(std::move(entering).get());
    EXPECT_EQ(std::ranges::count_if(c.get_children("/d"), [](auto name) { return recipe::is_member_name(name); }), 1);
}

TEST(without_quorum, receipts_are_asked_again_when_there_is_one) {
    simulation world;
    const machine here = world.add_machine();
    const client c(simulation::addresses(), reading(here));
    receipts r(c, "/receipts", {.lifetime = receipt_lifetime::persistent});
    c.create("/n");
    r.commit(c.transaction().check("/n", version::any)); // the node of the receipts is there from here on
    const auto before = world.world().server().zxid();
    here.silence(flow::to_client, true);
    auto asked = r.async_commit(c.transaction().set("/n", "x"));
    ASSERT_TRUE(world.run_until([&] { return world.world().server().zxid() > before; }, 1s));
    world.set_read_only(true);
    here.cut(); // the answer with it
    here.silence(flow::to_client, false);
    ASSERT_TRUE(world.run_until([&] { return c.state() == connected_read_only; }));
    world.run_for(1s);
    EXPECT_FALSE(asked.ready());
    world.set_read_only(false);
    EXPECT_TRUE(std::move(asked).get().recovered);
}

TEST(without_quorum, nodes_of_receipts_are_removed_when_there_is_one) {
    simulation world;
    const client c(simulation::addresses(), reading(world.add_machine()));
    std::optional<receipts> r(std::in_place, c, "/receipts",
                              receipts_options{.lifetime = receipt_lifetime::persistent});
    c.create("/n");
    r->commit(c.transaction().check("/n", version::any));
    ASSERT_EQ(c.get_children("/receipts").size(), 1u);
    world.set_read_only(true);
    ASSERT_TRUE(world.run_until([&] { return c.state() == connected_read_only; }));
    r.reset();
    world.run_for(1s);
    world.set_read_only(false);
    ASSERT_TRUE(world.run_until([&] { return c.state() == connected; }));
    world.run_for(1s);
    EXPECT_EQ(c.get_children("/receipts").size(), 0u);
}

TEST(session_taken_over, is_taken_back_and_nothing_is_lost) {
    scene s;
    state_log log(s.c);
    s.c.create("/e", "x", {.mode = create_mode::ephemeral});
    const session_id id = s.c.session_id();
    EXPECT_TRUE(s.world.take_over_session(id));
    ASSERT_TRUE(s.reaches(suspended));
    s.c.wait_connected();
    EXPECT_EQ(s.c.get("/e").stat.owner, id);
    EXPECT_EQ(log.seen, (std::vector{connected, suspended, connected}));
}

/// Each one's handshake ends the other one's connection: the servers must live with that, too.
TEST(session_taken_over, two_users_of_one_session_do_not_flood_the_server) {
    simulation world;
    std::optional<client> first(std::in_place, simulation::addresses(), options_on(world.add_machine()));
    first->wait_connected();
    const session_ticket ticket = first->detach();
    first.reset();
    auto one = options_on(world.add_machine()), other = options_on(world.add_machine());
    one.resume = other.resume = ticket;
    const client c(simulation::addresses(), one), d(simulation::addresses(), other);
    EXPECT_TRUE(world.run_until([&] { return c.metrics().sessions_lost + d.metrics().sessions_lost > 0; }, 2min))
        << "whoever waits longer between its attempts gives it up";
    const auto& machines = world.world().machines();
    EXPECT_LT(machines[1]->connections_tried() + machines[2]->connections_tried(), 200u);
    c.wait_connected();
    d.wait_connected();
    EXPECT_NE(c.session_id(), d.session_id());
}

TEST(slow_handshakes, are_waited_for_in_the_end_and_cost_one_session) {
    std::uint64_t given_up = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        simulation world({.seed = seed});
        const machine m = world.add_machine();
        m.slow_handshakes(1900ms); // of 2/3 of 3 s
        const client c(simulation::addresses(), options_on(m));
        c.wait_connected(1min);
        world.run_for(5s);
        EXPECT_EQ(world.sessions().size(), 1u) << "what a handshake that was given up opened is over";
        EXPECT_EQ(m.connections(), 1u);
        given_up += world.world().machines()[0]->connections_tried() - 1;
    }
    EXPECT_GT(given_up, 0u);
}

} // namespace
} // namespace kazoo::testkit
