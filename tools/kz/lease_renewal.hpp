#pragma once
#include <kazoo/recipe/lease.hpp>

#include <algorithm>
#include <chrono>
#include <stop_token>
#include <thread>

namespace kz {

/// While one exists, it renews a lease whenever a third of its time is left, and tells when it is ours no more, or soon
/// will be: so early that who is given `patience` and then killed is gone at its end.
class lease_renewal {
  public:
    using seconds = std::chrono::duration<double>;

    lease_renewal(kazoo::lease lease, seconds length, seconds patience);

    /// What is left of a patience: the most of a short lease is for the work.
    static seconds limited(seconds patience, seconds length) { return std::min(patience, length / 10); }
    /// Requested when somebody else has it, or its end is near.
    std::stop_token lost() const noexcept { return lost_.get_token(); }

  private:
    void work(const std::stop_token& over);
    seconds left() const;

    kazoo::lease lease_;
    const seconds length_;
    const seconds interval_; ///< of looks at the clock
    const seconds warning_;
    std::stop_source lost_;
    std::jthread thread_;
};

} // namespace kz
