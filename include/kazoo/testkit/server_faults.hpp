#pragma once
// Faults that `server` carries out on requests, as a test orders them, and what it tells of its sessions.
#include <kazoo/error.hpp>
#include <kazoo/types.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace kazoo::testkit {

/// A kind of request, as a fault names it.
enum class request_kind : std::uint8_t {
    any,            ///< whatever a caller asks for; not the five kinds at the end, which come when the client likes
    create,         ///< of every mode
    remove,         ///< of one node
    exists,         ///< whether a node is there
    get,            ///< data
    set,            ///< data
    get_children,   ///< names, with metadata or without
    get_acl,        ///< who may do what
    set_acl,        ///< the same
    sync,           ///< catch up with the leader
    transaction,    ///< a multi; its paths are those of its operations
    add_watch,      ///< a persistent or recursive one
    remove_watches, ///< of a path
    close_session,  ///< by its client
    connect, ///< the handshake, for a new session or an old one; the server waits ten seconds for it, a hold included
    ping,    ///< a sign of life
    auth,    ///< credentials
    set_watches, ///< watches that are set again on a new connection
    sasl,        ///< a step of a dialogue
};

/// Something that happens to a request instead of its just being served.
struct fault {
    /// What it is. Made by the functions below.
    enum class kind : std::uint8_t {
        cut_before,  ///< see the function of this name
        cut_after,   ///< see the function of this name
        hold_before, ///< see the function of this name
        hold_after,  ///< see the function of this name
        expire,      ///< see the function of this name
        move,        ///< see the function of this name
        answer,      ///< see the function of this name
        unknown      ///< see the function of this name
    };
    kind what{};                       ///< what it is
    std::chrono::milliseconds time{0}; ///< of a hold
    errc error{};                      ///< of an answer

    /// Until release(): for the time of a hold.
    static constexpr std::chrono::milliseconds until_released = std::chrono::milliseconds::max();

    /// The request is not applied, and its connection ends. Earlier answers still arrive.
    static constexpr fault cut_before() noexcept { return {kind::cut_before, {}, {}}; }
    /// The request is applied, and its connection ends without an answer to it. Earlier answers still arrive.
    static constexpr fault cut_after() noexcept { return {kind::cut_after, {}, {}}; }
    /// Neither this request nor what its connection sends behind it, pings included, is looked at for so long.
    static constexpr fault hold_before(std::chrono::milliseconds time = until_released) noexcept {
        return {kind::hold_before, time, {}};
    }
    /// The request is applied; then nothing leaves on its connection, and nothing more is looked at, for so long.
    static constexpr fault hold_after(std::chrono::milliseconds time = until_released) noexcept {
        return {kind::hold_after, time, {}};
    }
    /// The session's time is over as the request comes; it is not applied.
    static constexpr fault expire() noexcept { return {kind::expire, {}, {}}; }
    /// Somebody else has come with the session as the request comes: its connection ends, and it is not applied.
    static constexpr fault move() noexcept { return {kind::move, {}, {}}; }
    /// The request is not applied, and answered with this error.
    static constexpr fault answer(errc error) noexcept { return {kind::answer, {}, error}; }
    /// The server does not know such requests: it answers errc::unimplemented and ends the connection, as older ones
    /// do.
    static constexpr fault unknown() noexcept { return {kind::unknown, {}, {}}; }
};

/// Which requests a fault is for. Plain data with defaults: the next request that a caller makes.
struct fault_target {
    request_kind what = request_kind::any; ///< the kind
    std::string path{};                    ///< as the server sees it; "/a/*" is all that begin with "/a/"; empty: all
    session_id session = session_id::none; ///< whose requests; none: everybody's
    std::size_t skip = 0;                  ///< so many of these are let pass before
    std::size_t times = 1;                 ///< so many are hit; 0: all, until the fault is taken back
};

/// How likely faults are for a request that a caller makes, each from 0 to 1, together at most 1.
struct fault_odds {
    double cut_before = 0;                     ///< see fault
    double cut_after = 0;                      ///< see fault
    double hold = 0;                           ///< before or after, as chance decides
    double expire = 0;                         ///< see fault
    std::chrono::milliseconds longest_hold{0}; ///< holds take any time up to it
};

/// Names an order that was given to a server.
enum class fault_id : std::uint64_t {
};

/// Something that a session waits for.
struct watch_facts {
    /// How it was set.
    enum class kind : std::uint8_t {
        data,       ///< once, by reading data or metadata
        children,   ///< once, by reading names
        persistent, ///< by addWatch
        recursive   ///< by addWatch
    };
    std::string path; ///< as the server sees it
    kind what{};      ///< how
    /// Whether everything is equal.
    friend bool operator==(const watch_facts&, const watch_facts&) = default;
};

/// What a server knows of one session.
struct session_facts {
    session_id id = session_id::none;     ///< whose
    std::chrono::milliseconds timeout{0}; ///< as agreed when it was opened
    bool connected = false;               ///< somebody speaks for it now
    std::vector<std::string> ephemerals;  ///< its nodes, sorted
    std::vector<watch_facts> watches;     ///< of its connection, sorted by path
};

} // namespace kazoo::testkit
