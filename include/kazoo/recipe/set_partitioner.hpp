#pragma once
// Shares out a set of items among the members of a party, wire-compatible with SetPartitioner of Python's kazoo.
// doc/recipes/set_partitioner.md tells more.
#include <kazoo/acl.hpp>
#include <kazoo/client.hpp>
#include <kazoo/detail/until.hpp>
#include <kazoo/export.hpp>
#include <kazoo/future.hpp>
#include <kazoo/recipe/loss.hpp>
#include <kazoo/time_limit.hpp>
#include <kazoo/transaction.hpp>
#include <kazoo/types.hpp>
#include <kazoo/watch.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kazoo {

namespace recipe {
class portion;
class set_partitioner_core;
} // namespace recipe

/// How it stands with a member's share.
enum class partition_state : std::uint8_t {
    idle,       ///< nothing is ours, and nobody wants anything: before acquire(), and behind release() and leave()
    allocating, ///< acquire() waits until the party has settled, or for the locks of our items
    acquired,   ///< our items are ours
    release,    ///< the party has changed: our items are still ours, and others wait for them
    failure     ///< our items were lost, or acquire() has failed; the next acquire() begins anew
};
/// The enumerator's name, such as "acquired". Static storage.
KAZOO_EXPORT std::string_view to_string(partition_state) noexcept;
/// Prints to_string() of it.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, partition_state);

/// Which of the items this member gets. All members must come to shares that do not overlap and leave nothing out;
/// members and items are the same for all of them, and sorted by their bytes.
using partition_function = std::function<std::vector<std::string>(
    const std::string& identifier, const std::vector<std::string>& members, const std::vector<std::string>& items)>;

/// How a set_partitioner behaves. Plain data with defaults; the constructor of set_partitioner checks it.
struct set_partitioner_options {
    /// Who we are for the others, in the name of our node: no slash. No two members have the same. Empty: host name,
    /// process and random digits.
    std::string identifier{};
    /// Runs on the callback executor. It may still run when its acquire() has been given up, also beside the call for
    /// the next one, and when the object is gone: what it uses must bear that. What it throws comes out of acquire().
    /// None: with n members, the i-th of them gets the i-th item and each n-th behind it, as with Python's kazoo.
    partition_function partition{};
    /// So long nobody must have come or gone before the items are shared out.
    time_limit time_boundary = std::chrono::seconds(30);
    /// How long to wait for one more lock before all that were taken are given back and we begin again: who has the
    /// item has so long to notice that the party has changed, and to end its work. More than 0, and longer than a round
    /// trip; time without a connection does not count.
    time_limit max_reaction_time = std::chrono::seconds(1);
    /// Of our nodes. Empty: everybody may do everything. The paths themselves and their parents are made open.
    std::vector<kazoo::acl> acl{};
    /// What partition::holds() and partition::lost() go by.
    loss lost_when = loss::certainty_over;
};

/// Our share of the items, as long as it lives: its destructor gives it back, without waiting. Keeps the session alive
/// as a copy of the client does, and outlives its set_partitioner. Thread safety: any thread may call the const
/// members, also at once; the others one thread at a time, and nothing beside them.
class [[nodiscard]] KAZOO_EXPORT partition {
  public:
    /// Takes the share over; the other one has none afterwards.
    partition(partition&&) noexcept;
    /// Gives its own share back, and takes the other one's over.
    partition& operator=(partition&&) noexcept;
    ~partition();

    /// What is ours, in the order that the partition function gave. None once it is lost or given back; there may
    /// be none at all, where there are more members than items.
    const std::vector<std::string>& items() const noexcept;
    /// Whether all of them are certainly ours at this moment, by what the servers have answered and the loop's clock.
    /// Asks no server. Once false, false for good. A share without items is ours until it is given back,
    /// whatever becomes of session and client: it is revoked, and never lost.
    bool holds() const noexcept;
    /// Stop is requested when it is time to end and release(): the party has changed, or at lost(). Never by our own
    /// release. A token that is stopped already if there is no share. User code runs on the loop's signal thread. Valid
    /// as long as this lives and is not given back.
    std::stop_token revoked() const;
    /// Stop is requested when the items may no longer be ours. Otherwise as revoked().
    std::stop_token lost() const;
    /// Of this item: grows with each member that gets it, whoever it is: the transaction id that made its lock (czxid).
    /// zxid::none if it is not among items().
    zxid fencing_token(std::string_view item) const noexcept;
    /// For a transaction of your own: it is applied only if this item is still ours. Throws errc::not_held if it is not
    /// among items().
    node_check check(std::string_view item) const;

    /// Gives all of them back without waiting: holds() is false at once, the locks are removed in the background, ahead
    /// of whatever this client asks for afterwards. We stay a member of the party: acquire() again, or leave(). Nothing
    /// happens if there is no share.
    void release() noexcept;
    /// True when all locks are removed; false if some were lost, or there was no share. Throws std::bad_alloc: given
    /// back all the same, as by release(). Not for one that was moved from.
    future<bool> async_release();

  private:
    friend class recipe::set_partitioner_core;
    explicit partition(std::unique_ptr<recipe::portion>) noexcept;

    std::unique_ptr<recipe::portion> portion_; ///< none: moved from
};

/// One of those who share out a set of items: each item is worked on by one member at a time, and all items by
/// somebody.
///
///     kazoo::set_partitioner shards(zk, "/app/shards", {"a", "b", "c", "d"}, {.identifier = "worker 7"});
///     while (auto mine = shards.acquire(stop)) work_on(mine->items(), mine->revoked());
///
/// **Guarantee.** Of all un-paused members whose holds() is true no two have the same item, also while servers are cut
/// off from each other; doc/certainty.md has the rule and its assumptions. When nobody comes or goes any more, and each
/// member acquires again whenever its share was revoked, every item comes to be somebody's, provided that all have the
/// same set and partition functions that agree.
///
/// We are a member from acquire() on: until leave(), until this object goes, or until an acquire() ends without a
/// share. **Between release() and the next acquire() we still are one**, and nobody works on what falls to us.
///
/// **What happens when …** (each line has a test)
/// - *somebody comes or goes*: revoked() is requested, and state() is release. Our items stay ours until we release
///   them. acquire() begins the boundary anew at that moment; locks that it has got meanwhile are given back.
/// - *the connection breaks* (suspended), or its server loses the others: nothing, while the session certainly lives.
///   The boundary runs on; nothing is shared out without a server that has confirmed the members at its end.
/// - *certainty ends*: lost() and revoked() are requested and holds() is false, without any server, and for good; the
///   locks are removed when the servers are reached. state() is failure.
/// - *the session is lost*: the share was lost before. acquire() joins again in the next session, and begins anew.
/// - *an item's lock is not given up in time*: everything that was taken is given back, and we try again, after pauses
///   that grow to 2 s. What was not locked is never ours.
/// - *the caller cancels or the deadline passes*, wherever: what was taken is given back and we leave the party;
///   neither node nor watch stays. A limit shorter than the boundary brings nothing.
/// - *a reply is lost*: nodes are found again by the random ids in their names; giving back repeats itself.
/// - *somebody deletes our node in the party*: it is made again; both are changes of the party.
/// - *somebody deletes the lock of an item*: the whole share is lost when the event arrives, at the earliest 10 ms
///   after it was acquired.
/// - *the path vanishes*: both of these; it is made again.
/// - *the partition function throws*, or gives what is no part of the set: acquire() throws that, we leave the party,
///   and state() is failure.
/// - *another member has our identifier*: it may be our old session, if we were started again. The later one of them
///   gets errc::bad_arguments, which names it, when a server confirms that the earlier one is still there behind two
///   timeouts of our session, with a connection all the time. A member of another library does not notice; then the
///   earlier one gets it after twice that time. Until then neither shares out.
/// - *another member shares out another set*: whoever differs from the member that has been there longest gets
///   errc::bad_arguments, which names both, and leaves; the others do not count it. If that one has our identifier, we
///   wait as above before that. Members of other libraries do not say what set they have.
/// - *other nodes are in the party*: names that are not 32 hexadecimal digits, a minus and anything are not members.
///   (For Python's kazoo every node is one.)
/// - *leave() is called* while acquire() waits: that ends with errc::cancelled; while a share is held: it is revoked.
/// - *the client is closed*: acquire() fails with errc::closed; shares are given back, lost() and revoked() requested.
/// - *several threads share the object*: it is one member. Each acquire() waits until the share before it was given
///   back, in the order of the calls; so does one whose thread still has an old share.
/// - *the object is destroyed*: calls that wait are cancelled, and we leave. A share stays with its holder; it is
///   revoked.
/// - *the process is forked*: in the child nothing is held, asked or given back.
///
/// Thread safety: every member may be called from any thread. Blocking calls may be made anywhere but on a loop's own
/// thread. Behaviour: kazoo.recipe.partitioner.SetPartitioner of Python's kazoo, whose failure is final.
class KAZOO_EXPORT set_partitioner {
  public:
    /// Asks nobody anything. Items that are there twice count once. Members must have the same items. The nodes are
    /// those of kazoo: `<path>/party/<32 digits>-<identifier>` and a kazoo lock for each item below
    /// `<path>/locks/<item>`. There an item is percent-encoded where it cannot be a node's name: doc/recipes has the
    /// rule. Paths are made when they are missing. Throws kazoo::error (errc::invalid_path, errc::bad_arguments). The
    /// object keeps a handle of the client, and so the session, alive.
    set_partitioner(client c, std::string_view path, std::vector<std::string> items,
                    set_partitioner_options options = {});
    set_partitioner(const set_partitioner&) = delete;
    set_partitioner& operator=(const set_partitioner&) = delete;
    /// We leave. Does not block.
    ~set_partitioner();

    // -- acquiring: the boundary, and two round trips once the paths are there ----------------------------------------
    // Futures: get() has no limit of its own; one that is dropped or cancelled gives up whatever it has got.

    /// Joins the party if we are no member, waits until it has settled, and takes what falls to us, however long that
    /// takes. Throws errc::bad_arguments (see above), what the partition function throws, errc::cancelled behind
    /// leave(), errc::closed, auth_failed, no_auth and other errors that waiting cannot mend; broken connections and
    /// lost sessions are not among them.
    partition acquire();
    /// Completes when our share is ours. Does not block. The errors of acquire().
    future<partition> async_acquire();
    /// As acquire(), until `stop` is requested: nothing then, and nothing behind leave().
    std::optional<partition> acquire(std::stop_token stop);
    /// The asynchronous twin of acquire(stop): does not block.
    future<std::optional<partition>> async_acquire(std::stop_token stop);
    /// Nothing if it was not acquired before the deadline or the stop, whatever the reason; time without a connection
    /// counts.
    template <class Rep, class Period>
    std::optional<partition> acquire_for(std::chrono::duration<Rep, Period> limit, std::stop_token stop = {}) {
        return acquire_within(detail::saturate(limit), std::move(stop));
    }
    /// As acquire_for(), with the time that is left until `deadline` when it is called.
    template <class Clock, class Duration>
    std::optional<partition> acquire_until(std::chrono::time_point<Clock, Duration> deadline,
                                           std::stop_token stop = {}) {
        return acquire_within(detail::until(deadline), std::move(stop));
    }
    /// The asynchronous twin of acquire_for(): does not block. The limit counts from this call on.
    template <class Rep, class Period>
    future<std::optional<partition>> async_acquire_for(std::chrono::duration<Rep, Period> limit,
                                                       std::stop_token stop = {}) {
        return async_acquire_within(detail::saturate(limit), std::move(stop));
    }
    /// The asynchronous twin of acquire_until(): does not block.
    template <class Clock, class Duration>
    future<std::optional<partition>> async_acquire_until(std::chrono::time_point<Clock, Duration> deadline,
                                                         std::stop_token stop = {}) {
        return async_acquire_within(detail::until(deadline), std::move(stop));
    }

    /// Not to be a member any more: calls of acquire() end, a share is revoked but stays ours, and our node is gone
    /// when this returns. True if this call has removed it; false if there was none. After
    /// client_options::operation_timeout it throws errc::operation_timeout; the removal goes on in the background, as
    /// it does if the future is dropped. Throws errc::closed when the client is closed, with which our node goes.
    bool leave(const std::stop_token& stop = {});
    /// The asynchronous twin of leave(): does not block.
    future<bool> async_leave();

    /// How it stands.
    partition_state state() const noexcept;
    /// Calls f with each change of state() from now on until the subscription ends: on the callback executor, one call
    /// at a time. While it runs newer states replace each other: the last one always arrives, unless the client is
    /// closed: no calls come then. Throws std::bad_alloc.
    subscription on_state(std::function<void(partition_state)> f) const;

    /// All that is shared out, sorted by its bytes.
    const std::vector<std::string>& items() const noexcept;
    /// Who we are for the others.
    const std::string& identifier() const noexcept;
    /// As given, relative to the client's root.
    const std::string& path() const noexcept;

  private:
    std::optional<partition> acquire_within(std::chrono::nanoseconds, std::stop_token);
    future<std::optional<partition>> async_acquire_within(std::chrono::nanoseconds, std::stop_token);

    client client_;
    std::shared_ptr<recipe::set_partitioner_core> core_;
};

} // namespace kazoo
