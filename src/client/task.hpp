#pragma once
// task<T>: a coroutine on a client's loop, for what takes several requests. Lazy, single use.
//
// A task is resumed only through the loop's queue, so the depth of the stack never grows with iterations. A suspended
// frame is never destroyed: cancelling resumes it with an error. co_await is not possible in a catch block, so cleanup
// is straight-line: `auto r = co_await as_result(step()); if (!r) …`. Parameters are taken by value: the frame outlives
// the caller's temporaries.
#include "client/task_scope.hpp"

#include <kazoo/future.hpp>

#include <coroutine>
#include <exception>
#include <optional>
#include <stop_token>
#include <utility>

namespace kazoo::detail {

template <class T> class task;

/// Marks an awaited future or task whose failure is wanted as a value: `result<T> r = co_await as_result(…)`.
/// (A class with a constructor: g++ 12 destroys aggregates in a co_await expression twice.)
template <class Awaited> class as_result_of {
  public:
    explicit as_result_of(Awaited a) noexcept : awaited(std::move(a)) {}
    Awaited awaited;
};
template <class T> as_result_of<future<T>> as_result(future<T> f) { return as_result_of<future<T>>(std::move(f)); }
template <class T> as_result_of<task<T>> as_result(task<T> t) { return as_result_of<task<T>>(std::move(t)); }

/// The coroutine that asks for its own client: `core& c = co_await this_core{};`
struct this_core {};
/// The coroutine that asks for its own limits: `task_scope& s = co_await this_scope{};`
struct this_scope {};

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
};

class task_promise_base {
  public:
    std::suspend_always initial_suspend() const noexcept { return {}; }
    struct final_awaiter {
        bool await_ready() const noexcept { return false; }
        template <class Promise> void await_suspend(std::coroutine_handle<Promise> h) const noexcept {
            task_promise_base& self = h.promise();
            self.finished_(self);
        }
        void await_resume() const noexcept {}
    };
    final_awaiter final_suspend() const noexcept { return {}; }
    void unhandled_exception() noexcept { exception_ = std::current_exception(); }

    /// Starts the coroutine through the loop's queue; `finished` is called once, on the loop, when it is at its end.
    void start(std::coroutine_handle<> self, task_scope& scope, void (*finished)(task_promise_base&) noexcept,
               void* finished_arg) noexcept {
        scope_ = &scope;
        finished_ = finished;
        finished_arg_ = finished_arg;
        resume_later(self);
    }
    void resume_later(std::coroutine_handle<> h) noexcept {
        resume_.handle = h;
        resume_.run = [](job* j) noexcept { static_cast<resume_job*>(j)->handle.resume(); };
        scope_->owner().post_to_loop(resume_);
    }
    task_scope& scope() const noexcept { return *scope_; }
    void* finished_arg() const noexcept { return finished_arg_; }

    // -- awaiting -----------------------------------------------------------------------------------------------------
    template <class T> auto await_transform(future<T> f) noexcept {
        return future_awaiter<T, false>(*this, std::move(f).release());
    }
    template <class T> auto await_transform(as_result_of<future<T>> f) noexcept {
        return future_awaiter<T, true>(*this, std::move(f.awaited).release());
    }
    template <class T> auto await_transform(task<T> t) noexcept { return task_awaiter<T, false>(*this, std::move(t)); }
    template <class T> auto await_transform(as_result_of<task<T>> t) noexcept {
        return task_awaiter<T, true>(*this, std::move(t.awaited));
    }
    auto await_transform(this_core) const noexcept {
        struct immediate {
            core& value;
            bool await_ready() const noexcept { return true; }
            void await_suspend(std::coroutine_handle<>) const noexcept {}
            core& await_resume() const noexcept { return value; }
        };
        return immediate{scope_->owner()};
    }
    auto await_transform(this_scope) const noexcept {
        struct immediate {
            task_scope& value;
            bool await_ready() const noexcept { return true; }
            void await_suspend(std::coroutine_handle<>) const noexcept {}
            task_scope& await_resume() const noexcept { return value; }
        };
        return immediate{*scope_};
    }

  protected:
    void rethrow() const {
        if (exception_) std::rethrow_exception(exception_);
    }
    std::exception_ptr exception_;

  private:
    struct resume_job : job {
        std::coroutine_handle<> handle;
    };
    template <class T, bool Quiet> class future_awaiter;
    template <class T, bool Quiet> class task_awaiter;

    task_scope* scope_ = nullptr;
    void (*finished_)(task_promise_base&) noexcept = nullptr;
    void* finished_arg_ = nullptr;
    resume_job resume_{};
};

template <class T> class task_promise final : public task_promise_base {
  public:
    task<T> get_return_object() noexcept;
    void return_value(T v) { value_.emplace(std::move(v)); }
    T take() {
        rethrow();
        return std::move(*value_);
    }

  private:
    std::optional<T> value_;
};

template <> class task_promise<void> final : public task_promise_base {
  public:
    task<void> get_return_object() noexcept;
    void return_void() const noexcept {}
    void take() const { rethrow(); }
};

template <class T> class [[nodiscard]] task {
  public:
    using promise_type = task_promise<T>;
    using handle = std::coroutine_handle<promise_type>;

    explicit task(handle h) noexcept : handle_(h) {}
    task(task&& o) noexcept : handle_(std::exchange(o.handle_, {})) {}
    task& operator=(task&&) = delete;
    ~task() {
        if (handle_) handle_.destroy();
    }
    promise_type& promise() const noexcept { return handle_.promise(); }
    std::coroutine_handle<> coroutine() const noexcept { return handle_; }

  private:
    handle handle_;
};

template <class T> task<T> task_promise<T>::get_return_object() noexcept {
    return task<T>(std::coroutine_handle<task_promise>::from_promise(*this));
}
inline task<void> task_promise<void>::get_return_object() noexcept {
    return task<void>(std::coroutine_handle<task_promise>::from_promise(*this));
}

/// Waits for a future of the same client; resumes on the loop.
template <class T, bool Quiet> class task_promise_base::future_awaiter : continuation {
  public:
    future_awaiter(task_promise_base& p, ref<state<T>> s) noexcept
        : continuation{&completed}, promise_(p), state_(std::move(s)) {}
    bool await_ready() const noexcept { return state_->ready(); }
    bool await_suspend(std::coroutine_handle<> h) noexcept {
        waiting_ = h;
        promise_.scope().begin_wait(*state_);
        return state_->attach(*this);
    }
    auto await_resume() {
        promise_.scope().end_wait();
        future<T> done(std::move(state_));
        if constexpr (Quiet)
            return std::move(done).result();
        else
            return std::move(done).get();
    }

  private:
    static void completed(continuation* c) noexcept {
        auto* self = static_cast<future_awaiter*>(c);
        self->promise_.resume_later(self->waiting_);
    }
    task_promise_base& promise_;
    ref<state<T>> state_;
    std::coroutine_handle<> waiting_;
};

/// Runs another task within the same scope.
template <class T, bool Quiet> class task_promise_base::task_awaiter {
  public:
    task_awaiter(task_promise_base& p, task<T> t) noexcept : promise_(p), child_(std::move(t)) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h) noexcept {
        waiting_ = h;
        child_.promise().start(
            child_.coroutine(), promise_.scope(),
            [](task_promise_base& child) noexcept {
                auto* self = static_cast<task_awaiter*>(child.finished_arg());
                self->promise_.resume_later(self->waiting_);
            },
            this);
    }
    auto await_resume() {
        if constexpr (Quiet) {
            try {
                if constexpr (std::is_void_v<T>) {
                    child_.promise().take();
                    return result<void>(unit{});
                } else {
                    return result<T>(child_.promise().take());
                }
            } catch (...) {
                return result<T>(failure::current("task"));
            }
        } else {
            return child_.promise().take();
        }
    }

  private:
    task_promise_base& promise_;
    task<T> child_;
    std::coroutine_handle<> waiting_;
};

/// A root task: the coroutine, its scope, and the state of the future that its caller holds.
template <class T> class root_task final : public state<T> {
  public:
    root_task(core& c, const task_options& o, task<T> t)
        : state<T>(c),
          core_(c),
          name_(o.name),
          path_(o.path),
          deadline_(o.deadline),
          stop_token_(o.stop),
          is_wait_(o.is_wait),
          is_duty_(o.is_duty),
          task_(std::move(t)) {}

    future<T> start() {
        if (const errc e = core_.refusing(); e != errc{}) { // it could not do a single step
            if (this->claim()) {
                failure f;
                f.code = make_error_code(e);
                this->publish_failure(std::move(f));
            }
            return future<T>(ref<state<T>>::share(this));
        }
        this->retain(); // until it is at its end
        start_.owner = this;
        start_.run = [](job* j) noexcept {
            root_task* const self = static_cast<step*>(j)->owner;
            self->scope_.emplace(self->core_, *self);
            if (self->is_claimed() && !self->is_duty_) self->scope_->fire(errc::cancelled);
            if (self->core_.refusing() != errc{}) self->scope_->fire(self->core_.refusing());
            self->scope_->limit(self->deadline_);
            if (self->stop_token_.stop_possible()) self->stop_callback_.emplace(self->stop_token_, stopper{self});
            self->task_->promise().start(
                self->task_->coroutine(), *self->scope_,
                [](task_promise_base& p) noexcept { static_cast<root_task*>(p.finished_arg())->finish(); }, self);
        };
        core_.post_to_loop(start_);
        return future<T>(ref<state<T>>::share(this));
    }

    std::string_view operation() const noexcept override { return name_; }
    std::string_view path() const noexcept override { return path_; }
    std::chrono::nanoseconds default_limit() const noexcept override {
        return is_wait_ ? std::chrono::nanoseconds::max() : state<T>::default_limit();
    }
    /// The caller gave up: the task is told, cleans up, and ends by itself. What it did so far stays.
    outcome on_abandoned() noexcept override {
        if (!is_duty_) cancel_later(abandon_);
        return outcome::unknown;
    }
    void abandon_interest() noexcept override {
        if (is_wait_) this->fail(errc::cancelled);
    }

  private:
    struct step : job {
        root_task* owner = nullptr;
    };
    struct stopper {
        root_task* owner;
        void operator()() const noexcept { owner->cancel_later(owner->stop_); }
    };

    void cancel_later(step& s) noexcept {
        this->retain();
        s.owner = this;
        s.run = [](job* j) noexcept {
            const ref<root_task> self(static_cast<step*>(j)->owner);
            if (self->scope_) self->scope_->fire(errc::cancelled);
        };
        core_.post_to_loop(s);
    }
    void finish() noexcept {
        stop_callback_.reset();
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
        if (mine && failed)
            this->publish_failure(*std::move(failed));
        else if (mine)
            this->publish_value();
        this->release();
    }
    /// An error of a step is told as an error of the whole: the caller never heard of the steps.
    failure renamed(failure f) const noexcept {
        if (f.code.category() == category() && f.code != make_error_code(errc::broken_promise)) f.exception = nullptr;
        return f;
    }

    core& core_;
    std::string_view name_;
    std::string path_;
    time_point deadline_;
    std::stop_token stop_token_;
    bool is_wait_, is_duty_;
    std::optional<task<T>> task_;
    std::optional<task_scope> scope_;
    std::optional<std::stop_callback<stopper>> stop_callback_;
    step start_{}, stop_{}, abandon_{};
};

/// Runs `t` on the loop; the future fails with the task's error, named after the options' name and path. Tasks start in
/// the order of the calls.
template <class T> future<T> spawn(core& c, const task_options& o, task<T> t) {
    const ref<root_task<T>> root(new root_task<T>(c, o, std::move(t)));
    return root->start();
}

/// A task whose answer nobody needs.
inline task<void> without_answer(task<bool> t) { co_await std::move(t); }

} // namespace kazoo::detail
