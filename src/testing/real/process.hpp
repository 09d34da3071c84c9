#pragma once
#include <chrono>
#include <filesystem>
#include <string>
#include <sys/types.h>
#include <vector>

namespace kazoo::testkit {

/// A child process that inherits nothing but an empty standard input and a log file, and that cannot outlive us: the
/// destructor kills it, and so does the kernel when this process ends without destructors.
class process {
  public:
    /// Starts the program `arguments[0]`, a path. What it prints is appended to the log.
    process(const std::vector<std::string>& arguments, const std::filesystem::path& log);
    process(const process&) = delete;
    process& operator=(const process&) = delete;
    ~process();

    pid_t id() const noexcept { return pid_; }
    bool running();
    void signal(int number);
    /// SIGSTOP; returns when every thread of it stands still.
    void pause();
    /// False if it is still running when the limit has passed.
    bool wait_exit(std::chrono::milliseconds limit);
    /// "exit code 1" or "signal 9", once it is no longer running.
    std::string how_it_ended() const;

  private:
    pid_t pid_;
    bool running_ = true;
    int status_ = 0;
};

} // namespace kazoo::testkit
