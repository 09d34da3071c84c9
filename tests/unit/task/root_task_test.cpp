// What ends a task ahead of its time, and what its future says then.
#include "manual_host.hpp"

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace kazoo::detail {
namespace {

using test::manual_host;
using test::request;
using namespace std::chrono_literals;

/// Waits, notes how that ended, waits once more, and says how the first wait ended.
struct two_waits {
    explicit two_waits(manual_host& h) : first(h), second(h) {}

    task<void> run() {
        begun = true;
        const auto r = co_await as_result(first.sent());
        seen.push_back(r.error());
        const auto again = co_await as_result(second.sent());
        seen.push_back(again.error());
        ended = true;
        if (!r) r.rethrow();
    }

    request<void> first, second;
    bool begun = false, ended = false;
    std::vector<std::error_code> seen;
};

std::vector<std::error_code> both(errc e) { return {make_error_code(e), make_error_code(e)}; }

TEST(root_task, whose_deadline_passes_fails_what_it_waits_for_and_all_it_will_wait_for) {
    manual_host host;
    two_waits waits(host);
    auto f = spawn(host, {.name = "f", .path = {}, .deadline = host.events.now() + 1s}, waits.run());
    host.pass(999ms);
    EXPECT_TRUE(waits.begun);
    EXPECT_TRUE(waits.seen.empty());
    host.pass(1ms);
    EXPECT_EQ(waits.seen, both(errc::operation_timeout));
    EXPECT_EQ(waits.first.state->given_up, 1);
    EXPECT_EQ(waits.second.state->given_up, 1);
    EXPECT_EQ(test::error_of_result(std::move(f)), errc::operation_timeout);
}

TEST(root_task, that_ends_in_time_leaves_no_timer) {
    manual_host host;
    two_waits waits(host);
    auto f = spawn(host, {.name = "f", .path = {}, .deadline = host.events.now() + 1s}, waits.run());
    host.run();
    EXPECT_EQ(host.events.timers.size(), 1U);
    waits.first.succeed();
    waits.second.succeed();
    host.run();
    EXPECT_TRUE(host.events.timers.empty());
    EXPECT_FALSE(test::error_of_result(std::move(f)));
}

TEST(root_task, whose_stop_is_requested_ends_as_cancelled) {
    manual_host host;
    two_waits waits(host);
    std::stop_source stop;
    auto f = spawn(host, {.name = "f", .path = {}, .stop = stop.get_token()}, waits.run());
    host.run();
    stop.request_stop();
    EXPECT_TRUE(waits.seen.empty()) << "on the thread of whoever stops it";
    host.run();
    EXPECT_EQ(waits.seen, both(errc::cancelled));
    EXPECT_EQ(test::error_of_result(std::move(f)), errc::cancelled);
}

TEST(root_task, whose_stop_was_requested_before_runs_to_its_first_wait) {
    manual_host host;
    two_waits waits(host);
    std::stop_source stop;
    stop.request_stop();
    auto f = spawn(host, {.name = "f", .path = {}, .stop = stop.get_token()}, waits.run());
    host.run();
    EXPECT_TRUE(waits.ended);
    EXPECT_EQ(test::error_of_result(std::move(f)), errc::cancelled);
}

TEST(root_task, that_has_ended_hears_no_stop) {
    manual_host host;
    two_waits waits(host);
    std::stop_source stop;
    auto f = spawn(host, {.name = "f", .path = {}, .stop = stop.get_token()}, waits.run());
    host.run();
    waits.first.succeed();
    waits.second.succeed();
    host.run();
    stop.request_stop();
    EXPECT_TRUE(host.events.idle());
    EXPECT_FALSE(test::error_of_result(std::move(f)));
}

TEST(root_task, whose_future_is_cancelled_cleans_up_while_the_caller_goes_on) {
    manual_host host;
    two_waits waits(host);
    auto f = spawn(host, {"f", {}}, waits.run());
    host.run();
    f.cancel();
    EXPECT_TRUE(f.ready()) << "callers do not wait for the clean-up";
    EXPECT_FALSE(waits.ended);
    const auto r = std::move(f).result();
    EXPECT_EQ(r.error(), errc::cancelled);
    EXPECT_EQ(r.outcome(), outcome::unknown);
    host.run();
    EXPECT_TRUE(waits.ended);
    EXPECT_EQ(waits.seen, both(errc::cancelled));
}

TEST(root_task, whose_future_is_cancelled_before_it_begins_waits_for_nothing) {
    manual_host host;
    two_waits waits(host);
    auto f = spawn(host, {"f", {}}, waits.run());
    f.cancel();
    host.run();
    EXPECT_TRUE(waits.ended);
    EXPECT_EQ(waits.seen, both(errc::cancelled));
    EXPECT_EQ(test::error_of_result(std::move(f)), errc::cancelled);
}

TEST(root_task, whose_future_times_out_is_told_as_by_cancel) {
    manual_host host;
    two_waits waits(host);
    auto f = spawn(host, {"f", {}}, waits.run()).timeout(1s);
    host.pass(1s);
    EXPECT_TRUE(waits.ended);
    EXPECT_EQ(waits.seen, both(errc::cancelled));
    EXPECT_EQ(test::error_of_result(std::move(f)), errc::operation_timeout);
}

TEST(root_task, whose_future_is_dropped_goes_on) {
    manual_host host;
    two_waits waits(host);
    {
        const auto f = spawn(host, {"f", {}}, waits.run());
        host.run();
    }
    host.run();
    EXPECT_TRUE(waits.seen.empty());
    waits.first.succeed();
    waits.second.succeed();
    host.run();
    EXPECT_TRUE(waits.ended);
}

TEST(root_task, that_is_a_wait_ends_when_its_future_is_dropped) {
    manual_host host;
    two_waits waits(host);
    {
        const auto f = spawn(host, {.name = "f", .path = {}, .is_wait = true}, waits.run());
        host.run();
    }
    host.run();
    EXPECT_EQ(waits.seen, both(errc::cancelled));
    EXPECT_TRUE(waits.ended);
}

TEST(root_task, that_is_a_duty_outlasts_its_future) {
    for (const bool begun : {false, true}) {
        manual_host host;
        two_waits waits(host);
        auto f = spawn(host, {.name = "f", .path = {}, .is_duty = true}, waits.run());
        if (begun) host.run();
        f.cancel();
        host.run();
        EXPECT_EQ(test::error_of_result(std::move(f)), errc::cancelled);
        EXPECT_TRUE(waits.seen.empty()) << begun;
        waits.first.succeed();
        waits.second.succeed();
        host.run();
        EXPECT_TRUE(waits.ended) << begun;
        EXPECT_EQ(waits.seen, std::vector<std::error_code>(2)) << begun;
    }
}

TEST(root_task, of_a_host_that_closes_ends) {
    manual_host host;
    two_waits waits(host), others(host);
    auto f = spawn(host, {"f", {}}, waits.run());
    auto duty = spawn(host, {.name = "g", .path = {}, .is_duty = true}, others.run());
    host.run();
    host.close();
    host.run();
    EXPECT_EQ(waits.seen, both(errc::closed));
    EXPECT_EQ(others.seen, both(errc::closed)) << "there is nothing left to do it with";
    EXPECT_EQ(test::error_of_result(std::move(f)), errc::closed);
    EXPECT_EQ(test::error_of_result(std::move(duty)), errc::closed);
}

TEST(root_task, that_has_not_begun_when_its_host_closes_waits_for_nothing) {
    manual_host host;
    two_waits waits(host);
    auto f = spawn(host, {"f", {}}, waits.run());
    host.close();
    host.run();
    EXPECT_TRUE(waits.ended);
    EXPECT_EQ(waits.seen, both(errc::closed));
    EXPECT_EQ(test::error_of_result(std::move(f)), errc::closed);
}

TEST(root_task, of_a_closed_host_does_not_begin) {
    manual_host host;
    host.close(errc::forked);
    two_waits waits(host);
    auto f = spawn(host, {"f", {}}, waits.run());
    EXPECT_TRUE(f.ready());
    host.run();
    EXPECT_FALSE(waits.begun);
    EXPECT_EQ(test::error_of_result(std::move(f)), errc::forked);
}

TEST(task_scope, that_has_fired_keeps_its_first_reason) {
    manual_host host;
    two_waits waits(host);
    std::stop_source stop;
    auto f = spawn(host, {.name = "f", .path = {}, .deadline = host.events.now() + 1s, .stop = stop.get_token()},
                   waits.run());
    host.run();
    stop.request_stop();
    host.events.step(); // told, and not resumed yet
    host.close();
    host.pass(2s);
    EXPECT_EQ(waits.seen, both(errc::cancelled));
    EXPECT_EQ(test::error_of_result(std::move(f)), errc::cancelled);
}

TEST(task_scope, does_not_take_a_result_away_that_has_come) {
    manual_host host;
    two_waits waits(host);
    auto f = spawn(host, {.name = "f", .path = {}, .deadline = host.events.now() + 1s}, waits.run());
    host.run();
    waits.first.succeed();
    host.close();
    host.run();
    EXPECT_EQ(waits.seen, (std::vector<std::error_code>{{}, make_error_code(errc::closed)}));
    EXPECT_EQ(waits.first.state->given_up, 0);
    EXPECT_FALSE(test::error_of_result(std::move(f)));
}

TEST(task_scope, reaches_the_tasks_within_its_own) {
    manual_host host;
    two_waits waits(host);
    const auto above = [&waits]() -> task<void> {
        const auto r = co_await as_result(waits.run());
        EXPECT_EQ(r.error(), errc::cancelled);
        co_await request<void>(waits.first).sent(); // ready already
    };
    auto f = spawn(host, {"f", {}}, above());
    host.run();
    f.cancel();
    host.run();
    EXPECT_EQ(waits.seen, both(errc::cancelled));
    EXPECT_EQ(test::error_of_result(std::move(f)), errc::cancelled);
}

// -- claim_result -----------------------------------------------------------------------------------------------------

/// Has something to hand over that must not get lost: claims the result, and does a last step.
struct handing_over {
    explicit handing_over(manual_host& h) : wanted(h), last_step(h) {}

    task<int> run() {
        task_scope& scope = co_await this_scope{};
        co_await wanted.sent();
        try {
            scope.claim_result();
            claimed = true;
        } catch (const error& e) {
            refused = e.code();
            throw;
        }
        const auto r = co_await as_result(last_step.sent());
        step_failed = !r;
        co_return 7;
    }

    request<void> wanted, last_step;
    bool claimed = false, step_failed = false;
    std::error_code refused;
};

TEST(claim_result, makes_a_later_cancel_come_too_late) {
    manual_host host;
    handing_over t(host);
    auto f = spawn(host, {"f", {}}, t.run());
    host.run();
    t.wanted.succeed();
    host.run();
    ASSERT_TRUE(t.claimed);
    f.cancel();
    host.run();
    EXPECT_FALSE(f.ready());
    t.last_step.succeed();
    host.run();
    EXPECT_FALSE(t.step_failed);
    EXPECT_EQ(std::move(f).get(), 7);
}

TEST(claim_result, makes_a_later_time_out_come_too_late) {
    manual_host host;
    handing_over t(host);
    auto f = spawn(host, {"f", {}}, t.run()).timeout(1s);
    host.run();
    t.wanted.succeed();
    host.run();
    host.pass(2s);
    EXPECT_FALSE(f.ready());
    t.last_step.succeed();
    host.run();
    EXPECT_FALSE(t.step_failed);
    EXPECT_EQ(std::move(f).get(), 7);
}

TEST(claim_result, fails_behind_a_cancel_and_nothing_is_handed_over) {
    manual_host host;
    handing_over t(host);
    auto f = spawn(host, {"f", {}}, t.run());
    host.run();
    t.wanted.succeed();
    f.cancel(); // the task is about to go on
    host.run();
    EXPECT_FALSE(t.claimed);
    EXPECT_EQ(t.refused, errc::cancelled);
    EXPECT_EQ(test::error_of_result(std::move(f)), errc::cancelled);
}

TEST(claim_result, fails_behind_a_deadline_with_its_reason) {
    manual_host host;
    handing_over t(host);
    auto f = spawn(host, {.name = "f", .path = {}, .deadline = host.events.now() + 1s}, t.run());
    host.run();
    t.wanted.succeed();
    host.events.ring(1s); // before the task goes on
    host.run();
    EXPECT_FALSE(t.claimed);
    EXPECT_EQ(t.refused, errc::operation_timeout);
    EXPECT_EQ(test::error_of_result(std::move(f)), errc::operation_timeout);
}

TEST(claim_result, holds_against_the_end_of_the_host_although_its_steps_fail) {
    manual_host host;
    handing_over t(host);
    auto f = spawn(host, {"f", {}}, t.run());
    host.run();
    t.wanted.succeed();
    host.run();
    host.close();
    host.run();
    EXPECT_TRUE(t.step_failed);
    EXPECT_EQ(std::move(f).get(), 7);
}

} // namespace
} // namespace kazoo::detail
