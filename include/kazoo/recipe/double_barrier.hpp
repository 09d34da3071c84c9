#pragma once
// A double barrier among processes, wire-compatible with DoubleBarrier of Python's kazoo and DistributedDoubleBarrier
// of Apache Curator. doc/recipes/double_barrier.md tells more.
#include <kazoo/acl.hpp>
#include <kazoo/client.hpp>
#include <kazoo/detail/until.hpp>
#include <kazoo/export.hpp>
#include <kazoo/future.hpp>
#include <kazoo/time_limit.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kazoo {

namespace recipe {
class double_barrier_core;
} // namespace recipe

/// How a double barrier behaves. Plain data with defaults.
struct double_barrier_options {
    /// The data of our node: who we are, for those who look.
    std::string identifier{};
    /// Of our node. Empty: everybody may do everything. The path, its parents and the node that says that the barrier
    /// is open are made open.
    std::vector<kazoo::acl> acl{};
};

/// Begins and ends a piece of work together: enter() waits until enough members are there, leave() until all have left.
/// Then the next round may begin, with the same objects. Each object is one member.
///
///     kazoo::double_barrier b(zk, "/jobs/7", 3);
///     b.enter();
///     compute();
///     b.leave();
///
/// **Guarantee.** The barrier opens in one transaction that says that so many members are there at that moment. From
/// then on all who were there enter, however late they look, and so does whoever comes while one of these is still
/// inside: the number is the least, not the most. leave() returns true only when all who had entered are gone. Members
/// that have begun the next round meanwhile keep nobody in this one, unless what was left behind cannot be removed: see
/// below.
///
/// **Not guaranteed.** Whoever comes late relies on one member who is inside, and knows it by its name. If the create
/// of that one's node was sent twice, as a connection broke, one of the two nodes may vanish and the other one be made
/// at that very moment: then those who are let in by it may be fewer than were asked for.
///
/// A member is there as long as the servers have its node: one that was killed counts until its session is over, and
/// one that has given up without a connection until its node could be removed. Who gives up at the moment at which it
/// opens may have been counted; the others are inside then.
///
/// **What happens when …** (each line has a test)
/// - *the connection breaks*: who waits goes on waiting; who is inside stays inside.
/// - *the session is lost* while we wait in enter(): we begin anew in the next one, with another node, when the old one
///   is gone, and are never counted twice. If all others have left the round by then, we wait for the next one.
/// - *the session is lost* inside: inside() is false, lost() is requested, and nothing brings us back: the others take
///   us for gone. leave() still waits until they have left, and returns true then. enter() begins anew.
/// - *somebody deletes our node*: the same; while we wait another one is made.
/// - *the caller cancels or the deadline passes* in enter(): neither node nor watch stays; also not what a create of a
///   broken connection makes late. In leave(): our node is removed, and we are not inside any more; leave() may be
///   called again, and waits for the rest. If the others had left it to us to go last, the barrier is left behind open.
/// - *a reply is lost*: our node is known by the random id in its name and by its owner. What opens the barrier is
///   right whenever it is carried out; what closes it is bound to our node, and done once.
/// - *a member is killed* inside or outside: the others do not wait for it longer than for the end of its session.
/// - *an open barrier was left behind*, as whoever was to go last was killed: it lets nobody in. The oldest of ours
///   that wait (not kazoo's, nor Curator's) removes it ahead of the next round, and with it its own node, and makes
///   another one; without a connection it keeps the others waiting until its session is over. If the removal is
///   refused, by the path's ACL or as others have put nodes below it, what was left is used again: then who still
///   leaves the last round waits for this one, too.
/// - *more members come* than were asked for: they enter while somebody is inside.
/// - *other nodes are below the path*: names that are not 32 hexadecimal digits (ours, kazoo's) or a UUID (Curator's)
///   are no members.
/// - *the path vanishes*: it is made again.
/// - *the client is closed*: errc::closed.
/// - *threads share the object*: they are one member. They enter together, and leave together.
/// - *the object is destroyed*: calls that wait give up with false; our node is removed in the background.
/// - *the process is forked*: in the child inside() is false; calls fail with errc::forked.
///
/// Thread safety: every member may be called from any thread. Blocking calls may be made anywhere but on a loop's own
/// thread. Behaviour: kazoo.recipe.barrier.DoubleBarrier of Python's kazoo, without its weaknesses; with members of
/// kazoo's among them these remain (the page tells which).
class KAZOO_EXPORT double_barrier {
  public:
    /// Asks nobody anything. `members` is at least 1; all must say the same. The path and its parents are made when
    /// they are missing. Throws kazoo::error (errc::invalid_path, errc::bad_arguments). The object keeps a handle of
    /// the client, and so the session, alive.
    double_barrier(client c, std::string_view path, std::size_t members, double_barrier_options options = {});
    double_barrier(const double_barrier&) = delete;
    double_barrier& operator=(const double_barrier&) = delete;
    /// Does not block.
    ~double_barrier();

    // -- entering: two round trips until it waits, one when it opens, and one more for the one that opens it ----------
    // Futures: get() has no limit of its own; one that is dropped or cancelled gives up.

    /// Waits until so many are there, however long: true. At once if we are inside. False: `stop` was requested before,
    /// or the object went. Throws errc::closed, auth_failed, no_auth, invalid_acl, too_large (above some 10 000
    /// members) and other errors that waiting cannot mend; broken connections and lost sessions are not among them.
    bool enter(std::stop_token stop = {});
    /// The asynchronous twin of enter(): does not block.
    future<bool> async_enter(std::stop_token stop = {});
    /// As enter(). False, too, if the limit has passed before; time without a connection counts. Zero and less: true if
    /// it is open, or opens with us; waits for the servers alone, at most client_options::operation_timeout.
    [[nodiscard]] bool enter_for(time_limit limit, std::stop_token stop = {});
    /// The asynchronous twin of enter_for(): does not block. The limit counts from this call on.
    future<bool> async_enter_for(time_limit limit, std::stop_token stop = {});
    /// As enter_for(), with the time that is left until `deadline` when it is called.
    template <class Clock, class Duration>
    [[nodiscard]] bool enter_until(std::chrono::time_point<Clock, Duration> deadline, std::stop_token stop = {}) {
        return enter_for(detail::until(deadline), std::move(stop));
    }
    /// The asynchronous twin of enter_until(): does not block.
    template <class Clock, class Duration>
    future<bool> async_enter_until(std::chrono::time_point<Clock, Duration> deadline, std::stop_token stop = {}) {
        return async_enter_for(detail::until(deadline), std::move(stop));
    }

    // -- leaving: two round trips, and those of the others ------------------------------------------------------------

    /// Not to be inside any more, and until nobody of this round is: true. False: `stop` was requested before. Throws
    /// errc::not_held if we have not entered, or have left already; otherwise the errors of enter().
    bool leave(std::stop_token stop = {});
    /// The asynchronous twin of leave(): does not block.
    future<bool> async_leave(std::stop_token stop = {});
    /// As leave(). False, too, if the limit has passed before. Zero and less: true if nobody else was inside.
    [[nodiscard]] bool leave_for(time_limit limit, std::stop_token stop = {});
    /// The asynchronous twin of leave_for(): does not block. The limit counts from this call on.
    future<bool> async_leave_for(time_limit limit, std::stop_token stop = {});
    /// As leave_for(), with the time that is left until `deadline` when it is called.
    template <class Clock, class Duration>
    [[nodiscard]] bool leave_until(std::chrono::time_point<Clock, Duration> deadline, std::stop_token stop = {}) {
        return leave_for(detail::until(deadline), std::move(stop));
    }
    /// The asynchronous twin of leave_until(): does not block.
    template <class Clock, class Duration>
    future<bool> async_leave_until(std::chrono::time_point<Clock, Duration> deadline, std::stop_token stop = {}) {
        return async_leave_for(detail::until(deadline), std::move(stop));
    }

    // -- being inside -------------------------------------------------------------------------------------------------
    /// Whether we have entered, have not begun to leave, and are still there for the others: our node was not seen to
    /// be deleted, and the session is not over for us. Asks a clock, not a server. It goes by the session, not by
    /// certainty (doc/certainty.md): beside a server that is cut off from its leader others may take us for gone
    /// already.
    bool inside() const noexcept;
    /// Stop is requested when we are not inside any more although nobody has begun to leave. Of the present stay; a
    /// token that is stopped already if we have not entered, or have begun to leave. User code runs on the loop's
    /// signal thread.
    std::stop_token lost() const;

    /// As given, relative to the client's root.
    const std::string& path() const noexcept;

  private:
    client client_;
    std::shared_ptr<recipe::double_barrier_core> core_;
};

} // namespace kazoo
