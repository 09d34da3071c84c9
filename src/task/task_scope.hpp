#pragma once
// What limits a whole tree of coroutines: one scope belongs to one root task and ends whatever the task waits for.
#include "task/task_host.hpp"

#include <kazoo/detail/shared_state.hpp>

#include <utility>

namespace kazoo::detail {

/// Used on the loop only. A root task waits for one thing at a time, so one pointer is enough.
class task_scope {
  public:
    /// `result` is what the task's caller waits for.
    task_scope(task_host& h, shared_state_base& result) noexcept : host_(h), result_(result) { h.add_task(*this); }
    ~task_scope() {
        if (timer_ != 0) host_.loop().cancel_timer(timer_);
        host_.remove_task(*this);
    }
    task_scope(const task_scope&) = delete;
    task_scope& operator=(const task_scope&) = delete;

    task_host& host() const noexcept { return host_; }

    /// One absolute deadline for all that the task does.
    void limit(time_point deadline) noexcept {
        if (deadline != never) timer_ = host_.loop().start_timer(deadline, deadline_);
    }
    /// Fails what the task waits for, now and from now on.
    void fire(errc reason) noexcept {
        if (fired_ == errc{}) fired_ = reason;
        if (waiting_ != nullptr) waiting_->fail(fired_);
    }
    void begin_wait(shared_state_base& s) noexcept {
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

  private:
    friend class task_host;
    void time_out() noexcept {
        timer_ = 0;
        fire(errc::operation_timeout);
    }

    task_host& host_;
    shared_state_base& result_;
    errc fired_{};
    bool claimed_ = false;
    bound_job<&task_scope::time_out> deadline_{*this};
    timer_id timer_ = 0;
    shared_state_base* waiting_ = nullptr;
    task_scope* next_ = nullptr; ///< in the host's list
    task_scope* previous_ = nullptr;
};

inline void task_host::add_task(task_scope& t) noexcept {
    t.next_ = tasks_;
    if (tasks_ != nullptr) tasks_->previous_ = &t;
    tasks_ = &t;
}

inline void task_host::remove_task(task_scope& t) noexcept {
    (t.previous_ != nullptr ? t.previous_->next_ : tasks_) = t.next_;
    if (t.next_ != nullptr) t.next_->previous_ = t.previous_;
}

inline void task_host::end_tasks(errc reason) noexcept {
    for (task_scope* t = tasks_; t != nullptr; t = t->next_) t->fire(reason);
}

} // namespace kazoo::detail
