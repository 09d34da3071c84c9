#pragma once
// One registered callback, whose un-registering is synchronous.
#include "util/mutex.hpp"

#include <kazoo/detail/ref_counted.hpp>

#include <atomic>
#include <functional>
#include <utility>

namespace kazoo::detail {

class listener : public ref_counted<listener> {
  public:
    bool active() const noexcept { return active_.load(std::memory_order_acquire); }
    /// No call is running and none will come when this returns (inside the callback: none will come after it).
    virtual void end() noexcept KAZOO_EXCLUDES(running_);

  protected:
    using function = std::function<void(const void* event)>;
    explicit listener(function f) noexcept : function_(std::move(f)) {}
    virtual ~listener() = default;
    friend class ref_counted<listener>; // destroys it
    /// Runs the callback unless it was ended; its exceptions pass through.
    void run(const void* event) KAZOO_EXCLUDES(running_);

  private:
    std::atomic<bool> active_{true};
    util::mutex running_;
    function function_ KAZOO_GUARDED_BY(running_);
};

template <class Event> class listener_for : public listener {
  public:
    explicit listener_for(std::function<void(const Event&)> f)
        : listener([call = std::move(f)](const void* event) { call(*static_cast<const Event*>(event)); }) {}
    /// Runs the callback unless it was ended; its exceptions pass through.
    void call(const Event& e) { run(&e); }
};

} // namespace kazoo::detail
