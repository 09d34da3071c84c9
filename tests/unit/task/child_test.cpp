// Tasks beside another one and within it.
#include "manual_host.hpp"
#include "task/all_of.hpp"
#include "task/first_of.hpp"

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace kazoo::detail {
namespace {

using test::manual_host;
using test::request;
using namespace std::chrono_literals;

/// A parent with two children that wait for requests of their own; what happens is noted in order.
struct family {
    explicit family(manual_host& h) : mine(h), first(h), second(h), cleaning(h) {}

    task<int> child(future<int> request, char name) {
        const auto answer = co_await as_result(std::move(request));
        order += name;
        if (!answer) {
            errors.push_back(answer.error());
            (void)co_await as_result(cleaning.sent()); // fails at once
            answer.rethrow();
        }
        co_return *answer;
    }
    task<int> parent() {
        task_scope& scope = co_await this_scope{};
        auto a = spawn(scope, {"a", {}}, child(first.sent(), 'a'));
        auto b = spawn(scope, {"b", {}}, child(second.sent(), 'b'));
        co_await mine.sent();
        int sum = 0;
        if (collects) {
            auto [x, y] = co_await all_of(std::move(a), std::move(b));
            sum = x.value() + y.value();
        }
        order += 'p';
        co_return sum;
    }
    request<void> mine;
    request<int> first, second;
    request<void> cleaning;
    bool collects = true;
    std::string order;
    std::vector<std::error_code> errors;
};

TEST(child_task, runs_beside_its_parent) {
    manual_host host;
    family f(host);
    auto sum = spawn(host, {"sum", {}}, f.parent());
    host.run();
    f.second.succeed(2);
    host.run();
    EXPECT_EQ(f.order, "b");
    f.first.succeed(1);
    host.run();
    EXPECT_FALSE(sum.ready());
    f.mine.succeed();
    host.run();
    EXPECT_EQ(f.order, "bap");
    EXPECT_EQ(std::move(sum).get(), 3);
}

TEST(child_task, ends_with_its_parents_deadline_stop_and_host_for_the_same_reason) {
    for (const errc reason : {errc::operation_timeout, errc::cancelled, errc::closed}) {
        manual_host host;
        family f(host);
        std::stop_source stop;
        auto sum =
            spawn(host, {.name = "sum", .path = {}, .deadline = host.events.now() + 1s, .stop = stop.get_token()},
                  f.parent());
        host.run();
        if (reason == errc::operation_timeout) host.pass(1s);
        if (reason == errc::cancelled) stop.request_stop();
        if (reason == errc::closed) host.close();
        host.run();
        EXPECT_EQ(f.errors, std::vector(2, make_error_code(reason)));
        EXPECT_EQ(f.first.state->given_up, 1);
        EXPECT_EQ(f.second.state->given_up, 1);
        EXPECT_EQ(test::error_of_result(std::move(sum)), reason);
    }
}

TEST(child_task, that_nobody_collects_is_cancelled_at_its_parents_end_which_comes_after_it) {
    manual_host host;
    family f(host);
    f.collects = false;
    auto sum = spawn(host, {"sum", {}}, f.parent());
    host.run();
    f.mine.succeed();
    while (f.order.empty()) ASSERT_TRUE(host.events.step()); // the parent's coroutine is at its end
    EXPECT_FALSE(sum.ready());
    while (f.errors.size() < 2) {
        ASSERT_TRUE(host.events.step());
        EXPECT_FALSE(sum.ready());
    }
    host.run();
    EXPECT_EQ(f.errors, std::vector(2, make_error_code(errc::cancelled)));
    EXPECT_EQ(std::move(sum).get(), 0);
}

TEST(child_task, that_cannot_be_ended_yet_keeps_its_parent_from_ending) {
    manual_host host;
    family f(host);
    f.collects = false;
    auto sum = spawn(host, {"sum", {}}, f.parent());
    host.run();
    ASSERT_TRUE(f.first.state->claim()); // its answer is being written
    f.mine.succeed();
    host.run();
    EXPECT_FALSE(sum.ready());
    f.first.state->publish(1);
    host.run();
    EXPECT_TRUE(sum.ready());
}

TEST(child_task, can_be_ended_alone) {
    manual_host host;
    request<int> mine(host), other(host);
    std::vector<std::error_code> seen;
    const auto child = [&]() -> task<int> {
        const auto r = co_await as_result(mine.sent());
        seen.push_back(r.error());
        r.rethrow();
    };
    const auto parent = [&]() -> task<int> {
        task_scope& scope = co_await this_scope{};
        auto a = spawn(scope, {"a", {}}, child());
        auto b = other.sent();
        const auto which = co_await first_of(a, b);
        EXPECT_EQ(which, 1U);
        co_return std::move(b).get();
    };
    auto f = spawn(host, {"f", {}}, parent());
    host.run();
    other.succeed(5);
    host.run();
    EXPECT_EQ(seen, std::vector(1, make_error_code(errc::cancelled)));
    EXPECT_EQ(std::move(f).get(), 5);
}

TEST(child_task, whose_failure_is_its_parents_business_alone) {
    manual_host host;
    const request<int> lost(host);
    const auto child = [&]() -> task<int> { co_return co_await lost.sent(); };
    const auto parent = [&]() -> task<int> {
        task_scope& scope = co_await this_scope{};
        auto a = spawn(scope, {"a", "/a"}, child());
        const auto r = co_await as_result(std::move(a));
        EXPECT_EQ(r.error(), errc::no_node);
        EXPECT_EQ(future_access::why(r).path, "/a");
        co_return 5;
    };
    auto f = spawn(host, {"f", {}}, parent());
    host.run();
    lost.fail(errc::no_node);
    host.run();
    EXPECT_EQ(std::move(f).get(), 5);
}

TEST(child_task, of_a_task_that_was_told_to_end_waits_for_nothing) {
    manual_host host;
    request<void> never(host);
    int told = 0;
    const auto child = [&]() -> task<void> {
        const auto r = co_await as_result(never.sent());
        if (r.error() == errc::cancelled) ++told;
    };
    const auto parent = [&]() -> task<void> {
        task_scope& scope = co_await this_scope{};
        auto a = spawn(scope, {"a", {}}, child());
        co_await std::move(a);
    };
    auto f = spawn(host, {"f", {}}, parent());
    f.cancel();
    host.run();
    EXPECT_EQ(told, 1);
}

TEST(child_task, may_have_children_and_all_end_with_the_outermost) {
    manual_host host;
    task_signal never(host);
    std::string order;
    struct level {
        static task<void> run(task_signal* wait, std::string* order, char name) {
            task_scope& scope = co_await this_scope{};
            future<void> inner;
            if (name < 'd') inner = spawn(scope, {"inner", {}}, run(wait, order, static_cast<char>(name + 1)));
            (void)co_await as_result(wait->next());
            *order += name;
            if (inner.valid()) std::move(inner).detach(); // nobody collects it
        }
    };
    auto f = spawn(host, {"f", {}}, level::run(&never, &order, 'a'));
    host.run();
    f.cancel();
    host.run();
    EXPECT_EQ(order.size(), 4U);
    never.notify();
    EXPECT_TRUE(host.events.idle());
}

} // namespace
} // namespace kazoo::detail
