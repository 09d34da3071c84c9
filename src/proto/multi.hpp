#pragma once
// The framing of multi and multiRead: a list of {header, record}, ended by a header with done = true.
#include "proto/records.hpp"

#include <variant>

namespace kazoo::proto {

/// One operation of a multi (create*, delete, setData, check) or multiRead (getData, getChildren) request.
struct multi_op {
    opcode type = opcode::error;
    std::variant<create_request, create_ttl_request, path_version_request, set_data_request, path_watch_request> body;
};

/// One result. `type` is what the server sent: 3.8 answers create2 with type create (and ZOOKEEPER-4026 adds a bogus
/// Stat in some releases), so parse by the received type, never by the one sent.
struct multi_result {
    opcode type = opcode::error;
    std::int32_t err = 0;                   ///< set when type is error
    std::string_view path;                  ///< create, create2
    proto::stat stat;                       ///< create2, setData, getData
    std::string_view data;                  ///< getData
    std::vector<std::string_view> children; ///< getChildren
};

void put_multi_op(writer& out, const multi_op& op);
void put_multi_result(writer& out, const multi_result& result);
inline void put_multi_end(writer& out) { out.put(multi_header{}); }

/// `more` becomes false at the terminator. Returns false on malformed input or an
/// operation type that multi does not know (`op.type` then tells which).
bool get_multi_op(reader& in, multi_op& op, bool& more);
bool get_multi_result(reader& in, multi_result& result, bool& more);

} // namespace kazoo::proto
