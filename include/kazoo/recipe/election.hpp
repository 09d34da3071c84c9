#pragma once
// The election of a leader, wire-compatible with Election of Python's kazoo. doc/recipes/election.md tells more.
#include <kazoo/acl.hpp>
#include <kazoo/client.hpp>
#include <kazoo/detail/until.hpp>
#include <kazoo/export.hpp>
#include <kazoo/future.hpp>
#include <kazoo/recipe/contender.hpp>
#include <kazoo/recipe/loss.hpp>
#include <kazoo/stop.hpp>
#include <kazoo/transaction.hpp>
#include <kazoo/types.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kazoo {

namespace recipe {
class election_core;
class possession;
} // namespace recipe

/// How an election behaves. Plain data with defaults; the constructor of election checks it.
struct election_options {
    /// The data of our nodes: who we are, for those who look. contenders() and leader() show it.
    std::string identifier{};
    /// Of our nodes. Empty: everybody may do everything. Missing parents are made open.
    std::vector<kazoo::acl> acl{};
    /// What leadership::holds() and leadership::lost() go by.
    loss lost_when = loss::certainty_over;
};

/// That we lead, as long as it lives: its destructor resigns, without waiting. Keeps the session alive as a copy of the
/// client does, and outlives its election. Thread safety: any thread may call the const members, also at once; the
/// others one thread at a time, and nothing beside them.
class [[nodiscard]] KAZOO_EXPORT leadership {
  public:
    /// Takes it over; the other one leads nothing afterwards.
    leadership(leadership&&) noexcept;
    /// Resigns its own, and takes the other one's over.
    leadership& operator=(leadership&&) noexcept;
    ~leadership();

    /// Whether we certainly lead at this moment, by what the servers have answered and the loop's clock. Asks no
    /// server. Once false, false for good.
    bool holds() const noexcept;
    /// Stop is requested when we may no longer lead, never by our own resign(). A token that is stopped already if this
    /// leads nothing. User code runs on the loop's signal thread.
    std::stop_token lost() const;
    /// Stop is requested when it is time to end: at lost(), and when election::run(), which has called you, is told to
    /// stop. As lost() for one that stand() has given, and behind resign().
    std::stop_token ending() const;
    /// Grows with each leader of this path, whoever it is: the transaction id that made our node (czxid). zxid::none if
    /// this leads nothing.
    zxid fencing_token() const noexcept;
    /// For a transaction of your own: it is applied only if we still lead. Throws errc::not_held if this leads nothing.
    node_check check() const;

    /// Makes way without waiting: holds() is false at once, the node is removed in the background, ahead of whatever
    /// this client asks for afterwards. Nothing happens if this leads nothing.
    void resign() noexcept;
    /// True when the node is removed; false if the leadership was lost, or there was none. Throws std::bad_alloc:
    /// resigned all the same, as by resign(). Not for one that was moved from.
    future<bool> async_resign();

  private:
    friend class recipe::election_core;
    friend class election;
    explicit leadership(std::unique_ptr<recipe::possession>) noexcept;
    bool was_lost() const noexcept;

    std::unique_ptr<recipe::possession> possession_; ///< none: moved from
    std::unique_ptr<stop_when<2>> ending_;           ///< of one that run() hands out
};

/// Elects one leader at a time among all who stand at the same path in one ensemble.
///
/// **Guarantee.** Of all un-paused leaders whose holds() is true there is at most one, also while servers are cut off
/// from each other; doc/certainty.md has the rule and its assumptions. Who stands first leads first; candidates of one
/// object in the order of their calls.
///
/// **What happens when …** (each line has a test)
/// - *the connection breaks* (suspended), or its server loses the others: the leader still leads, lost() stays silent,
///   while that is certain: for a third to two thirds of the session's timeout. A candidate keeps its place.
/// - *certainty ends*: lost() is requested and holds() is false, without any server, and for good; the node is removed
///   when the servers are reached. run() stands again as soon as the function has returned.
/// - *the session is lost*: a leader has lost before. A candidate starts over at the end of the line.
/// - *the caller cancels or the deadline passes*: neither node nor watch stays.
/// - *the leader's function throws*: run() resigns, and what was thrown comes out, also if the leadership was lost.
/// - *run() is told to stop*: a candidate leaves the line, and run() returns false. A leader's function is told by
///   leadership::ending(), and run() returns when it does; nothing interrupts it.
/// - *a reply is lost*: the node is found by the random id in its name and by its owner; resigning repeats itself.
/// - *somebody deletes the node* of the leader: lost() is requested when the event arrives, at the earliest 10 ms after
///   the election; of a candidate: it starts over at the end of the line, as soon as nobody ahead keeps it out.
/// - *the path vanishes*: the same; it is made again.
/// - *other nodes are below the path*: they do not stand: only names with the mark and the number of a kazoo Lock do. A
///   lock of that path is one of them, and who reads under a kazoo ReadLock is waited for, too.
/// - *the client is closed*: candidates fail with errc::closed; leaders have resigned and lost() is requested.
/// - *threads share the object*: each candidate is its own; what was lost must still be resigned before the next one of
///   this object leads.
/// - *the object is destroyed*: candidates are cancelled. Leaderships stay with their holders.
/// - *the process forks*: in the child nobody leads, and nothing is asked or given back.
///
/// Thread safety: every member may be called from any thread. Blocking calls may be made anywhere but on a loop's own
/// thread. Behaviour: kazoo.recipe.election.Election of Python's kazoo; ZooKeeper's recipe "Leader Election".
class KAZOO_EXPORT election {
  public:
    /// Asks nobody anything. The path and its parents are made when they are missing. Throws kazoo::error
    /// (errc::invalid_path). The object keeps a handle of the client, and so the session, alive.
    election(client c, std::string_view path, election_options options = {});
    election(const election&) = delete;
    election& operator=(const election&) = delete;
    /// Does not block.
    ~election();

    // -- leading for a while ------------------------------------------------------------------------------------------
    /// Stands until elected, calls `lead` on this thread, and resigns when that returns. If it has lost the leadership
    /// by then, stands again, and so on: `lead` may be called many times. Returns true when `lead` has returned while
    /// it led, false when a stop was requested before. Throws what `lead` throws, behind the resignation, and the
    /// errors of stand().
    bool run(const std::stop_token& stop, const std::function<void(leadership&)>& lead);
    /// As run(stop, lead), with nobody to stop it.
    void run(const std::function<void(leadership&)>& lead);

    // -- standing: one round trip if nobody else does -----------------------------------------------------------------
    // Futures: get() has no limit of its own; one that is dropped or cancelled leaves the line, or resigns.

    /// Waits to be elected, however long. Throws errc::closed, auth_failed, no_auth and other errors that waiting
    /// cannot mend; broken connections and lost sessions are not among them.
    leadership stand();
    /// Completes when we lead. Does not block. The errors of stand().
    future<leadership> async_stand();
    /// As stand(), until `stop` is requested: nothing then.
    std::optional<leadership> stand(std::stop_token stop);
    /// The asynchronous twin of stand(stop): does not block.
    future<std::optional<leadership>> async_stand(std::stop_token stop);
    /// Nothing if it was not elected before the deadline or the stop, whatever the reason; time without a connection
    /// counts. Zero and less: nothing if somebody else stands; waits for the servers alone, at most
    /// client_options::operation_timeout.
    template <class Rep, class Period>
    std::optional<leadership> stand_for(std::chrono::duration<Rep, Period> limit, std::stop_token stop = {}) {
        return stand_within(detail::saturate(limit), std::move(stop));
    }
    /// As stand_for(), with the time that is left until `deadline` when it is called.
    template <class Clock, class Duration>
    std::optional<leadership> stand_until(std::chrono::time_point<Clock, Duration> deadline,
                                          std::stop_token stop = {}) {
        return stand_within(detail::until(deadline), std::move(stop));
    }
    /// The asynchronous twin of stand_for(): does not block. The limit counts from this call on.
    template <class Rep, class Period>
    future<std::optional<leadership>> async_stand_for(std::chrono::duration<Rep, Period> limit,
                                                      std::stop_token stop = {}) {
        return async_stand_within(detail::saturate(limit), std::move(stop));
    }
    /// The asynchronous twin of stand_until(): does not block.
    template <class Clock, class Duration>
    future<std::optional<leadership>> async_stand_until(std::chrono::time_point<Clock, Duration> deadline,
                                                        std::stop_token stop = {}) {
        return async_stand_within(detail::until(deadline), std::move(stop));
    }

    // -- looking ------------------------------------------------------------------------------------------------------
    /// All who stand, the leader first; those that we may not read are marked. Two round trips, or three. Waits at most
    /// client_options::operation_timeout, and asks again after a broken connection.
    std::vector<contender> contenders(const std::stop_token& stop = {}) const;
    /// The asynchronous twin of contenders(): does not block.
    future<std::vector<contender>> async_contenders() const;
    /// Who stands first, if anybody does. It leads, or has just lost the leadership. Reads one node, however many
    /// stand; waits as contenders().
    std::optional<contender> leader(const std::stop_token& stop = {}) const;
    /// The asynchronous twin of leader(): does not block.
    future<std::optional<contender>> async_leader() const;

    /// As given, relative to the client's root.
    const std::string& path() const noexcept;

  private:
    std::optional<leadership> stand_within(std::chrono::nanoseconds, std::stop_token);
    future<std::optional<leadership>> async_stand_within(std::chrono::nanoseconds, std::stop_token);

    client client_;
    std::shared_ptr<recipe::election_core> core_;
};

} // namespace kazoo
