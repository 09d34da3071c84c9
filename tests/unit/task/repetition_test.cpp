// When a step that failed is done again, by a clock that the test moves.
#include "manual_host.hpp"
#include "task/repetition.hpp"

#include <memory>
#include <stdexcept>
#include <stop_token>
#include <vector>

namespace kazoo::detail {
namespace {

using test::manual_host;
using test::request;
using namespace std::chrono_literals;
using times = std::vector<util::duration>;

/// A step that always fails, at once or after a while; notes when it was begun, from the beginning of the test.
struct failing_step {
    explicit failing_step(manual_host& h) : host(h), begun(h.events.now()) {}

    task<void> run() {
        repetition tries;
        for (;;) {
            at.push_back(host.events.now() - begun);
            if (takes > util::duration::zero()) (void)co_await as_result(pause(host, takes));
            if (!co_await tries.again(make_error_code(error))) break;
        }
        refused = true;
    }

    manual_host& host;
    const util::time_point begun;
    errc error = errc::connection_loss;
    util::duration takes{0};
    times at;
    bool refused = false;
};

TEST(repetition, is_at_once_after_a_lost_connection) {
    manual_host host;
    failing_step step(host);
    auto f = spawn(host, {"f", {}}, step.run());
    host.run();
    EXPECT_EQ(step.at, (times{0ms, 0ms}));
    f.cancel();
    host.run();
}

TEST(repetition, of_what_comes_back_at_once_is_later_and_later) {
    manual_host host;
    failing_step step(host);
    step.error = errc::session_moved;
    auto f = spawn(host, {"f", {}}, step.run());
    host.pass(10s);
    EXPECT_EQ(step.at,
              (times{0ms, 10ms, 30ms, 70ms, 150ms, 310ms, 630ms, 1'270ms, 2'550ms, 4'550ms, 6'550ms, 8'550ms}));
    f.cancel();
    host.run();
}

TEST(repetition, of_connections_that_break_at_once_is_later_and_later_too) {
    manual_host host;
    failing_step step(host);
    auto f = spawn(host, {"f", {}}, step.run());
    host.pass(100ms);
    EXPECT_EQ(step.at, (times{0ms, 0ms, 10ms, 30ms, 70ms}));
    f.cancel();
    host.run();
}

TEST(repetition, starts_small_again_when_a_step_has_lasted) {
    manual_host host;
    failing_step step(host);
    step.error = errc::throttled;
    auto f = spawn(host, {"f", {}}, step.run());
    host.pass(150ms);
    ASSERT_EQ(step.at, (times{0ms, 10ms, 30ms, 70ms, 150ms}));
    step.takes = 2s; // the next pause but one would be 320 ms
    host.pass(160ms);
    ASSERT_EQ(step.at.back(), 310ms);
    host.pass(2s + 10ms);
    EXPECT_EQ(step.at.back(), 310ms + 2s + 10ms);
    f.cancel();
    host.run();
}

TEST(repetition, is_at_once_each_time_that_a_connection_breaks_after_a_while) {
    manual_host host;
    failing_step step(host);
    step.takes = 1s;
    auto f = spawn(host, {"f", {}}, step.run());
    host.pass(3'500ms);
    EXPECT_EQ(step.at, (times{0s, 1s, 2s, 3s}));
    f.cancel();
    host.run();
}

TEST(repetition, never_is_for_refusals_and_ends) {
    for (const errc e : {errc::no_auth, errc::no_node, errc::operation_timeout, errc::session_expired, errc::closed,
                         errc::cancelled}) {
        manual_host host;
        failing_step step(host);
        step.error = e;
        auto f = spawn(host, {"f", {}}, step.run());
        host.run();
        EXPECT_TRUE(step.refused) << make_error_code(e);
        EXPECT_EQ(step.at.size(), 1U) << make_error_code(e);
    }
}

TEST(repetition, is_for_whatever_can_succeed_later) {
    for (const errc e : {errc::connection_loss, errc::session_moved, errc::throttled, errc::request_timeout,
                         errc::queue_full, errc::no_hosts}) {
        manual_host host;
        failing_step step(host);
        step.error = e;
        auto f = spawn(host, {"f", {}}, step.run());
        host.pass(10ms);
        EXPECT_GE(step.at.size(), 2U) << make_error_code(e);
        f.cancel();
        host.run();
    }
}

TEST(repetition, ends_with_the_deadline_while_it_pauses) {
    manual_host host;
    failing_step step(host);
    step.error = errc::throttled;
    auto f = spawn(host, {.name = "f", .path = {}, .deadline = host.events.now() + 100ms}, step.run());
    host.pass(100ms);
    EXPECT_EQ(step.at, (times{0ms, 10ms, 30ms, 70ms}));
    EXPECT_EQ(test::error_of_result(std::move(f)), errc::operation_timeout);
}

TEST(repetition, ends_with_a_stop_while_it_pauses) {
    manual_host host;
    failing_step step(host);
    step.error = errc::throttled;
    std::stop_source stop;
    auto f = spawn(host, {.name = "f", .path = {}, .stop = stop.get_token()}, step.run());
    host.pass(100ms);
    stop.request_stop();
    host.run();
    EXPECT_EQ(step.at.size(), 4U);
    EXPECT_EQ(test::error_of_result(std::move(f)), errc::cancelled);
}

/// The connection breaks under a step, and before the task goes on its time is over.
TEST(repetition, begins_nothing_after_the_deadline_even_where_it_would_be_at_once) {
    manual_host host;
    std::vector<request<void>> sent;
    const auto body = [&]() -> task<void> {
        repetition tries;
        for (;;) {
            sent.emplace_back(host);
            auto r = co_await as_result(sent.back().sent());
            if (!r && co_await tries.again(r.error())) continue;
            if (!r) r.rethrow();
            co_return;
        }
    };
    auto f = spawn(host, {.name = "f", .path = {}, .deadline = host.events.now() + 1s}, body());
    host.run();
    sent.front().fail(errc::connection_loss, outcome::unknown);
    host.events.ring(1s);
    host.run();
    EXPECT_EQ(sent.size(), 1U) << "a request was sent after the deadline";
    EXPECT_EQ(test::error_of_result(std::move(f)), errc::operation_timeout);
}

// -- repeat -----------------------------------------------------------------------------------------------------------

/// Requests in the order in which a step sends them; the test answers the last one.
struct requests {
    explicit requests(manual_host& h) : host(h) {}
    future<int> send() {
        sent.emplace_back(host);
        return sent.back().sent();
    }
    manual_host& host;
    std::vector<request<int>> sent;
};

TEST(repeat, does_a_step_until_it_is_done) {
    manual_host host;
    requests r(host);
    const auto kept = std::make_shared<int>(0); // in the step, as captures are
    const auto step = [&r, kept] { return r.send(); };
    auto f = spawn(host, {"f", {}}, repeat(step));
    host.run();
    r.sent.back().fail(errc::connection_loss);
    host.run();
    ASSERT_EQ(r.sent.size(), 2U) << "at once";
    r.sent.back().fail(errc::session_moved);
    host.run();
    EXPECT_EQ(r.sent.size(), 2U) << "it came back at once";
    host.pass(10ms);
    ASSERT_EQ(r.sent.size(), 3U);
    r.sent.back().succeed(7);
    host.run();
    EXPECT_EQ(std::move(f).get(), 7);
    EXPECT_EQ(kept.use_count(), 2);
}

TEST(repeat, takes_steps_that_are_tasks) {
    manual_host host;
    requests r(host);
    const auto twice = [&r]() -> task<int> {
        const int once = co_await r.send();
        co_return 2 * once;
    };
    auto f = spawn(host, {"f", {}}, repeat(twice));
    host.run();
    r.sent.back().fail(errc::connection_loss);
    host.run();
    r.sent.back().succeed(4);
    host.run();
    EXPECT_EQ(std::move(f).get(), 8);
}

TEST(repeat, takes_steps_that_bring_nothing) {
    manual_host host;
    int tries = 0;
    const auto step = [&tries, &host]() {
        const request<void> r(host);
        if (++tries < 3)
            r.fail(errc::throttled);
        else
            r.succeed();
        return r.sent();
    };
    auto f = spawn(host, {"f", {}}, repeat(step));
    host.pass(1s);
    EXPECT_EQ(tries, 3);
    EXPECT_FALSE(test::error_of_result(std::move(f)));
}

TEST(repeat, throws_the_failure_that_cannot_be_mended_with_its_outcome) {
    manual_host host;
    requests r(host);
    const auto step = [&r] { return r.send(); };
    auto f = spawn(host, {"f", {}}, repeat(step));
    host.run();
    r.sent.back().fail(errc::connection_loss, outcome::unknown);
    host.run();
    r.sent.back().fail(errc::no_auth);
    host.run();
    const auto failed = std::move(f).result();
    EXPECT_EQ(failed.error(), errc::no_auth);
    EXPECT_EQ(r.sent.size(), 2U);
}

TEST(repeat, begins_nothing_after_the_deadline_the_stop_and_the_end) {
    for (const errc reason : {errc::operation_timeout, errc::cancelled, errc::closed}) {
        for (const errc trouble : {errc::connection_loss, errc::throttled}) {
            manual_host host;
            requests r(host);
            std::stop_source stop;
            const auto step = [&r] { return r.send(); };
            auto f =
                spawn(host, {.name = "f", .path = {}, .deadline = host.events.now() + 1s, .stop = stop.get_token()},
                      repeat(step));
            host.run();
            r.sent.back().fail(trouble);
            if (reason == errc::operation_timeout) host.events.ring(1s);
            if (reason == errc::cancelled) stop.request_stop();
            if (reason == errc::closed) host.close();
            host.pass(1s);
            EXPECT_EQ(r.sent.size(), 1U);
            EXPECT_EQ(test::error_of_result(std::move(f)), reason);
        }
    }
}

/// What is refused at once never waits, so it sees no end by itself.
TEST(repeat, ends_in_time_although_each_step_fails_without_waiting) {
    manual_host host;
    int tries = 0;
    const auto step = [&tries, &host]() {
        if (++tries > 1'000) throw std::runtime_error("it spins");
        const request<int> r(host);
        r.fail(errc::queue_full);
        return r.sent();
    };
    auto f = spawn(host, {.name = "f", .path = {}, .deadline = host.events.now() + 100ms}, repeat(step));
    host.pass(1s);
    EXPECT_EQ(test::error_of_result(std::move(f)), errc::operation_timeout);
    EXPECT_EQ(tries, 4);
}

} // namespace
} // namespace kazoo::detail
