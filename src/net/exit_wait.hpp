#pragma once
// A client that is dropped closes its session in the background. At the end of the process that gets a moment, so that
// the session ends at the servers and no thread of ours runs while static objects are destroyed (L072).
namespace kazoo::net {

/// From now on, exit() waits up to a second for the loops that run then. To be called when a loop is made: what is
/// destroyed before that moment, a loop in a static object too, is gone before the wait begins.
void wait_for_loops_at_exit() noexcept;

/// A loop's thread is running.
class running_loop {
  public:
    running_loop() noexcept;
    ~running_loop();
    running_loop(const running_loop&) = delete;
    running_loop& operator=(const running_loop&) = delete;
};

} // namespace kazoo::net
