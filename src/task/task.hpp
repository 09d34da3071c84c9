#pragma once
// task<T>: a coroutine on a client's loop, for what takes several requests. Lazy, single use.
//
// A task is resumed only through the loop's queue, so the depth of the stack never grows with iterations. A suspended
// frame is never destroyed: cancelling resumes it with an error. co_await is not possible in a catch block, so cleanup
// is straight-line: `auto r = co_await as_result(step()); if (!r) …`. Parameters are taken by value: the frame outlives
// the caller's temporaries.
#include "task/task_scope.hpp"

#include <kazoo/future.hpp>

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>

namespace kazoo::detail {

template <class T> class task;
template <std::size_t N> class race;

/// Marks an awaited future or task whose failure is wanted as a value: `result<T> r = co_await as_result(…)`.
/// (A class with a constructor: g++ 12 destroys aggregates in a co_await expression twice.)
template <class Awaited> class as_result_of {
  public:
    explicit as_result_of(Awaited a) noexcept : awaited(std::move(a)) {}
    Awaited awaited;
};
template <class T> as_result_of<future<T>> as_result(future<T> f) { return as_result_of<future<T>>(std::move(f)); }
template <class T> as_result_of<task<T>> as_result(task<T> t) { return as_result_of<task<T>>(std::move(t)); }

/// The coroutine that asks who runs it: `task_host& h = co_await this_host{};`
struct this_host {};
/// The coroutine that asks for its own limits: `task_scope& s = co_await this_scope{};`
struct this_scope {};

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
        scope_->host().post_to_loop(resume_);
    }
    task_scope& scope() const noexcept { return *scope_; }
    void* finished_arg() const noexcept { return finished_arg_; }

    // -- awaiting -----------------------------------------------------------------------------------------------------
    template <class T> auto await_transform(future<T> f) noexcept {
        return future_awaiter<T, false>(*this, future_access::state_of(std::move(f)));
    }
    template <class T> auto await_transform(as_result_of<future<T>> f) noexcept {
        return future_awaiter<T, true>(*this, future_access::state_of(std::move(f.awaited)));
    }
    template <class T> auto await_transform(task<T> t) noexcept { return task_awaiter<T, false>(*this, std::move(t)); }
    template <class T> auto await_transform(as_result_of<task<T>> t) noexcept {
        return task_awaiter<T, true>(*this, std::move(t.awaited));
    }
    /// first_of() brings its own way to wait.
    template <std::size_t N> auto await_transform(race<N>& r) noexcept { return r.run_in(*this); }
    auto await_transform(this_host) const noexcept {
        struct immediate {
            task_host& value;
            bool await_ready() const noexcept { return true; }
            void await_suspend(std::coroutine_handle<>) const noexcept {}
            task_host& await_resume() const noexcept { return value; }
        };
        return immediate{scope_->host()};
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
    using value_type = T;
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
template <class T, bool Quiet> class task_promise_base::future_awaiter : continuation, interruptible {
  public:
    future_awaiter(task_promise_base& p, ref<shared_state<T>> s) noexcept
        : continuation{&completed}, promise_(p), state_(std::move(s)) {}
    bool await_ready() const noexcept { return state_->ready(); }
    bool await_suspend(std::coroutine_handle<> h) noexcept {
        waiting_ = h;
        promise_.scope().begin(*this);
        return state_->attach(*this);
    }
    auto await_resume() {
        leave();
        future<T> done = make_future(std::move(state_));
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
    void interrupt(errc reason) noexcept override { state_->fail(reason); }

    task_promise_base& promise_;
    ref<shared_state<T>> state_;
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
                return future_access::failed<T>(failure::current("task"));
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

/// Runs a task and ignores its answer.
inline task<void> without_answer(task<bool> t) { co_await std::move(t); }

} // namespace kazoo::detail
