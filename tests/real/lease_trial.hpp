#pragma once
// Many locks under one fault, and the verdict: was any of them taken away from somebody who was still certain of it?
#include "real/lease_holder.hpp"

#include <kazoo/testkit/ensemble.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace kazoo::test::lease {

using std::chrono::milliseconds;

struct tally {
    std::size_t sessions = 0;
    std::size_t expired = 0;      ///< by the servers, before the trial ended
    std::size_t violations = 0;   ///< holds() was true after a node of the holder was seen deleted
    std::size_t late_news = 0;    ///< expired, and lost() came after that or not at all
    std::size_t false_alarms = 0; ///< certainty ended, and the session lived on
    /// The shortest time from the end of certainty to the end of the session. Negative: that long two could hold.
    std::optional<milliseconds> margin;

    tally& operator+=(const tally& more);
};
std::ostream& operator<<(std::ostream&, const tally&);

/// One process with many sessions that each hold a lock of their own, on one event loop. Somebody watches at every
/// server, for whoever hears of a deletion first.
class trial {
  public:
    struct crowd {
        std::vector<milliseconds> timeouts; ///< of the sessions
        std::size_t staying = 0;            ///< sessions of each timeout that know one server only
        std::size_t moving = 0;             ///< and those that know a second one
    };

    /// Returns when every session holds its lock at the server, and the watchers watch.
    trial(testkit::ensemble& zk, std::size_t server, std::size_t second, const crowd& who);
    trial(const trial&) = delete;
    trial& operator=(const trial&) = delete;
    ~trial();

    /// All hold, and not only because their sessions are new.
    bool all_hold_beyond_the_first_timeout();
    bool all_expired() const;
    bool all_heard_of_their_loss() const;
    /// Every session has expired or is connected again.
    bool settled() const;
    tally verdict(milliseconds timeout) const;

  private:
    class witness;

    void on_deleted(std::string_view path);
    void look_again(const client& zk);
    void sample(const std::stop_token& stop);

    moment begun_{};
    std::vector<std::unique_ptr<holder>> holders_;
    std::vector<std::unique_ptr<witness>> witnesses_;
    std::jthread sampler_; // declared last: it ends first
};

} // namespace kazoo::test::lease
