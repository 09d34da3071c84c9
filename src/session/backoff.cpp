#include "session/backoff.hpp"

#include <algorithm>

namespace kazoo::session {

duration backoff::next(util::random_source& random) noexcept {
    // A pause of zero would be a busy loop on servers that refuse at once, whatever the policy says.
    constexpr double shortest_ms = 1;
    const double longest_ms = static_cast<double>(policy_.max_delay.count());
    const double full = std::min(next_ms_, longest_ms);
    next_ms_ = std::min(next_ms_ * std::max(policy_.factor, 1.0), longest_ms);
    const double jitter = std::clamp(policy_.jitter, 0.0, 1.0);
    const double ms = std::max(full * (1 - jitter * random.unit()), shortest_ms);
    const std::chrono::duration<double, std::milli> pause(ms);
    return pause < duration::max() ? std::chrono::duration_cast<duration>(pause) : duration::max();
}

} // namespace kazoo::session
