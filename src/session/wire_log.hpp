#pragma once
// Log lines about frames. They tell what went over the wire, never data, secrets or session passwords.
#include "proto/opcodes.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace kazoo::session {

/// The name of an operation, as in zookeeper.jute; a number if it is unknown.
std::string op_name(proto::opcode);

/// `> getData xid 4 path /a length 15`. `frame` is a whole request frame that starts with a request header.
std::string describe_request(std::string_view frame);

/// `< getData xid 4 length 88 err 0`
std::string describe_reply(proto::opcode, std::int32_t xid, std::size_t length, std::int32_t err);

/// What a server's error code is called.
std::string describe_error(std::int32_t err);

} // namespace kazoo::session
