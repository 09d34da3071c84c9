#pragma once
// A queue among processes, wire-compatible with Queue of Python's kazoo. doc/recipes/queue.md tells more.
#include <kazoo/acl.hpp>
#include <kazoo/client.hpp>
#include <kazoo/detail/until.hpp>
#include <kazoo/export.hpp>
#include <kazoo/future.hpp>
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
class queue_core;
} // namespace recipe

/// How a queue behaves. Plain data with defaults.
struct queue_options {
    /// Whether pushes and pops travel with a receipt (kazoo::receipts; its nodes are below `path`-__receipts__): then
    /// what became of one whose reply was lost is known, as long as the session lives.
    bool receipts = true;
    /// Of the items, also of those that this object puts back, whatever they had. Empty: everybody may do everything.
    /// The path itself and its parents are made open.
    std::vector<kazoo::acl> acl{};
};

/// Hands items from those who push to those who pop, among all who name the same path in one ensemble. Each item goes
/// to one of them, and is gone from the servers then: it is lost if that one dies.
///
/// **Guarantee.** An item that was pushed is popped once, over lost connections and lost replies too. It is lost only
/// with an error that says so: pop() fails with outcome::unknown when the session is lost, or the client closed, while
/// an item was being taken. Of those that wait the one with the least priority comes next, and among equals the one
/// that came first; but for one who loses that to somebody else: see below.
///
/// **What many waiting items cost.** Their names are read once for each object that pops, and then kept by a recursive
/// watch that tells each push and each pop. So a pop costs the same however many wait, and a later item of a smaller
/// priority goes ahead as soon as the server has told of it. After a broken connection the names are read again. Such
/// an object keeps some 50 bytes for each item that waits. Needs servers from 3.6.
///
/// **What happens when …** (each line has a test)
/// - *there is no item*: pop() waits for one; those who wait on one object are served in the order of their calls, but
///   for one who meets an item that somebody else has just taken: that one queues again behind the others.
/// - *somebody else takes the same item first*: the next one is taken. If that happened between our look at the item
///   and our taking it, one of the next eight of the same priority is, by chance: others have lost it, too, and would
///   all meet again at the next one. None of a better priority is passed over, and the next pop begins with the first.
/// - *the connection breaks*: a pop or a push that was not sent goes out on the next one; who waits goes on waiting.
/// - *a reply is lost*: it is known what became of the push or the pop. Without receipts both fail with
///   outcome::unknown: an item may have been pushed, or taken and lost.
/// - *the session is lost*: who waits goes on in the next one. What was being pushed or taken may be unknown.
/// - *the deadline passes or a stop is requested*: nothing is taken any more. An item that is being taken at that
///   moment is waited for, and handed out: beyond the limit as long as no server answers.
/// - *the future of a pop is cancelled* while its item is being taken: the item goes back to where it was, with
///   queue_options::acl of this object.
/// - *other nodes are below the path*: names that are no items of kazoo's never count, and are left alone.
/// - *an item may not be read or removed*: errc::no_auth; it stays first in line.
/// - *the path is missing*: it is empty; a push makes it.
/// - *the client is closed*: errc::closed.
/// - *the object is destroyed*: those who wait are cancelled; pushes go on, and an item being taken goes back.
///
/// Thread safety: every member may be called from any thread. Blocking calls may be made anywhere but on a loop's own
/// thread. Behaviour: kazoo.recipe.queue.Queue of Python's kazoo.
class KAZOO_EXPORT queue {
  public:
    /// The priority of items that are pushed without one, as in Python's kazoo. Smaller ones go first.
    static constexpr int usual_priority = 100;

    /// Asks nobody anything. Throws kazoo::error (errc::invalid_path). The object keeps a handle of the client, and so
    /// the session, alive.
    queue(client c, std::string_view path, queue_options options = {});
    queue(const queue&) = delete;
    queue& operator=(const queue&) = delete;
    /// Does not block.
    ~queue();

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

    // -- popping: two round trips if there is an item, and up to two more for each that somebody else takes first -----
    // Futures: get() has no limit of its own; one that is dropped or cancelled gives up.

    /// Waits for an item, however long.
    bytes pop();
    /// Completes when an item is ours. Does not block.
    future<bytes> async_pop();
    /// As pop(), until `stop` is requested: nothing then.
    std::optional<bytes> pop(std::stop_token stop);
    /// The asynchronous twin of pop(stop): does not block.
    future<std::optional<bytes>> async_pop(std::stop_token stop);
    /// Nothing if there is no item, for certain: what was pushed before the call counts. Waits for the servers alone,
    /// at most client_options::operation_timeout, then it throws errc::operation_timeout; beyond that only for an item
    /// that is being taken, as long as no server answers.
    std::optional<bytes> try_pop();
    /// The asynchronous twin of try_pop(): does not block.
    future<std::optional<bytes>> async_try_pop();
    /// Nothing if there was no item before the deadline or the stop; time without a connection counts. Zero and less:
    /// as try_pop(), and nothing where that throws errc::operation_timeout.
    template <class Rep, class Period>
    std::optional<bytes> try_pop_for(std::chrono::duration<Rep, Period> limit, std::stop_token stop = {}) {
        return pop_within(detail::saturate(limit), std::move(stop));
    }
    /// As try_pop_for(), with the time that is left until `deadline` when it is called.
    template <class Clock, class Duration>
    std::optional<bytes> try_pop_until(std::chrono::time_point<Clock, Duration> deadline, std::stop_token stop = {}) {
        return pop_within(detail::until(deadline), std::move(stop));
    }
    /// The asynchronous twin of try_pop_for(): does not block. The limit counts from this call on.
    template <class Rep, class Period>
    future<std::optional<bytes>> async_try_pop_for(std::chrono::duration<Rep, Period> limit,
                                                   std::stop_token stop = {}) {
        return async_pop_within(detail::saturate(limit), std::move(stop));
    }
    /// The asynchronous twin of try_pop_until(): does not block.
    template <class Clock, class Duration>
    future<std::optional<bytes>> async_try_pop_until(std::chrono::time_point<Clock, Duration> deadline,
                                                     std::stop_token stop = {}) {
        return async_pop_within(detail::until(deadline), std::move(stop));
    }

    /// How many items wait, those that were pushed before this call included. Reads all names, in one round trip. Waits
    /// at most client_options::operation_timeout.
    std::size_t size(const std::stop_token& stop = {}) const;
    /// The asynchronous twin of size(): does not block.
    future<std::size_t> async_size(std::stop_token stop = {}) const;

    /// The names of the items that wait, in the order of their turn; otherwise as size().
    std::vector<std::string> names(const std::stop_token& stop = {}) const;
    /// The asynchronous twin of names(): does not block.
    future<std::vector<std::string>> async_names(std::stop_token stop = {}) const;

    /// As given, relative to the client's root.
    const std::string& path() const noexcept;

  private:
    std::optional<bytes> pop_within(std::chrono::nanoseconds, std::stop_token);
    future<std::optional<bytes>> async_pop_within(std::chrono::nanoseconds, std::stop_token);

    client client_;
    std::shared_ptr<recipe::queue_core> core_;
};

} // namespace kazoo
