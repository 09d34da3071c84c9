#pragma once
// How a call that waits in a line answers its caller.
#include "recipe/support.hpp"

#include <type_traits>
#include <utility>

namespace kazoo::recipe {

/// What ends a wait without being a failure.
enum class excuse {
    none,
    stop,
    stop_or_time
};

/// The answer of a call that stands in a line of its object: what its task gives, or, where that is excused, that
/// nothing came of it. Each task around another one starts a step of the loop later. So every way to make such a call
/// has this one around it, and no other: then places are taken in the order of the calls.
template <class Answer, class Got> task<Answer> answering(excuse e, task<Got> t) {
    auto r = co_await as_result(std::move(t));
    const bool excused = (e != excuse::none && r.error() == errc::cancelled) ||
                         (e == excuse::stop_or_time && r.error() == errc::operation_timeout);
    if (!r && !excused) r.rethrow();
    if constexpr (std::is_void_v<Answer>) {
        co_return;
    } else if constexpr (std::is_same_v<Answer, Got>) {
        if (!r) co_return Answer();
        co_return *std::move(r);
    } else {
        static_assert(std::is_same_v<std::optional<Answer>, Got>);
        co_return **std::move(r); // it waits until there is one, or fails
    }
}

} // namespace kazoo::recipe
