#pragma once
// What the functions look like that watching objects call.
#include <kazoo/types.hpp>

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

namespace kazoo {

/// What a function that was told something may answer. One that returns nothing goes on.
enum class watch_next : std::uint8_t {
    go_on, ///< it wants to hear of the next change
    stop   ///< never again
};

/// Takes a value, or a value and what led to it, and returns nothing or a watch_next.
template <class F, class Value>
concept watch_function_of =
    (std::invocable<F&, const Value&, const std::optional<watch_event>&> || std::invocable<F&, const Value&>) &&
    std::copy_constructible<std::decay_t<F>>;

namespace detail {

/// Any of these functions, as the library calls them.
template <class Value>
using watch_function = std::function<watch_next(const Value&, const std::optional<watch_event>&)>;

template <class Call> watch_next next_of(Call call) {
    if constexpr (std::is_void_v<decltype(call())>) {
        call();
        return watch_next::go_on;
    } else {
        return call();
    }
}

template <class Value, class F> watch_function<Value> to_watch_function(F f) {
    return [f = std::move(f)](const Value& value, const std::optional<watch_event>& cause) mutable {
        if constexpr (std::invocable<F&, const Value&, const std::optional<watch_event>&>)
            return next_of([&] { return f(value, cause); });
        else
            return next_of([&] { return f(value); });
    };
}

} // namespace detail

} // namespace kazoo
