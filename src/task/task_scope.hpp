#pragma once
// What limits a whole tree of coroutines: one scope belongs to one root task and ends whatever the task waits for.
#include "task/task_host.hpp"

#include <kazoo/detail/shared_state.hpp>

#include <utility>

namespace kazoo::detail {

/// Used on the loop only.
class task_scope final : interruptible {
  public:
    /// `result` is what the task's caller waits for.
    task_scope(task_host& h, shared_state_base& result) noexcept : task_scope(h, nullptr, result) {
        h.tasks_.add(*this);
    }
    /// Of a task within another one: it ends with it, for the same reason.
    task_scope(task_scope& parent, shared_state_base& result) noexcept : task_scope(parent.host_, &parent, result) {
        parent.begin(*this);
    }
    ~task_scope() override {
        if (timer_ != 0) host_.loop().cancel_timer(timer_);
        leave();
        if (parent_ != nullptr) parent_->child_has_ended();
    }

    task_host& host() const noexcept { return host_; }

    /// One absolute deadline for all that the task does.
    void limit(time_point deadline) noexcept {
        if (deadline != never) timer_ = host_.loop().start_timer(deadline, deadline_);
    }
    /// Fails what the task waits for, now and from now on; what waits longest first.
    void fire(errc reason) noexcept {
        if (fired_ == errc{}) fired_ = reason;
        under_way_.interrupt_all(fired_);
    }
    /// Why it has fired; errc{} if it has not.
    errc fired() const noexcept { return fired_; }
    /// Throws if it has fired: nothing more is to be begun. What was begun before may have been applied.
    void require_time() const {
        if (fired_ != errc{}) throw_error(make_error_code(fired_), outcome::unknown, "task", {});
    }
    /// A wait, or a task within this one; to be ended with the scope until it leaves.
    void begin(interruptible& i) noexcept {
        under_way_.add(i);
        if (fired_ != errc{}) i.interrupt(fired_);
    }
    /// The task itself has ended, and waits for nothing. True: so have those within it. False: they are told to, and
    /// `then` runs when they have.
    bool end(job& then) noexcept {
        if (under_way_.empty()) return true;
        then_ = &then;
        fire(errc::cancelled);
        return false;
    }

    /// From here on the task's result will reach its caller, whose cancel or time-out comes too late. Throws if that
    /// came first.
    void claim_result() {
        if (fired_ == errc{} && !claimed_) claimed_ = result_.claim();
        if (!claimed_)
            throw_error(make_error_code(fired_ == errc{} ? errc::cancelled : fired_), outcome::unknown, "task", {});
    }
    bool claimed() const noexcept { return claimed_; }

  private:
    void time_out() noexcept {
        timer_ = 0;
        fire(errc::operation_timeout);
    }

    task_scope(task_host& h, task_scope* parent, shared_state_base& result) noexcept
        : host_(h), parent_(parent), result_(result) {}
    void interrupt(errc reason) noexcept override { fire(reason); }
    void child_has_ended() noexcept {
        if (then_ != nullptr && under_way_.empty()) host_.post_to_loop(*std::exchange(then_, nullptr));
    }

    task_host& host_;
    task_scope* const parent_;
    shared_state_base& result_;
    errc fired_{};
    bool claimed_ = false;
    bound_job<&task_scope::time_out> deadline_{*this};
    timer_id timer_ = 0;
    interruptible_list under_way_;
    job* then_ = nullptr;
};

} // namespace kazoo::detail
