#pragma once
#include "child_process.hpp"

#include <chrono>
#include <functional>
#include <stop_token>

namespace kz {

/// Waits for the end of a command and gives its exit code. Passes interrupting_signals() on to it, which must be
/// blocked, and calls on_signal. When `lost` is requested, it calls on_loss, tells the command to end by SIGTERM, and,
/// after `patience`, by SIGKILL.
exit_code supervise(child_process&, const std::stop_token& lost, std::chrono::milliseconds patience,
                    const std::function<void()>& on_loss, const std::function<void()>& on_signal);

} // namespace kz
