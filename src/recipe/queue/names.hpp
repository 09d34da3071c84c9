#pragma once
// Reading the names of a queue.
#include "recipe/queue/entry.hpp"
#include "recipe/support.hpp"

#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace kazoo::recipe {

/// Until it is done or cannot be, in whichever session.
template <class Step, class T = typename std::invoke_result_t<Step&>::value_type> task<T> in_any_session(Step step) {
    for (repetition tries;;) {
        auto r = co_await as_result(step());
        if (r) co_return *std::move(r);
        if (r.error() != errc::session_expired && !co_await tries.again(r.error())) r.rethrow();
    }
}

/// What was there at one time, more or less. A folder that is missing is empty.
struct queue_names {
    child_names items, claims;
};

/// In one round trip. `claims`: the folder of claims; empty: there are none.
inline task<queue_names> read_names(handle zk, std::string items, std::string claims) {
    auto reading = zk.async_get_children(items);
    queue_names names;
    if (!claims.empty()) {
        auto reading_claims = zk.async_get_children(claims);
        auto c = co_await as_result(std::move(reading_claims));
        if (!c && c.error() != errc::no_node) c.rethrow();
        if (c) names.claims = *std::move(c);
    }
    auto i = co_await as_result(std::move(reading));
    if (!i && i.error() != errc::no_node) i.rethrow();
    if (i) names.items = *std::move(i);
    co_return names;
}

/// All that was made before, in one round trip.
inline task<queue_names> read_names_behind_sync(handle zk, std::string items, std::string claims) {
    auto syncing = zk.async_sync(items);
    auto reading = read_names(zk, std::move(items), std::move(claims));
    auto names = co_await std::move(reading);
    co_await std::move(syncing);
    co_return names;
}

/// The items among these, in the order of their turn.
inline std::vector<queue_entry> in_order(const child_names& names) {
    std::set<queue_entry> all;
    for (const std::string_view name : names)
        if (const auto e = parse_entry(name)) all.insert(*e);
    std::vector<queue_entry> sorted;
    sorted.reserve(all.size());
    while (const auto e = first_of_entries(all)) {
        sorted.push_back(*e);
        all.erase(*e);
    }
    return sorted;
}

} // namespace kazoo::recipe
