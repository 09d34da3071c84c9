#pragma once
// Until when a peer may keep us waiting.
#include "util/clock.hpp"

#include <algorithm>

namespace kazoo::session {

/// What the peer of a connection owes us and what it gave.
struct patience {
    duration timeout{0};        ///< T
    time_point asked = never;   ///< the oldest of ours that was sent and not answered; never: it owes us nothing
    time_point stalled = never; ///< since when the socket has taken nothing of what is to be sent
    time_point heard{};         ///< when bytes came last
    time_point replied{};       ///< when bytes of a reply came last, be it one that is still arriving

    /// Nothing came for two thirds of T, or the socket took nothing for as long.
    time_point silence_limit() const noexcept {
        const time_point unheard = asked == never ? never : std::max(asked, heard);
        const time_point untaken = stalled == never ? never : std::max(stalled, replied);
        return saturating_add(std::min(unheard, untaken), timeout * 2 / 3);
    }

    /// Events come in and nothing of ours is answered: perhaps nothing of ours gets there (C05). A sixth of T before
    /// the session ends, another server can still save it; who has just been asked, or is replying, is not to blame.
    time_point answer_limit(time_point lease_end) const noexcept {
        if (asked == never) return never;
        return std::max({lease_end - timeout / 6, saturating_add(asked, timeout / 3), reply_limit()});
    }

    /// A reply that is still arriving says that the server lives, however long ago it was asked for.
    time_point reply_limit() const noexcept { return saturating_add(replied, timeout / 6); }
};

} // namespace kazoo::session
