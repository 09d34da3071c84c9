// Limits at the ends of their types: "no limit" is none, and never "at once".
#include "scene.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <limits>

namespace kazoo::testkit {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

/// As users say it.
const time_limit no_limits[] = {milliseconds::max(), hours::max(), std::chrono::years::max(), hours(24 * 365 * 100)};

TEST(limits, an_operation_timeout_without_end_is_no_limit) {
    for (const time_limit none : no_limits) {
        simulation world;
        auto o = options_on(world.add_machine());
        o.operation_timeout = none;
        client c(simulation::addresses(), o);
        EXPECT_EQ(c.create("/n"), "/n");
        EXPECT_TRUE(c.async_exists("/n").get());
        EXPECT_TRUE(c.async_exists("/n").then([](auto f) { return std::move(f).get().has_value(); }).get());
        EXPECT_FALSE(c.ensure_path("/a/b/c")) << "it is new";
        mutex m(c, "/lock");
        EXPECT_TRUE(m.try_lock());
    }
}

TEST(limits, a_close_timeout_without_end_is_no_limit) {
    for (const time_limit none : no_limits) {
        simulation world;
        const auto here = world.add_machine();
        auto o = options_on(here);
        o.close_timeout = none;
        client c(simulation::addresses(), o);
        std::vector<future<std::string>> made;
        for (int i = 0; i < 100; ++i) made.push_back(c.async_create("/n" + std::to_string(i)));
        c.close();
        for (auto& f : made) EXPECT_EQ(verdict_of(std::move(f)), verdict{});
        EXPECT_TRUE(world.sessions().empty());
    }
}

TEST(limits, of_waits_and_of_single_calls_are_none_when_they_have_no_end) {
    scene s;
    s.c.wait_connected(hours::max());
    s.c.create("/n");
    EXPECT_TRUE(s.c.async_exists("/n").get_for(hours::max()));
    EXPECT_TRUE(s.c.async_exists("/n").get_for(milliseconds::max()));
    EXPECT_TRUE(s.c.async_exists("/n").result_for(std::chrono::years(300)));
    EXPECT_TRUE(s.c.async_exists("/n").timeout(hours::max()).get());
    EXPECT_TRUE(s.c.async_exists("/n").timeout(std::chrono::seconds::max()).get());
    EXPECT_TRUE(s.c.async_exists("/n").get_for(std::chrono::duration<double>(std::numeric_limits<double>::infinity())));

    auto events = s.c.add_watch("/n", watch_mode::persistent);
    s.inside().after(10min, [&] { s.c.async_set("/n", "y").detach(); });
    EXPECT_TRUE(events.next_for(hours::max()));

    mutex m(s.c, "/lock");
    EXPECT_TRUE(m.try_lock_for(hours::max()));
    m.unlock();
    EXPECT_TRUE(m.async_try_lock_for(milliseconds::max()).get());
}

TEST(limits, that_are_over_before_they_begin_give_up_at_once) {
    scene s;
    s.c.wait_connected();
    s.here.refuse(true);
    s.here.cut();
    ASSERT_TRUE(s.reaches(session_state::suspended));
    const auto begun = s.world.now();
    for (const auto none :
         {std::chrono::nanoseconds::zero(), std::chrono::nanoseconds(-1), std::chrono::nanoseconds::min()}) {
        EXPECT_EQ(s.c.async_exists("/").result_for(none).error(), errc::operation_timeout);
        EXPECT_EQ(verdict_of(s.c.async_exists("/").timeout(none)).code, errc::operation_timeout);
    }
    EXPECT_THROW(s.c.wait_connected(hours::min()), timeout_error);
    EXPECT_LE(s.world.now() - begun, 1ms);
}

TEST(limits, in_options_that_are_zero_or_less_do_not_wait) {
    for (const time_limit now : {time_limit(0s), time_limit(-1ms), time_limit(hours::min())}) {
        simulation world;
        auto o = options_on(world.add_machine());
        o.operation_timeout = o.close_timeout = now;
        const client c(simulation::addresses(), o);
        const auto begun = world.now();
        EXPECT_THROW(c.get("/"), timeout_error);
        EXPECT_THROW(c.wait_connected(), timeout_error);
        EXPECT_LE(world.now() - begun, 1ms);
        c.wait_connected(1min);
        auto made = c.async_create("/n");
        c.close();
        EXPECT_LE(world.now() - begun, 1s);
        EXPECT_TRUE(made.ready());
    }
}

TEST(limits, a_session_timeout_without_end_is_what_the_servers_allow) {
    for (const time_limit none : no_limits) {
        simulation world;
        auto o = options_on(world.add_machine());
        o.session_timeout = none;
        const client c(simulation::addresses(), o);
        c.wait_connected();
        EXPECT_EQ(c.negotiated_timeout(), simulation_options().max_session_timeout);
    }
}

/// What the constructor says of them.
std::string refusal(const std::function<void(client_options&)>& change) {
    simulation world;
    auto o = options_on(world.add_machine());
    change(o);
    try {
        const client c(simulation::addresses(), o);
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::bad_arguments);
        return e.what();
    }
    return "accepted";
}

TEST(limits, that_make_no_sense_are_refused_by_name) {
    using ::testing::HasSubstr;
    constexpr auto nan = std::numeric_limits<double>::quiet_NaN();
    const auto most = milliseconds::max(), least = milliseconds::min();
    EXPECT_THAT(refusal([&](client_options& o) { o.session_timeout = 0ms; }),
                HasSubstr("client_options::session_timeout"));
    EXPECT_THAT(refusal([&](client_options& o) { o.session_timeout = least; }),
                HasSubstr("client_options::session_timeout"));
    EXPECT_THAT(refusal([&](client_options& o) { o.reconnect.initial_delay = 0ms; }),
                HasSubstr("reconnect.initial_delay"));
    EXPECT_THAT(refusal([&](client_options& o) { o.reconnect.initial_delay = least; }),
                HasSubstr("reconnect.initial_delay"));
    EXPECT_THAT(refusal([&](client_options& o) { o.reconnect.initial_delay = o.reconnect.max_delay = most; }),
                HasSubstr("reconnect.initial_delay"));
    EXPECT_THAT(refusal([&](client_options& o) { o.reconnect.max_delay = 1ms; }), HasSubstr("reconnect.max_delay"));
    EXPECT_THAT(refusal([&](client_options& o) { o.reconnect.factor = nan; }), HasSubstr("reconnect.factor"));
    EXPECT_THAT(refusal([&](client_options& o) { o.reconnect.jitter = nan; }), HasSubstr("reconnect.jitter"));
    EXPECT_EQ(refusal([&](client_options& o) { o.reconnect.max_delay = most; }), "accepted");
    for (const time_limit none : no_limits) {
        EXPECT_THAT(refusal([&](client_options& o) { o.server_tick = none; }), HasSubstr("server_tick"));
        EXPECT_THAT(refusal([&](client_options& o) { o.reconnect.initial_delay = o.reconnect.max_delay = none; }),
                    HasSubstr("reconnect.initial_delay"));
        EXPECT_EQ(refusal([&](client_options& o) { o.reconnect.max_delay = none; }), "accepted");
    }
}

} // namespace
} // namespace kazoo::testkit
