// Where user code runs, and in which order.
#include "actor.hpp"
#include "scene.hpp"

#include <stop_token>

namespace kazoo::testkit {
namespace {

using enum session_state;
using context = sim_world::context;

TEST(callbacks, C25_a_continuation_runs_once_even_behind_a_finished_future) {
    scene s;
    std::vector<std::string> calls;
    auto read = s.c.async_exists("/");
    ASSERT_TRUE(s.finish(read));
    auto then = std::move(read).then([&](future<std::optional<node_stat>> f) {
        calls.push_back("first");
        return std::move(f).get().has_value();
    });
    EXPECT_TRUE(calls.empty()); // never inside then()
    auto last = std::move(then).then([&](future<bool> f) {
        calls.push_back("second");
        return std::move(f).get();
    });
    EXPECT_TRUE(std::move(last).get());
    s.world.run_for(1s);
    EXPECT_EQ(calls, (std::vector<std::string>{"first", "second"}));
}

TEST(callbacks, C25_operations_complete_in_the_order_of_the_calls) {
    scene s;
    std::vector<int> order;
    std::vector<future<void>> all;
    for (int i = 0; i < 50; ++i) {
        if (i % 2 == 0)
            all.push_back(s.c.async_create("/n" + std::to_string(i)).then([&, i](auto) { order.push_back(i); }));
        else
            all.push_back(s.c.async_exists("/").then([&, i](auto) { order.push_back(i); }));
    }
    ASSERT_TRUE(s.world.run_until([&] { return order.size() == 50; }, 10s));
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(callbacks, C26_completions_run_on_the_executor_also_while_closing) {
    scene s;
    s.c.wait_connected();
    int calls = 0, elsewhere = 0;
    std::vector<future<void>> all;
    for (int i = 0; i < 20; ++i)
        all.push_back(s.c.async_create("/n" + std::to_string(i)).then([&](auto) {
            ++calls;
            if (!s.inside().runs(context::executor)) ++elsewhere;
        }));
    s.c.close();
    ASSERT_TRUE(s.world.run_until([&] { return calls == 20; }, 10s));
    EXPECT_EQ(elsewhere, 0);
}

TEST(callbacks, C27_listeners_run_on_the_executor_in_the_order_they_were_added) {
    scene s;
    std::vector<int> order;
    int elsewhere = 0;
    std::vector<subscription> all;
    for (int i = 0; i < 5; ++i)
        all.push_back(s.c.on_state([&, i](session_state) {
            order.push_back(i);
            if (!s.inside().runs(context::executor)) ++elsewhere;
        }));
    s.c.wait_connected();
    s.world.run_for(1s);
    EXPECT_EQ(order, (std::vector{0, 1, 2, 3, 4}));
    EXPECT_EQ(elsewhere, 0);
    all[2].reset();
    order.clear();
    s.here.cut();
    ASSERT_TRUE(s.reaches(suspended));
    s.c.wait_connected();
    s.world.run_for(1s);
    EXPECT_EQ(order, (std::vector{0, 1, 3, 4, 0, 1, 3, 4}));
}

TEST(callbacks, C27_a_listener_may_block) {
    scene s;
    std::string read;
    const auto listening = s.c.on_state([&](session_state state) {
        if (state != connected) return;
        s.c.create("/n", "from a listener");
        read = s.c.get("/n").data.str();
    });
    ASSERT_TRUE(s.world.run_until([&] { return !read.empty(); }, 10s));
    EXPECT_EQ(read, "from a listener");
}

TEST(callbacks, C28_requests_have_failed_when_listeners_hear_of_it) {
    for (const session_state told : {suspended, lost}) {
        scene s;
        s.c.wait_connected();
        s.here.silence(flow::to_client, true);
        auto read = s.c.async_exists("/");
        s.world.run_for(50ms); // all of it is sent by then, even by a slow socket
        if (told == lost) s.world.expire_session(s.c.session_id());
        std::optional<bool> failed_before;
        const auto listening = s.c.on_state([&](session_state state) {
            if (state == told) failed_before = read.ready();
        });
        if (told == suspended) s.here.cut();
        s.here.silence(flow::to_client, false);
        ASSERT_TRUE(s.world.run_until([&] { return failed_before.has_value(); }, 30s));
        EXPECT_TRUE(*failed_before);
    }
}

TEST(callbacks, C28_a_new_session_is_not_announced_before_the_old_one_is_lost) {
    scene s;
    state_log log(s.c);
    s.c.wait_connected();
    s.world.expire_session(s.c.session_id());
    ASSERT_TRUE(s.reaches(suspended));
    s.c.wait_connected();
    s.world.run_for(1s);
    EXPECT_EQ(log.seen, (std::vector{connected, suspended, lost, connecting, connected}));
}

TEST(callbacks, C28_what_waits_for_the_executor_cannot_be_waited_for_on_it) {
    scene s;
    std::error_code code;
    auto done = s.c.async_exists("/").then([&](auto) {
        auto inner = s.c.async_exists("/").then([](auto) { return 1; });
        code = verdict_of(std::move(inner)).code;
    });
    std::move(done).get();
    EXPECT_EQ(code, errc::would_deadlock);
}

actor count_up(client c, int& steps) {
    auto make = c.async_create("/n", "0");
    co_await std::move(make);
    for (int i = 1; i <= 10; ++i) {
        const std::string text = std::to_string(i);
        auto set = c.async_set("/n", text);
        co_await std::move(set);
        auto get = c.async_get("/n");
        const node now = co_await std::move(get);
        if (now.data == text) ++steps;
    }
}

TEST(callbacks, user_coroutines_run_on_the_executor) {
    scene s;
    int steps = 0;
    count_up(s.c, steps);
    EXPECT_TRUE(s.world.run_until([&] { return steps == 10; }, 10s));
}

TEST(callbacks, session_tokens_are_stopped_on_the_signal_thread) {
    scene s;
    s.c.wait_connected();
    std::optional<bool> there;
    const std::stop_callback on_stop(s.c.session_token(), [&] { there = s.inside().runs(context::signal); });
    s.world.expire_session(s.c.session_id());
    ASSERT_TRUE(s.world.run_until([&] { return there.has_value(); }, 10s));
    EXPECT_TRUE(*there);
}

} // namespace
} // namespace kazoo::testkit
