#pragma once
// Where a tree of coroutines begins: the first task, its limits, and the future that its caller holds. And where it
// forks: tasks within another one.
#include "task/task.hpp"

#include <kazoo/future.hpp>

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

namespace kazoo::detail {

/// How a root task runs, and how its future behaves.
struct task_options {
    std::string_view name; ///< of the operation, for errors; static storage
    std::string_view path; ///< for errors; copied
    /// When everything the task waits for fails with operation_timeout.
    time_point deadline = never;
    /// When stopped, everything the task waits for fails with cancelled.
    std::stop_token stop{};
    /// A wait, not an operation: get() has no limit of its own, and a dropped future cancels it.
    bool is_wait = false;
    /// Must be done, whether or not anybody waits: cancelling the future, or its time-out, does not end the task.
    bool is_duty = false;
    /// The task's own errors name the operation and reach the caller as they are.
    bool tells_errors = false;
    /// Whoever gives it up is told that nothing was applied.
    bool only_reads = false;
};

/// A root task: the coroutine, its scope, and the state of the future that its caller holds.
template <class T> class root_task final : public shared_state<T> {
  public:
    root_task(task_host& h, const task_options& o, task<T> t)
        : shared_state<T>(h),
          host_(h),
          name_(o.name),
          path_(o.path),
          deadline_(o.deadline),
          stop_token_(o.stop),
          is_wait_(o.is_wait),
          is_duty_(o.is_duty),
          tells_errors_(o.tells_errors),
          only_reads_(o.only_reads),
          task_(std::move(t)) {}

    /// `parent`: the task that this one belongs to, if any; then on the loop.
    future<T> start(task_scope* parent) {
        if (const errc e = host_.refusing(); e != errc{}) { // it could not do a single step
            if (this->claim()) this->publish_failure(e);
            return make_future(ref<shared_state<T>>::share(this));
        }
        this->retain(); // until it is at its end
        if (parent != nullptr) scope_.emplace(*parent, *this);
        host_.post_to_loop(start_);
        return make_future(ref<shared_state<T>>::share(this));
    }

    std::string_view operation() const noexcept override { return name_; }
    std::string_view path() const noexcept override { return path_; }
    std::string_view detail() const noexcept override { return detail_; }
    std::chrono::nanoseconds default_limit() const noexcept override {
        return is_wait_ ? std::chrono::nanoseconds::max() : shared_state<T>::default_limit();
    }
    /// The caller gave up. The task is told, cleans up and ends by itself; what it has done so far stays done.
    outcome on_abandoned() noexcept override {
        if (!is_duty_) cancel_later(abandon_);
        return only_reads_ ? outcome::not_applied : outcome::unknown;
    }
    void abandon_interest() noexcept override {
        if (is_wait_) this->fail(errc::cancelled);
    }

  private:
    struct stopper {
        root_task* owner;
        void operator()() const noexcept { owner->cancel_later(owner->stop_); }
    };

    void begin() noexcept {
        if (!scope_) scope_.emplace(host_, *this);
        if (this->is_claimed() && !is_duty_) scope_->fire(errc::cancelled);
        if (host_.refusing() != errc{}) scope_->fire(host_.refusing());
        scope_->limit(deadline_);
        if (stop_token_.stop_possible()) stop_callback_.emplace(stop_token_, stopper{this});
        task_->promise().start(
            task_->coroutine(), *scope_,
            [](task_promise_base& p) noexcept { static_cast<root_task*>(p.finished_arg())->finish(); }, this);
    }
    void cancel_later(job& j) noexcept {
        this->retain(); // until cancel()
        host_.post_to_loop(j);
    }
    void cancel() noexcept {
        const ref<root_task> self(this); // adopts cancel_later()'s count
        if (scope_) scope_->fire(errc::cancelled);
    }
    /// The coroutine is at its end.
    void finish() noexcept {
        stop_callback_.reset();
        if (!scope_->end(end_)) return; // again when the tasks within this one have ended
        const bool mine = scope_->claimed() || this->claim();
        scope_.reset();
        std::optional<failure> failed;
        try {
            if constexpr (std::is_void_v<T>) {
                task_->promise().take();
                if (mine) this->value.emplace();
            } else if (mine) {
                this->value.emplace(task_->promise().take());
            }
        } catch (...) {
            failed = renamed(failure::current(name_));
        }
        task_.reset();
        if (mine && failed) {
            detail_ = std::move(failed->detail);
            this->publish_failure(*std::move(failed));
        } else if (mine)
            this->publish_value();
        this->release();
    }
    /// An error of a step is reported as an error of the whole, as the caller knows nothing of the steps.
    failure renamed(failure f) const noexcept {
        if (!tells_errors_ && f.code.category() == category() && f.code != make_error_code(errc::broken_promise))
            f.exception = nullptr;
        return f;
    }

    task_host& host_;
    std::string_view name_;
    std::string path_;
    std::string detail_; ///< what an error in the whole's own name had to tell
    time_point deadline_;
    std::stop_token stop_token_;
    bool is_wait_, is_duty_, tells_errors_, only_reads_;
    std::optional<task<T>> task_;
    std::optional<task_scope> scope_;
    std::optional<std::stop_callback<stopper>> stop_callback_;
    bound_job<&root_task::begin> start_{*this};
    bound_job<&root_task::cancel> stop_{*this}, abandon_{*this};
    bound_job<&root_task::finish> end_{*this};
};

/// Runs `t` on the loop; the future fails with the task's error, named after the options' name and path. Tasks start in
/// the order of the calls.
template <class T> future<T> spawn(task_host& h, const task_options& o, task<T> t) {
    const ref<root_task<T>> root(new root_task<T>(h, o, std::move(t)));
    return root->start(nullptr);
}

/// Runs `t` beside the task of this scope and within it: what ends that one ends this one too, and for the same reason.
/// When that one's coroutine is at its end this one is cancelled, and that one's future completes after it. On the
/// loop.
template <class T> future<T> spawn(task_scope& parent, const task_options& o, task<T> t) {
    const ref<root_task<T>> child(new root_task<T>(parent.host(), o, std::move(t)));
    return child->start(&parent);
}

} // namespace kazoo::detail
