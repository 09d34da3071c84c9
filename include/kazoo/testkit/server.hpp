#pragma once
// A ZooKeeper server inside this process, for tests and for trying things out. It keeps its nodes in memory only.
#include <kazoo/export.hpp>
#include <kazoo/testkit/server_faults.hpp>
#include <kazoo/tls.hpp>
#include <kazoo/types.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kazoo::testkit {

/// How a server behaves. Plain data with defaults.
struct server_options {
    std::string host = "127.0.0.1"; ///< a numeric address to listen on
    std::uint16_t port = 0;         ///< 0: a free one
    /// Sessions expire in steps of it. Make it small where a test waits for an expiry.
    std::chrono::milliseconds tick{2000};
    std::chrono::milliseconds min_session_timeout{0}; ///< a shorter request is raised to this. 0: two ticks
    std::chrono::milliseconds max_session_timeout{0}; ///< a longer request is lowered to this. 0: twenty ticks
    std::size_t max_connections_per_address = 0;      ///< 0: no limit
    std::size_t max_request_bytes = 1'048'575;        ///< jute.maxbuffer: a longer one ends its connection
    bool ttl_nodes = false; ///< extendedTypesEnabled: otherwise making one fails with errc::unimplemented
    /// Whoever may not read a node cannot learn its metadata either: as ZooKeeper from 3.8.4 and 3.9.2 on
    /// (ZOOKEEPER-2590).
    bool metadata_needs_permission = false;
    /// How often containers and TTL nodes whose time is over are looked for (znode.container.checkIntervalMs).
    std::chrono::milliseconds container_check{60'000};
    /// The commands that are answered (4lw.commands.whitelist); to others it says that they are not.
    std::vector<std::string> four_letter_words{"ruok", "srvr", "stat", "mntr", "isro", "envi"};
    /// With it every connection is by TLS (secureClientPort). Its certificate is what the server shows. If it names
    /// authorities, clients must show a certificate that these vouch for, and are known by it to ACLs of the scheme
    /// "x509". The files are read by the constructor; `insecure` means nothing here.
    std::optional<tls_options> tls{};
};

/// Behaves as a standalone Apache ZooKeeper 3.8; runs on a thread of its own until it is destroyed. Every member may be
/// called from any thread and has taken effect when it returns.
class KAZOO_EXPORT server {
  public:
    /// Listens when the constructor returns. Throws std::system_error if the port is taken, std::invalid_argument for a
    /// host that is no numeric address, and for a file of TLS that cannot be used.
    explicit server(const server_options& = {});
    /// Takes the server over. The other one may only be assigned to or destroyed afterwards.
    server(server&&) noexcept;
    /// Ends the server that it has, and takes the other one's over.
    server& operator=(server&&) noexcept;
    ~server();

    /// "127.0.0.1:port", for a client; the same for the server's whole life.
    std::string address() const;
    /// The port that it listens on.
    std::uint16_t port() const;

    /// As if the server was killed: connections end, nobody listens. Sessions do not age meanwhile.
    void stop();
    /// Comes back with its nodes and sessions. Clients have a whole session timeout to return.
    void start();
    /// stop() and start()
    void restart();
    /// As if the server had lost its disk.
    void restart_empty();

    /// As if its time was over. False: there is no such session.
    bool expire_session(session_id);
    /// Ends every connection; sessions live on, and clients may come back at once.
    void drop_connections();
    /// New connections are refused; those there are stay.
    void refuse(bool on);
    /// Its clocks, that of sessions and the one that nodes are dated by, are so much later at once: what is due then
    /// happens now. Sessions of a server that is stopped do not age by it.
    void advance(std::chrono::milliseconds);

    /// From now on this happens to these requests. Of several orders for one request the first one counts.
    fault_id order(const fault&, const fault_target& = {});
    /// How often it has happened.
    std::size_t hits(fault_id) const;
    /// Waits until it has happened so often. False: not within `limit`.
    bool await_hits(fault_id, std::size_t count, std::chrono::milliseconds limit) const;
    /// It happens no more; connections that are held stay so. False: it did not stand.
    bool take_back(fault_id);
    /// What stands when no order is for a request: chance, which the seed decides request by request. Throws
    /// std::invalid_argument for odds that are none.
    void order_at_random(std::uint64_t seed, const fault_odds&);
    /// Connections that are held go on.
    void release();
    /// Nothing happens any more, neither by order nor by chance, and connections that are held go on.
    void take_back_faults();

    /// Sessions that have not ended or expired.
    std::vector<session_id> sessions() const;
    /// All that they have, each session once, in the order of their ids: for assertions such as "no watch is left".
    std::vector<session_facts> dump() const;
    /// Connections there are now.
    std::size_t connections() const;
    /// Connections there ever were.
    std::uint64_t accepted() const;

  private:
    class engine;
    std::unique_ptr<engine> engine_;
};

} // namespace kazoo::testkit
