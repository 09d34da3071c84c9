// The life of a session: connecting, losing a server, losing the session, ending.
#include "backend.hpp"

#include <kazoo/kazoo.hpp>

#include <atomic>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::eventually;
using kazoo::test::state_log;
using kazoo::testkit::fault_gate;

namespace {

class sessions : public test::client_test {};

bool connected_again(const client& c, session_id old) {
    return eventually([&] { return c.state() == session_state::connected && c.session_id() != old; });
}

TEST_F(sessions, C40_tells_its_id_and_the_negotiated_timeout) {
    client_options o = quick();
    o.session_timeout = 999'999s; // the server lowers it
    const client c = connect(o);
    EXPECT_NE(c.session_id(), session_id::none);
    EXPECT_GT(c.negotiated_timeout(), 0ms);
    EXPECT_LT(c.negotiated_timeout(), 999'999s);
}

TEST_F(sessions, C40_tells_which_server_it_is_on_and_why_it_is_on_none) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate);
    EXPECT_EQ(c.server(), gate.address());
    EXPECT_EQ(c.last_failures(), "");
    gate.refuse(true);
    gate.cut();
    ASSERT_TRUE(eventually([&] { return c.last_failures().find(gate.address()) != std::string::npos; }));
    EXPECT_EQ(c.server(), "");
}

TEST_F(sessions, C42_requests_may_be_made_at_once) {
    const client c(test::server().address() + root, quick());
    EXPECT_EQ(c.create("/a", "x"), "/a");
}

TEST_F(sessions, listeners_hear_every_change_in_order_also_when_one_throws) {
    client c(test::server().address() + root, quick());
    const auto thrower = c.on_state([](session_state) { throw std::runtime_error("mine"); });
    state_log log(c);
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::connected; }));
    c.close();
    ASSERT_TRUE(eventually([&] { return log.saw(session_state::closed); }));
    const auto all = log.states();
    EXPECT_EQ(log.last(), session_state::closed);
    EXPECT_EQ(std::count(all.begin(), all.end(), session_state::closed), 1);
}

TEST_F(sessions, C27_a_listener_may_block_on_the_client) {
    client c(test::server().address() + root, quick());
    std::atomic<bool> read{false};
    const auto sub = c.on_state([&](session_state s) {
        if (s != session_state::connected) return;
        c.create("/from-a-listener");
        read = c.exists("/from-a-listener").has_value();
    });
    EXPECT_TRUE(eventually([&] { return read.load(); }));
}

TEST_F(sessions, an_ended_listener_lets_go_of_what_it_held) {
    auto held = std::make_shared<int>(1);
    client c = connect();
    auto sub = c.on_state([held](session_state) {});
    EXPECT_EQ(held.use_count(), 2);
    sub.reset();
    EXPECT_EQ(held.use_count(), 1);
    c.close();
}

TEST_F(sessions, un_registering_waits_for_a_call_in_progress) {
    client c = connect();
    std::atomic<bool> inside{false}, go_on{false}, left{false};
    auto sub = c.on_state([&](session_state) {
        inside = true;
        while (!go_on) std::this_thread::sleep_for(1ms);
        left = true;
    });
    auto closed = c.async_close();
    ASSERT_TRUE(eventually([&] { return inside.load(); }));
    std::jthread releaser([&] {
        std::this_thread::sleep_for(20ms);
        go_on = true;
    });
    sub.reset();
    EXPECT_TRUE(left);
    std::move(closed).get_for(20s);
}

TEST_F(sessions, un_registering_a_listener_is_synchronous) {
    client c = connect();
    std::atomic<int> calls{0};
    auto sub = c.on_state([&](session_state) { ++calls; });
    sub.reset();
    c.close();
    EXPECT_EQ(calls, 0);
}

TEST_F(sessions, a_cut_connection_is_resumed_with_its_ephemerals) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate);
    state_log log(c);
    const auto session = c.session_id();
    c.create("/e", "", {.mode = create_mode::ephemeral});
    gate.cut();
    ASSERT_TRUE(eventually([&] { return log.saw(session_state::connected); }));
    EXPECT_EQ(log.states(), (std::vector{session_state::suspended, session_state::connected}));
    EXPECT_EQ(c.session_id(), session);
    EXPECT_EQ(c.get("/e").stat.owner, session);
    EXPECT_FALSE(c.session_token().stop_requested());
}

TEST_F(sessions, C44_a_call_without_a_connection_ends_at_its_limit_stop_or_cancel) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate);
    c.create("/a", "");
    gate.refuse(true);
    gate.cut();
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::suspended; }));
    auto limited = c.async_set("/a", "limited"), on_loop = c.async_set("/a", "loop").timeout(20ms);
    auto stopped = c.async_set("/a", "stopped"), cancelled = c.async_set("/a", "cancelled");
    auto kept = c.async_set("/a", "kept");
    std::stop_source stop;
    auto on_stop = c.async_set("/a", "on stop").stop_on(stop.get_token());
    stop.request_stop();
    cancelled.cancel();
    for (auto r : {std::move(limited).result_for(20ms), std::move(on_loop).result(), std::move(cancelled).result(),
                   std::move(on_stop).result(), std::move(stopped).stop_on(stop.get_token()).result()}) {
        EXPECT_FALSE(r);
        EXPECT_EQ(r.outcome(), outcome::not_applied) << "it was never sent";
    }
    gate.refuse(false);
    EXPECT_EQ(std::move(kept).get_for(20s).data_version, version{1}) << "L199: what waits is sent after the reconnect";
    EXPECT_EQ(c.get("/a").data, "kept");
}

TEST_F(sessions, a_write_in_flight_at_a_cut_fails_as_unknown_and_a_read_as_retryable) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate);
    c.create("/a", "");
    gate.pause(fault_gate::direction::to_client, true);
    auto read = c.async_get("/a");
    auto write = c.async_set("/a", "x");
    ASSERT_TRUE(eventually([&] { return connect().get("/a").data == "x"; })) << "applied, its reply is held back";
    gate.cut();
    gate.pause(fault_gate::direction::to_client, false);
    auto r = std::move(read).result();
    EXPECT_EQ(r.error(), errc::connection_loss);
    EXPECT_EQ(r.outcome(), outcome::not_applied);
    EXPECT_EQ(r.error(), condition::retryable);
    auto w = std::move(write).result();
    EXPECT_EQ(w.error(), errc::connection_loss);
    EXPECT_EQ(w.outcome(), outcome::unknown);
    EXPECT_EQ(c.get("/a").data, "x") << "a blocking call goes on by itself";
}

TEST_F(sessions, an_expired_session_is_noticed_announced_and_replaced) {
    const client c = connect();
    state_log log(c);
    const auto old = c.session_id();
    const std::stop_token token = c.session_token();
    c.create("/e", "", {.mode = create_mode::ephemeral});
    test::expire(c);
    ASSERT_TRUE(connected_again(c, old));
    EXPECT_TRUE(eventually([&] { return token.stop_requested(); }));
    EXPECT_FALSE(c.session_token().stop_requested());
    EXPECT_FALSE(c.exists("/e"));
    using enum session_state;
    ASSERT_TRUE(eventually([&] { return log.last() == connected; }));
    EXPECT_EQ(log.states(), (std::vector{suspended, lost, connecting, connected}));
}

TEST_F(sessions, C06_loss_is_announced_without_any_server) {
    fault_gate gate(test::server().address());
    client_options o = quick();
    o.session_timeout = 1s;
    const client c = connect_through(gate, o);
    state_log log(c);
    const auto old = c.session_id();
    gate.refuse(true);
    gate.cut();
    auto waiting = c.async_create("/waits", "", {.mode = create_mode::ephemeral});
    EXPECT_EQ(std::move(waiting).result_for(20s).error(), errc::session_expired);
    EXPECT_TRUE(eventually([&] { return log.saw(session_state::lost); }));
    gate.refuse(false);
    EXPECT_TRUE(connected_again(c, old));
}

TEST_F(sessions, what_waits_may_outlive_the_session_and_is_done_once_in_the_next) {
    fault_gate gate(test::server().address());
    client_options o = quick();
    o.session_timeout = 1s;
    o.carried_over = carry_over::reads_and_writes;
    const client c = connect_through(gate, o);
    c.create("/n", "x");
    state_log log(c);
    const auto old = c.session_id();
    gate.refuse(true);
    gate.cut();
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::suspended; }));
    auto read = c.async_get("/n");
    auto write = c.async_set("/n", "y");
    auto made = c.async_create("/seq-", "", {.mode = create_mode::persistent_sequential});
    auto bound = c.async_create("/e", "", {.mode = create_mode::ephemeral});
    EXPECT_EQ(std::move(bound).result_for(20s).error(), errc::session_expired);
    EXPECT_TRUE(eventually([&] { return log.saw(session_state::lost); }));
    gate.refuse(false);
    EXPECT_EQ(std::move(read).get_for(20s).data, "x");
    EXPECT_EQ(static_cast<int>(std::move(write).get_for(20s).data_version), 1);
    std::move(made).get_for(20s);
    EXPECT_NE(c.session_id(), old);
    EXPECT_EQ(c.get_children("/").size(), 2u);
}

TEST_F(sessions, C05_a_server_that_went_silent_is_left_although_the_client_keeps_sending) {
    fault_gate gate(test::server().address());
    client_options o = quick();
    o.session_timeout = 2s;
    const client c = connect_through(gate, o);
    state_log log(c);
    gate.pause(fault_gate::direction::to_client, true);
    ASSERT_TRUE(eventually([&] {
        c.async_exists("/").detach();
        return log.saw(session_state::suspended);
    }));
    gate.pause(fault_gate::direction::to_client, false);
    c.wait_connected(20s);
}

TEST_F(sessions, survives_a_killed_and_restarted_server) {
    client_options o = quick();
    o.session_timeout = 40s; // a busy machine takes its time to start a server
    const client c = connect(o);
    const auto session = c.session_id();
    c.create("/e", "v", {.mode = create_mode::ephemeral});
    auto changed = c.watch("/e").changed;
    test::server().kill();
    ASSERT_TRUE(eventually([&] { return c.state() != session_state::connected; }));
    test::server().start();
    c.wait_connected(30s);
    EXPECT_EQ(c.session_id(), session);
    EXPECT_EQ(c.get("/e").stat.owner, session);
    c.set("/e", "w");
    EXPECT_EQ(std::move(changed).get_for(20s).type, event_type::data_changed);
}

TEST_F(sessions, L190_a_hanging_server_does_not_stop_the_next_from_being_tried) {
    fault_gate hanging(test::server().address());
    hanging.hang(true);
    client_options o = quick();
    o.randomize_hosts = false;
    const client c(hanging.address() + "," + test::server().address() + root, o);
    c.wait_connected(20s);
    c.create("/a");
}

TEST_F(sessions, C31_wait_connected_names_the_last_failure_of_each_address) {
    fault_gate refusing(test::server().address());
    refusing.refuse(true);
    const client c(refusing.address(), quick());
    try {
        c.wait_connected(300ms);
        FAIL();
    } catch (const timeout_error& e) {
        EXPECT_NE(std::string(e.what()).find(refusing.address()), std::string::npos) << e.what();
        EXPECT_NE(std::string(e.what()).find("refused"), std::string::npos) << e.what();
    }
}

TEST_F(sessions, try_connect_fails_when_every_address_has_refused) {
    fault_gate refusing(test::server().address());
    refusing.refuse(true);
    const client c(refusing.address(), quick());
    try {
        c.async_try_connect().get_for(20s);
        FAIL();
    } catch (const connection_loss_error& e) {
        EXPECT_NE(std::string(e.what()).find(refusing.address() + ": "), std::string::npos) << e.what();
    }
    refusing.refuse(false);
    c.wait_connected(20s);
    c.async_try_connect().get_for(20s);
}

// -- the end ----------------------------------------------------------------------------------------------------------

TEST_F(sessions, L220_close_sends_what_is_queued_first) {
    client c = connect();
    std::vector<future<std::string>> all;
    for (int i = 0; i < 500; ++i) all.push_back(c.async_create("/n", "", {.mode = create_mode::persistent_sequential}));
    c.close();
    for (auto& f : all) EXPECT_TRUE(std::move(f).result());
    EXPECT_EQ(connect().get_children("/").size(), 500u);
}

TEST_F(sessions, close_ends_the_session_at_the_server) {
    client c = connect();
    c.create("/e", "", {.mode = create_mode::ephemeral});
    c.close();
    EXPECT_EQ(c.state(), session_state::closed);
    EXPECT_FALSE(connect().exists("/e"));
    EXPECT_THROW(c.create("/a"), closed_error);
    EXPECT_EQ(c.async_get("/a").result().error(), errc::closed);
    EXPECT_THROW(c.wait_connected(20s), closed_error);
    c.close();
}

TEST_F(sessions, C20_close_is_bounded_without_a_server) {
    fault_gate gate(test::server().address());
    client_options o = quick();
    o.close_timeout = 200ms;
    client c = connect_through(gate, o);
    gate.hang(true);
    gate.cut();
    auto pending = c.async_create("/a");
    c.close();
    EXPECT_EQ(std::move(pending).result().error(), errc::closed);
}

TEST_F(sessions, C09_close_from_a_listener) {
    client c(test::server().address() + root, quick());
    const auto sub = c.on_state([&](session_state s) {
        if (s == session_state::connected) c.close();
    });
    EXPECT_TRUE(eventually([&] { return c.state() == session_state::closed; }));
}

TEST_F(sessions, the_last_handle_may_go_inside_a_callback) {
    std::atomic<bool> done{false};
    {
        auto c = std::make_shared<client>(connect());
        auto f = c->async_exists("/");
        auto next = std::move(f).then([c = std::move(c), &done](future<std::optional<node_stat>>) mutable {
            c.reset();
            done = true;
        });
        std::move(next).detach();
    }
    EXPECT_TRUE(eventually([&] { return done.load(); }));
}

TEST_F(sessions, a_dropped_client_ends_its_session) {
    {
        const client c = connect();
        c.create("/e", "", {.mode = create_mode::ephemeral});
    }
    const client other = connect();
    EXPECT_TRUE(eventually([&] { return !other.exists("/e"); }));
}

TEST_F(sessions, what_cannot_be_waited_for_in_a_callback_is_an_error_not_a_hang) {
    const client c = connect();
    std::atomic<int> verdict{0};
    auto outer = c.async_exists("/").then([&](future<std::optional<node_stat>>) {
        auto inner = c.async_exists("/").then([](future<std::optional<node_stat>>) {});
        verdict = std::move(inner).result().error() == errc::would_deadlock ? 1 : 2;
        (void)c.exists("/"); // operations may be waited for
    });
    std::move(outer).get_for(20s);
    EXPECT_EQ(verdict, 1);
}

TEST_F(sessions, two_hundred_clients_share_one_loop) {
    client_options o = quick();
    o.loop = std::make_shared<event_loop>();
    std::vector<client> all;
    for (int i = 0; i < 200; ++i) all.emplace_back(test::server().address() + root, o);
    std::vector<future<std::string>> made;
    for (const client& c : all) made.push_back(c.async_create("/m-", "", {.mode = create_mode::ephemeral_sequential}));
    for (auto& f : made) EXPECT_TRUE(std::move(f).result_for(60s));
    EXPECT_EQ(all.front().get_children("/").size(), 200u);
    std::vector<future<void>> closing;
    for (const client& c : all) closing.push_back(c.async_close());
    for (auto& f : closing) std::move(f).get_for(60s);
}

std::size_t open_descriptors() {
    std::size_t n = 0;
    for (int fd = 0; fd < 1024; ++fd) n += ::fcntl(fd, F_GETFD) != -1;
    return n;
}

TEST_F(sessions, L071_making_and_closing_clients_leaks_no_descriptor) {
    {
        client warm_up = connect();
    }
    ASSERT_TRUE(eventually([before = open_descriptors()] { return open_descriptors() <= before; }));
    const std::size_t before = open_descriptors();
    for (int i = 0; i < 20; ++i) {
        client c = connect();
        c.close();
    }
    EXPECT_TRUE(eventually([&] { return open_descriptors() <= before; }));
}

TEST_F(sessions, a_forked_child_says_so_and_leaves_the_parents_session_alone) {
    client c = connect();
    const auto session = c.session_id();
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        const bool told = c.async_exists("/").result().error() == errc::forked;
        {
            const client gone = std::move(c);
        }
        ::_exit(told ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(c.exists("/"));
    EXPECT_EQ(c.session_id(), session);
}

} // namespace
