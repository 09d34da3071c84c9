// A stream of events as a subscription: watch_stream::on_event().
#include "scene.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <stdexcept>

namespace kazoo::testkit {
namespace {

using enum event_type;
using testing::ElementsAre;
using testing::HasSubstr;

struct watched_node : scene {
    std::vector<event_type> seen;
    subscription calls = c.add_watch("/n").on_event([this](const watch_event& e) { seen.push_back(e.type); });

    bool sees(std::size_t events) {
        return world.run_until([&] { return seen.size() >= events; }, 1min);
    }
};

TEST(event_calls, come_for_each_event_in_order) {
    watched_node s;
    s.c.create("/n");
    s.c.set("/n", "x");
    s.c.create("/n/child");
    s.c.remove("/n/child");
    s.c.remove("/n");
    ASSERT_TRUE(s.sees(5));
    EXPECT_THAT(s.seen, ElementsAre(created, data_changed, children_changed, children_changed, deleted));
}

TEST(event_calls, go_on_over_a_broken_connection_with_a_gap_first) {
    watched_node s;
    s.here.cut();
    ASSERT_TRUE(s.sees(1));
    s.c.create("/n");
    ASSERT_TRUE(s.sees(2));
    EXPECT_THAT(s.seen, ElementsAre(gap, created));
}

TEST(event_calls, end_with_the_subscription_and_the_server_forgets_the_watch) {
    watched_node s;
    s.c.create("/n");
    ASSERT_TRUE(s.sees(1));
    s.calls.reset();
    s.c.set("/n", "x");
    s.world.run_for(10s);
    EXPECT_EQ(s.seen.size(), 1u);
    EXPECT_EQ(s.inside().server().watches(), server::watch_counts());
}

TEST(event_calls, may_end_their_own_subscription) {
    watched_node s;
    int calls = 0;
    subscription own;
    own = s.c.add_watch("/other").on_event([&](const watch_event&) {
        ++calls;
        own.reset();
    });
    s.c.create("/other");
    s.c.remove("/other");
    s.world.run_for(10s);
    EXPECT_EQ(calls, 1);
}

TEST(event_calls, let_go_of_the_function_when_they_end) {
    scene s;
    const auto held = std::make_shared<int>();
    auto calls = s.c.add_watch("/n").on_event([held](const watch_event&) {});
    calls.reset();
    EXPECT_EQ(held.use_count(), 1);
}

TEST(event_calls, that_throw_are_logged_and_do_not_end_the_watch) {
    simulation world;
    std::vector<std::string> lines;
    auto o = options_on(world.add_machine());
    o.log = {log_level::warn, [&](log_level, std::string_view line) { lines.emplace_back(line); }};
    const client c(simulation::addresses(), o);
    int calls = 0;
    const auto throwing = c.add_watch("/n").on_event([&](const watch_event&) {
        ++calls;
        throw std::runtime_error("no such thing");
    });
    c.create("/n");
    c.remove("/n");
    ASSERT_TRUE(world.run_until([&] { return calls == 2; }, 1min));
    EXPECT_THAT(lines, testing::Contains(HasSubstr("/n: its function threw: no such thing")));
}

TEST(event_calls, end_silently_when_the_client_is_closed) {
    simulation world;
    std::vector<std::string> lines;
    auto o = options_on(world.add_machine());
    o.log = {log_level::warn, [&](log_level, std::string_view line) { lines.emplace_back(line); }};
    const client c(simulation::addresses(), o);
    int calls = 0;
    const auto counting = c.add_watch("/n").on_event([&](const watch_event&) { ++calls; });
    c.close();
    world.run_for(10s);
    EXPECT_EQ(calls, 0);
    EXPECT_THAT(lines, testing::IsEmpty());
}

TEST(event_calls, need_a_watch) {
    EXPECT_THROW(static_cast<void>(watch_stream().on_event([](const watch_event&) {})), kazoo::error);
}

} // namespace
} // namespace kazoo::testkit
