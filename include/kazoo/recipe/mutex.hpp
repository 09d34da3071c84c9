#pragma once
// A mutex among processes, wire-compatible with Lock and WriteLock of Python's kazoo. doc/recipes/mutex.md tells more.
#include <kazoo/acl.hpp>
#include <kazoo/client.hpp>
#include <kazoo/detail/until.hpp>
#include <kazoo/export.hpp>
#include <kazoo/future.hpp>
#include <kazoo/recipe/contender.hpp>
#include <kazoo/recipe/loss.hpp>
#include <kazoo/transaction.hpp>
#include <kazoo/types.hpp>

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kazoo {

namespace recipe {
class mutex_core;
}

/// How a mutex behaves. Plain data with defaults; the constructor of mutex checks it.
struct mutex_options {
    /// The data of our nodes: who we are, for those who look. contenders() shows it.
    std::string identifier{};
    /// Further marks of contenders, matched literally ahead of the number: "-lock-" for those of go-zookeeper.
    std::vector<std::string> extra_lock_patterns{};
    /// Of our nodes. Empty: everybody may do everything. Missing parents are made open.
    std::vector<kazoo::acl> acl{};
    /// What holds() and lost() go by.
    loss lost_when = loss::certainty_over;
};

/// A mutex shared by all who name the same path in one ensemble. Meets Lockable and TimedLockable: std::scoped_lock,
/// std::unique_lock and std::lock work with it. Not recursive.
///
/// **Guarantee.** Of all un-paused holders whose holds() is true there is at most one, also while servers are cut off
/// from each other; doc/certainty.md has the rule and its assumptions (the main ones: a session timeout of two ticks or
/// more, no observer masters, no local sessions, clocks that drift by less than 1/1000). Waiters are served in the
/// order in which their nodes were made, threads that share an object in the order of their calls. Whoever was paused
/// between holds() and a write may write without knowing; fencing_token() and check() stop that, nothing else does.
///
/// **What happens when …** (each line has a test)
/// - *the connection breaks* (suspended), or its server loses the others: a holder still holds, lost() stays silent,
///   while that is certain: for a third to two thirds of the session's timeout. A waiter keeps its place. What was
///   under way is found again or done again.
/// - *certainty ends*: lost() is requested and holds() is false, without any server, and for good; the node is removed
///   when the servers are reached.
/// - *the session is lost*: a holder has lost before. A waiter starts over at the end of the line, within its deadline.
/// - *the caller cancels or the deadline passes*: neither node nor watch stays. A node that may have been made is
///   removed in the background, until it is gone or its session is over.
/// - *a reply is lost*: the node is found by the random id in its name and by its owner; unlock repeats itself. A
///   create may also be carried out late: a second node of ours is removed when it is seen, and looked for again after
///   unlock.
/// - *the contender ahead may not be read*: it is looked at at intervals that grow to the session's timeout.
/// - *somebody deletes the node* of a holder: lost() is requested and holds() is false when the event arrives, at the
///   earliest 10 ms after the acquisition; of a waiter: it starts over at the end of the line.
/// - *the lock's path vanishes*: as above; it is made again. Its children keep it from vanishing otherwise.
/// - *the client is closed*: waiters fail with errc::closed; the lock is given up and lost() is requested.
/// - *a thread of the same object waits*: the first sixteen wait with a node of their own, others get one when there is
///   room; all are served in the order of their calls. What was lost must still be unlocked before the next thread of
///   this object gets the lock.
/// - *the object is destroyed*: waiters are cancelled, a held lock is unlocked in the background.
///
/// Thread safety: every member may be called from any thread. Blocking calls may be made anywhere but on a loop's own
/// thread. Behaviour: kazoo.recipe.lock.Lock of Python's kazoo; ZooKeeper's recipe "Locks".
class KAZOO_EXPORT mutex {
  public:
    /// Asks nobody anything. The path and its parents are made when they are missing. Throws kazoo::error
    /// (errc::invalid_path, errc::bad_arguments). The object keeps a handle of the client, and so the session, alive.
    mutex(client c, std::string_view path, mutex_options options = {});
    mutex(const mutex&) = delete;
    mutex& operator=(const mutex&) = delete;
    /// Does not block.
    ~mutex();

    // -- acquiring: one round trip if nobody else wants the lock ------------------------------------------------------
    // Futures: get() has no limit of its own; one that is dropped or cancelled while it waits gives the acquisition up.
    // The first lock of an old session may take a third of the session's timeout more (doc/certainty.md).
    // One that has come through has the lock, read or not. cancel() and then result() tell which it is; a mere drop at
    // the very moment does not.

    /// Waits for the lock, however long. Throws errc::closed, auth_failed, no_auth and other errors that waiting cannot
    /// mend; broken connections and lost sessions are not among them.
    void lock();
    /// Completes when the lock is ours. Does not block. The errors of lock().
    future<void> async_lock();
    /// As lock(), until `stop` is requested: false, and not locked, then. True: locked.
    [[nodiscard]] bool lock(std::stop_token stop);
    /// The asynchronous twin of lock(stop): does not block.
    future<bool> async_lock(std::stop_token stop);
    /// False if the lock is taken, also if by this object. Waits for no other contender, but for the servers: at
    /// most client_options::operation_timeout, then it throws errc::operation_timeout.
    [[nodiscard]] bool try_lock();
    /// The asynchronous twin of try_lock(): does not block.
    future<bool> async_try_lock();
    /// False if it was not acquired before the deadline or the stop, whatever the reason; time without a connection
    /// counts. After the deadline nothing more is asked for the lock. Zero and less: waits for nobody but the servers,
    /// as try_lock(), and gives false where that throws errc::operation_timeout.
    template <class Rep, class Period>
    [[nodiscard]] bool try_lock_for(std::chrono::duration<Rep, Period> limit, std::stop_token stop = {}) {
        return lock_within(detail::saturate(limit), std::move(stop));
    }
    /// As try_lock_for(), with the time that is left until `deadline` when it is called.
    template <class Clock, class Duration>
    [[nodiscard]] bool try_lock_until(std::chrono::time_point<Clock, Duration> deadline, std::stop_token stop = {}) {
        return lock_within(detail::until(deadline), std::move(stop));
    }
    /// The asynchronous twin of try_lock_for(): does not block. The limit counts from this call on.
    template <class Rep, class Period>
    future<bool> async_try_lock_for(std::chrono::duration<Rep, Period> limit, std::stop_token stop = {}) {
        return async_lock_within(detail::saturate(limit), std::move(stop));
    }
    /// The asynchronous twin of try_lock_until(): does not block.
    template <class Clock, class Duration>
    future<bool> async_try_lock_until(std::chrono::time_point<Clock, Duration> deadline, std::stop_token stop = {}) {
        return async_lock_within(detail::until(deadline), std::move(stop));
    }

    // -- giving up ----------------------------------------------------------------------------------------------------
    /// Gives the lock up without waiting: holds() is false at once, the node is removed in the background, ahead of
    /// whatever this client asks for afterwards. Any thread may call it. Nothing happens if it is not held.
    void unlock() noexcept;
    /// True when the node is removed; false if the lock was lost or not held. Throws std::bad_alloc: given up all the
    /// same, as by unlock().
    future<bool> async_unlock();

    // -- holding ------------------------------------------------------------------------------------------------------
    /// Whether the lock is certainly ours at this moment, by what the servers have answered and the loop's clock. Asks
    /// no server. Once false, false for good, for this acquisition.
    bool holds() const noexcept;
    /// Of the present acquisition: stop is requested when the lock may no longer be ours, never by our own unlock. A
    /// token that is stopped already if the object is not locked. User code runs on the loop's signal thread.
    std::stop_token lost() const;
    /// Grows with each acquisition of this path by whomever: the transaction id that made our node (czxid). Give it to
    /// the storage you write to, and let that refuse smaller ones. zxid::none if the object is not locked.
    zxid fencing_token() const noexcept;
    /// For a transaction of your own: it is applied only if the lock is still ours. Throws errc::not_held if the object
    /// is not locked.
    node_check check() const;

    /// All who hold or wait, the holder first; those that we may not read are marked. Two round trips, or three. Waits
    /// at most client_options::operation_timeout, and asks again after a broken connection.
    std::vector<contender> contenders(const std::stop_token& stop = {}) const;
    /// The asynchronous twin of contenders(): does not block.
    future<std::vector<contender>> async_contenders() const;

    /// As given, relative to the client's root.
    const std::string& path() const noexcept;

  private:
    bool lock_within(std::chrono::nanoseconds, std::stop_token);
    future<bool> async_lock_within(std::chrono::nanoseconds, std::stop_token);

    client client_;
    std::shared_ptr<recipe::mutex_core> core_;
};

} // namespace kazoo
