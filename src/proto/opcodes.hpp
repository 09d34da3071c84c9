#pragma once
// Operation codes, reserved xids and flag values of the ZooKeeper protocol, as the server's ZooDefs name them.
#include <cstdint>
#include <limits>

namespace kazoo::proto {

enum class opcode : std::int32_t {
    notification = 0,
    create = 1,
    remove = 2,
    exists = 3,
    get_data = 4,
    set_data = 5,
    get_acl = 6,
    set_acl = 7,
    get_children = 8,
    sync = 9,
    ping = 11,
    get_children2 = 12,
    check = 13, ///< only inside a multi: alone it wedges or confuses some servers
    multi = 14,
    create2 = 15,
    reconfig = 16,
    check_watches = 17,
    remove_watches = 18,
    create_container = 19,
    delete_container = 20, ///< server-internal
    create_ttl = 21,
    multi_read = 22,
    auth = 100,
    set_watches = 101,
    sasl = 102,
    get_ephemerals = 103,
    get_all_children_number = 104,
    set_watches2 = 105,
    add_watch = 106,
    who_am_i = 107,
    create_session = -10, ///< server-internal
    close_session = -11,
    error = -1, ///< only as the type of a failed operation inside a multi reply
};

/// Whether such a request takes a transaction id. Without close_session.
constexpr bool is_write(opcode o) noexcept {
    using enum opcode;
    switch (o) {
    case create:
    case create2:
    case create_container:
    case create_ttl:
    case create_session:
    case remove:
    case delete_container:
    case set_data:
    case set_acl:
    case check:
    case multi:
    case reconfig: return true;
    default: return false;
    }
}

/// xids that users' requests never have.
namespace xid {
inline constexpr std::int32_t notification = -1;
inline constexpr std::int32_t ping = -2;
inline constexpr std::int32_t auth = -4;
inline constexpr std::int32_t set_watches = -8;
/// Requests of the client itself, in the FIFO with the others. Only its own: servers do not care.
inline constexpr std::int32_t own = std::numeric_limits<std::int32_t>::max();
} // namespace xid

/// Wire values of a create request's flags.
namespace create_flags {
inline constexpr std::int32_t persistent = 0;
inline constexpr std::int32_t ephemeral = 1;
inline constexpr std::int32_t sequential = 2;
inline constexpr std::int32_t container = 4;
inline constexpr std::int32_t ttl = 5;
inline constexpr std::int32_t ttl_sequential = 6;
} // namespace create_flags

/// Event types of a notification. The first four travel on the wire.
namespace event {
inline constexpr std::int32_t created = 1;
inline constexpr std::int32_t deleted = 2;
inline constexpr std::int32_t data_changed = 3;
inline constexpr std::int32_t children_changed = 4;
} // namespace event

/// Modes of an addWatch request.
namespace add_watch_mode {
inline constexpr std::int32_t persistent = 0;
inline constexpr std::int32_t persistent_recursive = 1;
} // namespace add_watch_mode

/// Types of a checkWatches or removeWatches request. 4 and 5 are refused with -5 up to server 3.8.
namespace watcher_type {
inline constexpr std::int32_t children = 1;
inline constexpr std::int32_t data = 2;
inline constexpr std::int32_t any = 3;
inline constexpr std::int32_t persistent = 4;
inline constexpr std::int32_t persistent_recursive = 5;
} // namespace watcher_type

inline constexpr std::int32_t any_version = -1;
inline constexpr std::int32_t sync_connected = 3; ///< the only state a notification carries on the wire

} // namespace kazoo::proto
