#pragma once
// The standard mutex and condition variable, in a form that clang's -Wthread-safety can follow.
#include "util/thread_annotations.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace kazoo::util {

class KAZOO_CAPABILITY("mutex") mutex {
  public:
    void lock() KAZOO_ACQUIRE() { native_.lock(); }
    bool try_lock() KAZOO_TRY_ACQUIRE(true) { return native_.try_lock(); }
    void unlock() KAZOO_RELEASE() { native_.unlock(); }

  private:
    friend class condition;
    std::mutex native_;
};

class KAZOO_SCOPED_CAPABILITY lock_guard {
  public:
    explicit lock_guard(mutex& m) KAZOO_ACQUIRE(m) : mutex_(m) { m.lock(); }
    ~lock_guard() KAZOO_RELEASE() { mutex_.unlock(); }
    lock_guard(const lock_guard&) = delete;
    lock_guard& operator=(const lock_guard&) = delete;

  private:
    friend class condition;
    mutex& mutex_;
};

/// Waits may end for no reason: call them in a loop. They take no predicate because the analysis cannot look into one.
class condition {
  public:
    void notify_one() noexcept { native_.notify_one(); }
    void notify_all() noexcept { native_.notify_all(); }

    void wait(lock_guard& held) {
        std::unique_lock lock(held.mutex_.native_, std::adopt_lock);
        native_.wait(lock);
        lock.release();
    }
    /// False: the time is over.
    bool wait_for(lock_guard& held, std::chrono::nanoseconds limit) {
        constexpr std::chrono::nanoseconds longest = std::chrono::hours(24 * 365); // now() + limit must not overflow
        std::unique_lock lock(held.mutex_.native_, std::adopt_lock);
        const auto status = native_.wait_for(lock, std::min(limit, longest));
        lock.release();
        return status == std::cv_status::no_timeout;
    }

  private:
    std::condition_variable native_;
};

} // namespace kazoo::util
