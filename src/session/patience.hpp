#pragma once
// When a peer that does not answer is given up.
#include "util/clock.hpp"

#include <algorithm>

namespace kazoo::session {

/// What the peer of a connection has still to answer, and when it was heard of.
struct patience {
    duration timeout{0};        ///< T
    time_point asked = never;   ///< when the oldest request without an answer was sent; never if all were answered
    time_point stalled = never; ///< since when the socket has taken nothing of what is to be sent
    time_point heard{};         ///< when bytes came last
    time_point replied{};       ///< when bytes of a reply came last, be it one that is still arriving

    /// Nothing came for two thirds of T, or the socket took nothing for as long.
    time_point silence_limit() const noexcept {
        const time_point unheard = asked == never ? never : std::max(asked, heard);
        const time_point untaken = stalled == never ? never : std::max(stalled, replied);
        return saturating_add(std::min(unheard, untaken), timeout * 2 / 3);
    }

    /// Events come in, but nothing that we send is answered: perhaps none of it arrives (C05). A sixth of T before the
    /// session ends there is still time to save it at another server. A peer that was asked only now, or whose reply is
    /// arriving, is not given up.
    time_point answer_limit(time_point lease_end) const noexcept {
        if (asked == never) return never;
        return std::max({lease_end - timeout / 6, saturating_add(asked, timeout / 3), reply_limit()});
    }

    /// A reply that is still arriving says that the server lives, however long ago it was asked for.
    time_point reply_limit() const noexcept { return saturating_add(replied, timeout / 6); }
};

} // namespace kazoo::session
