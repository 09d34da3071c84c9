// Dead peers, lost sessions, and what is announced when.
#include "scene.hpp"

#include <optional>

namespace kazoo::testkit {
namespace {

using enum session_state;

/// When the server ended a session on its own.
struct expiry_watch {
    explicit expiry_watch(scene& s) {
        s.inside().on_write = [this, &s](const sim_write& w) {
            if (w.write.type == proto::opcode::close_session && w.write.xid == 0) expired = s.world.now();
        };
    }
    std::optional<std::chrono::nanoseconds> expired;
};

TEST(session, tells_the_loop_whom_the_user_named) {
    simulation world;
    const machine m = world.add_machine();
    const client by_name(simulation::hosts(), options_on(m));
    by_name.wait_connected();
    const util::endpoint& named = world.world().machines()[0]->last_endpoint();
    EXPECT_EQ(named.host, "zookeeper");
    EXPECT_TRUE(named.address.starts_with("10.0.0."));
    EXPECT_EQ(named.port, 2181);

    const machine n = world.add_machine();
    const client by_address("10.0.0.2:2181", options_on(n));
    by_address.wait_connected();
    const util::endpoint& literal = world.world().machines()[1]->last_endpoint();
    EXPECT_EQ(literal.host, "10.0.0.2");
    EXPECT_EQ(literal.address, "10.0.0.2");
}

TEST(session, connections_that_were_slower_are_closed) {
    simulation world;
    const machine m = world.add_machine();
    m.hang(true);
    const client c(simulation::addresses(), options_on(m, 30s));
    world.run_for(400ms);
    EXPECT_EQ(m.connections(), 2u);
    m.hang(false);
    c.wait_connected(1s);
    EXPECT_EQ(m.connections(), 1u);
    EXPECT_EQ(world.sessions().size(), 1u);
    EXPECT_EQ(c.metrics().failed_attempts, 0u);
}

TEST(session, C05_a_silent_server_is_noticed_while_requests_are_sent) {
    scene s;
    s.c.wait_connected();
    s.here.silence(flow::to_client, true);
    const auto silent_since = s.world.now();
    std::vector<future<std::optional<node_stat>>> asked;
    while (s.c.state() == connected && s.world.now() - silent_since < 10s) {
        asked.push_back(s.c.async_exists("/"));
        s.world.run_for(200ms);
    }
    EXPECT_LE(s.world.now() - silent_since, 2s + 201ms); // two thirds of 3 s, and a step of ours
    EXPECT_NE(s.c.state(), connected);
}

TEST(session, C06_is_lost_at_T_with_no_server_anywhere) {
    scene s;
    state_log log(s.c);
    s.c.wait_connected();
    const auto id = s.c.session_id();
    const auto token = s.c.session_token();
    s.world.run_for(5s);
    s.world.stop_server();
    const auto stopped = s.world.now();
    ASSERT_TRUE(s.world.run_until([&] { return token.stop_requested(); }));
    EXPECT_LE(s.world.now() - stopped, 3s);
    EXPECT_GE(s.world.now() - stopped, 1900ms); // the newest ping was at most a third of T old
    EXPECT_EQ(s.c.session_id(), session_id::none);
    s.world.run_for(1s);
    EXPECT_EQ(log.seen, (std::vector{connected, suspended, lost, connecting}));
    s.world.start_server();
    s.c.wait_connected();
    EXPECT_NE(s.c.session_id(), id); // local loss is final
}

TEST(session, is_lost_for_the_client_before_the_server_ends_it) {
    scene s;
    const expiry_watch server(s);
    s.c.wait_connected();
    s.world.run_for(3s);
    // An answer that took long: the server counts from the request, which is older than the answer.
    s.here.silence(flow::to_client, true);
    auto asked = s.c.async_exists("/");
    s.world.run_for(800ms);
    s.here.silence(flow::to_client, false);
    ASSERT_TRUE(s.finish(asked));
    s.here.silence(flow::to_server, true);
    s.here.silence(flow::to_client, true);
    const auto token = s.c.session_token();
    ASSERT_TRUE(s.world.run_until([&] { return s.c.session_id() == session_id::none; }));
    EXPECT_FALSE(server.expired.has_value());
    ASSERT_TRUE(s.world.run_until([&] { return server.expired.has_value(); }));
}

TEST(session, a_paused_client_sees_its_lease_end_before_old_answers) {
    scene s;
    s.c.wait_connected();
    const auto id = s.c.session_id();
    auto asked = s.c.async_exists("/");
    s.world.run_for(1ms);
    s.here.pause(true);
    s.world.run_for(10s);
    EXPECT_TRUE(s.world.sessions().empty());
    s.here.pause(false);
    s.world.run_for(1us);
    EXPECT_NE(s.c.session_id(), id);
    EXPECT_EQ(verdict_of(std::move(asked)), failed(errc::connection_loss)) << "a read, which may be asked again";
}

TEST(session, a_paused_client_reads_before_it_judges_its_peer) {
    simulation world;
    const auto here = world.add_machine();
    auto o = options_on(here);
    std::string logged;
    o.log.write = [&](log_level, std::string_view line) { logged.append(line).append("\n"); };
    const client c(simulation::addresses(), o);
    state_log log(c);
    c.wait_connected();
    world.run_for(10ms);
    auto asked = c.async_exists("/");
    world.run_for(100us); // it is on its way
    here.pause(true);
    world.run_for(2800ms); // the session would have lived for 3 s
    here.pause(false);
    EXPECT_TRUE(world.run_until([&] { return asked.ready(); }, 1s));
    EXPECT_EQ(verdict_of(std::move(asked)), verdict{});
    world.run_for(5s);
    EXPECT_EQ(log.seen, (std::vector{connected}));
    // The clock was to ring after 250 ms, for the next address.
    const auto told = logged.find("this process was not running for 2.5 s");
    EXPECT_NE(told, std::string::npos) << logged;
    EXPECT_EQ(logged.find("not running", told + 20), std::string::npos) << logged;
}

TEST(session, survives_a_cut_with_its_ephemeral_nodes) {
    scene s;
    state_log log(s.c);
    s.c.create("/e", "x", {.mode = create_mode::ephemeral});
    const auto id = s.c.session_id();
    s.here.cut();
    ASSERT_TRUE(s.reaches(suspended));
    s.c.wait_connected();
    EXPECT_EQ(s.c.session_id(), id);
    EXPECT_EQ(s.c.get("/e").stat.owner, id);
    EXPECT_EQ(log.seen, (std::vector{connected, suspended, connected}));
}

TEST(session, survives_a_restart_of_the_server_shorter_than_T) {
    scene s;
    s.c.create("/e", "x", {.mode = create_mode::ephemeral});
    const auto id = s.c.session_id();
    s.world.stop_server();
    s.world.run_for(1s);
    s.world.start_server();
    EXPECT_EQ(s.c.get("/e").stat.owner, id);
}

TEST(session, begins_anew_on_a_server_that_forgot_everything) {
    scene s;
    s.c.create("/n");
    s.c.create("/m");
    const auto id = s.c.session_id();
    s.world.forget_everything();
    ASSERT_TRUE(s.reaches(connecting));
    s.c.wait_connected();
    EXPECT_NE(s.c.session_id(), id);
    EXPECT_FALSE(s.c.exists("/n").has_value());
}

TEST(session, C11_connected_is_announced_after_authentication) {
    scene s;
    s.c.add_auth("digest", "user:secret");
    s.c.create("/mine", "x", {.acl = acls::creator_all()});
    auto o = options_on(s.here);
    o.credentials = {{"digest", "user:secret"}};
    const client other(simulation::addresses(), o);
    verdict first = failed(errc::cancelled);
    int calls = 0;
    const auto listening = other.on_state([&](session_state state) {
        if (state != connected) return;
        ++calls;
        first = verdict_of(other.async_get("/mine"));
    });
    other.wait_connected();
    ASSERT_TRUE(s.world.run_until([&] { return calls == 1; }, 10s));
    s.world.run_for(100ms);
    EXPECT_EQ(first, verdict{});
    s.here.cut();
    ASSERT_TRUE(s.world.run_until([&] { return calls == 2; }, 10s));
    s.world.run_for(100ms);
    EXPECT_EQ(first, verdict{});
}

TEST(session, C11_refused_credentials_are_told_by_wait_connected) {
    simulation world;
    auto o = options_on(world.add_machine());
    o.credentials = {{"nobody-knows-this-scheme", "x"}};
    const client c(simulation::addresses(), o);
    const auto begun = world.now();
    EXPECT_THROW(c.wait_connected(), auth_failed_error);
    EXPECT_LT(world.now() - begun, 1s);
    EXPECT_EQ(c.state(), auth_failed);
    EXPECT_THROW(c.get("/"), auth_failed_error);
}

TEST(session, try_connect_fails_when_each_address_has_refused_once) {
    simulation world;
    const auto here = world.add_machine();
    here.refuse(true);
    const client c(simulation::addresses(), options_on(here));
    for (int call = 0; call < 2; ++call) { // the second one hears of the same round
        try {
            c.async_try_connect().get_for(10s);
            FAIL() << "nobody is there";
        } catch (const connection_loss_error& e) {
            const std::string_view text = e.what();
            for (const std::string_view address : {"10.0.0.1:2181", "10.0.0.2:2181", "10.0.0.3:2181"})
                EXPECT_NE(text.find(std::string(address) + ": "), std::string_view::npos) << text;
        }
    }
    EXPECT_LT(world.now(), 50ms); // no second round
    here.refuse(false);
    c.wait_connected();
    c.async_try_connect().get_for(1ms);
    here.refuse(true);
    here.cut();
    ASSERT_TRUE(world.run_until([&] { return c.state() == suspended; }, 10s));
    auto later = c.async_try_connect();
    EXPECT_EQ(std::move(later).result_for(10s).error(), errc::connection_loss);
    c.close();
    EXPECT_THROW(c.async_try_connect().get_for(10s), closed_error);
}

TEST(session, C31_wait_connected_names_the_last_failure_of_each_address) {
    simulation world;
    const auto here = world.add_machine();
    here.refuse(true);
    const client c(simulation::addresses(), options_on(here));
    try {
        c.wait_connected(2s);
        FAIL() << "nobody is there";
    } catch (const timeout_error& e) {
        const std::string_view text = e.what();
        for (const std::string_view address : {"10.0.0.1:2181", "10.0.0.2:2181", "10.0.0.3:2181", "refused"})
            EXPECT_NE(text.find(address), std::string_view::npos) << text;
    }
    EXPECT_EQ(world.now(), 2s);
}

TEST(session, C31_a_name_that_cannot_be_looked_up_is_named) {
    simulation world;
    const auto here = world.add_machine();
    here.fail_lookups(true);
    const client c(simulation::hosts(), options_on(here));
    try {
        c.wait_connected(2s);
        FAIL() << "nobody is there";
    } catch (const timeout_error& e) {
        EXPECT_NE(std::string_view(e.what()).find("zookeeper"), std::string_view::npos) << e.what();
    }
    here.fail_lookups(false);
    c.wait_connected();
}

TEST(session, C42_requests_may_be_made_at_once) {
    simulation world;
    const client c(simulation::addresses(), options_on(world.add_machine()));
    auto made = c.async_create("/n", "x");
    auto read = c.async_get("/n");
    EXPECT_EQ(std::move(read).get().data, "x");
    EXPECT_EQ(std::move(made).get(), "/n");
}

} // namespace
} // namespace kazoo::testkit
