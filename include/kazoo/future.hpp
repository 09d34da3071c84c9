#pragma once
// future<T>: the eventual result of one operation. get() it, co_await it, hang a continuation on it, or drop it.
#include <kazoo/detail/shared_state.hpp>
#include <kazoo/time_limit.hpp>

#include <atomic>
#include <chrono>
#include <coroutine>
#include <exception>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace kazoo {

namespace detail {
struct future_access;
template <class T> class user_awaiter;
} // namespace detail

/// How an operation ended, without exceptions: a value, or an error code and an outcome.
template <class T> class [[nodiscard]] result {
  public:
    /// T; for void an empty type.
    using value_type = detail::stored<T>;
    /// A value.
    explicit result(value_type v) : value_(std::move(v)) {}

    /// Whether there is a value.
    explicit operator bool() const noexcept { return value_.has_value(); }
    /// Whether there is a value.
    bool has_value() const noexcept { return value_.has_value(); }
    /// Why there is no value; an empty code (false) if there is one.
    std::error_code error() const noexcept { return failure_.code; }
    /// Whether the failed operation may have taken effect. Says nothing if there is a value.
    kazoo::outcome outcome() const noexcept { return failure_.outcome; }

    /// The value, or throws what future::get() would have thrown.
    value_type& value() & {
        require();
        return *value_;
    }
    /// The value, or throws what future::get() would have thrown.
    const value_type& value() const& {
        require();
        return *value_;
    }
    /// Moves the value out, or throws what future::get() would have thrown.
    value_type value() && {
        require();
        return *std::move(value_);
    }
    /// The value. Precondition: has_value().
    value_type& operator*() & noexcept { return *value_; }
    /// The value. Precondition: has_value().
    const value_type& operator*() const& noexcept { return *value_; }
    /// Moves the value out. Precondition: has_value().
    value_type operator*() && noexcept { return *std::move(value_); }
    /// A member of the value. Precondition: has_value().
    value_type* operator->() noexcept { return &*value_; }
    /// A member of the value. Precondition: has_value().
    const value_type* operator->() const noexcept { return &*value_; }

    /// Throws what future::get() would have thrown. Precondition: not has_value().
    [[noreturn]] void rethrow() const { failure_.rethrow(); }

  private:
    friend struct detail::future_access;
    template <class> friend class future;
    explicit result(detail::failure f) : failure_(std::move(f)) {}
    void require() const {
        if (!value_) failure_.rethrow();
    }
    std::optional<value_type> value_;
    detail::failure failure_;
};

/// The eventual result of one operation. Move-only, one consumer; its order among the client's other operations was
/// fixed when the async call was made. What needs a result and finds none, because the future was default-constructed,
/// moved from or used, throws kazoo::error with std::future_errc::no_state.
///
/// Dropping a future gives up interest in the result: the operation itself goes on. (A dropped one-shot watch is
/// forgotten.) Thread safety: one thread at a time may use one future; different futures are independent.
template <class T> class [[nodiscard]] future {
  public:
    /// T.
    using value_type = T;

    /// Not valid().
    future() noexcept = default;
    /// Takes the other one's result over; that one is not valid() afterwards.
    future(future&&) noexcept = default;
    /// Drops the result that this one stands for, and takes the other one's over.
    future& operator=(future&& other) noexcept {
        future old(std::move(*this));
        state_ = std::move(other.state_);
        return *this;
    }
    ~future() {
        if (state_) state_->abandon_interest();
    }

    /// Whether this stands for a result: false when default-constructed, moved from or consumed.
    bool valid() const noexcept { return static_cast<bool>(state_); }
    /// Whether get() would return at once, with a value or an error. Never blocks.
    bool ready() const noexcept { return state_ && state_->ready(); }

    // -- blocking -----------------------------------------------------------------------------------------------------
    // Each consumes the future and throws kazoo::error (error_of<> where there is one). On a loop thread, and for the
    // result of then() on the executor's own thread, they throw would_deadlock_error and the future stays valid.
    // Limits are durations of any unit: hours::max() and 50 years are no limit; zero and less does not wait.

    /// Waits for the result; at most client_options::operation_timeout for operations, without limit for watches.
    T get() && {
        state().wait(state_->default_limit(), {});
        return take();
    }
    /// Waits at most `limit`, then gives the operation up: timeout_error, whose outcome() tells whether it may apply.
    T get_for(time_limit limit) && {
        state().wait(limit, {});
        return take();
    }
    /// Waits until `stop` is requested, then gives the operation up: cancelled_error.
    T get(const std::stop_token& stop) && {
        state().wait(state_->default_limit(), stop);
        return take();
    }
    /// Whichever comes first: as get_for(limit) or as get(stop).
    T get_for(time_limit limit, const std::stop_token& stop) && {
        state().wait(limit, stop);
        return take();
    }
    /// As get(), but an error is returned and not thrown.
    kazoo::result<T> result() && { return std::move(*this).result_for(state().default_limit()); }
    /// As get(stop), but an error is returned and not thrown.
    kazoo::result<T> result(const std::stop_token& stop) && {
        return std::move(*this).result_for(state().default_limit(), stop);
    }
    /// As get_for(), but an error is returned and not thrown.
    kazoo::result<T> result_for(time_limit limit, const std::stop_token& stop = {}) && {
        if (const errc e = state().try_wait(limit, stop); e != errc{})
            return kazoo::result<T>(detail::failure{
                make_error_code(e), outcome::unknown, {}, state_->operation(), std::string(state_->path()), {}});
        return take_result();
    }

    // clang-format off
    T get() const& = delete; // used once: std::move(f).get()
    T get(const std::stop_token&) const& = delete; // used once: std::move(f).get(stop)
    T get_for(time_limit, const std::stop_token& = {}) const& = delete; // used once: std::move(f).get_for(limit)
    void result() const& = delete; // used once: std::move(f).result()
    void result(const std::stop_token&) const& = delete; // used once: std::move(f).result(stop)
    void result_for(time_limit, const std::stop_token& = {}) const& = delete; // used once: std::move(f).result_for(limit)
    // clang-format on

    // -- giving up ----------------------------------------------------------------------------------------------------

    /// Completes the future with errc::cancelled unless it is complete already. A request that was not sent yet never
    /// will be (outcome not_applied); the answer to one that was is ignored (outcome unknown for writes).
    /// Nothing happens if the future is not valid().
    void cancel() noexcept {
        if (state_) state_->fail(errc::cancelled);
    }
    /// Fails the future with errc::operation_timeout when `limit` passes; the clock is the loop's.
    future timeout(time_limit limit) && {
        state().limit(limit);
        return std::move(*this);
    }
    /// Cancels the future when `stop` is requested.
    future stop_on(std::stop_token stop) && {
        state().stop_on(std::move(stop));
        return std::move(*this);
    }
    /// Explicitly ignores the result. Unlike a drop it gives nothing up: a watch stays set, a lock is still waited for.
    void detach() && noexcept { state_.reset(); }
    void timeout(time_limit) const& = delete;             // gives the future back: f = std::move(f).timeout(limit)
    void stop_on(const std::stop_token&) const& = delete; // gives the future back: f = std::move(f).stop_on(stop)
    void detach() const& = delete;                        // used once: std::move(f).detach()

    // -- not blocking -------------------------------------------------------------------------------------------------

    /// Calls f(future<T>), with the finished future, on the client's callback executor; never inside this call. Returns
    /// the future of what f returns or throws. get() on that one has the limit that it has here; whatever gives it up
    /// (cancel(), a limit, a stop) gives this one up in the same way; f is called exactly once in any case. Chains may
    /// be of any length: what has been handed on is let go of.
    template <class F> auto then(F f) && -> future<std::invoke_result_t<F, future>>;
    template <class F> void then(const F&) const& = delete; // used once: std::move(f).then(function)

    /// For coroutines: `T v = co_await std::move(f);` waits without limit and throws as get(). Goes on at once if it is
    /// ready, otherwise resumes on the client's callback executor. A coroutine that waits may be destroyed there, or
    /// where nothing runs on that executor meanwhile: it is not resumed then.
    auto operator co_await() && {
        state();
        return detail::user_awaiter<T>(std::move(state_));
    }
    auto operator co_await() const& = delete; // used once: co_await std::move(f)

  private:
    friend struct detail::future_access;
    explicit future(detail::ref<detail::shared_state<T>> state) noexcept : state_(std::move(state)) {}
    detail::shared_state<T>& state() const {
        if (!state_) detail::throw_empty_future();
        return *state_;
    }
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

/// What the library does with futures and results, and users need not.
struct future_access {
    template <class T> static future<T> make(ref<shared_state<T>> s) noexcept { return future<T>(std::move(s)); }
    template <class T> static ref<shared_state<T>> state_of(future<T> f) noexcept { return std::move(f.state_); }
    template <class T> static result<T> failed(failure f) { return result<T>(std::move(f)); }
    template <class T> static const failure& why(const result<T>& r) noexcept { return r.failure_; }
};

/// The future of a state.
template <class T> future<T> make_future(ref<shared_state<T>> s) noexcept { return future_access::make(std::move(s)); }

/// A suspended user coroutine. Apart from the coroutine's frame, because a user may destroy that while it waits.
template <class T> class resumption final : public ref_counted<resumption<T>>, continuation, job {
    friend class ref_counted<resumption>; // destroys it

  public:
    resumption(std::coroutine_handle<> h, ref<shared_state<T>> s) noexcept
        : continuation{&completed}, job{&resume, nullptr}, waiting_(h), state_(std::move(s)) {}
    /// False: the state is ready, nothing will be resumed.
    bool start() noexcept {
        this->retain(); // until resume()
        if (state_->attach(*this)) return true;
        this->release();
        return false;
    }
    /// The frame goes, or went on.
    void disarm() noexcept {
        waits_.store(false);
        this->release();
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
    ~resumption() = default;

    std::atomic<bool> waits_{true};
    std::coroutine_handle<> waiting_;
    ref<shared_state<T>> state_;
};

/// What a user's coroutine waits with.
template <class T> class user_awaiter {
  public:
    explicit user_awaiter(ref<shared_state<T>> state) noexcept : state_(std::move(state)) {}
    user_awaiter(const user_awaiter&) = delete;
    user_awaiter& operator=(const user_awaiter&) = delete;
    ~user_awaiter() {
        if (resumption_ != nullptr) resumption_->disarm();
        if (state_) state_->abandon_interest();
    }
    bool await_ready() const noexcept { return state_->ready(); }
    bool await_suspend(std::coroutine_handle<> h) {
        auto* const r = new resumption<T>(h, state_);
        resumption_ = r;
        return r->start();
    }
    T await_resume() {
        auto state = std::move(state_);
        return state->take();
    }

  private:
    ref<shared_state<T>> state_;
    resumption<T>* resumption_ = nullptr;
};

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
            auto done =
                make_future(ref<shared_state<T>>(static_cast<shared_state<T>*>(self->before_.take().release())));
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
    const detail::ref<link> next(new link(std::move(f), (state(), state_))); // if it throws, this future is what it was
    next->start(*state_);
    state_.reset();
    return detail::make_future<R>(next);
}

} // namespace kazoo
