// How a coroutine runs on the loop: one step after the other, through the queue, and where its errors go.
#include "manual_host.hpp"

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace kazoo::detail {
namespace {

using test::manual_host;
using test::request;
using namespace std::chrono_literals;

task<std::string> text_of(future<int> number) { co_return std::to_string(co_await std::move(number)); }

TEST(task, begins_through_the_queue_and_not_inside_spawn) {
    manual_host host;
    std::string order;
    const auto note = [&order](char c) -> task<void> {
        order += c;
        co_return;
    };
    auto a = spawn(host, {"a", {}}, note('a'));
    auto b = spawn(host, {"b", {}}, note('b'));
    EXPECT_EQ(order, "");
    host.run();
    EXPECT_EQ(order, "ab") << "in the order of the calls";
    EXPECT_TRUE(a.ready() && b.ready());
}

TEST(task, goes_on_through_the_queue_and_not_inside_whoever_completes_its_future) {
    manual_host host;
    const request<int> answer(host);
    auto text = spawn(host, {"text", {}}, text_of(answer.sent()));
    host.run();
    ASSERT_FALSE(text.ready());
    answer.succeed(7);
    EXPECT_FALSE(text.ready()) << "it was resumed by the producer";
    EXPECT_EQ(host.events.jobs.size(), 1U);
    host.run();
    EXPECT_EQ(std::move(text).get(), "7");
}

TEST(task, does_not_stop_for_what_is_ready) {
    manual_host host;
    const request<int> answer(host);
    answer.succeed(7);
    auto text = spawn(host, {"text", {}}, text_of(answer.sent()));
    EXPECT_TRUE(host.events.step() && host.events.step()); // its beginning, its first step
    EXPECT_TRUE(text.ready());
}

TEST(task, resumes_in_the_order_in_which_futures_complete) {
    manual_host host;
    const request<void> first(host), second(host);
    std::string order;
    const auto wait_for = [&order](future<void> f, char c) -> task<void> {
        co_await std::move(f);
        order += c;
    };
    auto a = spawn(host, {"a", {}}, wait_for(first.sent(), 'a'));
    auto b = spawn(host, {"b", {}}, wait_for(second.sent(), 'b'));
    host.run();
    second.succeed();
    first.succeed();
    host.run();
    EXPECT_EQ(order, "ba");
    EXPECT_TRUE(a.ready() && b.ready());
}

TEST(task, hands_values_up_through_its_parents) {
    manual_host host;
    const request<int> answer(host);
    const auto doubled = [](future<int> f) -> task<std::string> {
        const std::string once = co_await text_of(std::move(f));
        co_return once + once;
    };
    auto text = spawn(host, {"text", {}}, doubled(answer.sent()));
    host.run();
    answer.succeed(4);
    host.run();
    EXPECT_EQ(std::move(text).get(), "44");
}

TEST(task, throws_a_failure_where_it_is_awaited_at_every_level) {
    manual_host host;
    const request<int> answer(host);
    int seen = 0;
    const auto middle = [&seen](future<int> f) -> task<int> {
        const auto r = co_await as_result(text_of(std::move(f)));
        EXPECT_EQ(r.error(), errc::no_node);
        ++seen;
        r.rethrow();
    };
    const auto top = [&seen, &middle](future<int> f) -> task<int> {
        try {
            co_return co_await middle(std::move(f));
        } catch (const no_node_error& e) {
            EXPECT_EQ(e.operation(), "request");
            ++seen;
            throw;
        }
    };
    auto all = spawn(host, {"all", "/where"}, top(answer.sent()));
    host.run();
    answer.fail(errc::no_node);
    host.run();
    EXPECT_EQ(seen, 2);
    try {
        std::move(all).get();
        ADD_FAILURE() << "no error";
    } catch (const no_node_error& e) {
        EXPECT_EQ(e.operation(), "all") << "callers never heard of the steps";
        EXPECT_EQ(e.path(), "/where");
    }
}

TEST(task, hands_on_what_is_no_error_of_this_library_as_it_was) {
    manual_host host;
    const auto broken = []() -> task<void> {
        throw std::out_of_range("outside");
        co_return;
    };
    const auto above = [&broken]() -> task<void> { co_await broken(); };
    auto f = spawn(host, {"f", {}}, above());
    host.run();
    EXPECT_THROW(std::move(f).get(), std::out_of_range);
}

TEST(task, keeps_the_outcome_of_the_step_that_failed) {
    manual_host host;
    const request<int> write(host);
    auto f = spawn(host, {"f", {}}, text_of(write.sent()));
    host.run();
    write.fail(errc::connection_loss, outcome::unknown);
    host.run();
    const auto r = std::move(f).result();
    EXPECT_EQ(r.error(), errc::connection_loss);
    EXPECT_EQ(r.outcome(), outcome::unknown);
}

TEST(as_result, tells_of_a_future_and_of_a_task_without_throwing) {
    manual_host host;
    const request<int> good(host), bad(host);
    const auto look = [](future<int> a, future<int> b) -> task<std::string> {
        const auto number = co_await as_result(std::move(a));
        const auto text = co_await as_result(text_of(std::move(b)));
        co_return (number ? std::to_string(*number) : "failed") + (text ? *text : text.error().message());
    };
    auto f = spawn(host, {"f", {}}, look(good.sent(), bad.sent()));
    host.run();
    good.succeed(1);
    bad.fail(errc::no_auth);
    host.run();
    EXPECT_EQ(std::move(f).get(), "1" + make_error_code(errc::no_auth).message());
}

/// How deep the stack is, seen from here.
[[gnu::noinline]] std::uintptr_t depth() { return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)); }

struct depths {
    void note() {
        const auto now = depth();
        lowest = std::min(lowest, now);
        highest = std::max(highest, now);
    }
    std::uintptr_t span() const noexcept { return highest - lowest; }
    std::uintptr_t lowest = UINTPTR_MAX, highest = 0;
};

constexpr int many = 100'000;
constexpr std::uintptr_t few_frames = 4'096;

TEST(task, needs_no_more_stack_after_many_waits_than_after_one) {
    manual_host host;
    task_signal turn(host);
    depths seen;
    int turns = 0;
    const auto spin = [&]() -> task<void> {
        for (; turns < many; ++turns) {
            co_await turn.next();
            seen.note();
        }
    };
    auto done = spawn(host, {"spin", {}}, spin());
    host.run();
    while (!done.ready()) {
        turn.notify();
        host.run();
    }
    EXPECT_EQ(turns, many);
    EXPECT_LE(seen.span(), few_frames);
}

TEST(task, needs_no_more_stack_for_what_is_ready_and_for_many_children) {
    manual_host host;
    depths seen;
    const auto child = [&seen]() -> task<int> {
        seen.note();
        co_return 1;
    };
    const auto spin = [&]() -> task<int> {
        int sum = 0;
        for (int i = 0; i < many; ++i) {
            const request<int> answered(host);
            answered.succeed(1);
            sum += co_await answered.sent();
            sum += co_await child();
        }
        co_return sum;
    };
    auto done = spawn(host, {"spin", {}}, spin());
    host.run();
    EXPECT_EQ(std::move(done).get(), 2 * many);
    EXPECT_LE(seen.span(), few_frames);
}

TEST(task, needs_no_more_stack_for_a_deep_chain_of_parents_than_their_calls) {
    manual_host host;
    depths seen;
    struct nested {
        static task<int> down(depths& seen, int levels) {
            seen.note();
            if (levels == 0) co_return 0;
            co_return 1 + co_await down(seen, levels - 1);
        }
    };
    auto done = spawn(host, {"down", {}}, nested::down(seen, 1'000));
    host.run();
    EXPECT_EQ(std::move(done).get(), 1'000);
    EXPECT_LE(seen.span(), few_frames);
}

} // namespace
} // namespace kazoo::detail
