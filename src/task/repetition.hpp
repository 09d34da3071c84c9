#pragma once
// Doing again what a lost connection or a busy server prevented.
#include "task/task.hpp"
#include "task/task_signal.hpp"
#include "util/backoff.hpp"

#include <chrono>
#include <optional>
#include <system_error>
#include <type_traits>
#include <utility>

namespace kazoo::detail {

/// For what can wait: a server that has lost its quorum will have one again, or there is another one.
inline std::error_code as_passing(std::error_code e) noexcept {
    return e == errc::not_read_only ? make_error_code(errc::throttled) : e;
}

/// For steps that may be done twice. After a broken connection a step is repeated at once, as it waits for the next one
/// anyway. If it fails quickly again (a server may answer "session moved" for a while), or was refused because a queue
/// is full or a server is busy, it is repeated after longer and longer pauses.
class repetition {
  public:
    /// Whether a step that failed so can succeed later, and nobody has told us to end.
    static bool may_help(std::error_code e) noexcept {
        return e == condition::retryable && e != errc::operation_timeout;
    }
    /// Whether to do a step again that failed so; waits for the right moment. Throws when the task is told to end.
    task<bool> again(std::error_code e) {
        const bool broken = e == errc::connection_loss;
        if (!may_help(e)) co_return false;
        const task_scope& scope = co_await this_scope{};
        task_host& host = scope.host();
        const bool another_trouble = !begun_ || pauses_.starts_over(host.loop().now() - *begun_);
        if (!broken || !another_trouble) (void)co_await as_result(pause(host, pauses_.next()));
        scope.require_time();
        begun_ = host.loop().now();
        co_return true;
    }

  private:
    util::backoff pauses_{std::chrono::milliseconds(10), std::chrono::milliseconds(2'000)};
    std::optional<time_point> begun_; ///< when a step was last begun again
};

/// Does a step that may be done twice until it is done or cannot be: at once after a reconnect, later and later what
/// comes back at once, never after the task was told to end. `step()` returns a future or a task; its last failure is
/// thrown. Give the lambda a name first, if it captures anything.
template <class Step, class T = typename std::invoke_result_t<Step&>::value_type> task<T> repeat(Step step) {
    for (repetition tries;;) {
        auto r = co_await as_result(step());
        if (!r && co_await tries.again(r.error())) continue;
        if (!r) r.rethrow();
        if constexpr (std::is_void_v<T>)
            co_return;
        else
            co_return *std::move(r);
    }
}

} // namespace kazoo::detail
