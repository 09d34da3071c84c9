#pragma once
// One reading of a node and the watch that is set with it, in one session.
#include "recipe/parts/sight.hpp"
#include "recipe/support.hpp"

#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace kazoo::recipe {

/// What was there, and the watch that was set with that. `Value` is node or child_list, whose names are sorted.
template <class Value> struct reading {
    static constexpr sight::of what = std::is_same_v<Value, node> ? sight::of::data : sight::of::children;

    std::optional<Value> value; ///< nothing: there was no such node, and nothing is watched
    sight seen;
    future<watch_event> changed;
};

/// The server that answers from now on has seen what was seen in earlier sessions. One that has lost its quorum cannot
/// say so, and there is no better one.
inline task<void> catch_up(pinned_handle zk, std::string node) {
    const auto sync = [&] { return zk.async_sync(node); };
    const auto done = co_await as_result(repeat(sync));
    if (!done && done.error() != errc::not_read_only) done.rethrow();
}

/// Again after a broken connection. `behind_a_loss`: what was seen in an earlier session is known to the server that
/// answers now.
template <class Value> task<reading<Value>> read_and_watch(pinned_handle zk, std::string node, bool behind_a_loss) {
    const auto watch = [&] {
        if constexpr (reading<Value>::what == sight::of::data)
            return zk.async_watch(node);
        else
            return zk.async_watch_children(node);
    };
    if (behind_a_loss) co_await catch_up(zk, node);
    auto read = co_await as_result(repeat(watch));
    if (!read && read.error() != errc::no_node) read.rethrow();
    reading<Value> r;
    if (read) {
        if constexpr (reading<Value>::what == sight::of::children) read->value.names.sort();
        r.seen = sight(r.what, read->value.stat);
        r.value = std::move(read->value);
        r.changed = std::move(read->changed);
    }
    co_return r;
}

/// The same. Where there is no node it is watched whether it is made.
template <class Value> task<reading<Value>> read_or_await(pinned_handle zk, std::string node, bool behind_a_loss) {
    const auto watch_creation = [&] { return zk.async_watch_exists(node); };
    for (;;) {
        reading<Value> now = co_await read_and_watch<Value>(zk, node, behind_a_loss);
        if (now.value) co_return now;
        auto missing = co_await repeat(watch_creation);
        if (missing.value) continue; // it was made meanwhile
        now.changed = std::move(missing.changed);
        co_return now;
    }
}

} // namespace kazoo::recipe
