#pragma once
// Stands between a client and the user's log sink. When the user's last handle is gone, it lets nothing through.
#include "util/mutex.hpp"

#include <kazoo/log.hpp>

#include <cstddef>
#include <string_view>

namespace kazoo::detail {

/// Thread-safe.
class log_gate {
  public:
    explicit log_gate(log_sink s) noexcept
        : threshold_(s.write ? s.threshold : log_level::off), write_(std::move(s.write)) {}

    void write(log_level, std::string_view line) noexcept KAZOO_EXCLUDES(mutex_);
    /// Lets nothing more through, and lets go of the sink. Waits for calls in progress, but not inside a sink, nor
    /// where the thread must not block: then the last of them lets go.
    void shut(bool may_block) noexcept KAZOO_EXCLUDES(mutex_);

  private:
    const log_level threshold_;
    util::mutex mutex_;
    util::condition quiet_;
    log_function write_; ///< used by calls that are counted; moved away when there are none
    std::size_t inside_ KAZOO_GUARDED_BY(mutex_) = 0;
    bool shut_ KAZOO_GUARDED_BY(mutex_) = false;
    bool waited_for_ KAZOO_GUARDED_BY(mutex_) = false;
};

} // namespace kazoo::detail
