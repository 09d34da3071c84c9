// detach() while the network does what it likes.
#include "scene.hpp"

namespace kazoo::testkit {
namespace {

using enum session_state;

TEST(detach, without_a_connection_gives_the_session_soon_and_fails_what_waits) {
    scene s({}, 10s);
    s.c.create("/e", "", {.mode = create_mode::ephemeral});
    const session_id id = s.c.session_id();
    s.here.refuse(true);
    s.here.cut();
    ASSERT_TRUE(s.reaches(suspended));
    auto waiting = s.c.async_create("/n");
    const auto begun = s.world.now();
    const session_ticket ticket = s.c.detach();
    EXPECT_EQ(ticket.id, id);
    EXPECT_LE(s.world.now() - begun, 100ms + 1ms);
    EXPECT_EQ(verdict_of(std::move(waiting)), failed(errc::closed));
    EXPECT_EQ(s.world.sessions().size(), 1u);

    auto o = options_on(s.world.add_machine());
    o.resume = ticket;
    const client next(simulation::addresses(), o);
    EXPECT_EQ(next.get("/e").stat.owner, id);
}

TEST(detach, waits_for_the_answers_to_what_was_submitted) {
    scene s;
    s.c.wait_connected();
    std::vector<future<std::string>> made;
    for (int i = 0; i < 100; ++i) made.push_back(s.c.async_create("/n" + std::to_string(i)));
    EXPECT_NE(s.c.detach().id, session_id::none);
    for (auto& f : made) EXPECT_EQ(verdict_of(std::move(f)), verdict{});
    EXPECT_EQ(s.world.sessions().size(), 1u) << "it lives on";
}

TEST(detach, is_bounded_when_nobody_answers) {
    scene s({}, 20s);
    s.c.wait_connected();
    s.here.silence(flow::to_client, true);
    auto made = s.c.async_create("/n");
    const auto begun = s.world.now();
    EXPECT_NE(s.c.detach().id, session_id::none);
    EXPECT_LE(s.world.now() - begun, 2s + 1ms); // client_options::close_timeout
    EXPECT_EQ(verdict_of(std::move(made)), failed(errc::closed, outcome::unknown));
}

TEST(detach, of_a_session_that_turns_out_to_be_over_fails) {
    scene s;
    s.c.wait_connected();
    s.here.refuse(true);
    s.here.cut();
    ASSERT_TRUE(s.reaches(suspended));
    s.world.expire_session(s.c.session_id());
    auto read = s.c.async_exists("/"); // it waits for a connection
    s.inside().after(20ms, [&] { s.here.refuse(false); });
    EXPECT_EQ(verdict_of(s.c.async_detach()).code, errc::connection_loss);
    EXPECT_EQ(s.c.state(), closed);
    EXPECT_EQ(verdict_of(std::move(read)), failed(errc::session_expired));
}

TEST(detach, whose_client_is_dropped_still_leaves_the_session) {
    scene s({}, 10s);
    s.c.create("/e", "", {.mode = create_mode::ephemeral});
    auto ticket = s.c.async_detach();
    s.c = client("10.0.0.9:1", options_on(s.world.add_machine())); // lets go of the first one
    EXPECT_NE(std::move(ticket).get().id, session_id::none);
    EXPECT_EQ(s.world.sessions().size(), 1u);
}

TEST(detach, a_resumed_session_has_no_certainty_to_begin_with) {
    scene s({}, 10s);
    s.c.wait_connected();
    const session_ticket ticket = s.c.detach();
    auto o = options_on(s.world.add_machine());
    o.resume = ticket;
    const client next(simulation::addresses(), o);
    mutex lock(next, "/lock");
    lock.lock();
    EXPECT_TRUE(lock.holds());
    EXPECT_EQ(next.session_id(), ticket.id);
}

} // namespace
} // namespace kazoo::testkit
