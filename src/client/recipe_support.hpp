#pragma once
// What recipes stand on: coroutines on the client's loop, requests that belong to one session, names that are found
// again, clean-up in the background. Recipes include this and the public headers, nothing else.
#include "client/client_access.hpp"
#include "client/create.hpp"
#include "client/janitor.hpp"
#include "client/operations.hpp"
#include "client/post.hpp"
#include "client/protected_name.hpp"
#include "client/ready.hpp"
#include "client/rooted_path.hpp"
#include "client/task.hpp"

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

/// A task whose failure with `excused` is the answer false.
inline task<bool> false_on(errc excused, task<bool> t) {
    const auto r = co_await as_result(std::move(t));
    if (r.error() == excused) co_return false;
    co_return r.value();
}
/// A task whose answer can only be yes.
inline task<void> without_answer(task<bool> t) { co_await std::move(t); }

} // namespace kazoo::detail
