#pragma once
// Reading the names of a folder.
#include "recipe/support.hpp"

#include <string>
#include <type_traits>
#include <utility>

namespace kazoo::recipe {

/// Until it is done or cannot be, in whichever session.
template <class Step, class T = typename std::invoke_result_t<Step&>::value_type> task<T> in_any_session(Step step) {
    for (repetition tries;;) {
        auto r = co_await as_result(step());
        if (r) co_return *std::move(r);
        if (r.error() != errc::session_expired && !co_await tries.again(r.error())) r.rethrow();
    }
}

/// All that was made before, in one round trip.
inline task<child_names> read_behind_sync(handle zk, std::string folder) {
    auto syncing = zk.async_sync(folder);
    auto reading = zk.async_get_children(folder);
    auto [synced, names] = co_await all_of(std::move(syncing), std::move(reading));
    if (!synced) synced.rethrow();
    if (!names) names.rethrow();
    co_return *std::move(names);
}

} // namespace kazoo::recipe
