#pragma once
// A place that is ours until a moment on the clock, whether or not we live; wire-compatible with NonBlockingLease and
// MultiNonBlockingLease of Python's kazoo. doc/recipes/lease.md tells more.
#include <kazoo/acl.hpp>
#include <kazoo/client.hpp>
#include <kazoo/export.hpp>
#include <kazoo/future.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo {

namespace recipe {
class lease_core;
}

/// How a lease behaves. Plain data with defaults, checked where a lease is obtained.
struct lease_options {
    /// Who holds it, in UTF-8. Whoever comes with the same identifier renews the lease. Empty: the name of the machine,
    /// so machines of the same name, such as localhost, are one holder: give them identifiers.
    std::string identifier{};
    /// Of our nodes. Empty: everybody may do everything. Missing parents are made open.
    std::vector<kazoo::acl> acl{};
};

/// A lease that was obtained: others do not get it before end(), even if this process dies. For work that one machine
/// of many is to do, such as a job that all of them start at the same time each day.
///
/// **What it rests on** is that the clocks of the machines agree: who holds it stops at end() by its own clock, and
/// others take it over at that second by theirs. By as much as one is behind another, two may believe that it is
/// theirs. Whoever needs more uses kazoo::mutex, which rests on sessions and on no clock of a wall.
///
/// **What happens when …** (each line has a test)
/// - *somebody holds it*: it is not obtained, and nothing is changed. One round trip.
/// - *it has ended, or nobody had it*: it is obtained, in one transaction that is applied once, and only if nobody has
///   changed the node meanwhile.
/// - *its holder comes again*: the lease is renewed, whether by renew() or by a call of try_obtain() with the same
///   identifier, which may come from another process. Whoever was last decides when it ends.
/// - *the holder dies, is cut off or loses its session*: it stays the holder's until its end.
/// - *the connection breaks, the session is lost, or a reply is lost*: asked again, until operation_timeout; what was
///   obtained is known to be ours.
/// - *the caller cancels, or operation_timeout passes*: nothing is left of those who waited in line. What was asked for
///   may have been done or not: holds() is true only where both are right.
/// - *the clocks of two machines differ*: see above. Where the clock of the one who asks is behind, a lease seems
///   to last longer; no harm comes of it.
/// - *the node holds something else*: errc::bad_arguments, which names it; nothing is changed. A record of another
///   version counts as held.
/// - *others change the node without standing in line*: their change is seen, or ours is not applied; unless they
///   delete it and make it anew in the very moment between our look and our change.
/// - *somebody deletes the node*: it is free for all. holds() does not hear of it; renew() obtains it anew if
///   nobody has, unless it is one of several.
/// - *other nodes are below the path*: they are left alone.
/// - *somebody stands in line and does not move*: errc::operation_timeout; our place in the line goes.
/// - *the client is closed*: errc::closed. The lease stays ours until its end.
/// - *the object is destroyed*: nothing; the same.
///
/// Copies are the same lease. Thread safety: any thread may call every member; calls of one object that change the
/// lease are carried out in their order. Blocking calls may be made anywhere but on a loop's own thread. Behaviour:
/// kazoo.recipe.lease.NonBlockingLease of Python's kazoo.
class [[nodiscard]] KAZOO_EXPORT lease {
  public:
    /// Obtains the lease of a path for so long, at least a second, and until the end of the year 9999 at most; nothing
    /// if somebody else holds it. Four round trips if nobody does. Waits for others only while they change the lease,
    /// at most client_options::operation_timeout. Throws errc::bad_arguments, invalid_path, and what operations throw.
    static std::optional<lease> try_obtain(const client& c, std::string_view path, std::chrono::seconds duration,
                                           lease_options options = {}, const std::stop_token& stop = {});
    /// The asynchronous twin of try_obtain(): does not block.
    static future<std::optional<lease>> async_try_obtain(const client& c, std::string_view path,
                                                         std::chrono::seconds duration, lease_options options = {});

    /// Until when it is ours, in whole seconds; a moment long ago when it was released, or renew() was told that
    /// somebody else has it.
    std::chrono::sys_seconds end() const noexcept;
    /// Whether that moment has not come yet by the clock of this machine. Asks no server. While a release is under way:
    /// false, as soon as it may have been applied.
    bool holds() const noexcept;
    /// Obtains it for its duration from now on. False if somebody else has it: it had ended, or its node was deleted.
    /// Three round trips. Fails as try_obtain().
    bool renew(const std::stop_token& stop = {});
    /// The asynchronous twin of renew(): does not block.
    future<bool> async_renew();
    /// Ends it now, for whoever wants it next: its node is removed. True if nobody has it any more; false if somebody
    /// has obtained it since, or renewed it under our identifier, and keeps it. Three round trips. Fails as
    /// try_obtain().
    bool release(const std::stop_token& stop = {});
    /// The asynchronous twin of release(): does not block.
    future<bool> async_release();
    /// As given, relative to the client's root; for one of several, with its place.
    const std::string& path() const noexcept;
    /// Who we are for others.
    const std::string& identifier() const noexcept;

  private:
    friend class recipe::lease_core;
    lease(client, std::shared_ptr<recipe::lease_core>) noexcept;

    client client_;
    std::shared_ptr<recipe::lease_core> core_;
};

/// Several leases below one path, of which one is enough. Wire-compatible with MultiNonBlockingLease of Python's kazoo,
/// which however may take a second place for an identifier that has one.
class KAZOO_EXPORT multi_lease {
  public:
    multi_lease() = delete;
    /// Obtains one of `places` leases, at least 1: `path`/0, `path`/1 and so on; nothing if others hold them all. An
    /// identifier that holds one renews that: none ever has two, if all who come do so this way and with the same
    /// number of places. Its renew() does not obtain it anew when its node has been deleted. One round trip if all are
    /// held, else six. Otherwise as lease::try_obtain().
    static std::optional<lease> try_obtain(const client& c, std::string_view path, std::size_t places,
                                           std::chrono::seconds duration, lease_options options = {},
                                           const std::stop_token& stop = {});
    /// The asynchronous twin of try_obtain(): does not block.
    static future<std::optional<lease>> async_try_obtain(const client& c, std::string_view path, std::size_t places,
                                                         std::chrono::seconds duration, lease_options options = {});
};

} // namespace kazoo
