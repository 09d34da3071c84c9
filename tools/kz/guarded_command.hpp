#pragma once
// What kz lock, lease, elect, party, partition, queue and barrier share: a command that runs as long as something is
// ours.
#include "child_process.hpp"
#include "settings.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace kz {

struct hold {
    std::string command; ///< of kz, for messages
    child_process::variables variables;
    std::stop_token lost;
    std::function<bool()> holds;
    std::function<void()> on_loss;
    std::function<void()> on_signal = [] {}; ///< one was passed on to the command
    std::chrono::milliseconds patience;      ///< between SIGTERM and SIGKILL
    std::optional<std::string_view> input{}; ///< the command's standard input; none: ours
};

/// What stands behind the --. `usage`: what stands ahead of it. Throws usage_error if there is nothing, or what should
/// stand there is elsewhere.
const std::vector<std::string>& guarded_command(const settings&, const std::string& usage,
                                                const std::vector<std::string>& misplaced);

/// Runs it to its end. Its exit code, or exit_code::lost if it was not ours all the time. Says why it cannot be
/// started.
exit_code run_guarded(const std::vector<std::string>& words, const hold&);

/// user@host:pid.
std::string default_identifier();
std::chrono::milliseconds milliseconds(double seconds);
/// A line on standard error.
void say(const std::string& command, const std::string& path, const std::string& what);

} // namespace kz
