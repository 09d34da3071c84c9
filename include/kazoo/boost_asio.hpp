#pragma once
// Operations as those of Boost.Asio, for programs that use it: any completion token will do.
#include <kazoo/detail/asio_adapter.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

namespace kazoo {

namespace detail {

struct boost_asio {
    static auto get_executor(const auto& handler) { return boost::asio::get_associated_executor(handler); }
    static auto get_cancellation_slot(const auto& handler) {
        return boost::asio::get_associated_cancellation_slot(handler);
    }
    static auto make_work_guard(const auto& executor) { return boost::asio::make_work_guard(executor); }
    static void post(const auto& executor, auto function) { boost::asio::post(executor, std::move(function)); }
};

} // namespace detail

inline namespace with_boost_asio {

/// Completes with (std::exception_ptr, T), without T for void, on the executor of the token's handler:
///
///     kazoo::node n = co_await kazoo::async(zk.async_get("/app"), boost::asio::use_awaitable);
///
/// Cancellation through the token cancels the future. A T without a default constructor arrives as std::optional<T>.
template <class T, class Token> auto async(future<T> f, Token&& token) {
    using initiation = detail::asio_initiation<detail::boost_asio, T>;
    return boost::asio::async_initiate<Token, typename detail::asio_signature<T>::type>(initiation(), token,
                                                                                        std::move(f));
}

} // namespace with_boost_asio

} // namespace kazoo
