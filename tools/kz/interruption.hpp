#pragma once
#include <signal.h>

#include <stop_token>
#include <thread>

namespace kz {

/// SIGINT, SIGTERM, and SIGHUP unless whoever started us had it ignored, as nohup does.
sigset_t interrupting_signals() noexcept;

/// While one exists, these signals request a stop instead of ending the process. Make it before anything starts a
/// thread: it blocks the signals, for good, and threads inherit that.
class interruption {
  public:
    interruption();
    interruption(const interruption&) = delete;
    interruption& operator=(const interruption&) = delete;
    ~interruption();

    std::stop_token token() const noexcept { return stop_.get_token(); }

  private:
    std::stop_source stop_;
    std::thread thread_;
};

/// Blocks until a stop is requested.
void wait_for(const std::stop_token&);

} // namespace kz
