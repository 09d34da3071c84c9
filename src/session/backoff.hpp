#pragma once
// The pauses between rounds through the addresses: growing, with jitter, never zero.
#include "util/clock.hpp"
#include "util/random.hpp"

#include <kazoo/retry.hpp>

namespace kazoo::session {

class backoff {
  public:
    explicit backoff(const retry_policy& policy) noexcept : policy_(policy) { reset(); }

    duration next(util::random_source& random) noexcept;
    void reset() noexcept { next_ms_ = static_cast<double>(policy_.initial_delay.count()); }

  private:
    retry_policy policy_;
    double next_ms_ = 0; ///< without jitter, not yet cut to max_delay
};

} // namespace kazoo::session
