// Healthy connections that take their time are kept.
#include "slow_line.hpp"

#include <kazoo/client.hpp>
#include <kazoo/testkit/fault_gate.hpp>
#include <kazoo/testkit/server.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::slow_line;

namespace {

client_options with_timeout(std::chrono::milliseconds t) {
    client_options o;
    o.session_timeout = t;
    return o;
}

kazoo::testkit::server short_sessions() { return kazoo::testkit::server({.tick = 500ms}); }

TEST(slow_line, a_reply_that_takes_longer_than_the_session_timeout_arrives) {
    const auto zk = short_sessions();
    {
        const client c(zk.address());
        std::vector<future<std::string>> made;
        for (int i = 0; i < 20'000; ++i)
            made.push_back(
                c.async_create("/" + std::string(190, 'n'), "", {.mode = create_mode::persistent_sequential}));
        for (auto& m : made) std::move(m).get();
    }
    const slow_line line(zk.address(), slow_line::way::to_client, 1'000'000); // 4 MB
    const client c(line.address(), with_timeout(2s));
    EXPECT_GE(c.get_children("/").size(), 20'000U);
    EXPECT_EQ(line.connections(), 1);
}

TEST(slow_line, uploads_that_take_longer_than_the_session_timeout_arrive) {
    const auto zk = short_sessions();
    const slow_line line(zk.address(), slow_line::way::to_server, 1'000'000);
    const client c(line.address(), with_timeout(2s));
    c.create("/n");
    std::vector<future<node_stat>> set;
    for (int i = 0; i < 14; ++i) set.push_back(c.async_set("/n", std::string(300'000, 'x')));
    for (auto& s : set) std::move(s).get();
    EXPECT_EQ(c.get("/n").stat.data_version, version{14});
    EXPECT_EQ(line.connections(), 1);
}

TEST(slow_line, what_waits_for_the_window_can_be_given_up_for_certain) {
    const auto zk = short_sessions();
    const slow_line line(zk.address(), slow_line::way::to_server, 1'000'000);
    const client c(line.address(), with_timeout(2s));
    c.create("/n");
    std::vector<future<node_stat>> set;
    for (int i = 0; i < 14; ++i) set.push_back(c.async_set("/n", std::string(300'000, 'x')));
    set.back().cancel();
    EXPECT_EQ(std::move(set.back()).result().outcome(), outcome::not_applied);
    set.pop_back();
    for (auto& s : set) std::move(s).get();
    EXPECT_EQ(c.get("/n").stat.data_version, version{13});
}

} // namespace
