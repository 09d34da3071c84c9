#pragma once
// What the world may ask about a session: its state, its id, its loss, and who wants to hear of changes.
#include "client/listener.hpp"
#include "session/session.hpp"
#include "util/clock.hpp"
#include "util/mutex.hpp"

#include <kazoo/detail/state.hpp>
#include <kazoo/types.hpp>

#include <atomic>
#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

namespace kazoo::detail {

class core;

/// Thread-safe. Written by the loop only.
class state_board {
  public:
    session_state state() const noexcept { return state_.load(std::memory_order_acquire); }
    /// Grows whenever a session is lost or ended: what was begun in an earlier one must not go on in a later one. Never
    /// zero.
    std::uint64_t epoch() const noexcept { return epoch_.load(std::memory_order_acquire); }
    /// Until then the session of the present epoch certainly lives at the servers; the beginning of time if there is
    /// none. To judge an older epoch read this first and the epoch last.
    time_point lease_end() const noexcept { return time_point(duration(lease_end_.load())); }
    session::identity identity() const KAZOO_EXCLUDES(mutex_);
    std::stop_token session_token() const KAZOO_EXCLUDES(mutex_);
    std::string last_failures() const KAZOO_EXCLUDES(mutex_);
    /// Of the present connection.
    std::string server() const KAZOO_EXCLUDES(mutex_);

    ref<listener> add_listener(std::function<void(session_state)>) KAZOO_EXCLUDES(mutex_);
    /// A future that completes with the next connection.
    ref<detail::state<void>> wait_connected(core&) KAZOO_EXCLUDES(mutex_);
    /// A future that completes when this epoch is over.
    ref<detail::state<void>> wait_over(core&, std::uint64_t epoch) KAZOO_EXCLUDES(mutex_);

    void set_last_failures(std::string) KAZOO_EXCLUDES(mutex_);
    /// `never`: there is no session.
    void set_lease_end(time_point t) noexcept {
        lease_end_.store((t == never ? time_point::min() : t).time_since_epoch().count());
    }
    /// Publishes a change: tells waiters at once, listeners through the core's callbacks, and signals a lost session.
    void change(core&, session_state, const session::identity&, const std::string& server) KAZOO_EXCLUDES(mutex_);

  private:
    std::atomic<session_state> state_{session_state::connecting};
    std::atomic<std::uint64_t> epoch_{1};
    std::atomic<duration::rep> lease_end_{time_point::min().time_since_epoch().count()};
    mutable util::mutex mutex_;
    session::identity identity_ KAZOO_GUARDED_BY(mutex_);
    std::stop_source lost_ KAZOO_GUARDED_BY(mutex_);
    std::string last_failures_ KAZOO_GUARDED_BY(mutex_);
    std::string server_ KAZOO_GUARDED_BY(mutex_);
    std::vector<ref<listener>> listeners_ KAZOO_GUARDED_BY(mutex_);
    std::vector<ref<detail::state<void>>> waiting_ KAZOO_GUARDED_BY(mutex_);
    std::vector<ref<detail::state<void>>> waiting_for_the_end_ KAZOO_GUARDED_BY(mutex_);
};

} // namespace kazoo::detail
