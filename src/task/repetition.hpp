#pragma once
// Doing again what a lost connection or a busy server prevented.
#include "task/task.hpp"
#include "task/task_signal.hpp"

#include <algorithm>
#include <chrono>
#include <system_error>

namespace kazoo::detail {

/// For steps that may be done twice. What waits for a connection is repeated at once; what comes back at once (a server
/// may answer "session moved" for a while), or was refused for lack of room or strength, later and later.
class repetition {
  public:
    /// Whether to do a step again that failed so; waits for the right moment.
    task<bool> again(std::error_code e) {
        const bool broken = e == errc::connection_loss;
        if (!broken && (e != condition::retryable || e == errc::operation_timeout)) co_return false;
        task_host& host = co_await this_host{};
        const time_point now = host.loop().now();
        if (now - last_ > 4 * pause_ + shortest) pause_ = broken ? duration::zero() : shortest;
        if (pause_ > duration::zero()) {
            const auto waited = co_await as_result(pause(host, pause_));
            if (waited.error() != errc::operation_timeout) waited.rethrow(); // the task was told to end
        }
        pause_ = std::clamp<duration>(2 * pause_, shortest, longest);
        last_ = host.loop().now();
        co_return true;
    }

  private:
    static constexpr std::chrono::milliseconds shortest{10}, longest{2'000};
    duration pause_{0};
    time_point last_{}; ///< when a step was last begun again
};

} // namespace kazoo::detail
