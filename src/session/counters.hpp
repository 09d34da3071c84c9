#pragma once
// What a session counts. Written on the loop only, read anywhere.
#include "util/tally.hpp"

#include <kazoo/metrics.hpp>

#include <array>
#include <cstdint>
#include <utility>

namespace kazoo::session {

/// Of requests that were sent together and answered together, as most are where many are under way: they are added at
/// once.
class round_trips {
  public:
    void add(duration d) noexcept {
        if (d == last_) {
            ++times_;
        } else {
            publish();
            last_ = d;
            times_ = 1;
        }
    }
    void publish() noexcept {
        if (times_ != 0) all_.add(last_, std::exchange(times_, 0));
    }
    const util::duration_tally& published() const noexcept { return all_; }

  private:
    duration last_{-1};
    std::uint64_t times_ = 0;
    util::duration_tally all_;
};

struct counters {
    util::tally bytes_sent, bytes_received;
    round_trips round_trip;
    util::tally connections, failed_attempts, sessions, sessions_lost;
    std::array<util::tally, client_metrics::disconnects_size> disconnects;

    util::tally& of(disconnect d) noexcept { return disconnects[static_cast<std::size_t>(d)]; }
};

} // namespace kazoo::session
