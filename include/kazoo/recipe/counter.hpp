#pragma once
// A number that many share, wire-compatible with Counter of Python's kazoo and, by option, with SharedCount of Curator.
// doc/recipes/counter.md tells more.
#include <kazoo/acl.hpp>
#include <kazoo/client.hpp>
#include <kazoo/export.hpp>
#include <kazoo/future.hpp>

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo {

namespace recipe {
/// What a counter shares with its tasks.
template <class Number> class counter_core;
} // namespace recipe

/// How a counter's number stands in its node.
enum class counter_layout : std::uint8_t {
    text,   ///< decimal digits, as Counter of Python's kazoo writes them; 64 bits
    curator ///< four bytes, the most significant first, as SharedCount of Curator writes them; 32 bits
};
/// Its name: "text".
KAZOO_EXPORT std::string_view to_string(counter_layout) noexcept;
/// Prints to_string() of it.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, counter_layout);

/// How a counter behaves. Plain data with defaults; the constructor of counter checks it.
struct counter_options {
    /// What counts as long as nobody has changed it: the number of a node that is missing or empty. All who share the
    /// counter name the same.
    std::int64_t initial = 0;
    counter_layout layout = counter_layout::text; ///< All who share the counter name the same.
    /// Whether changes travel with a receipt (kazoo::receipts; its nodes are below `path`-__receipts__): then what
    /// became of a change whose reply was lost is known, as long as the session lives.
    bool receipts = false;
    /// Of the node, where it is made. Empty: everybody may do everything. Missing parents are made open.
    std::vector<kazoo::acl> acl{};
};

/// A number that is changed by all who name the same path in one ensemble, like a std::atomic.
///
/// **Guarantee.** What was reported as done was applied exactly once; what failed with outcome::not_applied, never. So
/// the number is the sum of what was reported as done, and of some of what failed with outcome::unknown. A change is a
/// write that is conditional on the version that was read: a copy of it that arrives late, or twice, changes nothing.
///
/// **What happens when …** (each line has a test)
/// - *somebody else changes it* between our look and our write: nothing was written; it is computed again.
/// - *the connection breaks* before anything was sent: it is sent on the next one.
/// - *a reply is lost*: the same conditional write is sent again, so it is counted once. If the number has changed by
///   then, to just what we wanted, it may have been ours or an equal change of somebody else's: outcome::unknown. With
///   receipts it is known.
/// - *the session is lost*: it goes on in the next one. With receipts a change whose reply was lost before is unknown.
/// - *the caller cancels or the deadline passes*: not applied, if no write was sent; unknown, if one was.
/// - *the node is missing or empty*: the number is counter_options::initial; the first change makes the node.
/// - *the node holds something else*, or no data at all: errc::bad_arguments, which names path and data. Nothing is
///   written.
/// - *the result does not fit*: errc::bad_arguments, which names both numbers. Nothing is written.
/// - *somebody deletes the node*: the next change begins with counter_options::initial. Delete it only when nobody
///   counts: a node that is made anew may get the very version that a change under way goes by.
/// - *its server has no quorum*: load() tells what that server knows; changes fail with errc::not_read_only.
/// - *the client is closed*: errc::closed.
/// - *threads share the object*: each call is its own.
/// - *the object is destroyed*: what was begun goes on.
///
/// Thread safety: every member may be called from any thread. Blocking calls wait at most
/// client_options::operation_timeout, then they throw errc::operation_timeout; a requested `stop` ends them with
/// errc::cancelled. They may be made anywhere but on a loop's own thread. Behaviour: kazoo.recipe.counter.Counter of
/// Python's kazoo.
class KAZOO_EXPORT counter {
  public:
    /// Asks nobody anything. Throws kazoo::error (errc::invalid_path; errc::bad_arguments if `initial` does not fit the
    /// layout). The object keeps a handle of the client, and so the session, alive.
    counter(client c, std::string_view path, counter_options options = {});
    counter(const counter&) = delete;
    counter& operator=(const counter&) = delete;
    /// Does not block.
    ~counter();

    // -- futures have no limit of their own. A requested `stop` says whether a write was sent; cancelling a future, and
    //    its time-out, say unknown in any case.

    /// The number, with all changes that were reported as done before this call, whoever made them. One round trip.
    std::int64_t load(const std::stop_token& stop = {}) const;
    /// The asynchronous twin of load(): does not block.
    future<std::int64_t> async_load(std::stop_token stop = {}) const;

    /// Adds to the number, and gives what it was before. Two round trips, and two more for each time that somebody else
    /// comes first.
    std::int64_t fetch_add(std::int64_t n, const std::stop_token& stop = {});
    /// The asynchronous twin of fetch_add(): does not block.
    future<std::int64_t> async_fetch_add(std::int64_t n, std::stop_token stop = {});
    /// Takes from the number, and gives what it was before; otherwise as fetch_add().
    std::int64_t fetch_sub(std::int64_t n, const std::stop_token& stop = {});
    /// The asynchronous twin of fetch_sub(): does not block.
    future<std::int64_t> async_fetch_sub(std::int64_t n, std::stop_token stop = {});

    /// fetch_add(n), but gives what the number is then.
    std::int64_t operator+=(std::int64_t n) { return fetch_add(n) + n; }
    /// fetch_sub(n), but gives what the number is then.
    std::int64_t operator-=(std::int64_t n) { return fetch_sub(n) - n; }
    /// Adds one, and gives what the number is then.
    std::int64_t operator++() { return *this += 1; }
    /// Adds one, and gives what the number was before.
    std::int64_t operator++(int) { return fetch_add(1); }
    /// Takes one away, and gives what the number is then.
    std::int64_t operator--() { return *this -= 1; }
    /// Takes one away, and gives what the number was before.
    std::int64_t operator--(int) { return fetch_sub(1); }

    /// Replaces the number by `desired` if it is `expected`: true. Otherwise false, and `expected` is what it is. Two
    /// round trips. Fails for no other reason than another number.
    bool compare_exchange(std::int64_t& expected, std::int64_t desired, const std::stop_token& stop = {});
    /// The asynchronous twin of compare_exchange(): nothing if it was replaced, otherwise what it is. Does not block.
    future<std::optional<std::int64_t>> async_compare_exchange(std::int64_t expected, std::int64_t desired,
                                                               std::stop_token stop = {});

    /// As given, relative to the client's root.
    const std::string& path() const noexcept;

  private:
    client client_;
    std::shared_ptr<recipe::counter_core<std::int64_t>> core_;
};

} // namespace kazoo
