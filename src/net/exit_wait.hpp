#pragma once
// The end of the process: sessions that are being closed get a moment, so that they end at the servers too (L072), and
// so do the threads of loops that end.
#include "loop/loop.hpp"

namespace kazoo::net {

/// Prepares the end of the process, and keeps the library's code loaded: threads may run it until then. To be called
/// when a loop is made.
///
/// exit() destroys what was made before this call after our wait, so closings that begin later wait for themselves
/// (closing_watch::wait_if_process_ends). All waits together take a second at most. A client that was
/// not told to close is not waited for: its threads use nothing that our static destructors could destroy.
void prepare_exit() noexcept;

/// What the clients of all real loops share.
detail::closing_watch& closings() noexcept;

/// Whether exit() has begun.
bool process_ends() noexcept;

/// Held by the threads of one loop.
class ending_loop {
  public:
    ending_loop() = default;
    ending_loop(const ending_loop&) = delete;
    ending_loop& operator=(const ending_loop&) = delete;
    /// The exit waits until all threads have let go of this.
    void begin() noexcept;
    ~ending_loop();

  private:
    bool begun_ = false;
};

} // namespace kazoo::net
