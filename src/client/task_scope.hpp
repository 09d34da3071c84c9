#pragma once
// What limits a whole tree of coroutines: one scope belongs to one root task and ends whatever the task waits for.
#include "client/core.hpp"

#include <kazoo/detail/state.hpp>

#include <utility>

namespace kazoo::detail {

/// Used on the loop only. A root task waits for one thing at a time, so one pointer is enough.
class task_scope {
  public:
    /// `result` is what the task's caller waits for.
    task_scope(core& c, state_base& result) noexcept : core_(c), result_(result) {
        c.add_task(*this);
        deadline_.owner = this;
        deadline_.run = [](job* j) noexcept {
            task_scope& self = *static_cast<step*>(j)->owner;
            self.timer_ = 0;
            self.fire(errc::operation_timeout);
        };
    }
    ~task_scope() {
        if (timer_ != 0) core_.loop().cancel_timer(timer_);
        core_.remove_task(*this);
    }
    task_scope(const task_scope&) = delete;
    task_scope& operator=(const task_scope&) = delete;

    core& owner() const noexcept { return core_; }

    /// One absolute deadline for all that the task does.
    void limit(time_point deadline) noexcept {
        if (deadline != never) timer_ = core_.loop().start_timer(deadline, deadline_);
    }
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

    /// From here on the task's result will reach its caller, whose cancel or time-out comes too late. Throws if that
    /// came first.
    void claim_result() {
        if (fired_ == errc{} && !claimed_) claimed_ = result_.claim();
        if (!claimed_)
            throw_error(make_error_code(fired_ == errc{} ? errc::cancelled : fired_), outcome::unknown, "task", {});
    }
    bool claimed() const noexcept { return claimed_; }

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
    struct step : job {
        task_scope* owner = nullptr;
    };

    core& core_;
    state_base& result_;
    errc fired_{};
    bool claimed_ = false;
    step deadline_{};
    timer_id timer_ = 0;
    state_base* waiting_ = nullptr;
    task_scope* next_ = nullptr;
    task_scope* previous_ = nullptr;
};

} // namespace kazoo::detail
