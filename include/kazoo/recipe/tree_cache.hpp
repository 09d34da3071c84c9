#pragma once
// A copy of a node and all below it in memory, kept up to date. doc/recipes/tree_cache.md tells more.
#include <kazoo/client.hpp>
#include <kazoo/export.hpp>
#include <kazoo/future.hpp>
#include <kazoo/time_limit.hpp>
#include <kazoo/types.hpp>
#include <kazoo/watch.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <iosfwd>
#include <limits>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace kazoo {

namespace recipe {
class tree_cache_core;
}

/// What a tree_cache keeps. Plain data with defaults; the constructor of tree_cache checks it.
struct tree_cache_options {
    /// Without it data is neither read nor kept: cached_node::data is null, and before ZooKeeper 3.8.4 and 3.9.2 no
    /// permission to read a node is needed for its metadata.
    bool with_data = true;
    /// Levels below the root: 0 is the root alone, 1 its children, too.
    std::size_t max_depth = std::numeric_limits<std::size_t>::max();
    /// What is left out, with all below it. Without a slash: a name, at any depth below the root; with one: a path
    /// below the root, such as "jobs/*/locks". `*` is any text within a name, `?` one byte.
    std::vector<std::string> leave_out{};
};

/// A node as the cache knows it.
struct cached_node {
    std::string path; ///< relative to the handle's root
    bytes data;       ///< null if the node has none, may not be read, or with_data is off
    /// Of the moment when the node was last read. child_version, children_modified and num_children may be older than
    /// the children that the cache has.
    node_stat stat;
    std::error_code unreadable{}; ///< why the node's data or children are not known, such as errc::no_auth
};
/// Prints path, data and metadata.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, const cached_node&);

/// What a tree_cache tells of.
enum class tree_change : std::uint8_t {
    node_added,   ///< there is a node, or another one than before; its parent was added before
    node_updated, ///< its data was set, or it may be read again
    node_removed, ///< it went, after all below it; with what was last known of it
    suspended,    ///< no connection: what the cache holds may be old
    reconnected,  ///< connected again: differences follow as changes
    lost,         ///< the session is over: what the cache holds may be old
    initialized,  ///< all that was there has been told, at first and after each `lost`
};
/// The enumerator's name, such as "node_added". Static storage.
KAZOO_EXPORT std::string_view to_string(tree_change) noexcept;
/// Prints to_string() of it.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, tree_change);

/// One thing that a tree_cache tells.
struct tree_event {
    tree_change type{}; ///< what happened
    cached_node node{}; ///< of node_added, node_updated and node_removed; without a path for the others
};
/// Prints type and node.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, const tree_event&);

/// What went wrong without ending the cache, or what ended it.
struct tree_fault {
    std::string path;             ///< of the node, relative to the handle's root; empty if it is no node's
    std::error_code code{};       ///< what the servers said; empty if a listener threw
    std::exception_ptr exception; ///< the same as an exception, or what the listener threw
};

/// How what a tree_cache holds stands to what is there.
enum class tree_state : std::uint8_t {
    latent,    ///< start() was not called
    loading,   ///< not everything was read yet
    current,   ///< it follows the changes
    suspended, ///< no connection
    lost,      ///< no session
    rereading, ///< connected again, and not everything has been compared yet
    ended,     ///< by close(), the client's close, or what the last fault says
};
/// The enumerator's name, such as "current". Static storage.
KAZOO_EXPORT std::string_view to_string(tree_state) noexcept;
/// Prints to_string() of it.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, tree_state);

/// A node and all below it, in memory, with events: TreeCache of Python's kazoo on one recursive watch (servers from
/// 3.6).
///
/// **Guarantee.** When everything has been quiet for a while, and there is a connection, the cache holds what is there.
/// Events of one node come in the order of its changes: added, updated any number of times, removed, added ... Changes
/// that follow each other quickly may be told as one. A parent is added before its children and removed after them.
///
/// **What happens when …** (each line has a test)
/// - *the root is missing*: the cache is empty, initialized, and waits for it. It never makes the root.
/// - *the root is deleted and made again*: everything is removed, and added when it is there again.
/// - *a node is deleted and made again*: removed, with all that was below it, and added.
/// - *the connection breaks* (suspended): what is held stays readable, stale() tells since when it may be old. When it
///   is back every node is compared by its metadata, and read if it has changed; only differences are told.
/// - *the session is lost*: as above, and `initialized` is told again when everything was compared.
/// - *the connection breaks while it loads*: what was not read is read again; `initialized` comes when all was.
/// - *a node may not be read*: a fault is told, the node is in the cache, marked as unreadable, and tried again at
///   intervals that grow to the session's timeout. From ZooKeeper 3.8.4 and 3.9.2 on its
///   metadata needs the permission, too (ZOOKEEPER-2590): it is as it was last seen, all zero if it never was.
/// - *changes come faster than they are read*: those of one node are told as one.
/// - *more than 65,536 events wait to be fetched*: the cache compares everything, as after a broken connection.
/// - *a listener is slow*: nobody else waits for it; its events queue up in memory. (With an executor that has a thread
///   to spare: the default one has one for all callbacks of an event loop.)
/// - *a listener throws*: fault listeners are told; without any it is logged.
/// - *the servers know no recursive watches* (before 3.6): a fault with errc::unimplemented, and the cache has ended.
/// - *the client is closed, or its credentials are refused*: the cache has ended and keeps what it held; waits fail.
/// - *close(), or the object is destroyed*: no more events, no watch, no request; the cache is empty.
/// - *the process is forked*: the child's copy is empty, and ended.
///
/// Costs: doc/recipes/tree_cache.md. Thread safety: every member may be called from any thread, also inside listeners.
class KAZOO_EXPORT tree_cache {
  public:
    /// Asks nobody anything: add listeners, then start(). Throws kazoo::error (errc::invalid_path,
    /// errc::bad_arguments). The object keeps a handle of the client, and so the session, alive.
    tree_cache(client c, std::string_view path, tree_cache_options options = {});
    tree_cache(const tree_cache&) = delete;
    tree_cache& operator=(const tree_cache&) = delete;
    /// As close(). Does not block.
    ~tree_cache();

    // -- its life -----------------------------------------------------------------------------------------------------
    /// Begins to load and returns at once. Throws kazoo::error (errc::bad_arguments) if it was called before,
    /// errc::closed behind close().
    void start();
    /// Ends it: no events come after those that listeners have not been told yet, which are dropped; the cache is
    /// empty, its watch goes. Does not block. Idempotent.
    void close() noexcept;
    /// Completes when everything was loaded, at once if it is. Fails with errc::cancelled when the cache is closed,
    /// with errc::closed, auth_failed or unimplemented when it ended by itself. Does not block.
    future<void> async_wait_initialized() const;
    /// The blocking twin of async_wait_initialized(): waits at most so long; then errc::operation_timeout. A requested
    /// `stop` ends it with errc::cancelled.
    void wait_initialized(time_limit limit, const std::stop_token& stop = {}) const;
    /// The same without a limit.
    void wait_initialized(const std::stop_token& stop = {}) const;

    // -- reading: from memory, never blocks for the servers -----------------------------------------------------------
    /// The node, if it is there. Throws errc::bad_arguments for a path that is neither the root nor below it.
    std::optional<cached_node> get(std::string_view path) const;
    /// The names of its children in the order of their bytes, or nothing if there is no such node. Errors of get().
    std::optional<std::vector<std::string>> children(std::string_view path) const;
    /// How many nodes there are.
    std::size_t size() const noexcept;
    /// How what it holds stands to what is there. May have changed when it returns.
    tree_state state() const noexcept;
    /// For how long what it holds may have been old or incomplete; nothing while it is current.
    std::optional<std::chrono::nanoseconds> stale() const noexcept;

    // -- listening ----------------------------------------------------------------------------------------------------
    /// Calls f for each event from now on until the subscription ends: on the callback executor, one at a time, in
    /// order, each listener beside the others. Before start(): everything is told as added. Throws std::bad_alloc.
    subscription on_event(std::function<void(const tree_event&)> f);
    /// Calls f for each fault, as on_event() does for events. What f throws is logged.
    subscription on_fault(std::function<void(const tree_fault&)> f);

    /// As given, relative to the client's root.
    const std::string& path() const noexcept;

  private:
    client client_;
    std::shared_ptr<recipe::tree_cache_core> core_;
};

} // namespace kazoo
