#pragma once
// All that a session can hold: a lock, an ephemeral node, a watch; and what must have become of it after a fault.
#include "shared/backend.hpp"

#include <kazoo/client.hpp>
#include <kazoo/recipe/mutex.hpp>

#include <chrono>
#include <stop_token>

namespace kazoo::test {

/// Longer than a fault lasts here that is to be survived. A third of it is the limit of a handshake, and a server that
/// is starting lets a client wait that long.
inline constexpr std::chrono::seconds enduring{24};

/// The victim holds everything; a rival, whose session outlives the fault, waits for the lock.
class lock_holder {
  public:
    using clock = std::chrono::steady_clock;

    static client_options with_timeout(std::chrono::milliseconds session_timeout);

    lock_holder(const client& victim, const client& rival);

    const state_log& log() const { return log_; }
    /// A moment that the end of the session's lease is at least a session timeout away from.
    clock::time_point in_touch() const;

    /// Nobody has noticed a fault. Ends by handing the lock on.
    void expect_untouched();
    /// The fault has cost the connection, which comes back, and nothing else. Ends by handing the lock on.
    void expect_connection_lost_only();
    /// The fault has just begun and still lasts, and the loss is announced: not before the session timeout has passed
    /// since `in_touch`, and not much later than a session timeout from now.
    void expect_loss_announced(clock::time_point in_touch);
    /// The fault is over: the rival inherits, and the victim starts anew.
    void expect_new_session();

  private:
    void expect_handed_on();
    /// In this order: whoever holds after another one did breaks the guarantee, whatever the time between.
    bool both_hold() const;

    client victim_, rival_;
    mutex mutex_, rival_mutex_;
    state_log log_;
    session_id session_{};
    std::chrono::milliseconds session_timeout_{};
    zxid token_{};
    std::stop_token lost_;
    future<watch_event> change_;
    future<void> rival_waits_;
};

} // namespace kazoo::test
