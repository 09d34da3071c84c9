#pragma once
// The first frame in each direction of a connection.
#include "session/session.hpp"

#include <string>
#include <string_view>

namespace kazoo::session {

enum class connect_verdict : std::uint8_t {
    granted,   ///< `who` is the session
    over,      ///< timeout 0: the session that was asked for is gone
    refused,   ///< by a server that cannot serve us; `err` is its reason
    unreadable ///< not an answer to a connect request
};

struct connect_answer {
    connect_verdict verdict = connect_verdict::unreadable;
    identity who;
    std::int32_t err = 0;
};

/// Asks for the session `wanted`, or a new one if that is none.
void put_connect(std::string& out, const identity& wanted, std::int64_t last_zxid, std::chrono::milliseconds timeout,
                 bool read_only);

/// A server's first frame, without its length.
connect_answer read_connect_answer(std::string_view payload);

} // namespace kazoo::session
