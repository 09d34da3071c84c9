#pragma once
// How much may be on its way. What is handed over ages: the lease counts from sent requests, pings queue up behind
// them, and giving one up is not certain any more.
#include "util/clock.hpp"

#include <cstddef>

namespace kazoo::session {

/// Bytes of requests to be handed over at a time, or a single longer one. With the socket's own bound on unsent bytes
/// it is what a ping has to wait for.
inline constexpr std::size_t batch_limit = 256 << 10;

/// Whether the server keeps up: it owes us nothing for longer than a sixth of T.
constexpr bool window_open(time_point oldest_sent, time_point now, duration timeout) noexcept {
    return oldest_sent == never || now - oldest_sent < timeout / 6;
}

} // namespace kazoo::session
