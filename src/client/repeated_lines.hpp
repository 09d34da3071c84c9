#pragma once
// What goes to standard error by default: lines that repeat themselves are counted, and told once in a while.
#include "util/clock.hpp"
#include "util/mutex.hpp"

#include <kazoo/log.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo::detail {

/// Thread-safe.
class repeated_lines {
  public:
    /// A line is told at most once in this time.
    static constexpr std::chrono::seconds period{10};
    using print = void (*)(std::string_view whole_line);
    explicit repeated_lines(print p) noexcept : print_(p) {}

    void write(log_level, std::string_view line, time_point now) KAZOO_EXCLUDES(mutex_);
    /// Tells how often lines came again whose time is over.
    void summarise(time_point now) KAZOO_EXCLUDES(mutex_);
    /// Tells how often all lines came again.
    void end(time_point now) KAZOO_EXCLUDES(mutex_);
    /// When summarise() has something to tell.
    time_point due() const noexcept { return time_point(duration(due_.load(std::memory_order_relaxed))); }

  private:
    struct told {
        log_level level;
        std::string line;
        time_point since;
        std::size_t more = 0; ///< came so often again
    };
    static constexpr std::size_t most_remembered = 16;
    void summarise_one(const told&, time_point now) const;
    void note_due() noexcept KAZOO_REQUIRES(mutex_);

    const print print_;
    std::atomic<duration::rep> due_{never.time_since_epoch().count()};
    util::mutex mutex_;
    std::vector<told> told_ KAZOO_GUARDED_BY(mutex_); ///< oldest first
};

/// One line of it, to standard error.
void print_to_stderr(std::string_view whole_line);
/// What KAZOO_LOG says (a log_level by its name), for clients without a sink of their own; `otherwise` without it.
log_level threshold_from_environment(log_level otherwise);

} // namespace kazoo::detail
