#pragma once
// What limits a whole tree of coroutines: one scope belongs to one root task and ends whatever the task waits for.
#include "client/core.hpp"

#include <kazoo/detail/state.hpp>

namespace kazoo::detail {

/// Used on the loop only. A root task waits for one thing at a time, so one pointer is enough.
class task_scope {
  public:
    explicit task_scope(core& c) noexcept : core_(c) { c.add_task(*this); }
    ~task_scope() { core_.remove_task(*this); }
    task_scope(const task_scope&) = delete;
    task_scope& operator=(const task_scope&) = delete;

    core& owner() const noexcept { return core_; }

    /// Fails what the task waits for, now and from now on.
    void fire(errc reason) noexcept {
        if (fired_ == errc{}) fired_ = reason;
        if (waiting_ != nullptr) waiting_->fail(fired_);
    }
    void begin_wait(state_base& s) noexcept {
        waiting_ = &s;
        if (fired_ != errc{}) s.fail(fired_);
    }
    void end_wait() noexcept { waiting_ = nullptr; }

    // -- the core's list of running tasks
    task_scope* next_in_core() const noexcept { return next_; }
    void link(task_scope* first) noexcept {
        next_ = first;
        if (first != nullptr) first->previous_ = this;
    }
    void unlink(task_scope*& first) noexcept {
        (previous_ != nullptr ? previous_->next_ : first) = next_;
        if (next_ != nullptr) next_->previous_ = previous_;
    }

  private:
    core& core_;
    errc fired_{};
    state_base* waiting_ = nullptr;
    task_scope* next_ = nullptr;
    task_scope* previous_ = nullptr;
};

} // namespace kazoo::detail
