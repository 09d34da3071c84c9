#include "proto/multi.hpp"

namespace kazoo::proto {

void put_multi_op(writer& out, const multi_op& op) {
    out.put(multi_header{static_cast<std::int32_t>(op.type), false, -1});
    std::visit([&](const auto& body) { out.put(body); }, op.body);
}

void put_multi_result(writer& out, const multi_result& result) {
    const bool failed = result.type == opcode::error;
    out.put(multi_header{static_cast<std::int32_t>(result.type), false, failed ? result.err : 0});
    switch (result.type) {
    case opcode::error: out.put(result.err); break;
    case opcode::create: out.put(result.path); break;
    case opcode::create2:
    case opcode::create_container:
    case opcode::create_ttl: out.put(path_stat_reply{result.path, result.stat}); break;
    case opcode::set_data: out.put(result.stat); break;
    case opcode::get_data: out.put(data_reply{result.data, result.stat}); break;
    case opcode::get_children: out.put(result.children); break;
    default: break; // delete and check answer with the header alone
    }
}

namespace {

template <class Body> void get_body(reader& in, multi_op& op) {
    Body body;
    in.get(body);
    op.body = std::move(body);
}

bool get_header(reader& in, multi_header& header, bool& more) {
    in.get(header);
    more = in.ok() && !header.done;
    return in.ok();
}

} // namespace

bool get_multi_op(reader& in, multi_op& op, bool& more) {
    multi_header header;
    if (!get_header(in, header, more)) return false;
    if (!more) return true;
    op.type = static_cast<opcode>(header.type);
    switch (op.type) {
    case opcode::create:
    case opcode::create2:
    case opcode::create_container: get_body<create_request>(in, op); break;
    case opcode::create_ttl: get_body<create_ttl_request>(in, op); break;
    case opcode::remove:
    case opcode::check: get_body<path_version_request>(in, op); break;
    case opcode::set_data: get_body<set_data_request>(in, op); break;
    case opcode::get_data:
    case opcode::get_children: get_body<path_watch_request>(in, op); break;
    default: return false;
    }
    return in.ok();
}

bool get_multi_result(reader& in, multi_result& result, bool& more) {
    multi_header header;
    if (!get_header(in, header, more)) return false;
    if (!more) return true;
    result = multi_result{};
    result.type = static_cast<opcode>(header.type);
    switch (result.type) {
    case opcode::error: in.get(result.err); break;
    case opcode::create: in.get(result.path); break;
    case opcode::create2:
    case opcode::create_container:
    case opcode::create_ttl:
        in.get(result.path);
        in.get(result.stat);
        break;
    case opcode::set_data: in.get(result.stat); break;
    case opcode::get_data:
        in.get(result.data);
        in.get(result.stat);
        break;
    case opcode::get_children: in.get(result.children); break;
    case opcode::remove:
    case opcode::check: break;
    default: return false;
    }
    return in.ok();
}

} // namespace kazoo::proto
