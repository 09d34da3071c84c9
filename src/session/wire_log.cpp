#include "session/wire_log.hpp"

#include "proto/records.hpp"

#include <kazoo/error.hpp>

namespace kazoo::session {

namespace {

/// Whether the request's body begins with a path.
bool starts_with_path(proto::opcode op) noexcept {
    using enum proto::opcode;
    switch (op) {
    case create:
    case remove:
    case exists:
    case get_data:
    case set_data:
    case get_acl:
    case set_acl:
    case get_children:
    case sync:
    case get_children2:
    case create2:
    case check_watches:
    case remove_watches:
    case create_container:
    case create_ttl:
    case get_ephemerals:
    case get_all_children_number:
    case add_watch: return true;
    default: return false;
    }
}

} // namespace

std::string op_name(proto::opcode op) {
    using enum proto::opcode;
    switch (op) {
    case notification: return "notification";
    case create: return "create";
    case remove: return "delete";
    case exists: return "exists";
    case get_data: return "getData";
    case set_data: return "setData";
    case get_acl: return "getACL";
    case set_acl: return "setACL";
    case get_children: return "getChildren";
    case sync: return "sync";
    case ping: return "ping";
    case get_children2: return "getChildren2";
    case check: return "check";
    case multi: return "multi";
    case create2: return "create2";
    case reconfig: return "reconfig";
    case check_watches: return "checkWatches";
    case remove_watches: return "removeWatches";
    case create_container: return "createContainer";
    case create_ttl: return "createTTL";
    case multi_read: return "multiRead";
    case auth: return "auth";
    case set_watches: return "setWatches";
    case sasl: return "sasl";
    case get_ephemerals: return "getEphemerals";
    case get_all_children_number: return "getAllChildrenNumber";
    case set_watches2: return "setWatches2";
    case add_watch: return "addWatch";
    case who_am_i: return "whoAmI";
    case close_session: return "closeSession";
    default: return "op " + std::to_string(static_cast<std::int32_t>(op));
    }
}

std::string describe_request(std::string_view frame) {
    proto::reader in(frame.substr(4));
    proto::request_header header;
    in.get(header);
    const auto op = static_cast<proto::opcode>(header.type);
    std::string line = "> " + op_name(op) + " xid " + std::to_string(header.xid);
    if (starts_with_path(op)) {
        std::string_view path;
        in.get(path);
        if (in.ok()) line.append(" path ").append(path);
    }
    return line + " length " + std::to_string(frame.size() - 4);
}

std::string describe_reply(proto::opcode op, std::int32_t xid, std::size_t length, std::int32_t err) {
    return "< " + op_name(op) + " xid " + std::to_string(xid) + " length " + std::to_string(length) + " err " +
           std::to_string(err);
}

std::string describe_error(std::int32_t err) { return make_error_code(errc{err}).message(); }

} // namespace kazoo::session
