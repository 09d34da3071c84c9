#pragma once
// Waiting for several futures of which one is enough.
#include "task/task.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <utility>

namespace kazoo::detail {

/// The wait of first_of(): goes on when the first has ended, the others have been given up, and have ended by that, or
/// because they could not be given up any more. So nothing points here afterwards.
template <std::size_t N> class race final : interruptible {
  public:
    template <class... T> explicit race(future<T>&... runners) noexcept {
        static_assert(sizeof...(T) == N && N > 0);
        std::size_t i = 0;
        ((runners_[i].owner = this, runners_[i].state = state_of(runners), ++i), ...);
    }

    class awaiter {
      public:
        explicit awaiter(race& r) noexcept : race_(r) {}
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> h) const noexcept { race_.begin(h); }
        std::size_t await_resume() const { return race_.end(); }

      private:
        race& race_;
    };
    awaiter run_in(task_promise_base& p) noexcept {
        promise_ = &p;
        return awaiter(*this);
    }

  private:
    static constexpr std::size_t nobody = N, the_scope = N + 1;
    struct runner : continuation {
        runner() noexcept
            : continuation{[](continuation* c) noexcept {
                  auto* const self = static_cast<runner*>(c);
                  self->owner->has_ended(*self);
              }} {}
        race* owner = nullptr;
        ref<shared_state_base> state;
    };

    void begin(std::coroutine_handle<> h) noexcept {
        waiting_ = h;
        for (runner& r : runners_)
            if (!r.state->attach(r)) has_ended(r);
        promise_->scope().begin(*this);
    }
    std::size_t end() {
        leave();
        if (reason_ != errc{}) throw_error(make_error_code(reason_), outcome::unknown, "wait", {});
        return first_;
    }
    template <class T> static ref<shared_state_base> state_of(future<T>& f) noexcept {
        auto state = future_access::state_of(std::move(f));
        ref<shared_state_base> shared(state);
        f = make_future(std::move(state));
        return shared;
    }
    bool is_first(std::size_t who) noexcept {
        std::size_t expected = nobody;
        return first_.compare_exchange_strong(expected, who);
    }
    /// Any thread. Who lost is given up from the loop's queue: not within what completes this one.
    void has_ended(runner& r) noexcept {
        if (is_first(static_cast<std::size_t>(&r - runners_.data()))) promise_->scope().host().post_to_loop(lost_);
        count_down();
    }
    void interrupt(errc reason) noexcept override {
        if (!is_first(the_scope)) return;
        reason_ = reason;
        give_up(reason);
    }
    void give_up_losers() noexcept { give_up(errc::cancelled); }
    void give_up(errc reason) noexcept {
        for (runner& r : runners_) r.state->fail(reason);
        count_down();
    }
    void count_down() noexcept {
        if (left_.fetch_sub(1) == 1) promise_->resume_later(waiting_);
    }

    std::array<runner, N> runners_;
    std::atomic<std::size_t> first_{nobody};
    std::atomic<std::size_t> left_{N + 1}; ///< ends to come, and the giving up
    errc reason_{};
    bound_job<&race::give_up_losers> lost_{*this};
    task_promise_base* promise_ = nullptr;
    std::coroutine_handle<> waiting_;
};

/// Waits until one of them has ended, well or not, and tells which; of several that had ended before, the one that is
/// named first. The others are cancelled. All are ready then, and stay with the caller: what the first one brought, and
/// whether another one could not be given up any more.
///
/// When the task is told to end all of them fail, and so does this. Precondition: all are valid.
template <class... T> task<std::size_t> first_of(future<T>&... futures) {
    race<sizeof...(T)> all(futures...);
    co_return co_await all;
}

} // namespace kazoo::detail
