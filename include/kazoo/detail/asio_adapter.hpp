#pragma once
// What kazoo/asio.hpp and kazoo/boost_asio.hpp have in common. Not for direct use.
#include <kazoo/future.hpp>

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace kazoo::detail {

/// A handler needs a value beside an error, too: T(), or nothing where T has no such value.
template <class T> using asio_value = std::conditional_t<std::is_default_constructible_v<T>, T, std::optional<T>>;

template <class T> struct asio_signature {
    using type = void(std::exception_ptr, asio_value<T>);
};
template <> struct asio_signature<void> {
    using type = void(std::exception_ptr);
};

/// Calls the handler with what became of `done`.
template <class T, class Handler> void complete_asio_handler(Handler&& handler, future<T> done) {
    std::exception_ptr failure;
    if constexpr (std::is_void_v<T>) {
        try {
            std::move(done).get();
        } catch (...) {
            failure = std::current_exception();
        }
        std::move(handler)(failure);
    } else {
        asio_value<T> value{};
        try {
            value = std::move(done).get();
        } catch (...) {
            failure = std::current_exception();
        }
        std::move(handler)(failure, std::move(value));
    }
}

/// Asio is where the free functions of one of the two libraries are found.
template <class Asio, class T> struct asio_initiation {
    template <class Handler> void operator()(Handler handler, future<T> f) const {
        auto executor = Asio::get_executor(handler);
        auto slot = Asio::get_cancellation_slot(handler);
        auto state = std::move(f).release();
        // Ahead of then(): the operation may complete, and clear the slot, before this function is left.
        if (slot.is_connected()) slot.assign([state](auto) { state->fail(errc::cancelled); });
        future<T>(std::move(state))
            .then([handler = std::move(handler), executor, slot,
                   work = Asio::make_work_guard(executor)](future<T> done) mutable {
                Asio::post(executor, [handler = std::move(handler), slot, done = std::move(done)]() mutable {
                    if (slot.is_connected()) slot.clear();
                    complete_asio_handler<T>(std::move(handler), std::move(done));
                });
            })
            .detach();
    }
};

} // namespace kazoo::detail
