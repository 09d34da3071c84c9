#pragma once
// Real Apache ZooKeeper servers, started and ended by a test. Linux only.
#include <kazoo/export.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo::testkit {

/// How a server is configured. Plain data with defaults.
struct real_server_options {
    std::chrono::milliseconds tick{200};                   ///< also the step in which sessions expire
    std::chrono::milliseconds min_session_timeout{400};    ///< a shorter request is raised to this
    std::chrono::milliseconds max_session_timeout{60'000}; ///< a longer request is lowered to this
    std::vector<std::string> config;                       ///< more lines for zoo.cfg; they win over ours
    std::vector<std::string> java_flags;                   ///< such as "-Djute.maxbuffer=4096"

    /// A folder with the jars of another release: zookeeper.jar, zookeeper-jute.jar and what else is to go ahead of
    /// Debian's packages. Empty: what the environment variable KAZOO_ZOOKEEPER_JARS names, if it is set.
    std::string jars{};
};

/// One server process on a loopback port of its own, which it keeps over restarts, with its data in a temporary
/// directory. The destructor kills it and removes the directory; it also dies with this process, however that ends.
/// Not thread-safe: one thread at a time. What waits, waits for a condition, at most 60 seconds; errors are
/// std::runtime_error and hold the end of the server's log.
class KAZOO_EXPORT real_server {
  public:
    /// Empty when servers can be started here; otherwise what is missing and which packages bring it.
    static std::string unavailable_reason();
    /// Whether servers can be started here.
    static bool available() { return unavailable_reason().empty(); }

    /// Starts a standalone server and waits until it serves.
    explicit real_server(real_server_options options = {});
    /// Takes the server over. The other one may only be assigned to or destroyed afterwards.
    real_server(real_server&&) noexcept;
    /// Kills the server that it has, and takes the other one's over.
    real_server& operator=(real_server&&) noexcept;
    ~real_server();

    /// Starts the process on the data that is there, after stop() or kill(); does not wait for more.
    void start();
    /// Waits until the server serves clients.
    void wait_ready();
    /// SIGTERM; returns when the process is gone.
    void stop();
    /// SIGKILL; returns when the process is gone.
    void kill();
    /// kill(), start(), wait_ready().
    void restart();
    /// SIGSTOP: connections go silent, and new ones are accepted by the kernel alone.
    void pause();
    /// SIGCONT.
    void resume();
    /// Whether the process is there, paused or not.
    bool running() const;

    /// "127.0.0.1:port", for a client.
    std::string address() const;
    /// The port for clients.
    std::uint16_t port() const;
    /// The answer to a command such as "srvr"; empty when there is none within half a second.
    std::string four_letter_word(std::string_view word) const;
    /// "standalone", "leader", "follower", "observer", "read-only"; empty while it does not serve.
    std::string mode() const;
    /// The last lines of what the server has printed.
    std::string log_tail(std::size_t lines = 40) const;

  private:
    friend class ensemble;
    struct state;
    explicit real_server(std::unique_ptr<state> made);

    std::unique_ptr<state> state_;
};

/// How many servers there are, and how they are configured.
struct ensemble_options {
    std::size_t size = 3;       ///< the number of servers
    real_server_options each{}; ///< of every one of them
    /// The servers reach each other through gates, so that the network between any two can be broken; clients do not
    /// notice. The last server is the first one to lead.
    bool gated = false;
    /// So many of the servers, the last ones, are observers: they serve clients and have no vote. Not with gates.
    std::size_t observers = 0;
};

class quorum_network;

/// Several servers that form a quorum. Break them one by one: `zk[0].kill()`, `zk[zk.leader().value()].pause()`. Not
/// thread-safe. What waits, waits as real_server does, and has its errors. Servers are counted from 0.
class KAZOO_EXPORT ensemble {
  public:
    /// Starts all servers and waits until all of them serve.
    explicit ensemble(std::size_t size = 3, const real_server_options& each = {});
    /// The same, with gates between the servers if the options say so.
    explicit ensemble(const ensemble_options& options);
    /// Takes the servers over. The other one may only be assigned to or destroyed afterwards.
    ensemble(ensemble&&) noexcept;
    /// Kills the servers that it has, and takes the other one's over.
    ensemble& operator=(ensemble&&) noexcept;
    ~ensemble();

    /// The number of servers, running or not.
    std::size_t size() const { return servers_.size(); }
    /// One server. Throws std::out_of_range if there is none of that index.
    real_server& operator[](std::size_t index) { return servers_.at(index); }

    /// "127.0.0.1:a,127.0.0.1:b,…", in the order of the index.
    std::string addresses() const;
    /// The server that leads right now, if any.
    std::optional<std::size_t> leader() const;
    /// Waits until a server leads, which may take an election, and returns it.
    std::size_t wait_leader() const;
    /// Waits until every running server serves.
    void wait_ready();

    // The network between the servers: data, acknowledgements, pings and votes. std::logic_error without gates.
    /// What one server sends to another one stays under way, as in a partition; when lifted, it arrives.
    void hold(std::size_t from, std::size_t to, bool on = true);
    /// What one server sends to another one is lost.
    void drop(std::size_t from, std::size_t to);
    /// Ends the connections between two servers. They may connect again at once.
    void reset(std::size_t a, std::size_t b);
    /// hold() between one server and all others, both ways.
    void isolate(std::size_t server);
    /// The network is whole again: what was held arrives, and connections that lost something are reset.
    void heal();

  private:
    std::unique_ptr<quorum_network> network_;
    std::vector<real_server> servers_;
};

} // namespace kazoo::testkit
