// What servers refuse because it is too much: quotas, requests in a queue, long requests, many connections.
#include "shared/backend.hpp"

#include <kazoo/kazoo.hpp>
#include <kazoo/retrying.hpp>
#include <kazoo/testkit/ensemble.hpp>

#include <gmock/gmock.h>

#include <string>
#include <vector>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::error_of_call;
using kazoo::test::eventually;
using kazoo::testkit::real_server;
using ::testing::HasSubstr;

namespace {

TEST(limits, a_quota_that_is_enforced_is_told_and_nothing_is_written) {
    real_server server({.config = {"enforceQuota=true"}});
    const client c(server.address());
    c.create("/q");
    c.create("/zookeeper/quota/q");
    c.create("/zookeeper/quota/q/zookeeper_limits", "count=-1,bytes=-1=;byteHardLimit=20;countHardLimit=3");
    c.create("/zookeeper/quota/q/zookeeper_stats", "count=1,bytes=0");
    c.create("/q/a", "12345");
    c.create("/q/b");
    try {
        c.create("/q/c");
        FAIL() << "the quota is three nodes";
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::quota_exceeded);
        EXPECT_EQ(e.outcome(), outcome::not_applied);
        EXPECT_THAT(e.what(), HasSubstr("/q/c"));
    }
    EXPECT_EQ(error_of_call([&] { c.set("/q/a", std::string(40, 'x')); }), errc::quota_exceeded);
    EXPECT_EQ(c.get("/q/a").data, "12345");
    EXPECT_EQ(c.get_children("/q").size(), 2u);
    c.remove("/q/b");
    EXPECT_EQ(c.create("/q/c"), "/q/c") << "there is room again";
}

/// Of requests that waited too long in the server's queue none is carried out, and each one is answered.
TEST(limits, a_server_that_throttles_is_told_and_its_requests_can_be_done_again) {
    real_server server(
        {.config = {"request_throttle_max_requests=1", "request_throttle_stall_time=20", "throttled_op_wait_time=1"}});
    const client c(server.address());
    retry(c, {}, [&] { return c.create("/n"); });
    std::vector<future<std::string>> asked;
    for (int i = 0; i < 300; ++i) asked.push_back(c.async_create("/n/" + std::to_string(i)));
    std::size_t throttled = 0, made = 0;
    for (auto& one : asked) {
        const auto r = std::move(one).result();
        if (r) {
            ++made;
            continue;
        }
        ++throttled;
        EXPECT_EQ(r.error(), errc::throttled);
        EXPECT_EQ(r.error(), condition::retryable);
        EXPECT_EQ(r.outcome(), outcome::not_applied);
    }
    EXPECT_GT(throttled, 0u);
    EXPECT_EQ(c.metrics().sessions_lost, 0u);
    EXPECT_EQ(c.metrics().connections, 1u);
    std::size_t there = 0;
    retry(c, {}, [&] { there = c.get_children("/n").size(); });
    EXPECT_EQ(there, made);
}

TEST(limits, a_request_above_the_servers_jute_maxbuffer_costs_the_connection_and_not_the_session) {
    real_server server({.java_flags = {"-Djute.maxbuffer=4096"}});
    const client c(server.address());
    c.create("/e", "", {.mode = create_mode::ephemeral});
    const session_id id = c.session_id();
    EXPECT_EQ(error_of_call([&] { c.create("/big", std::string(5000, 'x')); }), errc::connection_loss);
    EXPECT_FALSE(c.exists("/big").has_value());
    EXPECT_EQ(c.get("/e").stat.owner, id);
    const client knows(server.address(), {.max_request_bytes = 4096});
    knows.wait_connected(20s);
    EXPECT_EQ(error_of_call([&] { knows.create("/big", std::string(5000, 'x')); }), errc::too_large);
    EXPECT_EQ(knows.metrics().connections, 1u);
}

TEST(limits, an_answer_above_ours_is_skipped_and_costs_nothing_else) {
    real_server server;
    const client writer(server.address());
    writer.create("/big", std::string(50'000, 'x'));
    const client c(server.address(), {.max_reply_bytes = 10'000});
    c.create("/e", "", {.mode = create_mode::ephemeral});
    auto big = c.async_get("/big");
    auto small = c.async_get("/e");
    EXPECT_EQ(std::move(big).result().error(), errc::too_large);
    EXPECT_EQ(std::move(small).get().stat.owner, c.session_id());
    EXPECT_EQ(c.metrics().connections, 1u);
}

TEST(limits, one_connection_too_many_is_told_and_waits_for_its_turn) {
    real_server server({.config = {"maxClientCnxns=1"}});
    std::optional<client> first(std::in_place, server.address());
    first->wait_connected(20s);
    const client second(server.address());
    try {
        second.wait_connected(2s);
        FAIL() << "there is one already";
    } catch (const timeout_error& e) {
        EXPECT_THAT(e.what(), HasSubstr(server.address()));
        EXPECT_THAT(e.what(), HasSubstr("closed without an answer to the handshake"));
    }
    first.reset();
    second.wait_connected(20s);
}

} // namespace
