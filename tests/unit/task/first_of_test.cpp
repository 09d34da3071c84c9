// Several futures of which one is enough.
#include "manual_host.hpp"
#include "task/first_of.hpp"

#include <optional>
#include <stop_token>
#include <string>

namespace kazoo::detail {
namespace {

using test::manual_host;
using test::request;
using namespace std::chrono_literals;

/// Waits for the first of two and notes what it sees.
struct either {
    explicit either(manual_host& h) : host(h), number(h), text(h) {}

    task<void> run() {
        auto a = number.sent();
        auto b = text.sent();
        auto first = co_await as_result(first_of(a, b));
        both_ready = a.ready() && b.ready();
        if (first)
            which = *first;
        else
            failed = first.error();
        a_ended = std::move(a).result();
        b_ended = std::move(b).result();
        over = true;
    }

    manual_host& host;
    request<int> number;
    request<std::string> text;
    bool both_ready = false, over = false;
    std::optional<std::size_t> which;
    std::error_code failed;
    std::optional<result<int>> a_ended;
    std::optional<result<std::string>> b_ended;
};

TEST(first_of, tells_which_ended_first_and_its_result_can_be_read) {
    manual_host host;
    either e(host);
    auto f = spawn(host, {"f", {}}, e.run());
    host.run();
    EXPECT_FALSE(e.over);
    e.text.succeed("b");
    EXPECT_FALSE(e.over) << "within whoever completes it";
    host.run();
    ASSERT_TRUE(e.over);
    EXPECT_EQ(e.which, 1U);
    EXPECT_EQ(e.b_ended->value(), "b");
    EXPECT_TRUE(e.both_ready);
}

TEST(first_of, gives_the_others_up_exactly_once) {
    manual_host host;
    either e(host);
    auto f = spawn(host, {"f", {}}, e.run());
    host.run();
    e.number.succeed(1);
    EXPECT_EQ(e.text.state->given_up, 0) << "within whoever completes the first";
    host.run();
    f.cancel();
    host.run();
    EXPECT_EQ(e.text.state->given_up, 1);
    EXPECT_EQ(e.number.state->given_up, 0);
    EXPECT_EQ(e.b_ended->error(), errc::cancelled);
}

TEST(first_of, counts_a_failure_as_an_end) {
    manual_host host;
    either e(host);
    auto f = spawn(host, {"f", {}}, e.run());
    host.run();
    e.text.fail(errc::no_node);
    host.run();
    EXPECT_EQ(e.which, 1U);
    EXPECT_EQ(e.b_ended->error(), errc::no_node);
    EXPECT_EQ(e.a_ended->error(), errc::cancelled);
}

TEST(first_of, takes_the_one_named_first_of_those_that_have_ended) {
    manual_host host;
    either e(host);
    e.text.succeed("earlier");
    e.number.succeed(1);
    auto f = spawn(host, {"f", {}}, e.run());
    host.run();
    EXPECT_EQ(e.which, 0U);
    EXPECT_EQ(e.a_ended->value(), 1);
    EXPECT_EQ(e.b_ended->value(), "earlier") << "it was not given up: it had ended";
}

TEST(first_of, goes_by_which_ended_first_and_not_by_which_is_named_first) {
    manual_host host;
    either e(host);
    auto f = spawn(host, {"f", {}}, e.run());
    host.run();
    e.text.succeed("b");
    e.number.succeed(1); // before the task goes on
    host.run();
    EXPECT_EQ(e.which, 1U);
    EXPECT_EQ(e.a_ended->value(), 1) << "what came meanwhile is not lost";
    EXPECT_EQ(e.number.state->given_up, 0);
}

TEST(first_of, gives_up_behind_one_that_has_ended_before) {
    manual_host host;
    either e(host);
    e.text.succeed("b");
    auto f = spawn(host, {"f", {}}, e.run());
    host.run();
    EXPECT_EQ(e.which, 1U);
    EXPECT_EQ(e.number.state->given_up, 1);
}

TEST(first_of, waits_for_one_that_is_about_to_end_and_cannot_be_given_up) {
    manual_host host;
    either e(host);
    auto f = spawn(host, {"f", {}}, e.run());
    host.run();
    ASSERT_TRUE(e.text.state->claim()); // its result is being written
    e.number.succeed(1);
    host.run();
    EXPECT_FALSE(e.over);
    e.text.state->publish("late");
    host.run();
    EXPECT_EQ(e.which, 0U);
    EXPECT_EQ(e.b_ended->value(), "late");
}

TEST(first_of, fails_with_all_of_them_when_the_deadline_passes) {
    manual_host host;
    either e(host);
    auto f = spawn(host, {.name = "f", .path = {}, .deadline = host.events.now() + 1s}, e.run());
    host.pass(1s);
    ASSERT_TRUE(e.over);
    EXPECT_EQ(e.failed, errc::operation_timeout);
    EXPECT_EQ(e.a_ended->error(), errc::operation_timeout);
    EXPECT_EQ(e.b_ended->error(), errc::operation_timeout);
    EXPECT_EQ(e.number.state->given_up + e.text.state->given_up, 2);
}

TEST(first_of, fails_with_all_of_them_when_a_stop_is_requested_or_the_host_closes) {
    for (const bool closes : {false, true}) {
        manual_host host;
        either e(host);
        std::stop_source stop;
        auto f = spawn(host, {.name = "f", .path = {}, .stop = stop.get_token()}, e.run());
        host.run();
        if (closes)
            host.close();
        else
            stop.request_stop();
        host.run();
        ASSERT_TRUE(e.over);
        const errc reason = closes ? errc::closed : errc::cancelled;
        EXPECT_EQ(e.failed, reason);
        EXPECT_EQ(e.a_ended->error(), reason);
        EXPECT_EQ(e.b_ended->error(), reason);
    }
}

TEST(first_of, in_a_task_that_was_told_to_end_fails_unless_one_has_ended) {
    for (const bool one_has_ended : {false, true}) {
        manual_host host;
        either e(host);
        if (one_has_ended) e.text.succeed("b");
        auto f = spawn(host, {"f", {}}, e.run());
        f.cancel();
        host.run();
        ASSERT_TRUE(e.over);
        EXPECT_EQ(e.number.state->given_up, 1);
        if (one_has_ended) {
            EXPECT_EQ(e.which, 1U);
        } else {
            EXPECT_EQ(e.failed, errc::cancelled);
        }
    }
}

TEST(first_of, keeps_what_had_come_when_the_task_is_told_to_end) {
    manual_host host;
    either e(host);
    auto f = spawn(host, {"f", {}}, e.run());
    host.run();
    e.number.succeed(1);
    host.close();
    host.run();
    EXPECT_EQ(e.which, 0U);
    EXPECT_EQ(e.a_ended->value(), 1);
}

TEST(first_of, goes_for_time_as_for_anything_else) {
    manual_host host;
    task_signal changed(host);
    std::string order;
    const auto wait = [&]() -> task<void> {
        for (int i = 0; i < 2; ++i) {
            auto event = changed.next();
            auto late = pause(host, 10ms);
            order += co_await first_of(event, late) == 0 ? "event " : "late ";
        }
    };
    auto f = spawn(host, {"f", {}}, wait());
    host.pass(5ms);
    changed.notify();
    host.pass(10ms);
    EXPECT_EQ(order, "event late ");
    EXPECT_TRUE(host.events.timers.empty()) << "the pause that lost left its timer";
}

TEST(first_of, needs_no_more_stack_after_many) {
    manual_host host;
    task_signal changed(host), never(host);
    int rounds = 0;
    const auto wait = [&]() -> task<void> {
        for (; rounds < 100'000; ++rounds) {
            auto a = never.next();
            auto b = changed.next();
            if (co_await first_of(a, b) != 1) co_return;
        }
    };
    auto f = spawn(host, {"f", {}}, wait());
    host.run();
    while (!f.ready()) {
        changed.notify();
        host.run();
    }
    EXPECT_EQ(rounds, 100'000);
}

} // namespace
} // namespace kazoo::detail
