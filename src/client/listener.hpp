#pragma once
// One registered callback, whose un-registering is synchronous.
#include "util/mutex.hpp"

#include <kazoo/detail/ref_counted.hpp>
#include <kazoo/types.hpp>

#include <atomic>
#include <functional>

namespace kazoo::detail {

class listener : public ref_counted<listener> {
  public:
    explicit listener(std::function<void(session_state)> f) noexcept : function_(std::move(f)) {}

    bool active() const noexcept { return active_.load(std::memory_order_acquire); }
    /// Runs the callback unless it was ended; its exceptions pass through.
    void call(session_state) KAZOO_EXCLUDES(running_);
    /// No call is running and none will come when this returns (inside the callback: none will come after it).
    void end() noexcept KAZOO_EXCLUDES(running_);

  private:
    std::atomic<bool> active_{true};
    util::mutex running_;
    std::function<void(session_state)> function_ KAZOO_GUARDED_BY(running_);
};

} // namespace kazoo::detail
