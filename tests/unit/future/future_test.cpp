#include "unit/future/manual_context.hpp"

#include <kazoo/future.hpp>

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

using namespace std::chrono_literals;
using kazoo::errc;
using kazoo::future;
using kazoo::outcome;
using kazoo::test::manual_context;
using kazoo::test::manual_state;

namespace {

template <class T> struct pair_of {
    kazoo::detail::ref<manual_state<T>> state;
    future<T> result;

    explicit pair_of(manual_context& c) : state(new manual_state<T>(c)), result(kazoo::detail::make_future<T>(state)) {}
    void succeed(kazoo::detail::stored<T> v = {}) {
        if (state->claim()) state->publish(std::move(v));
    }
    void fail(errc e, outcome o) {
        if (state->claim()) state->publish_failure(e, o);
    }
};

class future_test : public testing::Test {
  protected:
    manual_context context;
};

/// The code of what `use` throws.
template <class Use> std::error_code code_of(Use use) {
    try {
        use();
    } catch (const kazoo::error& e) {
        return e.code();
    }
    return {};
}

TEST_F(future_test, that_is_empty_or_used_throws_wherever_a_result_is_needed) {
    const auto none = make_error_code(std::future_errc::no_state);
    future<int> used;
    {
        pair_of<int> p(context);
        p.succeed(1);
        used = std::move(p.result);
        EXPECT_EQ(std::move(used).get(), 1);
    }
    future<int> never;
    for (future<int>* f : {&used, &never}) {
        EXPECT_FALSE(f->valid());
        EXPECT_FALSE(f->ready());
        f->cancel();
        EXPECT_EQ(code_of([&] { std::move(*f).get(); }), none);
        EXPECT_EQ(code_of([&] { std::move(*f).get(std::stop_token()); }), none);
        EXPECT_EQ(code_of([&] { std::move(*f).get_for(1ms); }), none);
        EXPECT_EQ(code_of([&] { (void)std::move(*f).result(); }), none);
        EXPECT_EQ(code_of([&] { (void)std::move(*f).result_for(1ms); }), none);
        EXPECT_EQ(code_of([&] { (void)std::move(*f).then([](auto) {}); }), none);
        EXPECT_EQ(code_of([&] { (void)std::move(*f).timeout(1ms); }), none);
        EXPECT_EQ(code_of([&] { (void)std::move(*f).stop_on({}); }), none);
        EXPECT_EQ(code_of([&] { (void)std::move(*f).operator co_await(); }), none);
    }
    std::move(used).detach();
}

TEST_F(future_test, gives_its_value_once) {
    pair_of<std::string> p(context);
    EXPECT_FALSE(p.result.ready());
    p.succeed("v");
    EXPECT_TRUE(p.result.ready());
    EXPECT_EQ(std::move(p.result).get(), "v");
    EXPECT_FALSE(p.result.valid());
}

TEST_F(future_test, throws_the_type_of_the_code_with_operation_path_and_outcome) {
    pair_of<int> p(context);
    p.fail(errc::no_node, outcome::not_applied);
    try {
        std::move(p.result).get();
        FAIL();
    } catch (const kazoo::no_node_error& e) {
        EXPECT_EQ(e.operation(), "test");
        EXPECT_EQ(e.path(), "/p");
        EXPECT_EQ(e.outcome(), outcome::not_applied);
    }
}

TEST_F(future_test, result_does_not_throw) {
    pair_of<int> good(context), bad(context);
    good.succeed(3);
    bad.fail(errc::connection_loss, outcome::unknown);
    EXPECT_EQ(*std::move(good.result).result(), 3);
    const auto r = std::move(bad.result).result();
    EXPECT_FALSE(r);
    EXPECT_EQ(r.error(), errc::connection_loss);
    EXPECT_EQ(r.outcome(), outcome::unknown);
}

TEST_F(future_test, C25_a_state_completes_exactly_once) {
    pair_of<int> p(context);
    p.succeed(1);
    p.succeed(2);
    p.fail(errc::closed, outcome::unknown);
    p.result.cancel();
    EXPECT_EQ(std::move(p.result).get(), 1);
    EXPECT_EQ(p.state->abandoned, 0);
}

TEST_F(future_test, cancel_wins_over_a_late_completion_and_asks_for_the_outcome) {
    pair_of<int> p(context);
    p.state->given_up = outcome::not_applied;
    p.result.cancel();
    p.succeed(1);
    EXPECT_EQ(p.state->abandoned, 1);
    try {
        std::move(p.result).get();
        FAIL();
    } catch (const kazoo::cancelled_error& e) {
        EXPECT_EQ(e.outcome(), outcome::not_applied);
    }
}

TEST_F(future_test, C44_a_wait_ends_at_its_limit) {
    pair_of<int> p(context);
    EXPECT_THROW(std::move(p.result).get_for(1ms), kazoo::timeout_error);
    EXPECT_EQ(p.state->abandoned, 1);
}

TEST_F(future_test, C44_get_has_the_clients_limit_by_default) {
    pair_of<int> p(context);
    EXPECT_THROW(std::move(p.result).get(), kazoo::timeout_error);
}

TEST_F(future_test, C44_a_wait_ends_when_stop_is_requested_also_before_it_began) {
    pair_of<int> p(context);
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(std::move(p.result).get(stop.get_token()), kazoo::cancelled_error);
}

TEST_F(future_test, a_limit_of_hours_max_saturates) {
    pair_of<int> p(context);
    std::jthread other([&] { p.succeed(4); });
    EXPECT_EQ(std::move(p.result).get_for(std::chrono::nanoseconds::max()), 4);
}

TEST_F(future_test, waiting_where_it_cannot_end_is_an_error_not_a_hang) {
    context.verdict = errc::would_deadlock;
    pair_of<int> p(context);
    EXPECT_THROW(std::move(p.result).get(), kazoo::would_deadlock_error);
    pair_of<int> ready(context);
    ready.succeed(1);
    EXPECT_EQ(std::move(ready.result).get(), 1) << "what is ready needs no wait";
}

TEST_F(future_test, waiting_for_a_continuation_on_the_executor_is_an_error) {
    context.executor_verdict = errc::would_deadlock;
    pair_of<int> p(context);
    auto next = std::move(p.result).then([](future<int> f) { return std::move(f).get(); });
    EXPECT_EQ(std::move(next).result().error(), errc::would_deadlock);
    p.succeed(1);
    context.run_callbacks();
}

TEST_F(future_test, timeout_fails_it_on_the_loop_and_takes_its_timer_away_when_it_completes) {
    pair_of<int> late(context), early(context);
    auto a = std::move(late.result).timeout(5ms);
    auto b = std::move(early.result).timeout(5ms);
    context.run_loop();
    EXPECT_EQ(context.timers.size(), 2u);
    early.succeed(1);
    context.run_loop();
    EXPECT_EQ(context.timers.size(), 1u);
    context.ring(5ms);
    EXPECT_EQ(std::move(a).result().error(), errc::operation_timeout);
    EXPECT_EQ(*std::move(b).result(), 1);
    context.run_loop();
}

TEST_F(future_test, stop_on_only_posts_to_the_loop) {
    pair_of<int> p(context);
    std::stop_source stop;
    auto f = std::move(p.result).stop_on(stop.get_token());
    stop.request_stop();
    EXPECT_FALSE(f.ready());
    context.run_loop();
    EXPECT_EQ(std::move(f).result().error(), errc::cancelled);
}

TEST_F(future_test, stop_on_and_timeout_together) {
    pair_of<int> p(context);
    std::stop_source stop;
    auto f = std::move(p.result).stop_on(stop.get_token()).timeout(5ms);
    context.run_loop();
    p.succeed(9);
    stop.request_stop();
    context.run_loop();
    EXPECT_TRUE(context.timers.empty());
    EXPECT_EQ(*std::move(f).result(), 9);
}

TEST_F(future_test, then_runs_on_the_executor_never_inside_the_call) {
    pair_of<int> p(context);
    p.succeed(1);
    bool ran = false;
    auto next = std::move(p.result).then([&](future<int> f) {
        ran = true;
        return std::move(f).get() + 1;
    });
    EXPECT_FALSE(ran);
    context.run_callbacks();
    EXPECT_EQ(std::move(next).get(), 2);
}

TEST_F(future_test, C25_each_continuation_runs_once_also_on_a_finished_future) {
    int runs = 0;
    for (const bool before : {true, false}) {
        pair_of<int> p(context);
        if (before) p.succeed(1);
        auto next = std::move(p.result).then([&](future<int>) { ++runs; });
        if (!before) p.succeed(1);
        context.run_callbacks();
        std::move(next).get();
    }
    EXPECT_EQ(runs, 2);
}

TEST_F(future_test, then_passes_failures_and_exceptions_on) {
    pair_of<int> p(context);
    auto a = std::move(p.result).then([](future<int> f) { return std::move(f).get(); });
    auto b = std::move(a).then([](future<int> f) {
        EXPECT_THROW(std::move(f).get(), kazoo::no_node_error);
        throw std::runtime_error("mine");
    });
    p.fail(errc::no_node, outcome::not_applied);
    context.run_callbacks();
    EXPECT_THROW(std::move(b).get(), std::runtime_error);
}

TEST_F(future_test, cancelling_a_continuation_cancels_what_it_waits_for_and_still_calls_it_once) {
    pair_of<int> p(context);
    int runs = 0;
    auto next = std::move(p.result).then([&](future<int> f) {
        ++runs;
        EXPECT_EQ(std::move(f).result().error(), errc::cancelled);
    });
    next.cancel();
    context.run_callbacks();
    EXPECT_EQ(runs, 1);
    EXPECT_EQ(p.state->abandoned, 1);
}

TEST_F(future_test, then_takes_move_only_functions) {
    pair_of<int> p(context);
    auto owned = std::make_unique<int>(5);
    auto next =
        std::move(p.result).then([owned = std::move(owned)](future<int> f) { return *owned + std::move(f).get(); });
    p.succeed(1);
    context.run_callbacks();
    EXPECT_EQ(std::move(next).get(), 6);
}

struct fire_and_forget {
    struct promise_type {
        fire_and_forget get_return_object() noexcept { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() noexcept {}
        void unhandled_exception() { std::terminate(); }
    };
};

fire_and_forget await_into(future<int> f, int& out) { out = co_await std::move(f); }

TEST_F(future_test, a_foreign_coroutine_resumes_on_the_executor) {
    pair_of<int> p(context);
    int got = 0;
    await_into(std::move(p.result), got);
    p.succeed(8);
    EXPECT_EQ(got, 0);
    context.run_callbacks();
    EXPECT_EQ(got, 8);
}

struct destroyable {
    struct promise_type {
        destroyable get_return_object() noexcept { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        void return_void() noexcept {}
        void unhandled_exception() { std::terminate(); }
    };
    std::coroutine_handle<promise_type> handle;
};

destroyable await_and_count(future<int> f, int& count) {
    (void)co_await std::move(f);
    ++count;
}

TEST_F(future_test, a_coroutine_that_waits_may_be_destroyed) {
    int resumed = 0;
    pair_of<int> before(context), after(context);
    auto a = await_and_count(std::move(before.result), resumed);
    a.handle.destroy();
    before.succeed(1);
    auto b = await_and_count(std::move(after.result), resumed);
    after.succeed(1);
    b.handle.destroy(); // its resumption waits in the executor's queue
    context.run_callbacks();
    EXPECT_EQ(resumed, 0);
}

TEST_F(future_test, dropping_a_future_gives_up_interest_only) {
    pair_of<int> p(context);
    p.result = future<int>();
    EXPECT_EQ(p.state->abandoned, 0);
    EXPECT_FALSE(p.state->is_claimed());
}

TEST_F(future_test, completion_cancellation_and_limit_race_for_one_claim) {
    for (int i = 0; i < 500; ++i) {
        pair_of<std::string> p(context);
        std::stop_source stop;
        std::jthread producer([&] { p.succeed(std::string(100, 'x')); });
        std::jthread stopper([&] { stop.request_stop(); });
        try {
            EXPECT_EQ(std::move(p.result).get_for(std::chrono::microseconds(i % 20), stop.get_token()).size(), 100u);
        } catch (const kazoo::error& e) {
            EXPECT_TRUE(e.code() == errc::operation_timeout || e.code() == errc::cancelled) << e.what();
        }
    }
}

} // namespace
