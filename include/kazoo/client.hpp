#pragma once
// A session with a ZooKeeper ensemble, and everything that can be done with nodes.
#include <kazoo/acl.hpp>
#include <kazoo/event_loop.hpp>
#include <kazoo/future.hpp>
#include <kazoo/options.hpp>
#include <kazoo/servers.hpp>
#include <kazoo/transaction.hpp>
#include <kazoo/tree.hpp>
#include <kazoo/types.hpp>
#include <kazoo/watch.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo {

namespace detail {

struct client_access;
class core;

/// Counts who uses one core: the last user's handle begins close, the last of all frees its memory.
class KAZOO_EXPORT core_handle {
  public:
    enum class keeps : bool {
        memory,
        session
    };
    /// Adopts one count of the memory and, with `session`, one of the user's handles.
    core_handle(core* adopted, keeps what) noexcept : core_(adopted), keeps_(what) {}
    core_handle(const core_handle&) noexcept;
    core_handle(core_handle&&) noexcept;
    core_handle& operator=(core_handle) noexcept;
    ~core_handle();
    core* operator->() const noexcept { return core_; }
    core& operator*() const noexcept { return *core_; }

  private:
    core* core_;
    keeps keeps_;
};

} // namespace detail

/// Every operation on nodes, as a future: what client, and the handles of one session inside recipes, have in common.
///
/// Requests are sent in the order of the calls (except what is made of several: ensure_path, creates with make_parents
/// or protect; and add_auth). Any thread may call; nothing here blocks. What fails does so through the future, with
/// kazoo::error; errors are named here where they belong to the operation, and each may also fail with those of the
/// connection (doc/errors.md) and with errc::invalid_path. A path is relative to root(); a missing slash at its
/// beginning is added, repeated ones and one at the end are dropped.
class KAZOO_EXPORT node_operations {
  public:
    /// The chroot, which is put in front of all paths: "" or "/app".
    const std::string& root() const noexcept { return root_; }

    /// Makes a node and gives its path: with the number for a sequential one, with the id for a protected one.
    /// errc::node_exists, no_node (the parent), no_children_for_ephemerals, invalid_acl, no_auth; for containers and
    /// TTL nodes also unimplemented (create_mode).
    future<std::string> async_create(std::string_view path, data_view data = "", create_options = {}) const;
    /// As async_create(), with the new node's metadata (create2, servers from 3.5).
    future<created_node> async_create_with_stat(std::string_view path, data_view data = "", create_options = {}) const;
    /// async_create() with a mode and nothing else: `async_create("/a", "", create_mode::ephemeral)`.
    future<std::string> async_create(std::string_view path, data_view data, std::same_as<create_mode> auto mode) const {
        return async_create(path, data, create_options{.mode = mode});
    }
    /// async_create_with_stat() with a mode and nothing else.
    future<created_node> async_create_with_stat(std::string_view path, data_view data,
                                                std::same_as<create_mode> auto mode) const {
        return async_create_with_stat(path, data, create_options{.mode = mode});
    }
    /// Data and metadata. errc::no_node, no_auth.
    future<node> async_get(std::string_view path) const;
    /// Replaces the data if the node has the expected version. errc::no_node, bad_version, no_auth.
    future<node_stat> async_set(std::string_view path, data_view data, version expected = version::any) const;
    /// Removes a node without children. errc::no_node, bad_version, not_empty, no_auth.
    future<void> async_remove(std::string_view path, version expected = version::any) const;
    /// The metadata, or nothing if there is no such node.
    future<std::optional<node_stat>> async_exists(std::string_view path) const;
    /// Names, not paths, in no order; views into one piece of memory (child_names). errc::no_node, no_auth.
    future<child_names> async_get_children(std::string_view path) const;
    /// As async_get_children(), with the node's own metadata. errc::no_node, no_auth.
    future<child_list> async_get_children_with_stat(std::string_view path) const;
    /// Who may do what with the node, and its metadata. errc::no_node, no_auth.
    future<acl_list> async_get_acl(std::string_view path) const;
    /// Replaces the ACL if the node has the expected node_stat::acl_version. errc::no_node, bad_version, invalid_acl,
    /// no_auth.
    future<node_stat> async_set_acl(std::string_view path, acl_view acl, acl_version expected = acl_version::any) const;
    /// Waits until the server has caught up with the leader: a read behind it is fresh.
    future<void> async_sync(std::string_view path) const;
    /// Authenticates this session: completes with the server's verdict. An accepted credential is kept and repeated on
    /// every connection, a refused one is not: errc::auth_failed.
    future<void> async_add_auth(std::string_view scheme, std::string_view secret) const;
    /// As async_get(), or nothing if there is no such node. errc::no_auth.
    future<std::optional<node>> async_get_if_exists(std::string_view path) const;
    /// As async_remove(): true; or false if there is no such node. errc::bad_version, not_empty, no_auth.
    future<bool> async_remove_if_exists(std::string_view path, version expected = version::any) const;
    /// Makes the node and its missing ancestors, persistent, with empty data, and all with this ACL. True if it was
    /// there already. errc::no_children_for_ephemerals, invalid_acl, no_auth. If it fails when some of them were made,
    /// these stay, and the outcome is unknown.
    future<bool> async_ensure_path(std::string_view path, acl_view acl = {}) const;

    // -- what servers tell beside nodes (doc/operations.md) ---------------------------------------------------------
    /// How many nodes are below this one, at any depth (servers from 3.6). errc::no_node, no_auth, unimplemented.
    future<std::size_t> async_count_descendants(std::string_view path) const;
    /// Paths of this session's ephemeral nodes that begin with this text, in no order (servers from 3.6): "/app/m"
    /// finds /app/members too, and "/" all below the root of the handle. errc::unimplemented.
    future<std::vector<std::string>> async_get_ephemerals(std::string_view prefix = "/") const;
    /// Who this client is to the server: its address, and what it has authenticated as (servers from 3.7).
    /// errc::unimplemented.
    future<std::vector<client_identity>> async_who_am_i() const;
    /// What the ensemble is made of (servers from 3.5). Whatever the chroot is; errors and events name its node as
    /// "/zookeeper/config".
    future<ensemble_config> async_get_config() const;
    /// As async_get_config(), and sets a one-shot watch that tells of the next change.
    future<watched<ensemble_config>> async_watch_config() const;
    /// A stream of all changes from here on (servers from 3.6), as async_add_watch(): read the configuration again at
    /// each event.
    future<watch_stream> async_add_config_watch() const;
    /// Changes who is in the ensemble (servers from 3.5), and gives what it is then. errc::reconfig_disabled, no_auth
    /// (by default only the super user may), bad_version, bad_arguments, reconfig_in_progress, new_config_no_quorum;
    /// unimplemented on a standalone server.
    future<ensemble_config> async_reconfig(const reconfiguration&) const;

    /// An empty transaction to add operations to.
    kazoo::transaction transaction() const;
    /// An empty list of reads to add to.
    kazoo::multi_read multi_read() const;

    // -- watches ------------------------------------------------------------------------------------------------------
    /// As async_get(), and sets a one-shot watch on data and existence in the same request. If it fails, nothing is
    /// watched. errc::no_node, no_auth.
    future<watched<node>> async_watch(std::string_view path) const;
    /// As async_exists(), and sets such a watch, which also tells of the creation of a missing node.
    future<watched<std::optional<node_stat>>> async_watch_exists(std::string_view path) const;
    /// As async_get_children_with_stat(), and sets a one-shot watch on the list of children and the node's deletion. If
    /// it fails, nothing is watched. errc::no_node, no_auth.
    future<watched<child_list>> async_watch_children(std::string_view path) const;
    /// A stream of all changes from here on (addWatch, servers from 3.6); the node need not exist. errc::unimplemented
    /// on older servers.
    future<watch_stream> async_add_watch(std::string_view path, watch_mode mode) const;

    // -- helpers of several requests ----------------------------------------------------------------------------------
    // Costs: doc/retrying.md. Like all that is made of several requests, they begin in the order of the calls and go on
    // beside each other; what gives the future up ends them behind the requests that are under way.

    /// Removes a node and all below it, with 256 requests under way; children that others create meanwhile are met
    /// again. Gives the number of removals that were answered: 0 if there was no such node. Goes on over lost
    /// connections and sessions. `expected`: of the node itself; if it has another version nothing is removed, and if
    /// it gets one meanwhile the node stays. `progress` is called on the callback executor with the latest numbers, and
    /// not after the future has completed (unless that was given up). errc::invalid_path for the root, however it is
    /// spelled, a chroot's own root too; bad_version, no_auth. If it fails when some may have been removed, the outcome
    /// is unknown. Holds the paths of all nodes in memory.
    future<std::size_t> async_remove_tree(std::string_view path, version expected = version::any,
                                          std::function<void(tree_progress)> progress = {}) const;
    /// Copies a node and all below it, data and ACLs, to a place where nothing is yet: pass by pass of 128 nodes, all
    /// of which are under way. Ephemeral nodes are left out; containers and nodes with a TTL become persistent. What is
    /// created in `from` meanwhile may be missing. Gives the number of nodes that were made. Goes on over lost
    /// connections, not over a lost session. `progress`: as in async_remove_tree(). errc::node_exists if there is a
    /// `to` already, no_node (`from`, or the parent of `to`), no_auth, invalid_acl; bad_arguments if `to` lies in
    /// `from`. If it fails behind the first node, what was made stays, and the outcome is unknown.
    future<std::size_t> async_copy_tree(std::string_view from, std::string_view to,
                                        std::function<void(tree_progress)> progress = {}) const;
    /// Reads the node, calls f with it, and sets the data that f gives if nobody has changed the node meanwhile;
    /// otherwise again, with what is there then. Nothing from f leaves the node as it is. Gives the node as it was
    /// left. f runs on the callback executor, once for each try, and may block there (once even after the future was
    /// given up, so let it own what it uses); what it throws comes out. After a lost reply the same conditional set is
    /// sent again, so a change is never made twice; where it cannot be told whether a change was ours or somebody
    /// else's, it fails with outcome unknown. Goes on over lost connections and sessions. errc::no_node, no_auth.
    future<node> async_update(std::string_view path, std::function<std::optional<std::string>(const node&)> f) const;
    /// Replaces the data, or makes the node with it. What may have been applied is not repeated: outcome unknown.
    /// `options`: of a node that is made; persistent and without `protect`, otherwise errc::bad_arguments.
    /// errc::no_node (the parent), no_children_for_ephemerals, invalid_acl, no_auth.
    future<node_stat> async_set_or_create(std::string_view path, data_view data, create_options options = {}) const;
    /// The children with their data and metadata, in the order of their names, with 256 reads under way. Those that go
    /// meanwhile are left out. No snapshot: each is of its own moment. errc::no_node, no_auth (of a child too).
    future<std::vector<child_node>> async_children_with_data(std::string_view path) const;
    /// Makes the node that this handle is rooted at, and what is missing above it, as async_ensure_path() does. True if
    /// it was there already.
    future<bool> async_ensure_chroot(acl_view acl = {}) const;
    /// The node and all below it, one after the other. Asks nothing yet.
    tree_walk walk(std::string_view path) const;

  protected:
    /// `epoch` other than 0: of the session that the requests belong to (detail::pinned_handle).
    node_operations(detail::core_handle, std::string root, std::uint64_t epoch = 0) noexcept;
    node_operations(const node_operations&) = default;
    node_operations(node_operations&&) = default;
    node_operations& operator=(const node_operations&) = default;
    node_operations& operator=(node_operations&&) = default;
    ~node_operations() = default;
    detail::core& core() const noexcept { return *core_; }

  private:
    friend struct detail::client_access;
    detail::core_handle core_;
    std::string root_;
    std::uint64_t epoch_;
};

/// A session with an ensemble.
///
/// Cheap to copy: copies share the session, which ends with close() or with the last copy. Every member may be called
/// from any thread. Paths are relative to the handle's chroot, in arguments, results, events and errors.
///
/// Each operation exists twice. `async_x` (node_operations) submits the request and returns. `x` waits for the result,
/// at most client_options::operation_timeout, time without a connection included, and submits again by itself when the
/// connection broke and nothing was applied. A failed operation throws kazoo::error (error_of<>) that names the
/// operation, the path, the code, and whether the operation may have been applied. A requested `stop`, the last
/// argument of each, ends the wait at once and gives the operation up: errc::cancelled.
///
/// Blocking calls may be made anywhere but on a loop's own thread, also inside callbacks.
class KAZOO_EXPORT client : public node_operations {
  public:
    /// Starts connecting and returns at once; operations wait for the session.
    /// `hosts`: `zk1:2181,tls://zk2:2281,[::1]:2181/chroot`; `unix:/run/zk.sock` is a host, too, and a chroot behind it
    /// begins with a colon, `unix:/run/zk.sock:/chroot`. Or a URL:
    /// `zk://zk1,zk2/chroot?session_timeout=8s&read_only=1`, `zk+tls://…` for TLS everywhere; what it says goes before
    /// `opts`. Throws kazoo::error for a host string or an option that makes no sense, and what event_loop() throws if
    /// it makes a loop of its own; servers that cannot be reached are not an error here.
    explicit client(std::string_view hosts, client_options opts = {});

    // -- session ------------------------------------------------------------------------------------------------------
    /// Where the session is in its life. Does not block; may have changed when it returns.
    session_state state() const noexcept;
    /// The id of the current session; session_id::none before the first one and after a loss. Does not block.
    kazoo::session_id session_id() const noexcept;
    /// What the servers made of client_options::session_timeout; zero while there is no session. Does not
    /// block.
    std::chrono::milliseconds negotiated_timeout() const noexcept;
    /// The address and port of the server that the session is connected to; empty without a connection.
    std::string server() const;
    /// The servers that the client knows, as a host string without the chroot: those that it was made with, until
    /// set_hosts() or client_options::follow_config changed that.
    std::string hosts() const;
    /// The client knows these servers from now on, written as for the constructor, without options. The chroot stays as
    /// it is: `hosts` names none, or the same. The session goes on. Where servers were added or removed it may move to
    /// another one, though its own is in the list still, by chance, so that each server has its share of all clients
    /// that are told so (ZooKeeper's own client does the same); with client_options::randomize_hosts off it moves only
    /// away from one that is not in the list. To the session a move is a short drop of the connection; requests that
    /// were sent are answered before. Thread-safe; returns at once. Throws kazoo::error with errc::bad_hosts. Does
    /// nothing once the client is closed.
    void set_hosts(std::string_view hosts) const;
    /// The credential is not sent again, on no connection and in no session; an add_auth() of it that waits fails with
    /// errc::cancelled. On the connection that there is the server goes on knowing us by it: it forgets nobody before
    /// the end. Does nothing if there is no such credential. Thread-safe; returns at once, and takes its turn among the
    /// calls of add_auth().
    void remove_auth(std::string_view scheme, std::string_view secret) const;
    /// Why the last attempt at each address failed: `10.0.0.1:2181: Connection refused; …`. Empty while connected.
    std::string last_failures() const;
    /// Completes when a session is connected. Fails with the last failure of each address in its text; at once when the
    /// client is closed or its credentials were refused.
    future<void> async_wait_connected() const;
    /// The blocking twin of async_wait_connected(): waits at most so long; then errc::operation_timeout. A requested
    /// `stop` ends it with errc::cancelled.
    void wait_connected(time_limit, const std::stop_token& stop = {}) const;
    /// The same, at most client_options::operation_timeout.
    void wait_connected(const std::stop_token& stop = {}) const;
    /// As async_wait_connected(), for those who would rather hear at once that nobody is there: fails also with
    /// errc::connection_loss when, in one round through all addresses, each said no (it refused, ended the connection,
    /// or its name has no address); at once if the last round was so. An address that says nothing in time ends no
    /// wait.
    future<void> async_try_connect() const;
    /// Calls f for each change of state from now on, until the subscription ends: on the callback executor, in order,
    /// listeners in the order in which they were added. What f throws is logged. Throws std::bad_alloc.
    subscription on_state(std::function<void(session_state)> f) const;
    /// Stop is requested when the current session (or, without one, the next) is lost or ends. Runs user code on the
    /// loop's signal thread.
    std::stop_token session_token() const;
    /// A handle of the same session, rooted at `path` below this handle's root. The node need not exist. Throws
    /// errc::invalid_path.
    client chroot(std::string_view path) const;
    /// Refuses new work, finishes what was submitted, ends the session (its ephemeral nodes go), fails the rest; within
    /// client_options::close_timeout. Without a connection it waits 100 ms for one, and then fails what cannot be sent
    /// (errc::closed, not applied); the servers end the session when its time is over. Waits for that, except on the
    /// callback executor and the signal thread, where it returns at once. Idempotent.
    void close() const;
    /// As close(), without waiting; from anywhere. Completes when the client is closed.
    future<void> async_close() const;

    /// Leaves the session alive: refuses new work, finishes what was submitted, lets the connection go, and gives what
    /// client_options::resume needs; this client is closed then. Ephemeral nodes stay until the session is resumed, or
    /// its time is over. Fails with errc::closed if it is closing already, with errc::connection_loss if there is no
    /// session. Within client_options::close_timeout, or 100 ms without a connection; what is not answered by then
    /// fails as at a close().
    future<session_ticket> async_detach() const;
    /// The blocking twin of async_detach(). Waits however long that takes, until `stop` is requested.
    session_ticket detach(const std::stop_token& stop = {}) const;

    // -- commands -----------------------------------------------------------------------------------------------------
    /// Asks a server with a four-letter word, such as "mntr", on a connection of its own, and gives the whole answer
    /// (the admin guide of ZooKeeper lists the words). `server`: "host:port"; empty: the one that the session is
    /// connected to, and without a connection errc::connection_loss at once. errc::unimplemented when the word is
    /// not allowed there: servers from 3.5 allow those in 4lw.commands.whitelist, by default `srvr` alone;
    /// connection_loss, no_hosts, bad_hosts, bad_arguments for what is no such word. Gives up after
    /// client_options::operation_timeout.
    future<std::string> async_command(std::string_view word, std::string_view server = {}) const;
    /// The blocking twin of async_command(): asks once.
    std::string command(std::string_view word, std::string_view server = {}, const std::stop_token& stop = {}) const;
    /// The release of a server, from its answer to `srvr`. Errors as async_command(), and errc::malformed_reply.
    future<kazoo::server_version> async_server_version(std::string_view server = {}) const;
    /// The blocking twin of async_server_version(): asks once.
    kazoo::server_version server_version(std::string_view server = {}, const std::stop_token& stop = {}) const;

    // -- seen from inside ---------------------------------------------------------------------------------------------
    /// What the client has done so far, in numbers; also after close(). Does not block.
    client_metrics metrics() const;
    /// Replaces log_sink::threshold for this client and all its handles, from the next line on. Does not block.
    void set_log_threshold(log_level) const;

    // -- operations: the blocking twins of async_x --------------------------------------------------------------------
    /// The blocking twin of async_create(): the path of the new node.
    std::string create(std::string_view path, data_view data = "", create_options = {},
                       const std::stop_token& stop = {}) const;
    /// The blocking twin of async_create_with_stat(): path and metadata of the new node.
    created_node create_with_stat(std::string_view path, data_view data = "", create_options = {},
                                  const std::stop_token& stop = {}) const;
    /// create() with a mode and nothing else: `create("/a", "", create_mode::ephemeral)`.
    std::string create(std::string_view path, data_view data, std::same_as<create_mode> auto mode,
                       const std::stop_token& stop = {}) const {
        return create(path, data, create_options{.mode = mode}, stop);
    }
    /// create_with_stat() with a mode and nothing else.
    created_node create_with_stat(std::string_view path, data_view data, std::same_as<create_mode> auto mode,
                                  const std::stop_token& stop = {}) const {
        return create_with_stat(path, data, create_options{.mode = mode}, stop);
    }
    /// The blocking twin of async_get(): data and metadata.
    node get(std::string_view path, const std::stop_token& stop = {}) const;
    /// The blocking twin of async_set(): the metadata after the change.
    node_stat set(std::string_view path, data_view data, version expected = version::any,
                  const std::stop_token& stop = {}) const;
    /// The blocking twin of async_remove().
    void remove(std::string_view path, version expected = version::any, const std::stop_token& stop = {}) const;
    /// The blocking twin of async_exists(): the metadata, or nothing if there is no such node.
    std::optional<node_stat> exists(std::string_view path, const std::stop_token& stop = {}) const;
    /// The blocking twin of async_get_children(): names, not paths, in no order.
    child_names get_children(std::string_view path, const std::stop_token& stop = {}) const;
    /// The blocking twin of async_get_children_with_stat(): names, and the metadata of the node itself.
    child_list get_children_with_stat(std::string_view path, const std::stop_token& stop = {}) const;
    /// The blocking twin of async_get_acl(): the ACL and the metadata.
    acl_list get_acl(std::string_view path, const std::stop_token& stop = {}) const;
    /// The blocking twin of async_set_acl(): the metadata after the change.
    node_stat set_acl(std::string_view path, acl_view acl, acl_version expected = acl_version::any,
                      const std::stop_token& stop = {}) const;
    /// The blocking twin of async_sync(): a read behind it is fresh.
    void sync(std::string_view path, const std::stop_token& stop = {}) const;
    /// The blocking twin of async_add_auth(): returns when the server has accepted the credential.
    void add_auth(std::string_view scheme, std::string_view secret, const std::stop_token& stop = {}) const;
    /// The blocking twin of async_get_if_exists(): nothing if there is no such node.
    std::optional<node> get_if_exists(std::string_view path, const std::stop_token& stop = {}) const;
    /// The blocking twin of async_remove_if_exists(): false if there is no such node.
    bool remove_if_exists(std::string_view path, version expected = version::any,
                          const std::stop_token& stop = {}) const;
    /// The blocking twin of async_ensure_path(): true if the node was there already.
    bool ensure_path(std::string_view path, acl_view acl = {}, const std::stop_token& stop = {}) const;
    /// The blocking twin of async_count_descendants(): how many nodes are below this one, at any depth.
    std::size_t count_descendants(std::string_view path, const std::stop_token& stop = {}) const;
    /// The blocking twin of async_get_ephemerals(): this session's ephemeral nodes that begin with this text.
    std::vector<std::string> get_ephemerals(std::string_view prefix = "/", const std::stop_token& stop = {}) const;
    /// The blocking twin of async_who_am_i(): who this client is to the server.
    std::vector<client_identity> who_am_i(const std::stop_token& stop = {}) const;
    /// The blocking twin of async_get_config(): what the ensemble is made of.
    ensemble_config get_config(const std::stop_token& stop = {}) const;
    /// The blocking twin of async_watch_config(): waits for the read, not for the change.
    watched<ensemble_config> watch_config(const std::stop_token& stop = {}) const;
    /// The blocking twin of async_add_config_watch(): returns when the watch is set.
    watch_stream add_config_watch(const std::stop_token& stop = {}) const;
    /// The blocking twin of async_reconfig(): what the ensemble is made of then.
    ensemble_config reconfig(const reconfiguration&, const std::stop_token& stop = {}) const;
    /// The blocking twin of async_watch(): waits for the read, not for the change.
    watched<node> watch(std::string_view path, const std::stop_token& stop = {}) const;
    /// The blocking twin of async_watch_exists(): waits for the read, not for the change.
    watched<std::optional<node_stat>> watch_exists(std::string_view path, const std::stop_token& stop = {}) const;
    /// The blocking twin of async_watch_children(): waits for the read, not for the change.
    watched<child_list> watch_children(std::string_view path, const std::stop_token& stop = {}) const;
    /// The blocking twin of async_add_watch(): returns when the watch is set.
    watch_stream add_watch(std::string_view path, watch_mode mode = watch_mode::persistent,
                           const std::stop_token& stop = {}) const;

    // -- helpers of several requests: the blocking twins --------------------------------------------------------------
    /// The blocking twin of async_remove_tree(). `progress` is not called any more when this has returned; inside a
    /// callback it is not called at all.
    std::size_t remove_tree(std::string_view path, version expected = version::any,
                            std::function<void(tree_progress)> progress = {}, const std::stop_token& stop = {}) const;
    /// The blocking twin of async_copy_tree(). `progress` is called as in remove_tree().
    std::size_t copy_tree(std::string_view from, std::string_view to, std::function<void(tree_progress)> progress = {},
                          const std::stop_token& stop = {}) const;
    /// The blocking twin of async_update(), but f runs on this thread, between the requests.
    node update(std::string_view path, const std::function<std::optional<std::string>(const node&)>& f,
                const std::stop_token& stop = {}) const;
    /// The blocking twin of async_set_or_create(): the metadata of the node.
    node_stat set_or_create(std::string_view path, data_view data, create_options options = {},
                            const std::stop_token& stop = {}) const;
    /// The blocking twin of async_children_with_data().
    std::vector<child_node> children_with_data(std::string_view path, const std::stop_token& stop = {}) const;
    /// The blocking twin of async_ensure_chroot(): true if it was there already.
    bool ensure_chroot(acl_view acl = {}, const std::stop_token& stop = {}) const;

  private:
    friend struct detail::client_access;
    client(detail::core_handle, std::string root) noexcept;
};

} // namespace kazoo
