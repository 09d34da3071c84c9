#pragma once
// What a client can be told when it is made.
#include <kazoo/export.hpp>
#include <kazoo/log.hpp>
#include <kazoo/metrics.hpp>
#include <kazoo/retry.hpp>
#include <kazoo/sasl.hpp>
#include <kazoo/time_limit.hpp>
#include <kazoo/tls.hpp>
#include <kazoo/types.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo {

class event_loop;
class executor;

/// A credential for one scheme, such as {"digest", "user:password"}.
struct credential {
    std::string scheme; ///< as the servers name it
    std::string secret; ///< what the scheme wants to see; never in a log line
};

/// A session that nobody holds at the moment: what client::detach() gives, and client_options::resume takes, in this
/// process or another one. Who has it can take the session over.
struct session_ticket {
    session_id id = session_id::none;                ///< none: no session
    std::array<char, 16> password{};                 ///< what the servers want to see; never in a log line
    std::chrono::milliseconds negotiated_timeout{0}; ///< the servers end the session so long after it was left
};
/// Prints id and timeout.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, const session_ticket&);
/// The scheme, never the secret: "digest:***".
KAZOO_EXPORT std::string to_string(const credential&);
/// Prints to_string() of it: never the secret.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, const credential&);

/// What may wait on when a session is over, to be sent in the next one. It was not sent before, so it is done once.
enum class carry_over : std::uint8_t {
    nothing,         ///< all that waits fails with errc::session_expired
    reads,           ///< reads, syncs and watches wait on; writes fail
    reads_and_writes ///< writes too, but none behind one that failed, and nothing that makes an ephemeral node
};
/// Its name: "reads_and_writes".
KAZOO_EXPORT std::string_view to_string(carry_over) noexcept;
/// Prints to_string() of it.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, carry_over);

/// Plain data with defaults. Checked once, by the constructor of client, which throws kazoo::error for a value that
/// makes no sense.
struct client_options {
    /// How long the servers keep the session without hearing from us. They may clamp it (2 to 20 of their ticks);
    /// client::negotiated_timeout() tells. Must be positive; without limit (hours::max()) it is what the servers allow.
    time_limit session_timeout = std::chrono::seconds(10);
    /// The tick of the servers, if they allow sessions shorter than two of them (minSessionTimeout); otherwise zero, as
    /// everything below is.
    /// What says that something is certainly ours needs it. session_timeout must be one and a half of it at least.
    time_limit server_tick = std::chrono::nanoseconds(0);
    /// Limit of the blocking calls, time without a connection included. hours::max(), like anything from 50 years on,
    /// is no limit; zero and less does not wait.
    time_limit operation_timeout = std::chrono::seconds(30);
    /// Limit of close() as long as there is a connection: to send what is queued and to end the session.
    /// hours::max() is no limit; zero and less does not wait.
    time_limit close_timeout = std::chrono::seconds(5);
    /// Try the hosts in random order. Off: in the order given.
    bool randomize_hosts = true;
    /// When the ensemble is reconfigured while the client runs, its new members become the client's hosts, as by
    /// client::set_hosts(). Hosts keep the names that they were given where these lead to a member's address, and the
    /// chroot stays. By TLS a member is reached at the port that all hosts have, as the configuration has none for TLS.
    /// Costs a read and a watch. Not followed, with a warning in the log, is what does not say where clients connect (a
    /// client port for each member), or cannot be read. Off for clients that reach the servers at other addresses
    /// than these know of themselves: behind a proxy, a socket or a mapped port.
    bool follow_config = false;
    /// Accept a server that lost its quorum, as session_state::connected_read_only. The other hosts are asked
    /// meanwhile, and the client moves to one that has a quorum; a session that only servers without one have known is
    /// lost by that.
    bool read_only = false;
    /// Every host but Unix-domain sockets is reached by TLS, with these settings. Empty: only those that are written
    /// `tls://host:port`, with the defaults of tls_options.
    std::optional<tls_options> tls{};
    /// How every connection is authenticated by SASL, ahead of the credentials. Empty: not at all.
    std::optional<sasl_options> sasl{};
    /// Sent to every server, in this order, before anything else. Refused: session_state::auth_failed.
    std::vector<credential> credentials{};
    /// Go on with this session instead of beginning one. If the servers do not know it any more, a new one is begun:
    /// client::session_id() tells. Watches and credentials are not part of it. Whoever still holds the session loses
    /// the connection (session_state::suspended), and takes the session back when it reconnects.
    session_ticket resume{};
    /// What waits for a connection when the session ends, and outlives it. Reads in flight then fail with
    /// errc::connection_loss, which blocking calls repeat. What belongs to one session, as the requests of locks and of
    /// protected creates do, never outlives it. A new session may begin at a server that is behind: what is read there
    /// may be older than what was seen in the last one; async_sync() ahead of a read rules that out.
    carry_over carried_over = carry_over::reads;
    /// The pause between two rounds through all addresses.
    retry_policy reconnect{};
    /// Requests that may wait for a connection or for the socket; one more fails with errc::queue_full.
    std::size_t max_waiting_requests = 1'000'000;
    /// Bytes of requests that may wait so; one that would make more of them fails with errc::queue_full too. If nothing
    /// waits, one request may be longer than this (as long as max_request_bytes allows). What a dropped connection puts
    /// back into the queue may go beyond both limits: nothing is lost, but nothing is added either.
    std::size_t max_waiting_bytes = 64u << 20;
    /// The longest request that is sent, in bytes. The server's own limit (jute.maxbuffer) is 1 MiB by default, and it
    /// answers a longer one by closing the connection.
    std::size_t max_request_bytes = 1'048'575;
    /// The longest reply that is accepted. A longer one fails its operation with errc::too_large and is skipped.
    std::size_t max_reply_bytes = 64u << 20;
    /// What the client is called in its log lines. Empty: by its session's id; before it has one, by its first host.
    std::string name{};
    /// Where log lines go, until the last handle of the client is gone.
    log_sink log{};
    /// Hears of each request's beginning and end. It lives as long as the client and all futures of its operations.
    std::shared_ptr<operation_tracer> tracer{};
    /// The loop that runs this client; several may share one. Empty: a loop of its own.
    std::shared_ptr<kazoo::event_loop> loop{};
    /// Where watch callbacks, listeners, continuations and user coroutines run. Empty: one thread per loop.
    /// kazoo::inline_executor(): the loop's thread.
    std::shared_ptr<kazoo::executor> callback_executor{};
};

} // namespace kazoo
