#pragma once
// The client's side of the protocol as one object: facts and time go in, bytes and orders come out.
// No socket, clock, thread, lock or randomness of its own.
#include "session/certainty.hpp"
#include "session/counters.hpp"
#include "session/host_list.hpp"
#include "session/request.hpp"
#include "session/watcher.hpp"
#include "util/clock.hpp"
#include "util/endpoint.hpp"
#include "util/sasl_step.hpp"

#include <kazoo/log.hpp>
#include <kazoo/retry.hpp>
#include <kazoo/types.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>
#include <vector>

namespace kazoo::session {

struct identity {
    session_id id = session_id::none;
    std::array<char, 16> password{};
    std::chrono::milliseconds negotiated_timeout{0};
    bool read_only = false;
};

struct config {
    host_spec hosts;
    std::chrono::milliseconds timeout{10'000};
    bool randomize_hosts = true;
    bool read_only = false;
    retry_policy reconnect{};
    std::size_t max_reply_bytes = 64u << 20;
    bool sasl = false;       ///< each connection is authenticated before anything else
    duration server_tick{0}; ///< if the servers allow sessions shorter than two of their ticks; else zero
    std::uint64_t seed = 0;  ///< for the host order and the jitter
    log_level log_threshold = log_level::off;
    std::optional<identity> resume{}; ///< a session to go on with
    std::shared_ptr<counters> count = std::make_shared<counters>();
};

/// A credential waiting for the server's verdict. Stored, and sent again on every connection, only once accepted (C13).
class credential {
  public:
    std::string scheme, secret;
    /// A refusal ends the client (session_state::auth_failed), as it does for a stored one.
    bool required = false;
    virtual void on_accepted() noexcept = 0;
    virtual void on_refused(errc) noexcept = 0;

  protected:
    virtual ~credential() = default;
};

/// How a session was lost.
struct session_loss {
    errc reason;       ///< session_expired or auth_failed
    bool write_failed; ///< a write that was handed over failed with it
};

/// What the session tells its owner, in protocol order. Called from inside the fact functions; the owner must not call
/// the session back from there (it may hand over requests or call forget() afterwards).
class observer {
  public:
    /// The state changed. On a drop every affected request has completed before; on an established session `identity()`
    /// is already the new one, credentials and watches are in force.
    virtual void on_state(session_state state) noexcept = 0;
    /// The connection dropped before these were sent: put them back ahead of everything that waits.
    virtual void on_unsent(request_list& requests, std::string_view frames) noexcept = 0;
    /// A write was lost with the connection: everything that waits must fail as connection_loss, not applied, or a
    /// later write could land without an earlier one.
    virtual void on_write_lost() noexcept = 0;
    /// A server has refused to know us, and that is the end: the cause, in the words of last_failures(). What fails
    /// with it comes after this.
    virtual void on_refused(std::string_view why) noexcept = 0;
    /// The session is over: what waits must fail with the reason, not applied, unless it may wait for the next session.
    /// on_state(lost), or on_state(auth_failed) if that is the reason, follows.
    virtual void on_session_lost(const session_loss&) noexcept = 0;
    /// The session is not certain any more: certain_until() has come without a renewal, or the session is over (then
    /// this comes before everything else).
    virtual void on_certainty_over() noexcept = 0;
    virtual void on_log(log_level level, std::string_view line) noexcept = 0;

  protected:
    ~observer() = default;
};

// -- orders -----------------------------------------------------------------------------------------------------------

/// Look this name up and answer with on_resolved() or on_resolve_failed(), however late. One at a time for each name.
struct resolve_order {
    std::string host;
};
/// Open a connection, beside others that are being opened, and answer with on_connected() or on_closed().
struct connect_order {
    std::uint64_t connection = 0; ///< a number of its own
    util::endpoint to;
};
/// Send this four-letter word over this connection, which is open, and answer with on_answer() or on_closed().
struct ask_order {
    std::uint64_t connection = 0;
    std::string word;
};
/// This connection, which is open, carries the session's bytes from now on, until it is closed. One at a time.
struct use_order {
    std::uint64_t connection = 0;
};
/// Close the connection, or give up opening it. No answer is expected.
struct disconnect_order {
    std::uint64_t connection = 0;
    std::string last_words; ///< to be written before, if the socket takes them; only on the one that is used
};
/// Take the next step of an authentication and answer with on_sasl(), however late. One at a time for each connection;
/// what is under way may be given up with it.
struct sasl_order {
    std::uint64_t connection = 0;
    util::endpoint server;
    bool first = true; ///< it begins: the server has said nothing yet
    std::string said;  ///< by the server
};
using order =
    std::variant<std::monostate, resolve_order, connect_order, ask_order, use_order, sasl_order, disconnect_order>;

class session {
  public:
    session(config, observer&);
    ~session();
    session(const session&) = delete;
    session& operator=(const session&) = delete;

    // -- facts: each runs due timers first, then takes the fact in (on_written: the other way round) ----------------
    void start(time_point now);
    void on_resolved(std::string_view host, std::vector<std::string> addresses, time_point now);
    void on_resolve_failed(std::string_view host, std::error_code, time_point now);
    void on_connected(std::uint64_t connection, time_point now);
    /// The connection could not be opened, broke, or was closed by the peer (an empty code). `why`: what is known
    /// beyond the code.
    void on_closed(std::uint64_t connection, std::error_code, time_point now, std::string_view why = {});
    /// What came back to a word: all of it, or what is enough of it.
    void on_answer(std::uint64_t connection, std::string_view answer, time_point now);
    /// The answer to a sasl_order.
    void on_sasl(std::uint64_t connection, util::sasl_step, time_point now);
    /// `n` bytes were put into read_space().
    void on_read(std::size_t n, time_point now);
    /// The socket took `n` bytes of output(); `now` was read before the call that wrote them.
    void on_written(std::size_t n, time_point now);
    void on_time(time_point now);
    /// Everything that had come by `until` was handed over with on_read(). Only this fact lets a peer be judged for its
    /// silence: after a sleep, its answer may wait in the socket. To be told when deadline() is still due after
    /// on_time().
    void on_all_read(time_point until, time_point now);

    // -- work from the client ----------------------------------------------------------------------------------------
    /// Whether submit() may be called: connected, authenticated, watches restored, the last batch written, and the
    /// server keeps up.
    bool accepts_requests() const noexcept;
    /// Takes requests and their encoded frames over (both are empty afterwards); no more than batch_limit at a time.
    void submit(request_list& requests, std::string& frames);
    void set_log_threshold(log_level);
    /// The list is another one from now on. A session may leave its server for that, also if that is still in the list
    /// (rebalancing.hpp); what was submitted is answered first.
    void set_hosts(std::vector<host_port>, time_point now);
    /// These servers as the list of hosts names them; nothing if that cannot be said (host_round.hpp).
    std::optional<std::vector<host_port>> named(const std::vector<host_port>& servers) const;
    void add_credential(std::shared_ptr<credential>);
    /// It is not sent again. One that waits for a verdict is refused: errc::cancelled.
    void remove_credential(std::string_view scheme, std::string_view secret);
    /// A watcher's holder gave up. It leaves the table, if it is there (watcher::registered()), and the server is told
    /// where that is safe.
    void forget(watcher&);
    /// Gives the memory back that a burst needed. To be called when nothing is pending.
    void give_back() noexcept;
    /// Ends the session after everything that was submitted: sends closeSession, waits for the answer, then the state
    /// is closed. The owner calls abort() when that takes too long.
    void close(time_point now);
    /// Closes at once: fails everything with `closed`; the state is closed.
    void abort(time_point now);
    /// Says whether somebody needs certain_until(), which costs the servers a transaction every third of the timeout.
    void want_certainty(bool on, time_point now);
    /// A node of ours that may be checked if the root node may not be read. Withdraw it when it goes.
    certainty::offered_node offer_node(std::string absolute_path, time_point now);
    void withdraw_node(certainty::offered_node) noexcept;
    /// The session is over for us although no server said so; as if its lease had ended.
    void expire(time_point now);

    // -- orders and bytes out ----------------------------------------------------------------------------------------
    order next_order();
    std::string_view output() const noexcept;
    std::span<char> read_space();
    /// Call on_time() no later than this, and on_all_read() if it is due after that.
    time_point deadline() const noexcept;

    // -- what is known -----------------------------------------------------------------------------------------------
    session_state state() const noexcept;
    const kazoo::session::identity& identity() const noexcept;
    /// When the session is over for us, if no server answers until then; never if there is no session. A server that
    /// has lost its leader prolongs this too, so it does not say that the session lives.
    time_point lease_end() const noexcept;
    /// The session certainly lives at the servers until then, see certainty.hpp; the beginning of time if nothing is
    /// certain. Renewed while it is wanted.
    time_point certain_until() const noexcept;
    /// Whether it can never be certain, because there is no node that we may read.
    bool certainty_not_permitted() const noexcept;
    /// Whether certainty will last, because the next renewal can be expected in time.
    bool certainty_lasts(time_point now) const noexcept;
    /// Why the last attempt at each address failed, newest round: `10.0.0.1:2181: connection refused; …`.
    std::string last_failures() const;
    /// What is being tried now, and since when; nothing while nothing is, or if last_failures() has this address
    /// already.
    struct attempt {
        std::string what; ///< `10.0.0.1:2181: connected, but no answer to the handshake`
        time_point since{};
    };
    attempt present_attempt() const;
    /// Whether each address said no in the last round through all of them, and there was no connection since.
    bool refused() const noexcept;
    std::size_t pending() const noexcept;         ///< requests handed over and not completed
    std::size_t watches() const noexcept;         ///< watchers registered
    std::uint64_t events() const noexcept;        ///< that watchers were told
    std::size_t buffer_capacity() const noexcept; ///< of the buffers for bytes in and out

  private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

} // namespace kazoo::session
