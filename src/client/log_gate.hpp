#pragma once
// Stands between a client and the user's log sink. When the user's last handle is gone, it lets nothing through.
#include "util/mutex.hpp"

#include <kazoo/log.hpp>

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>

namespace kazoo::detail {

/// Thread-safe.
class log_gate {
  public:
    /// `name`: what each line begins with, in brackets; empty for nothing.
    explicit log_gate(log_sink s, std::string name = {}) noexcept
        : threshold_(s.write ? s.threshold : log_level::off), write_(std::move(s.write)), name_(std::move(name)) {}

    void write(log_level, std::string_view line) noexcept KAZOO_EXCLUDES(mutex_);
    void set_threshold(log_level t) noexcept { threshold_.store(t, std::memory_order_relaxed); }
    void set_name(std::string name) KAZOO_EXCLUDES(mutex_);
    /// Lets nothing more through, and lets go of the sink. Waits for calls in progress, but not inside a sink, nor
    /// where the thread must not block: then the last of them lets go.
    void shut(bool may_block) noexcept KAZOO_EXCLUDES(mutex_);

  private:
    std::atomic<log_level> threshold_;
    util::mutex mutex_;
    util::condition quiet_;
    log_function write_; ///< used by calls that are counted; moved away when there are none
    std::string name_ KAZOO_GUARDED_BY(mutex_);
    std::size_t inside_ KAZOO_GUARDED_BY(mutex_) = 0;
    bool shut_ KAZOO_GUARDED_BY(mutex_) = false;
    bool waited_for_ KAZOO_GUARDED_BY(mutex_) = false;
};

} // namespace kazoo::detail
