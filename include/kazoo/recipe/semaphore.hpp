#pragma once
// A counting semaphore among processes, wire-compatible with Semaphore of Python's kazoo. doc/recipes/semaphore.md
// tells more.
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
#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kazoo {

namespace recipe {
class possession;
class semaphore_core;
} // namespace recipe

/// How a semaphore behaves. Plain data with defaults; the constructor of semaphore checks it.
struct semaphore_options {
    /// The data of our nodes: who we are, for those who look. holders() shows it.
    std::string identifier{};
    /// Of our nodes. Empty: everybody may do everything. The path itself and its parents are made open.
    std::vector<kazoo::acl> acl{};
    /// What permit::holds() and permit::lost() go by.
    loss lost_when = loss::certainty_over;
};

/// One of the permits of a semaphore, as long as it lives: its destructor gives it back, without waiting. Keeps the
/// session alive as a copy of the client does, and outlives its semaphore. Thread safety: any thread may call the const
/// members, also at once; the others one thread at a time, and nothing beside them.
class [[nodiscard]] KAZOO_EXPORT permit {
  public:
    /// Takes the permit over; the other one has none afterwards.
    permit(permit&&) noexcept;
    /// Gives its own permit back, and takes the other one's over.
    permit& operator=(permit&&) noexcept;
    ~permit();

    /// Whether it is certainly ours at this moment, by what the servers have answered and the loop's clock. Asks no
    /// server. Once false, false for good.
    bool holds() const noexcept;
    /// Stop is requested when it may no longer be ours, never by our own release. A token that is stopped already if
    /// there is no permit. User code runs on the loop's signal thread.
    std::stop_token lost() const;
    /// Grows with each permit of this path that anybody gets: the transaction id that made our node (czxid).
    /// zxid::none if there is no permit.
    zxid fencing_token() const noexcept;
    /// For a transaction of your own: it is applied only if the permit is still ours. Throws errc::not_held if there is
    /// none.
    node_check check() const;

    /// Gives it back without waiting: holds() is false at once, the node is removed in the background, ahead of
    /// whatever this client asks for afterwards. Nothing happens if there is none.
    void release() noexcept;
    /// True when the node is removed; false if the permit was lost, or there was none. Throws std::bad_alloc: given
    /// back all the same, as by release(). Not for one that was moved from.
    future<bool> async_release();

  private:
    friend class recipe::semaphore_core;
    explicit permit(std::unique_ptr<recipe::possession>) noexcept;

    std::unique_ptr<recipe::possession> possession_; ///< none: moved from
};

/// Lets so many at a time through, among all who name the same path in one ensemble.
///
/// **Guarantee.** There are never more than so many permits whose holds() is true and whose holders are not paused,
/// also while servers are cut off from each other; doc/certainty.md has the rule and its assumptions. Those who wait
/// are served in the order in which they came, threads that share an object in the order of their calls. The number
/// stands in the path's data and is the same for all: who comes with another one is refused. A permit is made in one
/// transaction with the number that was read, so resize() holds for whoever comes after it.
///
/// **What happens when …** (each line has a test)
/// - *the connection breaks* (suspended), or its server loses the others: a permit is still held, lost() stays silent,
///   while that is certain: for a third to two thirds of the session's timeout. Who waits keeps its place.
/// - *certainty ends*: lost() is requested and holds() is false, without any server, and for good; the node is removed
///   when the servers are reached.
/// - *the session is lost*: a permit was lost before. Who waits starts over at the end of the line.
/// - *the caller cancels or the deadline passes*, wherever in the line: neither node nor watch stays.
/// - *a reply is lost*: the permit is made in a transaction that removes our node in the line, so it is made once, and
///   known to be ours; giving back repeats itself.
/// - *somebody deletes the node* of a permit: lost() is requested when the event arrives, at the earliest 10 ms after
///   it was acquired; of one who waits: it starts over at the end of the line.
/// - *the path vanishes*: the same; it is made again, with the number of whoever comes next.
/// - *the path holds something else than a number*: that is left alone, and the object's own number counts.
/// - *other nodes are below the path*: they do not count as permits: only names of 32 hexadecimal digits do.
/// - *the client is closed*: those who wait fail with errc::closed; permits are given back and lost() is requested.
/// - *threads share the object*: each permit is its own; they are served in the order of their calls.
/// - *the object is destroyed*: those who wait are cancelled. Permits stay with their holders.
///
/// Thread safety: every member may be called from any thread. Blocking calls may be made anywhere but on a loop's own
/// thread. Behaviour: kazoo.recipe.lock.Semaphore of Python's kazoo.
class KAZOO_EXPORT semaphore {
  public:
    /// Asks nobody anything. The path is made with its number when it is missing, by the first who acquires. `permits`
    /// is at least 1. Throws kazoo::error (errc::invalid_path, errc::bad_arguments). The object keeps a handle of the
    /// client, and so the session, alive.
    semaphore(client c, std::string_view path, std::size_t permits, semaphore_options options = {});
    semaphore(const semaphore&) = delete;
    semaphore& operator=(const semaphore&) = delete;
    /// Does not block.
    ~semaphore();

    // -- acquiring: three round trips if there is a permit, and one more for the first of an object ---------------
    // Futures: get() has no limit of its own; one that is dropped or cancelled gives up whatever it has got.

    /// Waits for a permit, however long. Throws errc::bad_arguments if the servers have another number, errc::closed,
    /// auth_failed, no_auth and other errors that waiting cannot mend; broken connections and lost sessions are not
    /// among them.
    permit acquire();
    /// Completes when a permit is ours. Does not block. The errors of acquire().
    future<permit> async_acquire();
    /// As acquire(), until `stop` is requested: nothing then.
    std::optional<permit> acquire(std::stop_token stop);
    /// The asynchronous twin of acquire(stop): does not block.
    future<std::optional<permit>> async_acquire(std::stop_token stop);
    /// Nothing if there is no permit, or somebody is about to take or waits for one; so it may fail although one is
    /// left. Waits for no other contender, but for the servers: at most client_options::operation_timeout, then it
    /// throws errc::operation_timeout.
    std::optional<permit> try_acquire();
    /// The asynchronous twin of try_acquire(): does not block.
    future<std::optional<permit>> async_try_acquire();
    /// Nothing if it was not acquired before the deadline or the stop, whatever the reason; time without a connection
    /// counts. Zero and less: as try_acquire(), and nothing where that throws errc::operation_timeout.
    template <class Rep, class Period>
    std::optional<permit> try_acquire_for(std::chrono::duration<Rep, Period> limit, std::stop_token stop = {}) {
        return acquire_within(detail::saturate(limit), std::move(stop));
    }
    /// As try_acquire_for(), with the time that is left until `deadline` when it is called.
    template <class Clock, class Duration>
    std::optional<permit> try_acquire_until(std::chrono::time_point<Clock, Duration> deadline,
                                            std::stop_token stop = {}) {
        return acquire_within(detail::until(deadline), std::move(stop));
    }
    /// The asynchronous twin of try_acquire_for(): does not block. The limit counts from this call on.
    template <class Rep, class Period>
    future<std::optional<permit>> async_try_acquire_for(std::chrono::duration<Rep, Period> limit,
                                                        std::stop_token stop = {}) {
        return async_acquire_within(detail::saturate(limit), std::move(stop));
    }
    /// The asynchronous twin of try_acquire_until(): does not block.
    template <class Clock, class Duration>
    future<std::optional<permit>> async_try_acquire_until(std::chrono::time_point<Clock, Duration> deadline,
                                                          std::stop_token stop = {}) {
        return async_acquire_within(detail::until(deadline), std::move(stop));
    }

    // -- the number ---------------------------------------------------------------------------------------------------
    /// Changes the number for all, at least 1. Nobody loses a permit: if there are more than that now, nobody gets
    /// another one until there are fewer. Waits at most client_options::operation_timeout. Objects that were made with
    /// the old number and have acquired before go on with the new one.
    void resize(std::size_t permits, const std::stop_token& stop = {});
    /// The asynchronous twin of resize(): does not block.
    future<void> async_resize(std::size_t permits);

    /// All who hold a permit, in no particular order. Two round trips, or three. Waits at most
    /// client_options::operation_timeout, and asks again after a broken connection.
    std::vector<contender> holders(const std::stop_token& stop = {}) const;
    /// The asynchronous twin of holders(): does not block.
    future<std::vector<contender>> async_holders() const;

    /// As given, relative to the client's root.
    const std::string& path() const noexcept;

  private:
    std::optional<permit> acquire_within(std::chrono::nanoseconds, std::stop_token);
    future<std::optional<permit>> async_acquire_within(std::chrono::nanoseconds, std::stop_token);

    client client_;
    std::shared_ptr<recipe::semaphore_core> core_;
};

} // namespace kazoo
