#pragma once
// The blocking twin of an asynchronous call.
#include "client/client_access.hpp"

#include <kazoo/future.hpp>

#include <stop_token>

namespace kazoo::detail {

/// Starts the call, waits for it within the client's limit and until `stop` is requested, and starts it again when the
/// connection broke and nothing was applied.
template <class Start> auto blocking(const core& c, const std::stop_token& stop, Start start) {
    const duration limit = c.operation_limit();
    const time_point end = saturating_add(c.loop().now(), limit);
    for (;;) {
        auto r = start().result_for(end - c.loop().now(), stop);
        if (r) {
            if constexpr (std::is_same_v<typename decltype(r)::value_type, unit>)
                return;
            else
                return *std::move(r);
        }
        const bool again = r.error() == errc::connection_loss && r.outcome() == outcome::not_applied;
        if (!again || c.loop().now() >= end) r.rethrow();
    }
}

template <class Start> auto blocking(const client& zk, const std::stop_token& stop, Start start) {
    return blocking(client_access::core_of(zk), stop, std::move(start));
}

} // namespace kazoo::detail
