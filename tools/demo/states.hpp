#pragma once
// The states that a client goes through, to be waited for in order.
#include <kazoo/client.hpp>

#include <condition_variable>
#include <deque>
#include <mutex>

namespace demo {

class states {
  public:
    explicit states(const kazoo::client&);
    /// Blocks until the client enters this state; forgets those before.
    void wait_for(kazoo::session_state);

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<kazoo::session_state> seen_;
    kazoo::subscription listening_;
};

} // namespace demo
