#pragma once
// Send times of the frames of one kind that wait for an answer, oldest first.
#include "util/clock.hpp"

#include <deque>

namespace kazoo::session {

class reply_clock {
  public:
    void sent(time_point at) { sent_.push_back(at); }
    bool awaited() const noexcept { return !sent_.empty(); }
    /// An answer has come. Returns when its frame was sent. Precondition: awaited().
    time_point answered() {
        const time_point at = sent_.front();
        sent_.pop_front();
        return at;
    }
    time_point newest() const noexcept { return sent_.empty() ? never : sent_.back(); }
    time_point oldest() const noexcept { return sent_.empty() ? never : sent_.front(); }
    void clear() noexcept { sent_.clear(); }

  private:
    std::deque<time_point> sent_;
};

} // namespace kazoo::session
