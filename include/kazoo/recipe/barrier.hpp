#pragma once
// A barrier among processes, wire-compatible with Barrier of Python's kazoo. doc/recipes/barrier.md tells more.
#include <kazoo/acl.hpp>
#include <kazoo/client.hpp>
#include <kazoo/detail/until.hpp>
#include <kazoo/export.hpp>
#include <kazoo/future.hpp>
#include <kazoo/time_limit.hpp>

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kazoo {

namespace recipe {
class barrier_core;
} // namespace recipe

/// How a barrier behaves. Plain data with defaults.
struct barrier_options {
    /// Of the node that is the barrier. Empty: everybody may do everything. Its parents are made open.
    std::vector<kazoo::acl> acl{};
};

/// Holds back whoever waits for as long as it stands: its node is there. Anybody may put it up, and anybody may take it
/// away.
///
/// **Guarantee.** wait() returns true only if the barrier was seen not to stand, or to be another one than at first, by
/// a server that knew all that was done before the call. When it is removed, everybody who waits learns of it, whatever
/// becomes of connections and sessions, also if it is put up again at once.
///
/// **What happens when …** (each line has a test)
/// - *there is no barrier*: wait() is true at once.
/// - *the barrier is put up again* while somebody waits: it was gone in between, so the wait is over.
/// - *the connection breaks*: who waits goes on waiting, and learns of a removal when a server answers again.
/// - *the session is lost*: who waits goes on in the next one. The barrier stays: it belongs to nobody.
/// - *the server lags behind*, or has lost its quorum: it is told to catch up before it is believed; one without a
///   quorum cannot, and is believed where there is no better one (client_options::read_only).
/// - *no event comes*, as we may not read the node: it is looked at again within the session's timeout.
/// - *the caller cancels or the deadline passes*: no watch stays.
/// - *a reply is lost*: create() and remove() are repeated. Then false from create() may also mean that this call has
///   put it up, and true from remove() that somebody else has taken it away. A create of a broken connection may be
///   carried out late, behind a remove().
/// - *somebody sets its data*: nothing.
/// - *it has children*: it stands, and remove() fails with errc::not_empty.
/// - *the client is closed*: errc::closed.
/// - *threads share the object*: each call is its own.
/// - *the object is destroyed*: those who wait are cancelled. The barrier stays as it is.
///
/// Thread safety: every member may be called from any thread. Blocking calls may be made anywhere but on a loop's own
/// thread. Behaviour: kazoo.recipe.barrier.Barrier of Python's kazoo, whose wait() misses a removal behind a broken
/// connection.
class KAZOO_EXPORT barrier {
  public:
    /// Asks nobody anything. Throws kazoo::error (errc::invalid_path). The object keeps a handle of the client, and so
    /// the session, alive.
    barrier(client c, std::string_view path, barrier_options options = {});
    barrier(const barrier&) = delete;
    barrier& operator=(const barrier&) = delete;
    /// Does not block.
    ~barrier();

    // -- putting it up, and taking it away: one round trip, and more where its parents are missing --------------------
    /// Puts it up. False: it stood already. Waits at most client_options::operation_timeout.
    bool create(const std::stop_token& stop = {});
    /// The asynchronous twin of create(): does not block, and has no limit of its own.
    future<bool> async_create();
    /// Takes it away. False: there was none. Waits at most client_options::operation_timeout.
    bool remove(const std::stop_token& stop = {});
    /// The asynchronous twin of remove(): does not block, and has no limit of its own.
    future<bool> async_remove();

    // -- waiting: two round trips if there is none --------------------------------------------------------------------
    // Futures: get() has no limit of its own; one that is dropped or cancelled gives up.

    /// Until there is no barrier: true. False: `stop` was requested before. Throws errc::closed, auth_failed and other
    /// errors that waiting cannot mend; broken connections and lost sessions are not among them.
    bool wait(std::stop_token stop = {});
    /// The asynchronous twin of wait(): does not block.
    future<bool> async_wait(std::stop_token stop = {});
    /// As wait(). False, too, if the limit has passed before; time without a connection counts. Zero and less: looks
    /// once, for at most client_options::operation_timeout.
    [[nodiscard]] bool wait_for(time_limit limit, std::stop_token stop = {});
    /// The asynchronous twin of wait_for(): does not block. The limit counts from this call on.
    future<bool> async_wait_for(time_limit limit, std::stop_token stop = {});
    /// As wait_for(), with the time that is left until `deadline` when it is called.
    template <class Clock, class Duration>
    [[nodiscard]] bool wait_until(std::chrono::time_point<Clock, Duration> deadline, std::stop_token stop = {}) {
        return wait_for(detail::until(deadline), std::move(stop));
    }
    /// The asynchronous twin of wait_until(): does not block.
    template <class Clock, class Duration>
    future<bool> async_wait_until(std::chrono::time_point<Clock, Duration> deadline, std::stop_token stop = {}) {
        return async_wait_for(detail::until(deadline), std::move(stop));
    }

    /// As given, relative to the client's root.
    const std::string& path() const noexcept;

  private:
    client client_;
    std::shared_ptr<recipe::barrier_core> core_;
};

} // namespace kazoo
