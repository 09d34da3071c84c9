#pragma once
// Until when the session certainly lives, whichever servers are cut off from each other.
//
// Answered pings do not tell: a follower that has lost its leader answers them for up to syncLimit ticks, while the
// leader, which ends sessions, hears nothing of them. `sync` alone does not tell either: a leader without its quorum
// answers it. So while somebody needs to know, pairs go out, one at a time:
//
//     u: sync, and when it is answered, v: a transaction that checks a node and changes nothing
//
// The next one starts G after the answer to v. When pair k is complete, the session lives until T after u of pair k-1
// was sent: between the leader's v(k-1) and u(k) lies G, so the leader pinged the follower in between; the answer to
// that ping brought our touch of u(k-1), and was ahead of u(k)'s answer; v(k) came behind it; and since a quorum
// committed v(k), any new leader, who gives every session a whole T, starts later than that.
#include "util/clock.hpp"

#include <algorithm>
#include <cstdint>
#include <list>
#include <string>

namespace kazoo::session {

class certainty {
  public:
    /// The tick of the servers, if sessions may be shorter than two of them; zero otherwise.
    explicit certainty(duration server_tick) noexcept : server_tick_(server_tick) {}

    // -- who needs it ------------------------------------------------------------------------------------------------
    void want(bool on, time_point now) noexcept;
    bool wanted() const noexcept { return wanted_; }
    /// A node of ours that v may check where the root node may not be read.
    using offered_node = std::list<std::string>::iterator;
    offered_node offer(std::string absolute_path, time_point now);
    void withdraw(offered_node n) noexcept { offered_.erase(n); }

    // -- what happens -------------------------------------------------------------------------------------------------
    /// A session was granted in answer to a connect request sent at `sent`. The leader itself begins the count of a new
    /// session; for a resumed one that request counts once the first v is answered. Returns false if what was certain
    /// before is not certain any more.
    bool granted(duration timeout, time_point sent, bool resumed, time_point now) noexcept;
    void connection_lost() noexcept;
    /// Nothing is certain any more: the time has passed, or the session has ended.
    void end() noexcept { until_ = none; }

    enum class step : std::uint8_t {
        wait, ///< until next()
        sync,
        check
    };
    step due(time_point now) const noexcept;
    /// When the next pair starts; never while one is under way.
    time_point next() const noexcept { return stage_ == stage::idle ? next_ : never; }
    bool check_due() const noexcept { return stage_ == stage::check_due; }
    const std::string& path() const noexcept { return path_; }
    void sent(step) noexcept;
    /// `sent`: when the last byte of u was handed to the socket.
    void sync_answered(bool ok, time_point sent, time_point now) noexcept;
    /// `err`: of the transaction, 0 if it was applied.
    void check_answered(std::int32_t err, time_point now);

    // -- what is known ------------------------------------------------------------------------------------------------
    bool exists() const noexcept { return until_ != none; }
    /// The session is certain until then; the beginning of time if nothing is certain.
    time_point until() const noexcept { return until_; }
    /// When end() must be called; never if nothing is certain, or nobody needs to know.
    time_point over_at() const noexcept { return wanted_ && exists() ? until_ : never; }
    /// We may read neither the root node nor one of ours, so nothing can ever be certain.
    bool not_permitted() const noexcept { return not_permitted_ && !offered_.empty(); }
    /// Whether what is granted now can be kept, because the next renewal can be expected in time.
    bool lasts(time_point now) const noexcept;

  private:
    static constexpr time_point none = time_point::min();
    enum class stage : std::uint8_t {
        idle,
        sync_sent,
        check_due,
        check_sent
    };
    /// Clocks of servers and clients drift apart by less than a thousandth.
    time_point end_of(time_point since) const noexcept { return saturating_add(since, timeout_ - timeout_ / 1000); }
    duration gap() const noexcept { return std::max(timeout_ / 3, server_tick_ * 2 / 3 + server_tick_ / 100); }
    void renew(time_point since) noexcept { until_ = std::max(until_, end_of(since)); }
    void failed(time_point now) noexcept;
    const std::string& other_path() const noexcept;

    const duration server_tick_;
    bool wanted_ = false;
    duration timeout_{0};
    time_point until_ = none;
    std::list<std::string> offered_;
    const std::string root_ = "/";
    std::string path_ = root_; ///< it is always there, and most may read it

    // What belongs to the present connection.
    stage stage_ = stage::idle;
    time_point next_ = never;
    time_point connect_sent_ = none; ///< set for a resumed session, until a v was answered
    time_point u_ = none, previous_u_ = none;
    int refusals_ = 0; ///< how often this pair's check was refused, each time for another node
    bool not_permitted_ = false;
    duration pause_{0}; ///< how long to wait after a pair that failed
};

} // namespace kazoo::session
