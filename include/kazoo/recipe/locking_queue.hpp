#pragma once
// A queue among processes whose items come back when their consumer dies, wire-compatible with LockingQueue of
// Python's kazoo. doc/recipes/locking_queue.md tells more.
#include <kazoo/acl.hpp>
#include <kazoo/client.hpp>
#include <kazoo/detail/until.hpp>
#include <kazoo/export.hpp>
#include <kazoo/future.hpp>
#include <kazoo/recipe/loss.hpp>
#include <kazoo/transaction.hpp>
#include <kazoo/types.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kazoo {

namespace recipe {
class claim;
class locking_queue_core;
class possession;
} // namespace recipe

/// How a locking queue behaves. Plain data with defaults.
struct locking_queue_options {
    /// Whether pushes travel with a receipt (kazoo::receipts; its nodes are below `path`-__receipts__): then what
    /// became of one whose reply was lost is known, as long as the session lives. What is done to claimed items is
    /// known without.
    bool receipts = true;
    /// Of the items and the claims. Empty: everybody may do everything. The path itself, its folders and its parents
    /// are made open.
    std::vector<kazoo::acl> acl{};
    /// What claimed_item::holds() and claimed_item::lost() go by.
    loss lost_when = loss::certainty_over;
};

/// One item of a locking queue that is ours until it is consumed or released: its destructor releases it, without
/// waiting, and others get it. Keeps the session alive as a copy of the client does, and outlives its queue. Thread
/// safety: any thread may call the const members, also at once; the others one thread at a time, and nothing beside
/// them.
class [[nodiscard]] KAZOO_EXPORT claimed_item {
  public:
    /// Takes the item over; the other one has none afterwards.
    claimed_item(claimed_item&&) noexcept;
    /// Releases its own item, and takes the other one's over.
    claimed_item& operator=(claimed_item&&) noexcept;
    ~claimed_item();

    /// What was pushed. Stays when the item has ended.
    const bytes& data() const noexcept { return data_; }
    /// Of its node, entry-PPP-N: the same for whoever gets this item.
    const std::string& name() const noexcept { return name_; }
    /// Whether it is certainly ours at this moment, by what the servers have answered and the loop's clock. Asks no
    /// server. Once false, false for good.
    bool holds() const noexcept;
    /// Stop is requested when it may no longer be ours, never by our own doing. A token that is stopped already if
    /// there is none. User code runs on the loop's signal thread.
    std::stop_token lost() const;
    /// Grows with each claim of an item of this path that anybody makes: the transaction id that made it (czxid).
    /// zxid::none if there is none.
    zxid fencing_token() const noexcept;
    /// For a transaction of your own: it is applied only if the item is still ours. Throws errc::not_held if there is
    /// none.
    node_check check() const;

    /// Removes the item for good: true when that is done, by this call. False: it was lost, and others get it or have
    /// it; or it was released before. In one transaction that removes the claim too, so it is done once at most and
    /// known behind lost replies. Only if the session is lost, or the client closed, after that was sent it may be
    /// unknown: errc::session_expired or errc::closed with outcome::unknown. Throws errc::no_auth, too: then it is
    /// released. Waits at most client_options::operation_timeout; what was begun goes on then, and after a stop. It is
    /// no longer held in any case.
    bool consume(const std::stop_token& stop = {});
    /// The asynchronous twin of consume(): does not block, and goes on if the future is dropped. Not for one that was
    /// moved from.
    future<bool> async_consume();

    /// Gives it back to the others without waiting: holds() is false at once, the claim is removed in the background.
    /// Nothing happens if there is none.
    void release() noexcept;
    /// True when others can get it; false if it was lost, or there was none. Throws std::bad_alloc: released all the
    /// same, as by release(). Not for one that was moved from.
    future<bool> async_release();

  private:
    friend class recipe::locking_queue_core;
    claimed_item(std::unique_ptr<recipe::possession>, std::shared_ptr<recipe::claim>, std::string name,
                 bytes data) noexcept;

    std::shared_ptr<recipe::claim> claim_;
    std::unique_ptr<recipe::possession> possession_; ///< none: moved from
    std::string name_;
    bytes data_;
};

/// What waits in a locking queue, for those who look.
struct queued_item {
    std::string name; ///< of its node
    bool claimed;     ///< somebody is at it
};

/// Hands items from those who push to those who get, among all who name the same path in one ensemble. An item stays
/// at the servers until its consumer says that it is done with it: when that one dies, or gives it back, the next one
/// gets it.
///
/// **Guarantee.** An item that was pushed is consumed once: consume() gives true to one call at most, over lost
/// connections and lost replies too. Until then it comes back to the others when it is released or lost. At any time
/// there is one item at most of each name whose holds() is true and whose holder is not paused; doc/certainty.md has
/// the rule and its assumptions. Of those that nobody has claimed the one with the least priority comes next, and
/// among equals the one that came first. So an item may be worked at twice, by one who was lost and by the next one:
/// make what is done with it depend on check() or fencing_token().
///
/// **What many waiting items cost.** As with kazoo::queue: their names are read once for each object that gets, and
/// then kept by a recursive watch, which also tells who has claimed what. Needs servers from 3.6.
///
/// **What happens when …** (each line has a test)
/// - *there is no item*: get() waits for one; those who wait on one object are served in the order of their calls, but
///   for one who meets an item that somebody else has just claimed: that one queues again behind the others.
/// - *somebody else claims the same item first*: the next one is taken.
/// - *its holder is killed, or goes away*: the item is the next one's when the servers have ended that session.
/// - *the connection breaks* (suspended): an item is still held, lost() stays silent, while that is certain: for a
///   third to two thirds of the session's timeout. Who waits goes on waiting, and gets what was pushed or released
///   meanwhile.
/// - *certainty ends*: lost() is requested and holds() is false, without any server, and for good; the item goes back
///   when the servers are reached.
/// - *the session is lost*: an item was lost before, and consume() is false. Who waits goes on in the next session.
/// - *a reply is lost*: a claim, a consumption and a release are each done once at most, and known. A push is, with its
///   receipt; without it fails with outcome::unknown.
/// - *the deadline passes, a stop is requested, or the future is cancelled*: a claim that was being made is removed.
/// - *somebody deletes the claim*: lost() is requested when the event arrives, at the earliest 10 ms after it was made;
///   check() fails a round trip behind that, and passes until then, though the next one may have the item already.
/// - *somebody deletes the item*: consume() is false.
/// - *other nodes are below the path*: names that are no items of kazoo's never count, and are left alone.
/// - *an item may not be read, or not be claimed*: errc::no_auth; it stays first in line.
/// - *the path is missing*: it is empty; a push makes it. Without its folder of claims that is made by who gets.
/// - *the client is closed*: those who wait fail with errc::closed; items are released and lost() is requested.
/// - *threads share the object*: each item is its own.
/// - *the object is destroyed*: those who wait are cancelled, and get nothing where they have a stop or a limit; pushes
///   go on. Items stay with their holders.
///
/// Thread safety: every member may be called from any thread. Blocking calls may be made anywhere but on a loop's own
/// thread. Behaviour: kazoo.recipe.queue.LockingQueue of Python's kazoo.
class KAZOO_EXPORT locking_queue {
  public:
    /// The priority of items that are pushed without one, as in Python's kazoo. Smaller ones go first.
    static constexpr int usual_priority = 100;

    /// Asks nobody anything. Throws kazoo::error (errc::invalid_path). The object keeps a handle of the client, and so
    /// the session, alive.
    locking_queue(client c, std::string_view path, locking_queue_options options = {});
    locking_queue(const locking_queue&) = delete;
    locking_queue& operator=(const locking_queue&) = delete;
    /// Does not block.
    ~locking_queue();

    // -- pushing: one round trip --------------------------------------------------------------------------------------
    /// Adds an item. `priority`: from 0 to 999, otherwise errc::bad_arguments. Waits at most
    /// client_options::operation_timeout.
    void push(data_view data, int priority = usual_priority, const std::stop_token& stop = {});
    /// The asynchronous twin of push(): does not block, and has no limit of its own.
    future<void> async_push(data_view data, int priority = usual_priority, std::stop_token stop = {});
    /// Adds all or none, in their order, in one request: they must fit into one. Otherwise as push().
    void push_all(std::span<const std::string> items, int priority = usual_priority, const std::stop_token& stop = {});
    /// The asynchronous twin of push_all(): does not block.
    future<void> async_push_all(std::span<const std::string> items, int priority = usual_priority,
                                std::stop_token stop = {});

    // -- getting: one round trip if there is an item, and one more for each that somebody else claims first -----------
    // Futures: get() has no limit of its own; one that is dropped or cancelled gives up whatever it has got.
    // The first item of an old session may take a third of the session's timeout more (doc/certainty.md): a shorter
    // limit gives nothing then, though items are there.

    /// Waits for an item, however long. Throws errc::closed, auth_failed, no_auth and other errors that waiting cannot
    /// mend; broken connections and lost sessions are not among them.
    claimed_item get();
    /// Completes when an item is ours. Does not block. The errors of get().
    future<claimed_item> async_get();
    /// As get(), until `stop` is requested: nothing then.
    std::optional<claimed_item> get(std::stop_token stop);
    /// The asynchronous twin of get(stop): does not block.
    future<std::optional<claimed_item>> async_get(std::stop_token stop);
    /// Nothing if there is no item that nobody has claimed, for certain: what was pushed or released before the call
    /// counts. Waits for the servers alone, at most client_options::operation_timeout, then it throws
    /// errc::operation_timeout.
    std::optional<claimed_item> try_get();
    /// The asynchronous twin of try_get(): does not block.
    future<std::optional<claimed_item>> async_try_get();
    /// Nothing if none was claimed before the deadline or the stop; time without a connection counts. Zero and less: as
    /// try_get(), and nothing where that throws errc::operation_timeout.
    template <class Rep, class Period>
    std::optional<claimed_item> try_get_for(std::chrono::duration<Rep, Period> limit, std::stop_token stop = {}) {
        return get_within(detail::saturate(limit), std::move(stop));
    }
    /// As try_get_for(), with the time that is left until `deadline` when it is called.
    template <class Clock, class Duration>
    std::optional<claimed_item> try_get_until(std::chrono::time_point<Clock, Duration> deadline,
                                              std::stop_token stop = {}) {
        return get_within(detail::until(deadline), std::move(stop));
    }
    /// The asynchronous twin of try_get_for(): does not block. The limit counts from this call on.
    template <class Rep, class Period>
    future<std::optional<claimed_item>> async_try_get_for(std::chrono::duration<Rep, Period> limit,
                                                          std::stop_token stop = {}) {
        return async_get_within(detail::saturate(limit), std::move(stop));
    }
    /// The asynchronous twin of try_get_until(): does not block.
    template <class Clock, class Duration>
    future<std::optional<claimed_item>> async_try_get_until(std::chrono::time_point<Clock, Duration> deadline,
                                                            std::stop_token stop = {}) {
        return async_get_within(detail::until(deadline), std::move(stop));
    }

    /// How many items are there, claimed ones and those that were pushed before this call included. Reads all names,
    /// in one round trip. Waits at most client_options::operation_timeout.
    std::size_t size(const std::stop_token& stop = {}) const;
    /// The asynchronous twin of size(): does not block.
    future<std::size_t> async_size(std::stop_token stop = {}) const;

    /// The same items, in the order of their turn; otherwise as size().
    std::vector<queued_item> items(const std::stop_token& stop = {}) const;
    /// The asynchronous twin of items(): does not block.
    future<std::vector<queued_item>> async_items(std::stop_token stop = {}) const;

    /// As given, relative to the client's root.
    const std::string& path() const noexcept;

  private:
    std::optional<claimed_item> get_within(std::chrono::nanoseconds, std::stop_token);
    future<std::optional<claimed_item>> async_get_within(std::chrono::nanoseconds, std::stop_token);

    client client_;
    std::shared_ptr<recipe::locking_queue_core> core_;
};

} // namespace kazoo
