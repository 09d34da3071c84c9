#pragma once
// What a task needs of the client it runs for.
#include "loop/loop.hpp"
#include "task/interruptible.hpp"

#include <kazoo/detail/shared_state.hpp>
#include <kazoo/error.hpp>

namespace kazoo::detail {

class task_host : public context {
  public:
    virtual detail::loop& loop() const noexcept = 0;
    /// Why nothing new can be begun; errc{} if it can. Any thread.
    virtual errc refusing() const noexcept = 0;

  protected:
    ~task_host() override = default;
    /// Fails what all tasks wait for, now and from now on.
    void end_tasks(errc reason) noexcept { tasks_.interrupt_all(reason); }

  private:
    friend class task_scope;
    interruptible_list tasks_; ///< on the loop
};

} // namespace kazoo::detail
