#pragma once
// What the members of an ensemble tell each other.
#include "server/acl.hpp"
#include "server/connection.hpp"

#include <kazoo/error.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kazoo::server {

using member_id = std::size_t;

/// A change in the order that the leader gives them. All members execute the same ones in that order and so have the
/// same nodes. (Real ones carry results instead of requests: it makes no difference to who looks from outside.)
struct log_entry {
    std::int64_t session = 0;
    std::int32_t xid = 0; ///< 0: no request, the leader's own doing
    proto::opcode type{};
    std::string body;
    std::int32_t timeout_ms = 0; ///< of a new session
    std::string address;
    identity_set identities;
    std::int64_t wall_ms = 0;
    errc refused{}; ///< the leader does not let this session write here
    member_id from = 0;
    connection_id connection{}; ///< whose reply it is
};
using log_pointer = std::shared_ptr<const log_entry>;

/// On a channel between a leader and a follower messages arrive in their order, or the channel is over.
struct message {
    enum class kind : std::uint8_t {
        request,    ///< to the leader: a client's write
        sync,       ///< to the leader, and back behind what was changed before
        revalidate, ///< to the leader: a client is back with its session. And back, with the verdict
        proposal,   ///< to a follower: next in the log
        ack,        ///< to the leader: the log up to here is on my disk
        commit,     ///< to a follower: so many of the log are decided
        ping,       ///< to a follower. And back, with the sessions that it has heard of
        goodbye     ///< the channel is over
    } what{};
    std::uint64_t channel = 0;
    log_pointer entry;
    std::size_t position = 0; ///< in the log, counted from 1
    std::int64_t session = 0;
    std::int32_t timeout_ms = 0;
    connection_id connection{};
    bool valid = false;
    std::vector<std::pair<std::int64_t, std::int32_t>> touches; ///< sessions and their timeouts
};

struct sent_message {
    member_id from, to;
    message what;
};

} // namespace kazoo::server
