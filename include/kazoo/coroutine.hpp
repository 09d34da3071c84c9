#pragma once
// Coroutines of users that return kazoo::future<T>:
//
//     kazoo::future<int> size_of(kazoo::client zk, std::string path) {
//         const kazoo::node n = co_await zk.async_get(path);
//         co_return n.stat.data_length;
//     }
#include <kazoo/client.hpp>
#include <kazoo/future.hpp>

#include <concepts>
#include <coroutine>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace kazoo::detail {

/// What the states of futures need of the client that a handle belongs to.
KAZOO_EXPORT context& context_of(const node_operations&) noexcept;

/// Also asked of closures whose coroutine it is: they are not complete then.
template <class T>
concept client_handle = std::convertible_to<std::remove_cvref_t<T>*, const node_operations*>;

/// The first handle of a client among a coroutine's parameters.
template <class First, class... Rest> const node_operations& handle_among(const First& first, const Rest&... rest) {
    if constexpr (client_handle<First>)
        return first;
    else
        return handle_among(rest...);
}

/// The result of a user's coroutine. get() waits for it without limit.
template <class T> class coroutine_state final : public shared_state<T> {
  public:
    using shared_state<T>::shared_state;
    std::string_view operation() const noexcept override { return "coroutine"; }
    std::chrono::nanoseconds default_limit() const noexcept override { return std::chrono::nanoseconds::max(); }
    /// The coroutine goes on, and may do what it likes.
    outcome on_abandoned() noexcept override { return outcome::unknown; }
};

template <class T> class coroutine_promise_base {
  public:
    template <class... Args>
    explicit coroutine_promise_base(const Args&... args)
        : state_(new coroutine_state<T>(context_of(handle_among(args...)))) {}
    coroutine_promise_base(const coroutine_promise_base&) = delete;
    coroutine_promise_base& operator=(const coroutine_promise_base&) = delete;
    ~coroutine_promise_base() = default;

    future<T> get_return_object() noexcept { return make_future(ref<shared_state<T>>(state_)); }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    /// The result is there for others when the coroutine is gone, with all its variables and parameters.
    struct ending {
        bool await_ready() const noexcept { return false; }
        template <class Promise> void await_suspend(std::coroutine_handle<Promise> h) const noexcept {
            const ref<coroutine_state<T>> state = h.promise().state_;
            std::optional<stored<T>> result = std::move(h.promise().result_);
            failure f = std::move(h.promise().failure_);
            h.destroy(); // and this object with it
            if (!state->claim()) return;
            if (result)
                publish(*state, *result);
            else
                state->publish_failure(std::move(f));
        }
        void await_resume() const noexcept {}
    };
    ending final_suspend() const noexcept { return {}; }
    void unhandled_exception() noexcept {
        result_.reset();
        failure_ = failure::current("coroutine");
    }

  protected:
    template <class... Value> void keep(Value&&... v) { result_.emplace(std::forward<Value>(v)...); }

  private:
    static void publish(coroutine_state<T>& state, stored<T>& result) noexcept {
        try {
            state.value.emplace(std::move(result));
        } catch (...) {
            return state.publish_failure(failure::current("coroutine"));
        }
        state.publish_value();
    }

    const ref<coroutine_state<T>> state_;
    std::optional<stored<T>> result_;
    failure failure_;
};

template <class T> class coroutine_promise : public coroutine_promise_base<T> {
  public:
    using coroutine_promise_base<T>::coroutine_promise_base;
    template <std::convertible_to<T> Value> void return_value(Value&& v) { this->keep(std::forward<Value>(v)); }
};
template <> class coroutine_promise<void> : public coroutine_promise_base<void> {
  public:
    using coroutine_promise_base<void>::coroutine_promise_base;
    void return_void() { keep(); }
};

} // namespace kazoo::detail

/// A coroutine with a client (or another handle of one) among its parameters, or a member coroutine of such a class. It
/// begins at once, in the call, and goes on where continuations run: on that client's callback executor. Its parameters
/// are copied into it; references stay references, and must outlive it. The future stands for what it returns or
/// throws; get() has no limit of its own. Giving the future up does not end the coroutine: give it a std::stop_token
/// for that.
template <class T, class... Args> struct std::coroutine_traits<kazoo::future<T>, Args...> {
    static_assert((kazoo::detail::client_handle<Args> || ...),
                  "a coroutine that returns kazoo::future needs a kazoo::client among its parameters");
    using promise_type = kazoo::detail::coroutine_promise<T>;
};
