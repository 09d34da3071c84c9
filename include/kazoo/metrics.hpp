#pragma once
// What a client has done so far, in numbers, and hooks for tracing each operation.
#include <kazoo/error.hpp>
#include <kazoo/export.hpp>
#include <kazoo/types.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo {

/// How long something took, sorted into ranges that double: bucket 0 has what took up to 1 µs, bucket i what took up to
/// 2^i µs and more than bucket i-1, the last one all that took longer than 67 s.
struct KAZOO_EXPORT duration_histogram {
    static constexpr std::size_t size = 28; ///< buckets

    std::array<std::uint64_t, size> counts{}; ///< of each bucket alone
    std::chrono::nanoseconds sum{0};          ///< of all

    /// What the bucket goes up to; nanoseconds::max() for the last one.
    static std::chrono::nanoseconds upper_bound(std::size_t bucket) noexcept;
    /// Of all.
    std::uint64_t count() const noexcept;
    /// The upper bound of the bucket with the value below which `share` (0 to 1) of them lie; zero if there are none.
    std::chrono::nanoseconds quantile(double share) const noexcept;
    /// Whether all numbers are equal.
    friend bool operator==(const duration_histogram&, const duration_histogram&) = default;
};

/// Requests of one kind that have ended: each is counted once, when its caller is told. What takes several requests
/// counts as these. Requests of the client itself (pings, setWatches) are not counted.
struct operation_metrics {
    /// The request: "get", "create", "transaction". Calls that send the same request share it: watch, get_config and
    /// watch_config are "get".
    std::string name;
    std::uint64_t succeeded = 0;      ///< had a value
    std::uint64_t failed = 0;         ///< had an error, from a server or not
    std::uint64_t bytes_sent = 0;     ///< of those that a server has answered, unless above max_reply_bytes
    std::uint64_t bytes_received = 0; ///< of these answers
    /// Whether everything is equal.
    friend bool operator==(const operation_metrics&, const operation_metrics&) = default;
};

/// How often an error was told.
struct error_metrics {
    errc code{};             ///< as the caller got it
    std::uint64_t count = 0; ///< callers
    /// Whether everything is equal.
    friend bool operator==(const error_metrics&, const error_metrics&) = default;
};

/// Why an established connection ended.
enum class disconnect : std::uint8_t {
    closed_by_server,   ///< an orderly end
    network_error,      ///< such as a reset; or lack of memory for its bytes
    silence,            ///< the server answered nothing for too long
    protocol_violation, ///< it sent what makes no sense
    left,               ///< by us: it refused credentials or watches, or does not know an operation
    session_over        ///< it said so, or the session's time was over
};
/// Its name: "closed_by_server".
KAZOO_EXPORT std::string_view to_string(disconnect) noexcept;
/// Prints to_string() of it.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, disconnect);

/// A snapshot of one client's numbers. Counts are since the client was made and only grow; each is right by itself, but
/// they are read one after the other, while the client goes on.
struct KAZOO_EXPORT client_metrics {
    static constexpr std::size_t disconnects_size = 6; ///< enumerators of disconnect

    std::vector<operation_metrics> operations; ///< the kinds that were used
    std::vector<error_metrics> errors;         ///< the codes that were told
    std::uint64_t other_errors = 0;            ///< of foreign categories, such as lack of memory
    /// From the call until the request was handed to the connection. Of one request at a time: the next is timed when
    /// that one has left the queue.
    duration_histogram queue_wait;
    /// From handing a request to the socket until its answer was taken from it: of each answer, also of what the client
    /// asks in the FIFO for itself (closing, certainty).
    duration_histogram round_trip;
    std::uint64_t bytes_sent = 0;     ///< through connections, everything included
    std::uint64_t bytes_received = 0; ///< the same, the other way
    std::size_t waiting = 0;          ///< requests in the queue now
    std::size_t in_flight = 0;        ///< requests handed to the connection and not ended now

    std::uint64_t connections = 0;                             ///< on which a session was opened or resumed
    std::uint64_t failed_attempts = 0;                         ///< at opening one
    std::array<std::uint64_t, disconnects_size> disconnects{}; ///< connections that ended; see count()
    std::uint64_t sessions = 0;                                ///< that were opened or taken over
    std::uint64_t sessions_lost = 0;                           ///< that were over before we closed them
    std::size_t watches = 0;                                   ///< one-shots and streams registered now
    std::uint64_t events = 0;                                  ///< told to watches, gaps included

    session_state state = session_state::connecting; ///< now
    std::chrono::nanoseconds in_state{0};            ///< for so long

    /// Connections that ended so.
    std::uint64_t count(disconnect d) const noexcept { return disconnects[static_cast<std::size_t>(d)]; }
};
/// One line of the most important numbers.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, const client_metrics&);

/// An operation that begins.
struct traced_operation {
    std::string_view name; ///< as in the texts of errors
    std::string_view path; ///< as its caller gave it; empty if it has none. Both are valid during the call
};

/// How an operation ended.
struct traced_end {
    std::error_code code; ///< empty: it has a value
    /// As its caller is told. Without a code it means nothing: what succeeded is applied.
    kazoo::outcome outcome = kazoo::outcome::not_applied;
    std::size_t bytes_sent = 0;     ///< of the request, once a server has answered it
    std::size_t bytes_received = 0; ///< of the answer
};

/// Hears of each request's beginning and end, once each: for spans of a tracing library, or for a metric that
/// client_metrics does not have. What takes several requests is heard of as these.
class KAZOO_EXPORT operation_tracer {
  public:
    virtual ~operation_tracer() = default;
    /// On the thread that asks, before anything is sent; what the thread has as its own (a current span) is that of the
    /// caller. What it returns is given to ended(). What it throws is logged, and counts as 0.
    virtual std::uint64_t begun(const traced_operation&) = 0;
    /// On any thread, mostly the client's loop, before the caller is told. Must be quick, must not block and must not
    /// use the client. What it throws is logged.
    virtual void ended(std::uint64_t what_begun_returned, const traced_end&) = 0;
};

} // namespace kazoo
