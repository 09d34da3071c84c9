#pragma once
// A mutex among processes that many may hold to read, or one to write; wire-compatible with ReadLock and WriteLock of
// Python's kazoo. doc/recipes/shared_mutex.md tells more.
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
class shared_mutex_core;
}

/// How a shared_mutex behaves. Plain data with defaults; the constructor of shared_mutex checks it.
struct shared_mutex_options {
    /// The data of our nodes: who we are, for those who look. contenders() shows it.
    std::string identifier{};
    /// Further marks of contenders that keep readers and writers out, as mutex_options::extra_lock_patterns.
    std::vector<std::string> extra_lock_patterns{};
    /// Of our nodes. Empty: everybody may do everything. Missing parents are made open.
    std::vector<kazoo::acl> acl{};
    /// What holds() and lost() go by.
    loss lost_when = loss::certainty_over;
};

/// A mutex shared by all who name the same path in one ensemble: held by one writer, or by any number of readers. Meets
/// SharedTimedLockable: std::shared_lock, std::unique_lock and std::scoped_lock work with it. Not recursive; there is
/// no step from one kind to the other.
///
/// **Guarantee.** As that of mutex: of all un-paused holders, a writer whose holds() is true is alone, also while
/// servers are cut off from each other. Who comes later waits for who came before: a reader for the nearest writer
/// ahead, a writer for whoever is ahead. So neither starves the other. Threads that share an object are served in the
/// order of their calls; readers among them hold together.
///
/// **What happens when …** (each line has a test)
/// - *the connection breaks* (suspended), or its server loses the others: a holder still holds, the tokens stay silent,
///   while that is certain: for a third to two thirds of the session's timeout. A waiter keeps its place.
/// - *certainty ends*: lost() and lost_shared() are requested, and for good; the nodes are removed when the servers are
///   reached.
/// - *the session is lost*: a holder has lost before. A waiter starts over at the end of the line, within its deadline.
/// - *the caller cancels or the deadline passes*: neither node nor watch stays.
/// - *a reply is lost*: the node is found by the random id in its name and by its owner; unlock repeats itself. A
/// second
///   node of ours that turns up late is removed.
/// - *the contender ahead may not be read*: it is looked at at intervals that grow to the session's timeout.
/// - *somebody deletes the node* of a holder: that is a loss, noticed when the event arrives, at the earliest 10 ms
///   after the acquisition; of a waiter: it starts over at the end of the line.
/// - *the lock's path vanishes*: as above; it is made again.
/// - *the client is closed*: waiters fail with errc::closed; what is held is given up, and its token requested.
/// - *threads share the object*: each lock_shared() has a node of its own; unlock_shared() gives up the oldest. What
///   was lost must still be unlocked, by all who held it, before the next thread of this object gets the lock.
/// - *other nodes are in the folder*: they are not looked at, whatever their names and data.
/// - *the object is destroyed*: waiters are cancelled, all that is held is unlocked in the background.
///
/// Thread safety: every member may be called from any thread. Blocking calls may be made anywhere but on a loop's own
/// thread. Behaviour: kazoo.recipe.lock.ReadLock and WriteLock of Python's kazoo; ZooKeeper's recipe "Shared Locks".
class KAZOO_EXPORT shared_mutex {
  public:
    /// Asks nobody anything. The path and its parents are made when they are missing. Throws kazoo::error
    /// (errc::invalid_path, errc::bad_arguments). The object keeps a handle of the client, and so the session, alive.
    shared_mutex(client c, std::string_view path, shared_mutex_options options = {});
    shared_mutex(const shared_mutex&) = delete;
    shared_mutex& operator=(const shared_mutex&) = delete;
    /// Does not block.
    ~shared_mutex();

    // -- acquiring to write: one round trip if nobody else is there ---------------------------------------------------
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
    /// Gives up what lock() acquired, without waiting: holds() is false at once, the node is removed in the background,
    /// ahead of whatever this client asks for afterwards. Any thread may call it. Nothing happens if it is not held.
    void unlock() noexcept;
    /// True when the node is removed; false if it was lost or not held. Throws std::bad_alloc: given up all the same,
    /// as by unlock().
    future<bool> async_unlock();

    // -- acquiring to read: the same ----------------------------------------------------------------------------------
    /// Waits until no writer is ahead, however long. Throws what lock() throws.
    void lock_shared();
    /// Completes when the lock is ours. Does not block. The errors of lock_shared().
    future<void> async_lock_shared();
    /// As lock_shared(), until `stop` is requested: false, and not locked, then. True: locked.
    [[nodiscard]] bool lock_shared(std::stop_token stop);
    /// The asynchronous twin of lock_shared(stop): does not block.
    future<bool> async_lock_shared(std::stop_token stop);
    /// False if a writer holds it or waits for it, also one of this object. Waits for no other contender, but for the
    /// servers: at most client_options::operation_timeout, then it throws errc::operation_timeout.
    [[nodiscard]] bool try_lock_shared();
    /// The asynchronous twin of try_lock_shared(): does not block.
    future<bool> async_try_lock_shared();
    /// False if it was not acquired before the deadline or the stop, whatever the reason; time without a connection
    /// counts. After the deadline nothing more is asked for the lock. Zero and less: waits for nobody but the servers,
    /// as try_lock_shared(), and gives false where that throws errc::operation_timeout.
    template <class Rep, class Period>
    [[nodiscard]] bool try_lock_shared_for(std::chrono::duration<Rep, Period> limit, std::stop_token stop = {}) {
        return lock_shared_within(detail::saturate(limit), std::move(stop));
    }
    /// As try_lock_shared_for(), with the time that is left until `deadline` when it is called.
    template <class Clock, class Duration>
    [[nodiscard]] bool try_lock_shared_until(std::chrono::time_point<Clock, Duration> deadline,
                                             std::stop_token stop = {}) {
        return lock_shared_within(detail::until(deadline), std::move(stop));
    }
    /// The asynchronous twin of try_lock_shared_for(): does not block. The limit counts from this call on.
    template <class Rep, class Period>
    future<bool> async_try_lock_shared_for(std::chrono::duration<Rep, Period> limit, std::stop_token stop = {}) {
        return async_lock_shared_within(detail::saturate(limit), std::move(stop));
    }
    /// The asynchronous twin of try_lock_shared_until(): does not block.
    template <class Clock, class Duration>
    future<bool> async_try_lock_shared_until(std::chrono::time_point<Clock, Duration> deadline,
                                             std::stop_token stop = {}) {
        return async_lock_shared_within(detail::until(deadline), std::move(stop));
    }
    /// As unlock(), for one that lock_shared() acquired: of several of this object the oldest.
    void unlock_shared() noexcept;
    /// As async_unlock(), for one that lock_shared() acquired: of several of this object the oldest.
    future<bool> async_unlock_shared();

    // -- holding to write ---------------------------------------------------------------------------------------------
    /// Whether we certainly hold it to write at this moment, by what the servers have answered and the loop's clock.
    /// Asks no server. Once false, false for good, for this acquisition.
    bool holds() const noexcept;
    /// Of the present acquisition by lock(): stop is requested when it may no longer be ours, never by our own unlock.
    /// A token that is stopped already if the object is not locked. User code runs on the loop's signal thread.
    std::stop_token lost() const;
    /// Grows with each acquisition of this path by whomever, to read or to write: the transaction id that made our node
    /// (czxid). zxid::none if the object is not locked.
    zxid fencing_token() const noexcept;
    /// For a transaction of your own: it is applied only if we still hold it to write. Throws errc::not_held if the
    /// object is not locked.
    node_check check() const;

    // -- holding to read: said of all the shared holds of this object together ----------------------------------------
    /// Whether all of them are certainly ours, and there is one. Once false, false until all of those are given up.
    bool holds_shared() const noexcept;
    /// Stop is requested when one of them may no longer be ours: then no thread of this object may go on reading. A
    /// token that is stopped already if there is none.
    std::stop_token lost_shared() const;
    /// That of the newest. zxid::none if there is none. No writer can have had a larger one before.
    zxid fencing_token_shared() const noexcept;
    /// For a transaction of your own: it is applied only if the newest of them is still ours, so that nobody has
    /// written since. Throws errc::not_held if there is none.
    node_check check_shared() const;

    /// All who hold or wait, in the order in which they came; readers are marked as shared, those that we may not read
    /// as hidden. Two round trips, or three. Waits at most client_options::operation_timeout, and asks again after a
    /// broken connection.
    std::vector<contender> contenders(const std::stop_token& stop = {}) const;
    /// The asynchronous twin of contenders(): does not block.
    future<std::vector<contender>> async_contenders() const;

    /// As given, relative to the client's root.
    const std::string& path() const noexcept;

  private:
    bool lock_within(std::chrono::nanoseconds, std::stop_token);
    future<bool> async_lock_within(std::chrono::nanoseconds, std::stop_token);
    bool lock_shared_within(std::chrono::nanoseconds, std::stop_token);
    future<bool> async_lock_shared_within(std::chrono::nanoseconds, std::stop_token);

    client client_;
    std::shared_ptr<recipe::shared_mutex_core> core_;
};

} // namespace kazoo
