#pragma once
// What tasks wait for that comes from no server: each other, and time.
#include "client/core.hpp"
#include "client/task.hpp"
#include "util/pruned_list.hpp"

#include <kazoo/future.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace kazoo::detail {

/// Wakes tasks that wait for something other than a server: `while (!condition) co_await changed.next();`
/// On the loop only.
class task_signal {
  public:
    explicit task_signal(context& c) noexcept : context_(c) {}

    /// Completes at the next notify().
    future<void> next() {
        ref<wait_state> w(new wait_state(context_));
        waiting_.add(w);
        return future<void>(ref<state<void>>(std::move(w)));
    }
    void notify() noexcept {
        for (const auto& w : waiting_.take())
            if (w->claim()) w->publish(unit{});
    }

  private:
    class wait_state final : public state<void> {
      public:
        using state::state;
        std::string_view operation() const noexcept override { return "wait"; }
    };
    struct given_up {
        bool operator()(const ref<wait_state>& w) const noexcept { return w->is_claimed(); }
    };
    context& context_;
    util::pruned_list<ref<wait_state>, given_up> waiting_;
};

/// Ends after this time, as a failure with operation_timeout: `co_await as_result(pause(c, 10ms))`.
inline future<void> pause(core& c, duration d) { return task_signal(c).next().timeout(d); }

/// For steps that may be done twice. What waits for a connection is repeated at once; what comes back at once (a server
/// may answer "session moved" for a while), or was refused for lack of room or strength, later and later.
class repetition {
  public:
    /// Whether to do a step again that failed so; waits for the right moment.
    task<bool> again(std::error_code e) {
        const bool broken = e == errc::connection_loss;
        if (!broken && (e != condition::retryable || e == errc::operation_timeout)) co_return false;
        core& c = co_await this_core{};
        const time_point now = c.loop().now();
        if (now - last_ > 4 * pause_ + shortest) pause_ = broken ? duration::zero() : shortest;
        if (pause_ > duration::zero()) {
            const auto waited = co_await as_result(pause(c, pause_));
            if (waited.error() != errc::operation_timeout) waited.rethrow(); // the task was told to end
        }
        pause_ = std::clamp<duration>(2 * pause_, shortest, longest);
        last_ = c.loop().now();
        co_return true;
    }

  private:
    static constexpr std::chrono::milliseconds shortest{10}, longest{2'000};
    duration pause_{0};
    time_point last_{}; ///< when a step was last begun again
};

} // namespace kazoo::detail
