#pragma once
// A thread that survives what happens to libraries: its owner may be destroyed on it, or in a forked child.
#include "net/fork_generation.hpp"

#include <functional>
#include <thread>

namespace kazoo::net {

class thread {
  public:
    thread() = default;
    thread(const thread&) = delete;
    thread& operator=(const thread&) = delete;
    ~thread() { end(); }

    bool started() const noexcept { return native_.joinable(); }
    bool is_current() const noexcept { return native_.get_id() == std::this_thread::get_id(); }
    /// Whether the calling thread is one of the library's.
    static bool any_is_current() noexcept;
    /// `name` has at most 15 characters. The thread takes no signals. Throws std::system_error.
    void start(const char* name, std::function<void()> body);
    /// Waits for the body to return; on the thread itself it only lets go of it.
    void end() noexcept;
    /// Lets the body finish on its own.
    void detach() noexcept;

  private:
    /// In a forked child there is nothing to join or detach, and both would touch freed stacks.
    bool forget_if_forked() noexcept;

    std::thread native_;
    std::uint64_t generation_ = 0;
};

} // namespace kazoo::net
