#pragma once
// How many bytes of requests may be on their way. Too many would do harm: the lease counts from the time at which a
// request was sent, pings wait behind them, and what was handed over cannot be withdrawn with certainty any more.
#include "util/clock.hpp"

#include <cstddef>

namespace kazoo::session {

/// Bytes of requests to be handed over at a time, or a single longer one. With the socket's own bound on unsent bytes
/// it is what a ping has to wait for.
inline constexpr std::size_t batch_limit = 256 << 10;

/// Whether the server keeps up: it leaves nothing unanswered for longer than a sixth of T.
constexpr bool window_open(time_point oldest_sent, time_point now, duration timeout) noexcept {
    return oldest_sent == never || now - oldest_sent < timeout / 6;
}

} // namespace kazoo::session
