#pragma once
#include "exit_code.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <system_error>
#include <utility>
#include <vector>

namespace kz {

/// A command that runs beside us, found as the shell finds it, with our standard streams; or with an input of its own.
///
/// With a controlling terminal it stays in our process group, as under flock(1), so that it can read from the terminal
/// and that Ctrl-C and Ctrl-Z work. Without one it gets a group of its own, as under timeout(1), and signals reach what
/// it has started, too. When we are killed, the kernel kills it: nobody would guard it any more.
class child_process {
  public:
    using variables = std::vector<std::pair<std::string, std::string>>;

    /// `more` is added to the environment. `input`: its standard input; none: ours. Make it on the main thread: the
    /// kernel kills the command when the thread that started it ends. Throws execution_error.
    child_process(const std::vector<std::string>& command, const variables& more,
                  const std::optional<std::string_view>& input = {});
    child_process(const child_process&) = delete;
    child_process& operator=(const child_process&) = delete;
    /// Kills it if it was not waited for.
    ~child_process();

    /// To be polled: readable when the command has ended.
    int descriptor() const noexcept { return descriptor_; }
    void signal(int number) const noexcept;
    /// Waits for its end. Its exit code, or 128 + n if signal n killed it, as in sh.
    exit_code wait();

  private:
    pid_t pid_ = -1;
    bool group_ = false;
    int descriptor_ = -1;
};

/// The command could not be started.
class execution_error : public std::system_error {
  public:
    using std::system_error::system_error;
    /// As in sh: 127 not found, 126 anything else.
    exit_code as_exit_code() const noexcept;
};

} // namespace kz
