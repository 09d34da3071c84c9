#pragma once
// What tasks can wait for beside answers of servers: each other, and time.
#include "task/task.hpp"
#include "util/clock.hpp"
#include "util/pruned_list.hpp"

#include <kazoo/future.hpp>

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
        return make_future<void>(std::move(w));
    }
    void notify() noexcept {
        for (const auto& w : waiting_.take())
            if (w->claim()) w->publish(unit{});
    }

  private:
    class wait_state final : public shared_state<void> {
      public:
        using shared_state::shared_state;
        std::string_view operation() const noexcept override { return "wait"; }
    };
    struct given_up {
        bool operator()(const ref<wait_state>& w) const noexcept { return w->is_claimed(); }
    };
    context& context_;
    util::pruned_list<ref<wait_state>, given_up> waiting_;
};

/// Ends after this time, as a failure with operation_timeout: `co_await as_result(pause(c, 10ms))`.
inline future<void> pause(context& c, duration d) { return task_signal(c).next().timeout(d); }

} // namespace kazoo::detail
