#pragma once
// future<T>: the eventual result of one operation. get() it, co_await it, hang a continuation on it, or drop it.
#include <kazoo/detail/shared_state.hpp>
#include <kazoo/detail/until.hpp>

#include <atomic>
#include <chrono>
#include <coroutine>
#include <exception>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace kazoo {

/// How an operation ended, without exceptions: a value, or an error code and an outcome.
template <class T> class [[nodiscard]] result {
  public:
    using value_type = detail::stored<T>;
    explicit result(value_type v) : value_(std::move(v)) {}
    explicit result(detail::failure f) : failure_(std::move(f)) {}

    explicit operator bool() const noexcept { return value_.has_value(); }
    bool has_value() const noexcept { return value_.has_value(); }
    std::error_code error() const noexcept { return failure_.code; }
    kazoo::outcome outcome() const noexcept { return failure_.outcome; }

    /// The value, or throws what get() would have thrown.
    value_type& value() & {
        require();
        return *value_;
    }
    const value_type& value() const& {
        require();
        return *value_;
    }
    value_type value() && {
        require();
        return *std::move(value_);
    }
    /// Precondition: has_value().
    value_type& operator*() & noexcept { return *value_; }
    const value_type& operator*() const& noexcept { return *value_; }
    value_type operator*() && noexcept { return *std::move(value_); }
    value_type* operator->() noexcept { return &*value_; }
    const value_type* operator->() const noexcept { return &*value_; }

    [[noreturn]] void rethrow() const { failure_.rethrow(); }
    const detail::failure& why() const noexcept { return failure_; }

  private:
    void require() const {
        if (!value_) failure_.rethrow();
    }
    std::optional<value_type> value_;
    detail::failure failure_;
};

/// The eventual result of one operation. Move-only, one consumer; its order among the client's other operations was
/// fixed when the async call was made.
///
/// Dropping a future gives up interest in the result: the operation itself goes on. (A dropped one-shot watch is
/// forgotten.) Thread safety: one thread at a time may use one future; different futures are independent.
template <class T> class [[nodiscard]] future {
  public:
    using value_type = T;

    future() noexcept = default;
    future(future&&) noexcept = default;
    future& operator=(future&& other) noexcept {
        future old(std::move(*this));
        state_ = std::move(other.state_);
        return *this;
    }
    ~future() {
        if (state_) state_->abandon_interest();
    }

    bool valid() const noexcept { return static_cast<bool>(state_); }
    /// Whether get() would return at once.
    bool ready() const noexcept { return state_->ready(); }

    // -- blocking: each consumes the future. Throws kazoo::error (error_of<> where there is one). ---------------------
    // On a loop thread, and for the result of then() on the executor's own thread, it throws would_deadlock_error.
    // Limits are durations of any unit: decades, as hours::max(), are no limit; zero and less does not wait.

    /// Waits for the result; at most client_options::operation_timeout for operations, without limit for watches.
    T get() && {
        state_->wait(state_->default_limit(), {});
        return take();
    }
    /// Waits at most `limit`, then gives the operation up: timeout_error, whose outcome() tells whether it may apply.
    T get_for(detail::time_limit limit) && {
        state_->wait(limit, {});
        return take();
    }
    /// Waits until `stop` is requested, then gives the operation up: cancelled_error.
    T get(const std::stop_token& stop) && {
        state_->wait(state_->default_limit(), stop);
        return take();
    }
    T get_for(detail::time_limit limit, const std::stop_token& stop) && {
        state_->wait(limit, stop);
        return take();
    }
    /// As get(), without exceptions.
    kazoo::result<T> result() && { return std::move(*this).result_for(state_->default_limit()); }
    kazoo::result<T> result_for(detail::time_limit limit) && {
        if (const errc e = state_->try_wait(limit, {}); e != errc{})
            return kazoo::result<T>(detail::failure{
                make_error_code(e), outcome::unknown, {}, state_->operation(), std::string(state_->path()), {}});
        return take_result();
    }

    // -- giving up ----------------------------------------------------------------------------------------------------

    /// Completes the future with errc::cancelled unless it is complete already. A request that was not sent yet never
    /// will be (outcome not_applied); the answer to one that was is ignored (outcome unknown for writes).
    void cancel() noexcept { state_->fail(errc::cancelled); }
    /// Fails the future with errc::operation_timeout when `limit` passes; the clock is the loop's.
    future timeout(detail::time_limit limit) && {
        state_->limit(limit);
        return std::move(*this);
    }
    /// Cancels the future when `stop` is requested.
    future stop_on(std::stop_token stop) && {
        state_->stop_on(std::move(stop));
        return std::move(*this);
    }
    /// Says aloud that nobody waits for the result.
    void detach() && noexcept { state_.reset(); }

    // -- not blocking -------------------------------------------------------------------------------------------------

    /// Calls f(future<T>), with the finished future, on the client's callback executor; never inside this call. Returns
    /// the future of what f returns or throws. get() on that one has the limit that it has here; whatever gives it up
    /// (cancel(), a limit, a stop) gives this one up in the same way; f is called exactly once in any case. Chains may
    /// be of any length: what has been handed on is let go of.
    template <class F> auto then(F f) && -> future<std::invoke_result_t<F, future>>;

    /// For coroutines: `T v = co_await std::move(f);` resumes on the client's callback executor. A coroutine that waits
    /// may be destroyed there, or where nothing runs on that executor meanwhile: it is not resumed then.
    class awaiter;
    awaiter operator co_await() && noexcept { return awaiter(std::move(state_)); }

    // -- for the library ----------------------------------------------------------------------------------------------
    explicit future(detail::ref<detail::shared_state<T>> state) noexcept : state_(std::move(state)) {}
    detail::ref<detail::shared_state<T>> release() && noexcept { return std::move(state_); }

  private:
    friend class awaiter;
    T take() {
        auto state = std::move(state_);
        return state->take();
    }
    kazoo::result<T> take_result() {
        auto state = std::move(state_);
        if (state->failed()) return kazoo::result<T>(state->take_failure());
        return kazoo::result<T>(std::move(*state->value));
    }

    detail::ref<detail::shared_state<T>> state_;
};

namespace detail {

/// A suspended user coroutine. Apart from the coroutine's frame, because a user may destroy that while it waits.
template <class T> class resumption final : continuation, job {
  public:
    resumption(std::coroutine_handle<> h, ref<shared_state<T>> s) noexcept
        : continuation{&completed}, job{&resume, nullptr}, waiting_(h), state_(std::move(s)) {}
    /// False: the state is ready, nothing will be resumed.
    bool start() noexcept {
        references_.store(2); // the awaiter and resume()
        if (state_->attach(*this)) return true;
        references_.store(1);
        return false;
    }
    /// The frame goes, or went on.
    void disarm() noexcept {
        waits_.store(false);
        release();
    }

  private:
    static void completed(continuation* c) noexcept {
        auto* self = static_cast<resumption*>(c);
        self->state_->post(*self);
    }
    static void resume(job* j) noexcept {
        auto* self = static_cast<resumption*>(j);
        if (self->waits_.exchange(false)) self->waiting_.resume();
        self->release();
    }
    void release() noexcept {
        if (references_.fetch_sub(1) == 1) delete this;
    }
    ~resumption() = default;

    std::atomic<int> references_{1};
    std::atomic<bool> waits_{true};
    std::coroutine_handle<> waiting_;
    ref<shared_state<T>> state_;
};

} // namespace detail

template <class T> class future<T>::awaiter {
  public:
    explicit awaiter(detail::ref<detail::shared_state<T>> state) noexcept : state_(std::move(state)) {}
    awaiter(const awaiter&) = delete;
    awaiter& operator=(const awaiter&) = delete;
    ~awaiter() {
        if (resumption_ != nullptr) resumption_->disarm();
        if (state_) state_->abandon_interest();
    }
    bool await_ready() const noexcept { return state_->ready(); }
    bool await_suspend(std::coroutine_handle<> h) {
        auto* const r = new detail::resumption<T>(h, state_);
        resumption_ = r;
        return r->start();
    }
    T await_resume() {
        auto state = std::move(state_);
        return state->take();
    }

  private:
    detail::ref<detail::shared_state<T>> state_;
    detail::resumption<T>* resumption_ = nullptr;
};

namespace detail {

/// The state of a then(): continuation of one future and producer of the next.
template <class T, class F, class R> class then_state final : public shared_state<R>, continuation, job {
  public:
    then_state(F f, const ref<shared_state<T>>& before)
        : shared_state<R>(before->context()),
          continuation{&completed},
          job{&call, nullptr},
          function_(std::move(f)),
          limit_(before->default_limit()),
          before_(before) {
        this->set_needs_executor();
    }
    void start(shared_state<T>& before) noexcept {
        this->retain(); // until call()
        if (!before.attach(*this)) completed(this);
    }
    std::string_view operation() const noexcept override { return "then"; }
    std::chrono::nanoseconds default_limit() const noexcept override { return limit_; }
    /// The function is called all the same, and may do what it likes.
    outcome on_abandoned() noexcept override { return outcome::unknown; }
    predecessor* follows() noexcept override { return &before_; }

  private:
    static void completed(continuation* c) noexcept {
        auto* self = static_cast<then_state*>(c);
        self->post(*self);
    }
    static void call(job* j) noexcept {
        const ref<then_state> self(static_cast<then_state*>(j)); // adopts start()'s count
        std::optional<stored<R>> value;
        failure f;
        try {
            future<T> done(ref<shared_state<T>>(static_cast<shared_state<T>*>(self->before_.take().release())));
            if constexpr (std::is_void_v<R>) {
                (*self->function_)(std::move(done));
                value.emplace();
            } else {
                value.emplace((*self->function_)(std::move(done)));
            }
        } catch (...) {
            f = failure::current("then");
        }
        self->function_.reset(); // what it holds is the user's, and ends here and not wherever the last count goes
        if (!self->claim()) return;
        if (value && self->keep(*value, f))
            self->publish_value();
        else
            self->publish_failure(std::move(f));
    }
    bool keep(stored<R>& v, failure& f) noexcept {
        try {
            this->value.emplace(std::move(v));
            return true;
        } catch (...) {
            f = failure::current("then");
            return false;
        }
    }

    std::optional<F> function_;
    std::chrono::nanoseconds limit_;
    predecessor before_;
};

} // namespace detail

template <class T> template <class F> auto future<T>::then(F f) && -> future<std::invoke_result_t<F, future>> {
    using R = std::invoke_result_t<F, future>;
    using link = detail::then_state<T, F, R>;
    const detail::ref<link> next(new link(std::move(f), state_)); // if it throws, this future is what it was
    next->start(*state_);
    state_.reset();
    return future<R>(detail::ref<detail::shared_state<R>>(next));
}

} // namespace kazoo
