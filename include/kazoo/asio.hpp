#pragma once
// Operations as those of standalone Asio, for programs that use it: any completion token will do.
#include <kazoo/detail/asio_adapter.hpp>

#include <asio/associated_allocator.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/execution/context.hpp>
#include <asio/execution/executor.hpp>
#include <asio/execution_context.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <asio/query.hpp>
#include <asio/use_awaitable.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace kazoo {

namespace detail {

struct standalone_asio {
    static auto get_executor(const auto& handler) { return asio::get_associated_executor(handler); }
    static auto get_cancellation_slot(const auto& handler) { return asio::get_associated_cancellation_slot(handler); }
    static auto get_allocator(const auto& handler) noexcept { return asio::get_associated_allocator(handler); }
    /// Where the executor's work is done; nothing if it does not tell.
    template <class Executor> static asio::execution_context* get_context(const Executor& executor) {
        if constexpr (asio::execution::is_executor<Executor>::value) {
            if constexpr (requires {
                              static_cast<asio::execution_context&>(asio::query(executor, asio::execution::context));
                          })
                return &static_cast<asio::execution_context&>(asio::query(executor, asio::execution::context));
            else
                return nullptr;
        } else {
            return &executor.context();
        }
    }
    static auto& wait_service(asio::execution_context& context) {
        return asio::use_service<asio_wait_service<asio::execution_context>>(context);
    }
    static auto make_work_guard(const auto& executor) { return asio::make_work_guard(executor); }
    static void post(const auto& executor, auto function) { asio::post(executor, std::move(function)); }
};

} // namespace detail

inline namespace with_asio {

/// Completes with (std::exception_ptr, T), without T for void, on the executor of the token's handler:
///
///     kazoo::node n = co_await kazoo::async(zk.async_get("/app")); // in an asio::awaitable<>
///     kazoo::async(zk.async_get("/app"), [](std::exception_ptr failed, kazoo::node n) { … });
///
/// A context that is destroyed while the handler waits destroys the handler, uncalled, as it does with those of its own
/// operations, and cancels the future.
///
/// Cancellation through the token cancels the future.
///
/// A handler gets a value beside an error, too. That is T(); for a T without a default constructor the handler gets a
/// std::optional<T> instead, empty beside an error, and so does a coroutine. No result of this library is such a T, but
/// one that a then() gives may be:
///
///     struct price { explicit price(std::string_view text); };
///     std::optional<price> p = co_await kazoo::async(
///         zk.async_get("/p").then([](kazoo::future<kazoo::node> f) { return price(std::move(f).get().data.str()); }));
template <class T, class Token = asio::use_awaitable_t<>> auto async(future<T> f, Token&& token = Token()) {
    using initiation = detail::asio_initiation<detail::standalone_asio, T>;
    return asio::async_initiate<Token, typename detail::asio_signature<T>::type>(initiation(), token, std::move(f));
}

} // namespace with_asio

} // namespace kazoo
