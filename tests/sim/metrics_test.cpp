// client_metrics and tracers, with exact times and whatever may happen to an operation.
#include "scene.hpp"

#include <gmock/gmock.h>

#include <numeric>
#include <stdexcept>
#include <tuple>

namespace kazoo::testkit {
namespace {

using enum session_state;
using testing::ElementsAre;

/// Notes beginnings and ends; every operation must have one of each.
class notes final : public operation_tracer {
  public:
    struct note {
        std::string name, path;
        int ends = 0;
        traced_end end{};
    };
    std::uint64_t begun(const traced_operation& o) override {
        all.push_back({std::string(o.name), std::string(o.path)});
        return all.size(); // 0 is what one gets without a tracer
    }
    void ended(std::uint64_t which, const traced_end& end) override {
        note& n = all.at(which - 1);
        ++n.ends;
        n.end = end;
    }
    verdict verdict_of(std::size_t i) const { return {all.at(i).end.code, all.at(i).end.outcome}; }
    std::vector<note> all;
};

struct traced_scene : scene {
    std::shared_ptr<notes> tracer = std::make_shared<notes>();

    explicit traced_scene(client_options changed = {}) {
        client_options o = options_on(here);
        o.max_waiting_requests = changed.max_waiting_requests;
        o.tracer = tracer;
        c = client(simulation::addresses(), std::move(o));
    }
    ~traced_scene() {
        c.close();
        for (const notes::note& n : tracer->all) EXPECT_EQ(n.ends, 1) << n.name << ' ' << n.path;
    }
};

TEST(metrics, queue_wait_and_time_in_a_state_are_times_of_the_clients_clock) {
    scene s;
    s.c.wait_connected();
    s.here.refuse(true);
    s.here.cut();
    ASSERT_TRUE(s.reaches(suspended));
    const auto before = s.c.metrics();
    auto waiting = s.c.async_exists("/");
    auto another = s.c.async_exists("/");
    s.world.run_for(1s);
    client_metrics m = s.c.metrics();
    EXPECT_EQ(m.waiting, 2u);
    EXPECT_EQ(m.in_flight, 0u);
    EXPECT_EQ(m.state, suspended);
    EXPECT_EQ(m.in_state - before.in_state, 1s);
    s.here.refuse(false);
    ASSERT_TRUE(s.finish(waiting, another));
    m = s.c.metrics();
    EXPECT_EQ(m.waiting, 0u);
    EXPECT_EQ(m.queue_wait.count() - before.queue_wait.count(), 1u) << "one at a time";
    const auto waited = m.queue_wait.sum - before.queue_wait.sum;
    EXPECT_GE(waited, 1s);
    EXPECT_LE(waited, 2s);
    EXPECT_EQ(m.round_trip.count() - before.round_trip.count(), 2u) << "every answer";
}

TEST(metrics, a_request_that_is_given_up_in_the_queue_is_not_timed_and_the_next_is) {
    scene s;
    s.c.wait_connected();
    s.here.refuse(true);
    s.here.cut();
    ASSERT_TRUE(s.reaches(suspended));
    const auto before = s.c.metrics().queue_wait;
    s.c.async_exists("/").cancel();
    for (int i = 0; i < 100; ++i) s.c.async_exists("/").cancel(); // their places are given back
    auto kept = s.c.async_exists("/");
    s.here.refuse(false);
    ASSERT_TRUE(s.finish(kept));
    s.c.exists("/");
    const auto now = s.c.metrics().queue_wait;
    EXPECT_GE(now.count() - before.count(), 1u);
    EXPECT_LE(now.count() - before.count(), 2u) << "a hundred were given up";
}

TEST(metrics, what_was_given_up_has_failed_whatever_comes_later) {
    scene s;
    s.c.wait_connected();
    s.here.silence(flow::to_client, true);
    EXPECT_EQ(verdict_of(s.c.async_exists("/").timeout(100ms)), failed(errc::operation_timeout));
    s.here.silence(flow::to_client, false);
    s.c.sync("/"); // its answer has come by now
    const client_metrics m = s.c.metrics();
    ASSERT_EQ(m.operations.size(), 2u);
    EXPECT_EQ(m.operations[0].name, "exists");
    EXPECT_EQ(m.operations[0].succeeded, 0u);
    EXPECT_EQ(m.operations[0].failed, 1u);
    EXPECT_GT(m.operations[0].bytes_received, 0u) << "a server has answered";
}

TEST(metrics, in_flight_and_watches_are_of_now) {
    scene s;
    s.c.wait_connected();
    s.here.silence(flow::to_client, true);
    auto asked = s.c.async_exists("/");
    s.world.run_for(100ms);
    EXPECT_EQ(s.c.metrics().in_flight, 1u);
    s.here.silence(flow::to_client, false);
    ASSERT_TRUE(s.finish(asked));
    EXPECT_EQ(s.c.metrics().in_flight, 0u);
    {
        const auto watched = s.c.watch("/");
        const auto stream = s.c.add_watch("/");
        EXPECT_EQ(s.c.metrics().watches, 2u);
        s.c.set("/", "x");
        s.world.run_for(100ms);
        EXPECT_EQ(s.c.metrics().events, 2u);
    }
    s.world.run_for(100ms);
    EXPECT_EQ(s.c.metrics().watches, 0u);
    s.c.close();
    EXPECT_EQ(s.c.metrics().state, closed);
}

TEST(tracer, hears_of_each_request_once_with_what_its_caller_is_told) {
    traced_scene s;
    s.c.wait_connected();
    s.c.create("/n", "data");
    EXPECT_THROW(s.c.get("/none"), no_node_error);
    EXPECT_THROW(s.c.get("/a/../b"), error);
    s.c.transaction().set("/n", "x").commit();
    ASSERT_EQ(s.tracer->all.size(), 4u);
    const auto& [create, none, invalid, several] =
        std::tie(s.tracer->all[0], s.tracer->all[1], s.tracer->all[2], s.tracer->all[3]);
    EXPECT_EQ(create.name, "create");
    EXPECT_EQ(create.path, "/n");
    EXPECT_EQ(create.end.code, std::error_code());
    EXPECT_GT(create.end.bytes_sent, 20u);
    EXPECT_GT(create.end.bytes_received, 20u);
    EXPECT_EQ(none.path, "/none");
    EXPECT_EQ(s.tracer->verdict_of(1), failed(errc::no_node));
    EXPECT_GT(none.end.bytes_received, 0u);
    EXPECT_EQ(s.tracer->verdict_of(2), failed(errc::invalid_path));
    EXPECT_EQ(invalid.end.bytes_sent, 0u) << "nothing was";
    EXPECT_EQ(several.name, "transaction");
}

TEST(tracer, hears_the_end_of_what_was_lost_cancelled_or_closed_once) {
    traced_scene s;
    s.c.wait_connected();
    s.here.silence(flow::to_client, true);
    auto read = s.c.async_exists("/");
    auto write = s.c.async_set("/", "x");
    auto late = s.c.async_set("/", "y").timeout(20ms);
    auto given_up = s.c.async_set("/", "z");
    s.world.run_for(100ms);
    std::move(given_up).cancel();
    EXPECT_EQ(s.tracer->verdict_of(2), failed(errc::operation_timeout, outcome::unknown));
    EXPECT_EQ(s.tracer->verdict_of(3), failed(errc::cancelled, outcome::unknown));
    s.here.refuse(true);
    s.here.cut();
    s.here.silence(flow::to_client, false);
    ASSERT_TRUE(s.finish(read, write, late));
    EXPECT_EQ(s.tracer->verdict_of(0), failed(errc::connection_loss));
    EXPECT_EQ(s.tracer->verdict_of(1), failed(errc::connection_loss, outcome::unknown));

    auto waits = s.c.async_set("/", "x");
    ASSERT_TRUE(s.reaches(connecting));
    EXPECT_EQ(s.tracer->verdict_of(4), failed(errc::session_expired));
    auto closing = s.c.async_set("/", "x");
    s.c.close();
    EXPECT_EQ(s.tracer->verdict_of(5), failed(errc::closed));
    EXPECT_EQ(verdict_of(s.c.async_exists("/")), failed(errc::closed));
    EXPECT_EQ(s.tracer->verdict_of(6), failed(errc::closed));
    const auto m = s.c.metrics();
    std::uint64_t ended = 0;
    for (const auto& o : m.operations) ended += o.succeeded + o.failed;
    EXPECT_EQ(ended, 7u);
    EXPECT_EQ(std::accumulate(m.disconnects.begin(), m.disconnects.end(), std::uint64_t{0}), 1u);
    EXPECT_EQ(m.sessions_lost, 1u);
}

TEST(tracer, hears_of_what_the_queue_refused) {
    client_options o;
    o.max_waiting_requests = 1;
    traced_scene s(o);
    s.here.refuse(true);
    auto first = s.c.async_exists("/"), second = s.c.async_exists("/");
    EXPECT_EQ(verdict_of(std::move(second)), failed(errc::queue_full));
    EXPECT_EQ(s.tracer->verdict_of(1), failed(errc::queue_full));
    s.here.refuse(false);
    ASSERT_TRUE(s.finish(first));
}

TEST(tracer, that_throws_is_logged_and_stops_nothing) {
    struct thrower final : operation_tracer {
        std::uint64_t begun(const traced_operation&) override { throw std::runtime_error("mine"); }
        void ended(std::uint64_t begun, const traced_end&) override {
            EXPECT_EQ(begun, 0u);
            throw 7;
        }
    };
    simulation world;
    auto o = options_on(world.add_machine());
    std::vector<std::string> lines;
    o.log = {log_level::warn, [&](log_level, std::string_view line) { lines.emplace_back(line); }};
    o.tracer = std::make_shared<thrower>();
    o.name = "c";
    const client c(simulation::addresses(), o);
    c.create("/n");
    EXPECT_TRUE(c.exists("/n").has_value());
    EXPECT_THAT(lines,
                ElementsAre("[c] a tracer threw: mine", "[c] a tracer threw: something that is no std::exception",
                            "[c] a tracer threw: mine", "[c] a tracer threw: something that is no std::exception"));
}

} // namespace
} // namespace kazoo::testkit
