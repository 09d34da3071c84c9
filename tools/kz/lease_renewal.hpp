#pragma once
#include <kazoo/recipe/lease.hpp>

#include <chrono>
#include <stop_token>
#include <thread>

namespace kz {

/// While one exists, it renews a lease whenever a third of its time is left, and tells when it is ours no more.
class lease_renewal {
  public:
    lease_renewal(kazoo::lease lease, std::chrono::duration<double> length);

    /// Requested when somebody else has it, or its end has come.
    std::stop_token lost() const noexcept { return lost_.get_token(); }

  private:
    void work(const std::stop_token& over);

    kazoo::lease lease_;
    const std::chrono::duration<double> length_;
    std::stop_source lost_;
    std::jthread thread_;
};

} // namespace kz
