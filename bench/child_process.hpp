#pragma once
#include <string>
#include <sys/types.h>
#include <vector>

namespace bench {

/// A program whose output we read, and to whose input we write. It ends with us, however we end; the destructor kills
/// it.
class child_process {
  public:
    /// `command[0]` is a path. Throws std::system_error.
    explicit child_process(const std::vector<std::string>& command);
    child_process(const child_process&) = delete;
    child_process& operator=(const child_process&) = delete;
    ~child_process();

    /// Without its end; empty at the end of the output. Throws if a signal came meanwhile.
    std::string read_line();
    /// To its input, with an end of line. Throws std::system_error.
    void write_line(const std::string&);
    /// Kills it, as no program can refuse, and waits for its end.
    void kill();
    /// Waits for the end; true for exit code 0.
    bool succeeded();

  private:
    pid_t pid_ = -1;
    int input_ = -1, output_ = -1;
    std::string unread_;
};

} // namespace bench
