// The embedded server on sockets. What it answers is the pure server's matter; here it must reach the client.
#include <kazoo/client.hpp>
#include <kazoo/testkit/server.hpp>

#include "testing/wait_until.hpp"

#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <vector>

#include "server_shell_client.hpp"

namespace kazoo::testkit {
namespace {

using namespace std::chrono_literals;

TEST(server_shell, shakes_hands_creates_and_gets) {
    const server s;
    EXPECT_EQ(s.address(), "127.0.0.1:" + std::to_string(s.port()));
    shell_client c(s.port());
    EXPECT_EQ(c.shake_hands(10'000), 10'000);
    EXPECT_NE(c.session, 0);
    EXPECT_EQ(s.sessions(), std::vector{session_id{c.session}});
    c.send_create(1, "/a", "data");
    EXPECT_EQ(c.reply(1).buffer(), "/a");
    c.peer.send(c.get(2, "/a"));
    EXPECT_EQ(c.reply(2).buffer(), "data");
    c.peer.send(c.get(3, "/none"));
    EXPECT_TRUE(c.reply(3, -101).at_end());
    EXPECT_EQ(s.connections(), 1u);
}

TEST(server_shell, an_ipv4_client_of_a_server_on_all_addresses_has_its_ipv4_address) {
    std::optional<server> s;
    try {
        s.emplace(server_options{.host = "::"});
    } catch (const std::system_error&) {
        GTEST_SKIP() << "this machine has no IPv6";
    }
    const kazoo::client zk("127.0.0.1:" + std::to_string(s->port()));
    const std::vector<kazoo::acl> ours{{perms::all, "ip", "127.0.0.1"}};
    zk.create("/ours", "secret", {.acl = ours});
    EXPECT_EQ(zk.get("/ours").data, "secret");
    const std::vector<kazoo::acl> theirs{{perms::all, "ip", "127.0.0.2"}};
    zk.create("/theirs", "secret", {.acl = theirs});
    EXPECT_THROW(zk.get("/theirs"), kazoo::error);
}

TEST(server_shell, tells_another_client_of_a_change) {
    const server s;
    shell_client watcher(s.port()), writer(s.port());
    watcher.shake_hands(10'000);
    writer.shake_hands(10'000);
    writer.send_create(1, "/a", "");
    writer.reply(1);
    watcher.peer.send(watcher.get(1, "/a", true));
    watcher.reply(1);
    writer.peer.send(writer.set(2, "/a", "new"));
    writer.reply(2);
    frame_reader event = watcher.reply(-1);
    EXPECT_EQ(event.int32(), 3); // data changed
    EXPECT_EQ(event.int32(), 3); // connected
    EXPECT_EQ(event.buffer(), "/a");
}

TEST(server_shell, takes_a_request_apart_in_any_way_it_comes) {
    const server s;
    shell_client c(s.port());
    c.shake_hands(10'000);
    const std::string two = c.get(1, "/zookeeper") + c.get(2, "/zookeeper");
    for (const char byte : two) c.peer.send(std::string_view(&byte, 1));
    EXPECT_EQ(c.reply(1).buffer(), "");
    EXPECT_EQ(c.reply(2).buffer(), "");
}

TEST(server_shell, answers_a_long_pipeline_in_order) {
    const server s;
    shell_client c(s.port());
    c.shake_hands(30'000);
    constexpr int count = 20'000;
    std::string all;
    for (int xid = 1; xid <= count; ++xid) all += c.get(xid, "/zookeeper");
    std::jthread sender([&] { c.peer.send(all); });
    for (int xid = 1; xid <= count; ++xid) {
        frame_reader r = c.receive();
        ASSERT_EQ(r.int32(), xid);
    }
}

TEST(server_shell, a_silent_session_expires_in_real_time) {
    const server s({.tick = 20ms, .max_session_timeout = 30s});
    shell_client silent(s.port()), watcher(s.port());
    EXPECT_EQ(silent.shake_hands(100), 100);
    EXPECT_EQ(watcher.shake_hands(30'000), 30'000);
    const auto start = std::chrono::steady_clock::now();
    silent.send_create(1, "/e", "", 1);
    silent.reply(1);
    watcher.peer.send(watcher.get(1, "/e", true));
    watcher.reply(1);
    frame_reader event = watcher.reply(-1);
    EXPECT_EQ(event.int32(), 2); // deleted
    EXPECT_GE(std::chrono::steady_clock::now() - start, 100ms);
    EXPECT_EQ(silent.peer.ending(), 0);
    EXPECT_EQ(s.sessions(), std::vector{session_id{watcher.session}});
}

TEST(server_shell, answers_four_letter_words_and_closes) {
    const server s;
    for (const auto& [word, part] : {std::pair("ruok", "imok"), std::pair("srvr", "Zookeeper version: "),
                                     std::pair("mntr", "zk_num_alive_connections\t1\n")}) {
        plain_peer p(s.port());
        p.send(word);
        const std::string answer = p.receive(1 << 20);
        EXPECT_NE(answer.find(part), answer.npos) << answer;
    }
    EXPECT_TRUE(wait_until([&] { return s.connections() == 0; }));
    EXPECT_EQ(s.accepted(), 3u);
}

TEST(server_shell, closes_what_is_no_zookeeper_client) {
    const server s;
    plain_peer p(s.port());
    p.send("GET / HTTP/1.1\r\n\r\n");
    EXPECT_TRUE(p.ending().has_value());
    shell_client c(s.port());
    EXPECT_EQ(c.shake_hands(10'000), 10'000);
}

std::size_t resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    std::size_t pages = 0, resident = 0;
    statm >> pages >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

TEST(server_shell, a_client_that_never_reads_costs_a_bounded_amount_of_memory) {
    const server s;
    shell_client c(s.port()), other(s.port());
    c.shake_hands(30'000);
    other.shake_hands(30'000);
    c.send_create(1, "/big", std::string(500'000, 'x'));
    c.reply(1);
    const std::size_t before = resident_bytes();
    // Replies of 2 GB.
    std::string gets;
    for (int xid = 2; xid < 4002; ++xid) gets += c.get(xid, "/big");
    c.peer.send(gets);
    for (int xid = 1; xid <= 100; ++xid) { // the others are served, and the server had its time to grow
        other.peer.send(other.get(xid, "/zookeeper"));
        other.reply(xid);
        std::this_thread::sleep_for(2ms);
    }
    EXPECT_LT(resident_bytes(), before + (64u << 20));
    // Whoever begins to read gets everything.
    for (int xid = 2; xid < 42; ++xid) ASSERT_EQ(c.reply(xid).buffer().size(), 500'000u);
}

TEST(server_shell, serves_two_hundred_connections) {
    const server s;
    std::vector<std::unique_ptr<shell_client>> clients;
    for (int i = 0; i < 200; ++i) {
        clients.push_back(std::make_unique<shell_client>(s.port()));
        ASSERT_EQ(clients.back()->shake_hands(30'000), 30'000) << i;
    }
    EXPECT_EQ(s.connections(), 200u);
    EXPECT_EQ(s.sessions().size(), 200u);
    for (auto& c : clients) c->peer.send(c->get(1, "/zookeeper"));
    for (auto& c : clients) c->reply(1);
    clients.clear();
    EXPECT_TRUE(wait_until([&] { return s.connections() == 0; }));
    EXPECT_EQ(s.sessions().size(), 200u);
}

TEST(server_shell, limits_the_connections_of_an_address_when_told_to) {
    const server s({.max_connections_per_address = 2});
    shell_client one(s.port()), two(s.port());
    one.shake_hands(10'000);
    two.shake_hands(10'000);
    plain_peer third(s.port());
    EXPECT_TRUE(third.ending().has_value());
}

// -- what a test can do to it -----------------------------------------------------------------------------------------

/// Whether the session that `old` speaks for is known to the server.
bool resumes(const server& s, const shell_client& old) {
    shell_client c(s.port());
    c.session = old.session;
    c.password = old.password;
    return c.shake_hands(30'000) > 0 && c.session == old.session;
}

TEST(server_shell, a_restart_ends_connections_and_keeps_nodes_and_sessions) {
    server s;
    shell_client c(s.port());
    c.shake_hands(30'000);
    c.send_create(1, "/e", "kept", 1);
    c.reply(1);
    s.restart();
    EXPECT_TRUE(c.peer.ending().has_value());
    EXPECT_TRUE(resumes(s, c));
    shell_client other(s.port());
    other.shake_hands(30'000);
    other.peer.send(other.get(1, "/e"));
    EXPECT_EQ(other.reply(1).buffer(), "kept");
}

TEST(server_shell, an_empty_restart_forgets_nodes_and_sessions) {
    server s;
    const std::string address = s.address();
    shell_client c(s.port());
    c.shake_hands(30'000);
    c.send_create(1, "/a", "");
    c.reply(1);
    s.restart_empty();
    EXPECT_EQ(s.address(), address);
    EXPECT_FALSE(resumes(s, c));
    shell_client other(s.port());
    other.shake_hands(30'000);
    other.peer.send(other.get(1, "/a"));
    other.reply(1, -101);
}

TEST(server_shell, a_stopped_one_refuses_and_keeps_its_port_and_time) {
    server s({.tick = 20ms, .max_session_timeout = 30s});
    shell_client c(s.port());
    ASSERT_EQ(c.shake_hands(100), 100);
    s.stop();
    s.stop();
    EXPECT_TRUE(c.peer.ending().has_value());
    EXPECT_THROW(shell_client(s.port()), std::runtime_error);
    std::this_thread::sleep_for(300ms); // three times the session's timeout
    EXPECT_EQ(s.sessions().size(), 1u);
    s.start();
    s.start();
    EXPECT_TRUE(resumes(s, c));
}

TEST(server_shell, refuses_new_connections_only) {
    server s;
    shell_client c(s.port());
    c.shake_hands(30'000);
    s.refuse(true);
    EXPECT_THROW(shell_client(s.port()), std::runtime_error);
    c.peer.send(c.get(1, "/zookeeper"));
    c.reply(1);
    s.restart();
    EXPECT_THROW(shell_client(s.port()), std::runtime_error) << "a restart must not forget that it refuses";
    s.refuse(false);
    EXPECT_TRUE(resumes(s, c));
}

TEST(server_shell, drops_connections_and_keeps_sessions) {
    server s;
    shell_client c(s.port());
    c.shake_hands(30'000);
    s.drop_connections();
    EXPECT_EQ(s.connections(), 0u);
    EXPECT_TRUE(c.peer.ending().has_value());
    EXPECT_TRUE(resumes(s, c));
}

TEST(server_shell, expires_a_session_on_demand) {
    server s;
    shell_client c(s.port());
    c.shake_hands(30'000);
    EXPECT_TRUE(s.expire_session(session_id{c.session}));
    EXPECT_FALSE(s.expire_session(session_id{c.session}));
    EXPECT_TRUE(c.peer.ending().has_value());
    EXPECT_FALSE(resumes(s, c));
}

TEST(server_shell, says_why_it_cannot_listen) {
    const server s;
    try {
        const server second({.port = s.port()});
        FAIL();
    } catch (const std::system_error& e) {
        EXPECT_EQ(e.code(), std::errc::address_in_use);
        EXPECT_NE(std::string(e.what()).find(s.address()), std::string::npos) << e.what();
    }
    EXPECT_THROW(server({.host = "localhost"}), std::invalid_argument);
}

TEST(server_shell, writes_an_ipv6_address_in_brackets) {
    try {
        const server s({.host = "::1"});
        EXPECT_EQ(s.address(), "[::1]:" + std::to_string(s.port()));
    } catch (const std::system_error& e) {
        GTEST_SKIP() << "this machine has no IPv6 loopback: " << e.what();
    }
}

} // namespace
} // namespace kazoo::testkit
