#pragma once
// What tasks wait for that comes from no server: each other, and time.
#include "client/core.hpp"
#include "client/task.hpp"

#include <kazoo/future.hpp>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

namespace kazoo::detail {

/// Wakes tasks that wait for something other than a server: `while (!condition) co_await changed.next();`
/// On the loop only.
class task_signal {
  public:
    explicit task_signal(core& c) noexcept : core_(c) {}

    /// Completes at the next notify().
    future<void> next() {
        std::erase_if(waiting_, [](const auto& w) { return w->is_claimed(); });
        waiting_.emplace_back(new wait_state(core_));
        return future<void>(ref<state<void>>(waiting_.back()));
    }
    void notify() noexcept {
        for (const auto& w : std::exchange(waiting_, {}))
            if (w->claim()) w->publish(unit{});
    }

  private:
    class wait_state final : public state<void> {
      public:
        using state::state;
        std::string_view operation() const noexcept override { return "wait"; }
    };
    core& core_;
    std::vector<ref<wait_state>> waiting_;
};

/// Ends after this time, as a failure with operation_timeout: `co_await as_result(pause(c, 10ms))`.
inline future<void> pause(core& c, duration d) { return task_signal(c).next().timeout(d); }

/// For steps that may be done twice. What waits for a connection is repeated at once; what comes back at once (a server
/// may answer "session moved" for a while), or was refused for lack of room or strength, later and later.
class repetition {
  public:
    /// Whether to do a step again that failed so; waits for the right moment.
    task<bool> again(std::error_code e) {
        const bool broken = e == condition::connection;
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
