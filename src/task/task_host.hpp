#pragma once
// What a task needs of the client it runs for.
#include "loop/loop.hpp"

#include <kazoo/detail/shared_state.hpp>
#include <kazoo/error.hpp>

namespace kazoo::detail {

class task_scope;

class task_host : public context {
  public:
    virtual detail::loop& loop() const noexcept = 0;
    /// Why nothing new can be begun, if so. Any thread.
    virtual errc refusing() const noexcept = 0;

    // -- on the loop --------------------------------------------------------------------------------------------------
    void add_task(task_scope&) noexcept;
    void remove_task(task_scope&) noexcept;

  protected:
    ~task_host() override = default;
    /// Fails what all tasks wait for, now and from now on.
    void end_tasks(errc reason) noexcept;

  private:
    task_scope* tasks_ = nullptr;
};

} // namespace kazoo::detail
