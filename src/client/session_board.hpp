#pragma once
// What the world may ask about a session: its state, its id, its loss, and who wants to hear of changes.
#include "client/listener.hpp"
#include "session/session.hpp"
#include "util/clock.hpp"
#include "util/endpoint.hpp"
#include "util/mutex.hpp"
#include "util/pruned_list.hpp"

#include <kazoo/detail/shared_state.hpp>
#include <kazoo/types.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace kazoo::detail {

class core;
using state_listener = listener_for<session_state>;

inline bool is_connected(session_state s) noexcept {
    return s == session_state::connected || s == session_state::connected_read_only;
}

/// Thread-safe. Written by the loop only.
class session_board {
  public:
    /// `since` then there is no session yet.
    explicit session_board(time_point since = {}) : since_(since) {}

    session_state state() const noexcept { return state_.load(std::memory_order_acquire); }
    struct dated_state {
        session_state state;
        time_point since;
    };
    dated_state state_and_since() const KAZOO_EXCLUDES(mutex_);
    /// Grows whenever a session is lost or ended: what was begun in an earlier one must not go on in a later one. Never
    /// zero.
    std::uint64_t epoch() const noexcept { return epoch_.load(std::memory_order_acquire); }
    /// When the session of the present epoch is over for us; the beginning of time if there is none. To judge an
    /// older epoch read this first and the epoch last.
    time_point lease_end() const noexcept { return time_point(duration(lease_end_.load())); }
    /// Until then the session certainly lives at the servers (session/certainty.hpp); the beginning of time if nothing
    /// is certain. To judge what was granted earlier read this first and the number of doubts last.
    time_point certain_until() const noexcept { return time_point(duration(certain_until_.load())); }
    /// Grows whenever certainty ends: what was granted before is in doubt from then on, whatever becomes certain later.
    std::uint64_t doubts() const noexcept { return doubts_.load(std::memory_order_acquire); }
    /// Grows whenever a connection is lost: what streams have told is incomplete from then until their gap.
    std::uint64_t interruptions() const noexcept { return interruptions_.load(std::memory_order_acquire); }
    /// When the last connection was lost; read interruptions() first.
    time_point interrupted_at() const noexcept { return time_point(duration(interrupted_at_.load())); }
    /// On the loop: whether what is granted now is certainly ours, and can be kept.
    bool certainty_lasts() const noexcept { return certainty_lasts_; }
    session::identity identity() const KAZOO_EXCLUDES(mutex_);
    std::stop_token session_token() const KAZOO_EXCLUDES(mutex_);
    std::string last_failures() const KAZOO_EXCLUDES(mutex_);
    /// The list of hosts, as a host string. Also written by other threads than the loop's.
    std::string hosts() const KAZOO_EXCLUDES(mutex_);
    void set_hosts(std::string) KAZOO_EXCLUDES(mutex_);
    /// The same, and what is being tried now, with the time that it has taken.
    std::string why_no_connection(time_point now) const KAZOO_EXCLUDES(mutex_);
    /// Address and port of the server of the present connection; empty without one.
    std::string server() const KAZOO_EXCLUDES(mutex_);
    /// The same for whoever wants to connect to it; without an address if there is none.
    util::endpoint peer() const KAZOO_EXCLUDES(mutex_);

    ref<listener> add_listener(std::function<void(session_state)>) KAZOO_EXCLUDES(mutex_);
    /// A future that completes with the next connection.
    ref<detail::shared_state<void>> wait_connected(core&) KAZOO_EXCLUDES(mutex_);
    /// The same, but it fails when all addresses have refused in one round.
    ref<detail::shared_state<void>> try_connect(core&) KAZOO_EXCLUDES(mutex_);
    /// On the loop: a future that completes when certainty_lasts(), or fails when the session of this epoch is over.
    ref<detail::shared_state<void>> wait_certain(core&, std::uint64_t epoch) KAZOO_EXCLUDES(mutex_);
    /// Certainty cannot be had: those who wait for it fail with no_auth.
    void refuse_certainty() noexcept KAZOO_EXCLUDES(mutex_);

    struct failures {
        std::string text;            ///< for each address
        bool refused_by_all = false; ///< in the last round
        session::session::attempt attempt{};
    };
    void set_last_failures(failures) KAZOO_EXCLUDES(mutex_);
    /// `never`: there is no session.
    void set_lease_end(time_point t) noexcept {
        lease_end_.store((t == never ? time_point::min() : t).time_since_epoch().count());
    }
    struct certainty {
        time_point until;
        bool lasts = false; ///< what is granted now can be kept
    };
    void set_certainty(certainty) noexcept KAZOO_EXCLUDES(mutex_);
    void end_certainty() noexcept {
        set_certainty({.until = time_point::min()});
        doubts_.fetch_add(1, std::memory_order_acq_rel);
    }
    /// Publishes a change: tells waiters at once, listeners through the core's callbacks, and signals a lost session.
    void change(core&, session_state, const session::identity&, const util::endpoint& server) KAZOO_EXCLUDES(mutex_);

  private:
    void answer(const ref<detail::shared_state<void>>& waiter, session_state now) const KAZOO_EXCLUDES(mutex_);

    struct was_given_up {
        bool operator()(const ref<detail::shared_state<void>>& waiter) const noexcept { return waiter->is_claimed(); }
    };
    struct has_ended {
        bool operator()(const ref<state_listener>& l) const noexcept { return !l->active(); } // its function is gone
    };
    using waiters = util::pruned_list<ref<detail::shared_state<void>>, was_given_up>;

    std::atomic<session_state> state_{session_state::connecting};
    std::atomic<std::uint64_t> epoch_{1};
    std::atomic<duration::rep> lease_end_{time_point::min().time_since_epoch().count()};
    std::atomic<duration::rep> certain_until_{time_point::min().time_since_epoch().count()};
    std::atomic<std::uint64_t> doubts_{0};
    std::atomic<duration::rep> interrupted_at_{time_point::min().time_since_epoch().count()};
    std::atomic<std::uint64_t> interruptions_{0};
    bool certainty_lasts_ = false; ///< on the loop
    mutable util::mutex mutex_;
    time_point since_ KAZOO_GUARDED_BY(mutex_);
    session::identity identity_ KAZOO_GUARDED_BY(mutex_);
    std::stop_source lost_ KAZOO_GUARDED_BY(mutex_);
    std::string last_failures_ KAZOO_GUARDED_BY(mutex_);
    std::string hosts_ KAZOO_GUARDED_BY(mutex_);
    session::session::attempt attempt_ KAZOO_GUARDED_BY(mutex_);
    util::endpoint server_ KAZOO_GUARDED_BY(mutex_);
    util::pruned_list<ref<state_listener>, has_ended> listeners_ KAZOO_GUARDED_BY(mutex_);
    waiters waiting_ KAZOO_GUARDED_BY(mutex_);
    bool refused_ KAZOO_GUARDED_BY(mutex_) = false;
    waiters trying_ KAZOO_GUARDED_BY(mutex_); ///< waiters that give up when all addresses refuse
    waiters waiting_for_certainty_ KAZOO_GUARDED_BY(mutex_);
};

} // namespace kazoo::detail
