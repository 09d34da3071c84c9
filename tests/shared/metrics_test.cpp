// What a client counts while it works with a server.
#include "backend.hpp"

#include <gmock/gmock.h>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::eventually;
using kazoo::testkit::fault_gate;

namespace {

class metrics : public test::client_test {};

operation_metrics of(const client_metrics& m, std::string_view name) {
    for (const operation_metrics& o : m.operations)
        if (o.name == name) return o;
    return {};
}

TEST_F(metrics, tell_how_operations_ended) {
    const client c = connect();
    c.create("/n", std::string(1000, 'x'));
    for (int i = 0; i < 10; ++i) c.get("/n");
    EXPECT_THROW(c.get("/none"), no_node_error);
    EXPECT_THROW(c.set("/n", "", version(7)), bad_version_error);
    EXPECT_THROW(c.get("/a/../b"), error);
    c.transaction().set("/n", "x").commit();
    EXPECT_THROW(c.transaction().check("/none", version::any).commit(), transaction_error);
    const client_metrics m = c.metrics();
    EXPECT_EQ(of(m, "create").succeeded, 1u);
    EXPECT_GT(of(m, "create").bytes_sent, 1000u);
    EXPECT_EQ(of(m, "get").succeeded, 10u);
    EXPECT_EQ(of(m, "get").failed, 2u);
    EXPECT_GT(of(m, "get").bytes_received, 10'000u);
    EXPECT_LT(of(m, "get").bytes_received, 12'000u);
    EXPECT_EQ(of(m, "set").failed, 1u);
    EXPECT_EQ(of(m, "transaction").succeeded, 1u);
    EXPECT_EQ(of(m, "transaction").failed, 1u);
    EXPECT_THAT(m.errors, testing::ElementsAre(error_metrics{errc::no_node, 2}, error_metrics{errc::bad_version, 1},
                                               error_metrics{errc::invalid_path, 1}));
    EXPECT_GE(m.round_trip.count(), 15u);
    EXPECT_GT(m.round_trip.sum, 0ns);
    EXPECT_GE(m.queue_wait.count(), 15u);
    EXPECT_GT(m.bytes_received, of(m, "get").bytes_received);
    EXPECT_GT(m.bytes_sent, of(m, "create").bytes_sent);
    EXPECT_EQ(m.state, session_state::connected);
    EXPECT_GT(m.in_state, 0ns);
}

TEST_F(metrics, tell_of_connections_sessions_and_watches) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate);
    c.create("/n");
    auto changed = c.watch("/n").changed;
    auto stream = c.add_watch("/n");
    client_metrics m = c.metrics();
    EXPECT_EQ(m.watches, 2u);
    EXPECT_EQ(m.connections, 1u);
    EXPECT_EQ(m.sessions, 1u);
    gate.cut(fault_gate::ending::fin);
    ASSERT_TRUE(eventually([&] { return c.metrics().connections == 2; }));
    c.set("/n", "x");
    std::move(changed).get_for(20s);
    ASSERT_TRUE(eventually([&] { return c.metrics().events >= 3; })) << "a gap for the stream, and the change for both";
    EXPECT_EQ(c.metrics().watches, 1u) << "the one-shot is spent";
    gate.cut(fault_gate::ending::reset);
    ASSERT_TRUE(eventually([&] { return c.metrics().connections == 3; }));
    test::expire(c);
    ASSERT_TRUE(eventually([&] { return c.metrics().sessions == 2; }));
    m = c.metrics();
    EXPECT_GE(m.count(disconnect::closed_by_server), 1u);
    EXPECT_GE(m.count(disconnect::network_error), 1u);
    EXPECT_EQ(m.sessions_lost, 1u);
}

TEST_F(metrics, may_be_read_by_any_thread_while_others_work_and_after_the_end) {
    client c = connect();
    std::jthread reader([&](const std::stop_token& stop) {
        std::uint64_t last = 0;
        while (!stop.stop_requested()) {
            const auto now = of(c.metrics(), "exists").succeeded;
            EXPECT_GE(now, last) << "counts only grow";
            last = now;
        }
    });
    std::vector<future<std::optional<node_stat>>> all;
    for (int i = 0; i < 1000; ++i) all.push_back(c.async_exists("/"));
    for (auto& f : all) std::move(f).get_for(20s);
    reader.request_stop();
    reader.join();
    c.close();
    EXPECT_EQ(of(c.metrics(), "exists").succeeded, 1000u);
    EXPECT_EQ(c.metrics().state, session_state::closed);
}

} // namespace
