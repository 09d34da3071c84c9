#pragma once
// Operations as those of Boost.Asio, for programs that use it: any completion token will do.
#include <kazoo/detail/asio_adapter.hpp>

#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution/executor.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace kazoo {

namespace detail {

struct boost_asio {
    static auto get_executor(const auto& handler) { return boost::asio::get_associated_executor(handler); }
    static auto get_cancellation_slot(const auto& handler) {
        return boost::asio::get_associated_cancellation_slot(handler);
    }
    static auto get_allocator(const auto& handler) noexcept { return boost::asio::get_associated_allocator(handler); }
    /// Where the executor's work is done; nothing if it does not tell.
    template <class Executor> static boost::asio::execution_context* get_context(const Executor& executor) {
        if constexpr (boost::asio::execution::is_executor<Executor>::value) {
            if constexpr (requires {
                              static_cast<boost::asio::execution_context&>(
                                  boost::asio::query(executor, boost::asio::execution::context));
                          })
                return &static_cast<boost::asio::execution_context&>(
                    boost::asio::query(executor, boost::asio::execution::context));
            else
                return nullptr;
        } else {
            return &executor.context();
        }
    }
    static auto& wait_service(boost::asio::execution_context& context) {
        return boost::asio::use_service<asio_wait_service<boost::asio::execution_context>>(context);
    }
    static auto make_work_guard(const auto& executor) { return boost::asio::make_work_guard(executor); }
    static void post(const auto& executor, auto function) { boost::asio::post(executor, std::move(function)); }
};

} // namespace detail

inline namespace with_boost_asio {

/// Completes with (std::exception_ptr, T), without T for void, on the executor of the token's handler:
///
///     kazoo::node n = co_await kazoo::async(zk.async_get("/app")); // in a boost::asio::awaitable<>
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
template <class T, class Token = boost::asio::use_awaitable_t<>> auto async(future<T> f, Token&& token = Token()) {
    using initiation = detail::asio_initiation<detail::boost_asio, T>;
    return boost::asio::async_initiate<Token, typename detail::asio_signature<T>::type>(initiation(), token,
                                                                                        std::move(f));
}

} // namespace with_boost_asio

} // namespace kazoo
