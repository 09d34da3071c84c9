// close(), from everywhere and whatever happens meanwhile.
#include "scene.hpp"

#include <memory>
#include <optional>

namespace kazoo::testkit {
namespace {

using enum session_state;

/// Nobody is left on this machine, and nothing waits there.
bool is_over(scene& s) {
    auto& machine = *s.inside().machines().front();
    s.c = client("10.0.0.9:1", options_on(s.world.add_machine())); // lets go of the first one
    return s.world.run_until([&] { return machine.is_empty(); }, 30s);
}

TEST(close, ends_the_session_at_the_server) {
    scene s;
    s.c.create("/e", "", {.mode = create_mode::ephemeral});
    s.c.close();
    EXPECT_EQ(s.c.state(), closed);
    EXPECT_TRUE(s.world.sessions().empty());
    EXPECT_THROW(s.c.get("/"), closed_error);
    s.c.close(); // again
    EXPECT_TRUE(is_over(s));
}

TEST(close, happens_with_the_last_handle) {
    scene s;
    s.c.wait_connected();
    EXPECT_TRUE(is_over(s));
}

TEST(close, with_the_last_handle_is_silent_and_lets_go_of_the_log) {
    simulation world;
    const auto lines = std::make_shared<int>(0);
    auto o = options_on(world.add_machine());
    o.log = {log_level::wire, [lines](log_level, std::string_view) { ++*lines; }};
    {
        const client c(simulation::addresses(), o);
        o.log = {};
        c.create("/n");
        EXPECT_GT(*lines, 0);
    }
    EXPECT_EQ(lines.use_count(), 1) << "it may be called after what it refers to is gone";
    EXPECT_TRUE(world.run_until([&] { return world.sessions().empty(); }, 30s));
}

TEST(close, L220_sends_first_what_was_submitted) {
    scene s;
    std::vector<future<std::string>> made;
    for (int i = 0; i < 100; ++i) made.push_back(s.c.async_create("/n" + std::to_string(i)));
    s.c.close(); // before there was a connection
    for (auto& f : made) EXPECT_EQ(verdict_of(std::move(f)), verdict{});
    EXPECT_EQ(s.inside().server().nodes().find("/n99")->path, "/n99");
    EXPECT_TRUE(s.world.sessions().empty());
}

TEST(close, L220_during_a_broken_connection_takes_the_next_one_if_it_comes_soon) {
    scene s;
    s.c.wait_connected();
    s.here.refuse(true);
    s.here.cut();
    ASSERT_TRUE(s.reaches(suspended));
    auto made = s.c.async_create("/n");
    s.inside().after(20ms, [&] { s.here.refuse(false); });
    s.c.close();
    EXPECT_EQ(verdict_of(std::move(made)), verdict{});
    EXPECT_TRUE(s.world.sessions().empty());
}

TEST(close, C08_during_an_expiry_ends) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        scene s({.seed = seed});
        s.c.wait_connected();
        s.world.run_for(10ms);
        auto read = s.c.async_exists("/");
        s.world.expire_session(s.c.session_id());
        s.world.run_for(std::chrono::microseconds(seed * 100)); // close meets every step of it
        const auto begun = s.world.now();
        s.c.close();
        EXPECT_LE(s.world.now() - begun, 2s + 10ms) << "seed " << seed;
        EXPECT_EQ(s.c.state(), closed);
        EXPECT_TRUE(read.ready());
        std::move(read).detach(); // an unfinished future would keep the client's memory
        EXPECT_TRUE(is_over(s));
    }
}

TEST(close, C09_from_a_listener_returns_and_ends) {
    scene s;
    bool returned = false;
    const auto listening = s.c.on_state([&](session_state state) {
        if (state != connected) return;
        s.c.close();
        returned = true;
    });
    ASSERT_TRUE(s.world.run_until([&] { return returned; }, 10s));
    ASSERT_TRUE(s.reaches(closed));
    EXPECT_TRUE(s.world.sessions().empty());
}

TEST(close, C09_from_a_continuation_returns_and_ends) {
    scene s;
    auto done = s.c.async_exists("/").then([&](auto) { s.c.close(); });
    std::move(done).get();
    ASSERT_TRUE(s.reaches(closed));
    EXPECT_TRUE(is_over(s));
}

TEST(close, C09_from_a_watch_callback_returns_and_ends) {
    scene s;
    auto w = s.c.watch_exists("/n");
    auto done = std::move(w.changed).then([&](auto) { s.c.close(); });
    s.c.create("/n");
    std::move(done).get();
    ASSERT_TRUE(s.reaches(closed));
    EXPECT_TRUE(is_over(s));
}

TEST(close, C09_on_the_signal_thread_returns_and_ends) {
    scene s;
    s.c.wait_connected();
    bool returned = false;
    const std::stop_callback on_stop(s.c.session_token(), [&] {
        s.c.close();
        returned = true;
    });
    s.world.expire_session(s.c.session_id());
    ASSERT_TRUE(s.world.run_until([&] { return returned; }, 10s));
    ASSERT_TRUE(s.reaches(closed));
}

TEST(close, C20_is_bounded_when_nobody_answers) {
    scene s;
    s.c.wait_connected();
    s.here.silence(flow::to_server, true);
    auto read = s.c.async_exists("/");
    const auto begun = s.world.now();
    s.c.close();
    EXPECT_LE(s.world.now() - begun, 2s + 1ms); // client_options::close_timeout
    EXPECT_EQ(s.c.state(), closed);
    EXPECT_EQ(verdict_of(std::move(read)).outcome, outcome::not_applied);
    EXPECT_TRUE(is_over(s));
}

TEST(close, C20_without_a_connection_fails_what_waits_and_ends_within_a_tenth_of_a_second) {
    for (const auto limit : {time_limit(2s), time_limit(std::chrono::hours::max())}) {
        simulation world;
        const auto here = world.add_machine();
        here.hang(true);
        auto o = options_on(here);
        o.close_timeout = limit;
        const client c(simulation::addresses(), o);
        auto made = c.async_create("/n");
        world.run_for(1s);
        const auto begun = world.now();
        c.close();
        EXPECT_LE(world.now() - begun, 100ms + 1ms);
        EXPECT_EQ(verdict_of(std::move(made)), failed(errc::closed));
    }
}

TEST(close, whose_connection_breaks_waits_no_longer_for_another_one) {
    scene s;
    s.c.wait_connected();
    s.here.silence(flow::to_server, true);
    auto made = s.c.async_create("/n");
    s.inside().after(1s, [&] {
        s.here.refuse(true);
        s.here.cut();
    });
    const auto begun = s.world.now();
    s.c.close();
    EXPECT_LE(s.world.now() - begun, 1s + 100ms + 1ms);
    EXPECT_EQ(verdict_of(std::move(made)).outcome, outcome::unknown);
}

TEST(close, C07_ten_thousand_requests_without_a_connection_block_nobody) {
    scene s;
    s.c.wait_connected();
    s.here.refuse(true);
    s.here.cut();
    ASSERT_TRUE(s.reaches(suspended));
    std::vector<future<std::optional<node_stat>>> waiting;
    for (int i = 0; i < 10'000; ++i) waiting.push_back(s.c.async_exists("/"));
    s.c.close();
    EXPECT_EQ(s.c.state(), closed);
    for (auto& f : waiting) ASSERT_EQ(verdict_of(std::move(f)), failed(errc::closed));
}

TEST(close, does_not_wait_for_what_was_cancelled) {
    simulation world;
    const auto here = world.add_machine();
    here.refuse(true);
    const client c(simulation::addresses(), options_on(here));
    auto made = c.async_create("/n");
    made.cancel();
    world.run_for(100ms);
    const auto begun = world.now();
    c.close();
    EXPECT_LT(world.now() - begun, 1ms);
}

TEST(close, C24_no_event_of_a_closed_session_reaches_a_handle) {
    scene s({}, 10s);
    s.c.create("/n");
    auto w = s.c.watch("/n");
    auto stream = s.c.add_watch("/n");
    auto next = stream.async_next();
    const client other(simulation::addresses(), options_on(s.world.add_machine()));
    other.wait_connected();
    state_log log(s.c);
    s.here.silence(flow::to_client, true);
    other.set("/n", "x"); // its event is on the way to us when we close
    s.c.close();
    s.here.silence(flow::to_client, false);
    s.world.run_for(5s);
    EXPECT_EQ(verdict_of(std::move(w.changed)), failed(errc::closed));
    EXPECT_EQ(verdict_of(std::move(next)), failed(errc::closed));
    EXPECT_EQ(verdict_of(stream.async_next()), failed(errc::closed));
    EXPECT_EQ(log.seen, std::vector{closed});
}

} // namespace
} // namespace kazoo::testkit
