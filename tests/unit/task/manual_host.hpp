#pragma once
// What tasks need of a client, by hand: its loop runs, and its time passes, when the test says so.
#include "manual_loop.hpp"
#include "task/root_task.hpp"
#include "task/task_signal.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string_view>
#include <utility>

namespace kazoo::test {

using namespace std::chrono_literals;

class manual_host final : public detail::task_host {
  public:
    manual_host() = default;
    ~manual_host() override {
        EXPECT_EQ(references, 0) << "a state or a task leaked";
        EXPECT_TRUE(events.idle()) << "a job or a timer was left behind";
    }

    void retain() noexcept override { ++references; }
    void release() noexcept override { --references; }
    void post(detail::job& j) noexcept override {
        j.run(&j); // nothing here runs user code
    }
    void post_to_loop(detail::job& j) noexcept override { events.post(j); }
    std::uint64_t start_timer(std::chrono::nanoseconds delay, detail::job& j) noexcept override {
        return events.start_timer(events.now() + delay, j);
    }
    bool cancel_timer(std::uint64_t t) noexcept override { return events.cancel_timer(t); }
    std::chrono::nanoseconds operation_limit() const noexcept override { return 50ms; }
    errc may_block(bool) const noexcept override { return errc::would_deadlock; }
    bool pump(detail::shared_state_base&, std::chrono::nanoseconds, const std::stop_token&) noexcept override {
        return false;
    }
    detail::loop& loop() const noexcept override { return events; }
    errc refusing() const noexcept override { return refused; }

    /// As a client that is closed: nothing new is begun, and what waits ends.
    void close(errc reason = errc::closed) {
        refused = reason;
        end_tasks(reason);
    }
    void run() { events.run(); }
    void pass(util::duration d) { events.pass(d); }

    mutable manual_loop events;
    errc refused{};
    int references = 0;
};

/// A request that the test answers. Counts how often it was given up.
template <class T> class manual_request final : public detail::shared_state<T> {
  public:
    using detail::shared_state<T>::shared_state;
    std::string_view operation() const noexcept override { return "request"; }
    outcome on_abandoned() noexcept override {
        ++given_up;
        return outcome::unknown;
    }
    void abandon_interest() noexcept override { ++dropped; }

    int given_up = 0, dropped = 0;
};

/// A request and the ways it can end.
template <class T> struct request {
    explicit request(manual_host& h) : state(new manual_request<T>(h)) {}

    future<T> sent() const { return detail::make_future<T>(state); }
    void succeed(detail::stored<T> value = {}) const {
        if (state->claim()) state->publish(std::move(value));
    }
    void fail(errc e, outcome o = outcome::not_applied) const {
        if (!state->claim()) return;
        detail::failure f;
        f.code = make_error_code(e);
        f.outcome = o;
        state->publish_failure(std::move(f));
    }

    detail::ref<manual_request<T>> state;
};

/// How a finished future ended; the value is in the future.
template <class T> std::error_code error_of_result(future<T> f) { return std::move(f).result().error(); }

} // namespace kazoo::test
