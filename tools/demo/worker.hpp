#pragma once
#include <kazoo/client.hpp>

#include <string>
#include <string_view>

namespace demo {

/// What a worker process does: stands for election below `path` and, once it leads, writes its name to `path`/leader.
/// Ends when its standard input does, so it never outlives the demo.
int work(const std::string& hosts, const std::string& path, const std::string& name);

/// A worker in a process of its own: this program, started again. Killed by the destructor.
class worker {
  public:
    worker(const char* program, const std::string& hosts, const std::string& path, std::string name);
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;
    ~worker();

    const std::string& name() const { return name_; }
    int pid() const { return pid_; }
    /// SIGKILL: no goodbye to anybody.
    void kill();

  private:
    std::string name_;
    int pid_ = -1, input_ = -1;
};

} // namespace demo
