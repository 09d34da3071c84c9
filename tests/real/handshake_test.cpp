// What connecting leaves behind, and what a server takes.
#include "shared/backend.hpp"

#include <kazoo/client.hpp>
#include <kazoo/testkit/ensemble.hpp>
#include <kazoo/testkit/fault_gate.hpp>

#include <gtest/gtest.h>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::eventually;

namespace {

TEST(handshake, servers_that_answer_late_are_waited_for_and_keep_no_session_of_earlier_tries) {
    // A session that is left behind would stay for a minute.
    const kazoo::testkit::real_server zk({.min_session_timeout = 60s});
    std::vector<kazoo::testkit::fault_gate> far;
    std::string hosts;
    for (int i = 0; i < 3; ++i) {
        far.emplace_back(zk.address()).delay(250ms);
        hosts += (i > 0 ? "," : "") + far.back().address();
    }
    client_options o;
    o.session_timeout = 1s; // a third of it is not enough to get an answer
    const client c(hosts, o);
    c.wait_connected(20s);
    std::uint64_t tries = 0;
    for (const auto& gate : far) tries += gate.accepted();
    EXPECT_GT(tries, 3U);
    EXPECT_TRUE(eventually([&] {
        return zk.four_letter_word("mntr").find("zk_global_sessions\t1\n") != std::string::npos;
    })) << zk.four_letter_word("mntr");
    EXPECT_EQ(c.state(), session_state::connected);
}

TEST(handshake, a_server_that_has_seen_less_refuses_and_is_suspected_of_that) {
    const kazoo::testkit::real_server ahead, behind;
    const client c(ahead.address(), {.session_timeout = 5s});
    for (int i = 0; i < 10; ++i) c.create("/n" + std::to_string(i));
    c.set_hosts(behind.address());
    EXPECT_TRUE(eventually([&] {
        return c.last_failures().find(behind.address() +
                                      ": connected, but closed without an answer to the handshake; "
                                      "it may have no quorum or too many connections, be behind what this client has "
                                      "seen, or expect TLS") != std::string::npos;
    })) << c.last_failures();
    EXPECT_TRUE(eventually([&] { return c.state() == session_state::connected; })) << "once the session is lost";
    EXPECT_EQ(c.metrics().sessions_lost, 1U);
    EXPECT_FALSE(c.exists("/n0"));
}

TEST(handshake, watches_are_restored_at_a_server_that_takes_short_requests_only) {
    const kazoo::testkit::real_server zk({.java_flags = {"-Djute.maxbuffer=65536"}});
    kazoo::testkit::fault_gate gate(zk.address());
    client_options o;
    o.session_timeout = 20s;
    const client c(gate.address(), o);
    c.wait_connected(20s);
    const auto session = c.session_id();
    std::vector<future<watch_event>> changes;
    for (int i = 0; i < 3000; ++i)
        changes.push_back(c.watch_exists("/some-longer-name-of-a-node-" + std::to_string(i)).changed);
    c.exists("/"); // all of them are there
    gate.cut();
    c.create("/some-longer-name-of-a-node-2999");
    EXPECT_EQ(std::move(changes.back()).get().type, event_type::created);
    EXPECT_EQ(c.session_id(), session);
}

} // namespace
