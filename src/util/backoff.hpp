#pragma once
// Pauses between tries: how long they are, when they start small again, and which policies make sense.
#include "util/clock.hpp"
#include "util/random.hpp"

#include <kazoo/retry.hpp>

#include <string_view>

namespace kazoo::util {

/// What is wrong with a policy, beginning with the member's name; empty if nothing is.
std::string_view defect_of(const retry_policy&) noexcept;

/// Growing pauses. Precondition: the policy has no defect.
class backoff {
  public:
    explicit backoff(const retry_policy& policy) noexcept : policy_(policy) { reset(); }
    /// Each is twice as long as the one before, without jitter.
    backoff(duration shortest, duration longest) noexcept : backoff({shortest, longest, 2.0, 0.0}) {}

    /// The next pause with jitter; never zero, which would be a busy loop on what refuses at once.
    duration next(random_source&) noexcept;
    /// The same without jitter.
    duration next() noexcept;
    void reset() noexcept;
    /// Starts small again if all was well for so long that what comes now is another trouble. Tells whether it did.
    bool starts_over(duration all_was_well) noexcept;

  private:
    double grow() noexcept;

    retry_policy policy_;
    double next_ms_ = 0; ///< without jitter
};

} // namespace kazoo::util
