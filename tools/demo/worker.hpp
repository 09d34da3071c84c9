#pragma once
#include "steps.hpp"

#include <string>

namespace demo {

/// What a worker process does: waits for the lock at `path`, says so on standard output with its fencing token, gives
/// it up when a line comes on standard input, and queues up again. Ends when its standard input does, so it never
/// outlives the demo.
int work(const std::string& hosts, const std::string& path, const std::string& name);

/// A worker in a process of its own: this program, started again.
class worker {
  public:
    worker(const char* program, const std::string& hosts, const std::string& path, std::string name);
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;
    ~worker();

    const std::string& name() const { return name_; }
    int pid() const { return pid_; }
    /// Waits until it has the lock; its fencing token.
    long long holds();
    void tell_to_release();
    /// SIGKILL: no goodbye to anybody.
    void kill();

  private:
    std::string name_;
    int pid_ = -1, input_ = -1, output_ = -1;
};

} // namespace demo
