#pragma once
// What tasks wait for that comes from no server: each other, and time.
#include "client/core.hpp"
#include "client/task.hpp"

#include <kazoo/future.hpp>

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

/// For steps that may be done twice: whether to do one again that failed so. What waits for a connection is repeated at
/// once; what was refused for lack of room or strength after a while.
inline task<bool> may_repeat(std::error_code e) {
    if (e == condition::connection) co_return true;
    if (e != condition::retryable || e == errc::operation_timeout) co_return false;
    core& c = co_await this_core{};
    (void)co_await as_result(pause(c, std::chrono::milliseconds(100)));
    co_return true;
}

} // namespace kazoo::detail
