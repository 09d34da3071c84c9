// Deadlines, stop tokens, cancelling, and what becomes of requests when the connection goes.
#include "scene.hpp"

#include <stop_token>

namespace kazoo::testkit {
namespace {

using enum session_state;

/// All nodes but those that every server has.
std::size_t nodes(const scene& s) {
    static const std::size_t own = simulation().world().server().nodes().size();
    return s.inside().server().nodes().size() - own;
}

void suspend(scene& s) {
    s.c.wait_connected();
    s.here.refuse(true);
    s.here.cut();
    ASSERT_TRUE(s.reaches(suspended));
}

TEST(waits, C44_a_deadline_ends_a_call_made_while_suspended) {
    scene s;
    suspend(s);
    const auto begun = s.world.now();
    EXPECT_EQ(verdict_of(s.c.async_set("/", "x").timeout(500ms)), failed(errc::operation_timeout));
    EXPECT_GE(s.world.now() - begun, 500ms);
    EXPECT_LE(s.world.now() - begun, 501ms);
    EXPECT_THROW(s.c.async_get("/").get_for(100ms), timeout_error);
}

TEST(waits, C44_a_stop_token_ends_a_call_made_while_suspended) {
    scene s;
    suspend(s);
    std::stop_source stop;
    auto waiting = s.c.async_set("/", "x").stop_on(stop.get_token());
    s.world.run_for(300ms);
    EXPECT_FALSE(waiting.ready());
    stop.request_stop();
    s.world.run_for(1ms);
    EXPECT_EQ(verdict_of(std::move(waiting)), failed(errc::cancelled));
    EXPECT_THROW(s.c.async_get("/").get(stop.get_token()), cancelled_error);
}

TEST(waits, C44_cancel_ends_a_call_made_while_suspended) {
    scene s;
    suspend(s);
    auto waiting = s.c.async_set("/", "x");
    waiting.cancel();
    EXPECT_EQ(verdict_of(std::move(waiting)), failed(errc::cancelled));
}

TEST(waits, a_continuation_of_a_wait_waits_however_long) {
    scene s; // operation_timeout is 20 s
    s.c.create("/n");
    const auto type = [](future<watch_event> f) { return std::move(f).get().type; };
    auto changed = s.c.watch("/n").changed.then(type);
    s.inside().after(10min, [&] { s.c.async_set("/n", "y").detach(); });
    EXPECT_EQ(std::move(changed).get(), event_type::data_changed);

    mutex first(s.c, "/lock"), second(s.c, "/lock");
    first.lock();
    auto locked = second.async_lock().then([](future<void> f) { std::move(f).get(); });
    s.inside().after(10min, [&] { first.unlock(); });
    std::move(locked).get();
    EXPECT_TRUE(second.holds());
}

TEST(waits, a_continuation_of_an_operation_has_the_limit_of_an_operation) {
    scene s({}, 1min); // the session outlives the limit
    suspend(s);
    std::error_code seen;
    const auto begun = s.world.now();
    auto set = s.c.async_set("/", "x").then([&](future<node_stat> f) { seen = std::move(f).result().error(); });
    EXPECT_EQ(std::move(set).result().error(), errc::operation_timeout);
    EXPECT_GE(s.world.now() - begun, 20s);
    s.world.run_for(1ms);
    EXPECT_EQ(seen, errc::operation_timeout) << "and not: cancelled";
}

TEST(waits, C44_blocking_calls_have_a_limit_without_any_server) {
    simulation world;
    const auto here = world.add_machine();
    here.refuse(true);
    auto o = options_on(here);
    o.operation_timeout = 700ms;
    const client c(simulation::addresses(), o);
    const auto begun = world.now();
    EXPECT_THROW(c.create("/n"), timeout_error);
    EXPECT_EQ(world.now() - begun, 700ms);
    try {
        c.set("/n", "x");
        FAIL() << "nobody is there";
    } catch (const timeout_error& e) {
        EXPECT_EQ(e.outcome(), outcome::not_applied);
        EXPECT_EQ(e.path(), "/n");
    }
}

TEST(waits, a_request_cancelled_in_the_queue_is_never_sent) {
    scene s;
    suspend(s);
    auto first = s.c.async_create("/a");
    auto gone = s.c.async_create("/gone");
    auto last = s.c.async_create("/b");
    gone.cancel();
    s.here.refuse(false);
    ASSERT_TRUE(s.finish(first, last));
    EXPECT_EQ(verdict_of(std::move(gone)), failed(errc::cancelled));
    EXPECT_EQ(std::move(first).get(), "/a");
    EXPECT_EQ(std::move(last).get(), "/b");
    EXPECT_FALSE(s.c.exists("/gone").has_value());
    EXPECT_EQ(nodes(s), 2U);
}

TEST(waits, a_write_cancelled_after_it_was_sent_is_unknown) {
    scene s;
    s.c.wait_connected();
    s.here.silence(flow::to_client, true);
    auto write = s.c.async_create("/n");
    auto read = s.c.async_get("/");
    s.world.run_for(20ms);
    write.cancel();
    read.cancel();
    EXPECT_EQ(verdict_of(std::move(write)), failed(errc::cancelled, outcome::unknown));
    EXPECT_EQ(verdict_of(std::move(read)), failed(errc::cancelled));
    s.here.silence(flow::to_client, false);
    EXPECT_TRUE(s.c.exists("/n").has_value());
}

TEST(waits, L199_requests_made_while_reconnecting_are_sent_afterwards) {
    scene s;
    suspend(s);
    auto made = s.c.async_create("/n", "x");
    auto read = s.c.async_get("/n");
    s.world.run_for(500ms);
    s.here.refuse(false);
    EXPECT_EQ(std::move(made).get(), "/n");
    EXPECT_EQ(std::move(read).get().data, "x");
}

/// A client that carries this over to its next session.
struct carrying_scene : scene {
    explicit carrying_scene(carry_over what) {
        client_options o = options_on(here);
        o.carried_over = what;
        c = client(simulation::addresses(), std::move(o));
    }
};

TEST(waits, L199_requests_made_while_reconnecting_may_all_fail_with_the_session) {
    carrying_scene s(carry_over::nothing);
    suspend(s);
    auto made = s.c.async_create("/n", "x");
    auto read = s.c.async_get("/");
    ASSERT_TRUE(s.reaches(connecting));
    EXPECT_EQ(verdict_of(std::move(made)), failed(errc::session_expired));
    EXPECT_EQ(verdict_of(std::move(read)), failed(errc::session_expired));
    s.here.refuse(false);
    EXPECT_FALSE(s.c.exists("/n").has_value());
}

TEST(waits, writes_made_while_reconnecting_fail_with_the_session_and_reads_outlive_it) {
    scene s;
    suspend(s);
    auto made = s.c.async_create("/n", "x");
    auto read = s.c.async_get("/");
    auto watched = s.c.async_watch("/");
    auto several = s.c.multi_read().get("/").async_run();
    auto synced = s.c.async_sync("/");
    ASSERT_TRUE(s.reaches(connecting));
    EXPECT_EQ(verdict_of(std::move(made)), failed(errc::session_expired));
    s.world.run_for(1min);
    EXPECT_FALSE(read.ready() || several.ready() || synced.ready()) << "without any limit they wait";
    s.here.refuse(false);
    EXPECT_EQ(verdict_of(std::move(read)), verdict{});
    EXPECT_EQ(verdict_of(std::move(several)), verdict{});
    EXPECT_EQ(verdict_of(std::move(synced)), verdict{});
    auto watch = std::move(watched).get();
    s.c.set("/", "x");
    EXPECT_EQ(std::move(watch.changed).get().type, event_type::data_changed);
    EXPECT_FALSE(s.c.exists("/n").has_value());
}

TEST(waits, writes_outlive_the_session_only_if_asked_and_none_that_makes_an_ephemeral_node_or_stands_behind_it) {
    carrying_scene s(carry_over::reads_and_writes);
    suspend(s);
    auto first = s.c.async_create("/first", "x");
    auto second = s.c.transaction().create("/second", "").set("/", "y").async_commit();
    auto given_up = s.c.async_create("/never", "", {.mode = create_mode::ephemeral});
    std::move(given_up).cancel();
    auto ephemeral = s.c.transaction().create("/e", "", {.mode = create_mode::ephemeral}).async_commit();
    auto behind = s.c.async_create("/behind", "");
    auto read = s.c.async_get_children("/");
    ASSERT_TRUE(s.reaches(connecting));
    EXPECT_EQ(verdict_of(std::move(ephemeral)), failed(errc::session_expired));
    EXPECT_EQ(verdict_of(std::move(behind)), failed(errc::session_expired)) << "an earlier write failed";
    s.here.refuse(false);
    EXPECT_EQ(std::move(first).get(), "/first");
    EXPECT_EQ(std::move(second).get().size(), 2u);
    const auto names = std::move(read).get();
    EXPECT_EQ(std::count(names.begin(), names.end(), "first"), 1);
    EXPECT_EQ(nodes(s), 2u);

    suspend(s);
    auto alone = s.c.async_create("/e", "", {.mode = create_mode::ephemeral});
    auto with_stat = s.c.async_create_with_stat("/f", "", {.mode = create_mode::ephemeral_sequential});
    ASSERT_TRUE(s.reaches(connecting));
    EXPECT_EQ(verdict_of(std::move(alone)), failed(errc::session_expired));
    EXPECT_EQ(verdict_of(std::move(with_stat)), failed(errc::session_expired));
    s.here.refuse(false);
}

TEST(waits, no_write_outlives_the_session_behind_one_whose_reply_was_lost) {
    carrying_scene s(carry_over::reads_and_writes);
    s.c.wait_connected();
    s.here.silence(testkit::flow::to_client, true);
    auto lost = s.c.async_create("/lost", "");
    s.world.run_for(10ms);
    s.here.pause(true); // nobody sees the connection die: the session ends with it
    s.world.run_for(10s);
    s.here.silence(testkit::flow::to_client, false);
    auto behind = s.c.async_create("/behind", "");
    s.here.pause(false);
    EXPECT_EQ(verdict_of(std::move(lost)), failed(errc::session_expired, outcome::unknown));
    EXPECT_EQ(verdict_of(std::move(behind)), failed(errc::session_expired));
    EXPECT_FALSE(s.c.exists("/behind").has_value());
}

TEST(waits, a_blocking_read_in_flight_when_the_session_ends_is_asked_again_in_the_next) {
    scene s;
    s.c.wait_connected();
    const auto id = s.c.session_id();
    s.here.silence(testkit::flow::to_client, true);
    s.inside().after(10ms, [&] { s.here.pause(true); });
    s.inside().after(10s, [&] {
        s.here.silence(testkit::flow::to_client, false);
        s.here.pause(false);
    });
    EXPECT_TRUE(s.c.exists("/").has_value());
    EXPECT_NE(s.c.session_id(), id);
}

TEST(waits, C10_no_request_is_forgotten_when_the_session_ends) {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        scene s({.seed = seed});
        s.c.wait_connected();
        std::vector<future<std::optional<node_stat>>> asked;
        for (int i = 0; i < 60; ++i) {
            asked.push_back(s.c.async_exists("/"));
            if (i == 20) s.world.expire_session(s.c.session_id());
            s.world.run_for(std::chrono::microseconds(100));
        }
        const auto finished = [&] {
            for (const auto& f : asked)
                if (!f.ready()) return false;
            return true;
        };
        EXPECT_TRUE(s.world.run_until(finished, 30s)) << "seed " << seed;
    }
}

/// More than the socket takes at once, so that something is left in the queue when the connection goes.
struct stuck_writes {
    explicit stuck_writes(scene& s) {
        s.here.silence(flow::to_server, true);
        const std::string large(100'000, 'x');
        first = s.c.async_create("/first", "x");
        s.world.run_for(5ms);
        large_one = s.c.async_create("/large", large);
        behind = s.c.async_create("/behind", "x");
        s.world.run_for(5ms);
        queued = s.c.async_create("/queued", "x");
        read = s.c.async_exists("/");
        s.world.run_for(5ms);
    }
    future<std::string> first, large_one, behind, queued;
    future<std::optional<node_stat>> read;
};

TEST(waits, nothing_is_sent_behind_a_lost_write) {
    scene s;
    s.c.wait_connected();
    stuck_writes w(s);
    s.here.cut();
    s.here.silence(flow::to_server, false);
    ASSERT_TRUE(s.finish(w.first, w.large_one, w.behind, w.queued, w.read));
    EXPECT_EQ(verdict_of(std::move(w.first)), failed(errc::connection_loss, outcome::unknown));
    EXPECT_EQ(verdict_of(std::move(w.large_one)), failed(errc::connection_loss));
    EXPECT_EQ(verdict_of(std::move(w.behind)), failed(errc::connection_loss));
    EXPECT_EQ(verdict_of(std::move(w.queued)), failed(errc::connection_loss));
    EXPECT_EQ(verdict_of(std::move(w.read)), failed(errc::connection_loss));
    EXPECT_TRUE(s.c.exists("/").has_value());
    EXPECT_EQ(nodes(s), 0U);
}

TEST(waits, a_blocking_call_makes_a_write_again_that_was_not_applied) {
    scene s;
    s.c.wait_connected();
    stuck_writes w(s);
    s.inside().after(10ms, [&] {
        s.here.cut();
        s.here.silence(flow::to_server, false);
    });
    EXPECT_EQ(s.c.create("/again", "x"), "/again");
    EXPECT_EQ(verdict_of(std::move(w.queued)), failed(errc::connection_loss));
    EXPECT_EQ(nodes(s), 1U);
}

TEST(waits, requests_behind_lost_reads_stay_queued) {
    scene s;
    s.c.wait_connected();
    s.here.silence(flow::to_server, true);
    const std::string long_path = "/" + std::string(1000, 'x');
    std::vector<future<std::optional<node_stat>>> reads;
    for (int i = 0; i < 100; ++i) reads.push_back(s.c.async_exists(long_path)); // the socket does not take them all
    s.world.run_for(20ms);
    auto write = s.c.async_create("/n");
    s.world.run_for(20ms);
    s.here.cut();
    s.here.silence(flow::to_server, false);
    ASSERT_TRUE(s.finish(reads.front(), reads.back(), write));
    EXPECT_EQ(verdict_of(std::move(reads.front())), failed(errc::connection_loss));
    EXPECT_EQ(verdict_of(std::move(reads.back())), verdict{});
    EXPECT_EQ(std::move(write).get(), "/n");
}

TEST(waits, a_protected_create_that_is_refused_in_the_end_may_have_been_made_before) {
    scene s;
    s.c.create("/q");
    const machine elsewhere = s.world.add_machine();
    const client other(simulation::addresses(), options_on(elsewhere));
    s.here.silence(flow::to_server, true);
    auto creating = s.c.async_create("/q/n", "", {.protect = true});
    s.world.run_for(50ms); // it is under way
    const std::vector<acl> nobody_creates{{perms::read, "world", "anyone"}};
    other.set_acl("/q", nobody_creates);
    s.here.cut();
    s.here.silence(flow::to_server, false);
    // It is not there, and the second try is refused; but the first one may still be carried out.
    EXPECT_EQ(verdict_of(std::move(creating)), failed(errc::no_auth, outcome::unknown));
}

TEST(waits, a_protected_create_is_found_again_when_the_reply_was_lost) {
    scene s;
    s.c.wait_connected();
    s.here.cut_behind(flow::to_client, 3);
    const std::string path = s.c.create("/n-", "x", {.mode = create_mode::ephemeral_sequential, .protect = true});
    EXPECT_EQ(path.size(), 1 + 32 + 2 + 10U);
    EXPECT_EQ(nodes(s), 1U);
    EXPECT_EQ(s.c.get(path).data, "x");
}

TEST(waits, a_protected_create_that_nobody_waits_for_leaves_nothing) {
    scene s;
    s.c.wait_connected();
    s.here.silence(flow::to_client, true);
    EXPECT_EQ(verdict_of(s.c.async_create("/n", "x", {.protect = true}).timeout(100ms)),
              failed(errc::operation_timeout, outcome::unknown));
    EXPECT_EQ(nodes(s), 1U);
    s.here.silence(flow::to_client, false);
    s.world.run_for(5s);
    EXPECT_EQ(nodes(s), 0U);
}

TEST(waits, a_protected_create_that_waits_to_try_again_may_have_been_applied_when_the_client_closes) {
    simulation world;
    const machine here = world.add_machine();
    auto o = options_on(here);
    o.reconnect.initial_delay = 1ms;
    const client c(simulation::addresses(), std::move(o));
    c.wait_connected();
    here.silence(flow::to_client, true);
    auto creating = c.async_create("/n", "", {.protect = true});
    world.run_for(10ms); // it is made
    here.silence(flow::to_client, false);
    for (int i = 0; i < 2; ++i) {
        here.cut();
        ASSERT_TRUE(world.run_until([&] { return c.state() == suspended; }, 1s));
        if (i == 0) {
            ASSERT_TRUE(world.run_until([&] { return c.state() == connected; }, 1s));
        }
    }
    world.run_for(1ms); // it came back at once, so the search for the node pauses
    ASSERT_FALSE(creating.ready());
    auto closing = c.async_close();
    EXPECT_EQ(verdict_of(std::move(creating)), failed(errc::closed, outcome::unknown));
    EXPECT_TRUE(world.run_until([&] { return closing.ready(); }, 10s));
}

TEST(waits, a_protected_create_whose_session_went_may_have_been_applied) {
    scene s;
    s.c.wait_connected();
    s.here.cut_behind(flow::to_client, 3);
    auto made = s.c.async_create("/n", "x", {.protect = true});
    ASSERT_TRUE(s.reaches(suspended));
    s.here.refuse(true);
    s.here.cut();
    ASSERT_TRUE(s.reaches(connecting));
    s.here.refuse(false);
    EXPECT_EQ(nodes(s), 1U);
    EXPECT_EQ(verdict_of(std::move(made)), failed(errc::session_expired, outcome::unknown));
    s.world.run_for(5s);
    EXPECT_EQ(nodes(s), 0U); // it was not ephemeral: the client cleaned up
}

} // namespace
} // namespace kazoo::testkit
