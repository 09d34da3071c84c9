#pragma once
// When the session is over by our own clock, and when to ping the servers.
#include "util/clock.hpp"

#include <algorithm>

namespace kazoo::session {

class lease {
  public:
    bool exists() const noexcept { return timeout_ > duration::zero(); }
    duration timeout() const noexcept { return timeout_; }

    /// A server granted or resumed the session in answer to a connect request sent at `sent`. A resumed session goes
    /// on counting from the last answered request, if that was sent later.
    void grant(duration timeout, time_point sent, bool resumed, time_point now) noexcept {
        base_ = resumed ? std::max(base_, sent) : sent;
        timeout_ = timeout;
        heard_ = now;
        touched_ = sent;
    }
    void end() noexcept { timeout_ = duration::zero(); }

    /// A request sent at `sent` was answered: the server has started its own count then or later.
    void answered(time_point sent) noexcept { base_ = std::max(base_, sent); }
    void heard(time_point now) noexcept { heard_ = now; }
    /// The last byte of a frame that renews the session was handed to the socket.
    void touched(time_point now) noexcept { touched_ = now; }

    time_point end_time() const noexcept { return exists() ? saturating_add(base_, timeout_) : never; }
    time_point ping_due() const noexcept { return saturating_add(touched_, timeout_ / 3); }
    time_point last_heard() const noexcept { return heard_; }

  private:
    duration timeout_{0}; ///< negotiated
    time_point base_{};   ///< send time of the newest answered request
    time_point heard_{};
    time_point touched_{};
};

} // namespace kazoo::session
