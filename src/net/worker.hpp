#pragma once
// One thread for user code.
#include "net/exit_wait.hpp"
#include "net/thread.hpp"
#include "util/mutex.hpp"

#include <kazoo/detail/shared_state.hpp>
#include <kazoo/event_loop.hpp>

#include <functional>
#include <memory>

namespace kazoo::net {

class worker final : public executor {
  public:
    explicit worker(const char* name);
    ~worker() override { stop(then::wait); }

    /// Throws std::system_error. Until then what is handed over waits.
    void start(std::shared_ptr<ending_loop>);
    /// In order, one at a time. An exception of the work goes no further.
    void execute(std::function<void()> work) override;
    /// The same for a job; false: dropped.
    bool post(detail::job&) noexcept;
    bool is_current() const noexcept;
    enum class then : bool {
        wait, ///< until all is done, unless this is the worker's own thread
        leave
    };
    /// What was handed over is still done, what comes now is dropped.
    void stop(then) noexcept;

  private:
    struct shared;
    static void run(shared&) noexcept;

    const char* const name_;
    const std::uint64_t generation_ = fork_generation();
    std::shared_ptr<shared> shared_; ///< with the thread, which may outlive this
    thread thread_;
};

} // namespace kazoo::net
