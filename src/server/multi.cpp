// Several operations in one transaction: all or none.
#include "server/processor.hpp"

namespace kazoo::server {

namespace {

bool is_ttl_mode(std::int32_t flags) {
    return flags == proto::create_flags::ttl || flags == proto::create_flags::ttl_sequential;
}

/// Inside a multi a real server decides by the flags what a create of any kind is, and reports it as that.
proto::opcode effective_type(const proto::multi_op& op) {
    std::int32_t flags = 0;
    if (const auto* ttl = std::get_if<proto::create_ttl_request>(&op.body)) {
        if (is_ttl_mode(ttl->flags)) return proto::opcode::create_ttl;
        flags = ttl->flags;
    } else if (const auto* create = std::get_if<proto::create_request>(&op.body)) {
        flags = create->flags;
    } else {
        return op.type;
    }
    return flags == proto::create_flags::container ? proto::opcode::create_container : proto::opcode::create;
}

std::string_view path_of(const proto::multi_op& op) {
    return std::visit([](const auto& body) { return body.path; }, op.body);
}

errc prepare_one(draft& d, const proto::multi_op& op, const author& by) {
    switch (op.type) {
    case proto::opcode::create_ttl: return d.create_ttl(std::get<proto::create_ttl_request>(op.body), by);
    case proto::opcode::remove: return d.remove(std::get<proto::path_version_request>(op.body), by);
    case proto::opcode::check: return d.check(std::get<proto::path_version_request>(op.body), by);
    case proto::opcode::set_data: return d.set_data(std::get<proto::set_data_request>(op.body), by);
    default: break;
    }
    if (const auto* create = std::get_if<proto::create_request>(&op.body))
        return is_ttl_mode(create->flags) ? errc::marshalling_error : d.create(op.type, *create, by);
    const auto& ttl = std::get<proto::create_ttl_request>(op.body);
    return d.create(op.type, {ttl.path, ttl.data, ttl.acl, ttl.flags}, by);
}

void put_error(proto::writer& out, errc e) {
    proto::put_multi_result(out, {.type = proto::opcode::error, .err = static_cast<std::int32_t>(e), .path = {}});
}

proto::multi_result result_of(proto::opcode type, const change& c, const proto::stat& stat) {
    const bool plain = type == proto::opcode::create;
    const bool create = plain || type == proto::opcode::create_container || type == proto::opcode::create_ttl;
    return {.type = create && !plain ? proto::opcode::create2 : type, .path = c.path, .stat = stat};
}

} // namespace

/// The first operation that fails, if any, and why. marshalling_error: the request as a whole makes no sense.
errc processor::prepare_multi(std::string_view body, const author& by, std::vector<proto::multi_op>& ops,
                              std::size_t& failed) {
    proto::reader in(body);
    for (bool more = true; more;) {
        proto::multi_op op;
        if (!proto::get_multi_op(in, op, more)) return errc::marshalling_error;
        if (!more) break;
        if (std::holds_alternative<proto::path_watch_request>(op.body) || proto::is_null(path_of(op)))
            return errc::marshalling_error;
        op.type = effective_type(op);
        ops.push_back(std::move(op));
    }
    draft_.begin(true);
    for (failed = 0; failed < ops.size(); ++failed)
        if (const errc e = prepare_one(draft_, ops[failed], by); e != ok) return e;
    return ok;
}

void processor::multi(const request& r) {
    const transaction txn = database_.next_transaction(r.wall_ms);
    std::vector<proto::multi_op> ops;
    std::size_t failed = 0;
    const errc e = prepare_multi(r.body, {r.from.session, r.from.identities}, ops, failed);
    if (e == errc::marshalling_error) {
        report(r, {}, txn.zxid, e);
        reply(r.from, r.xid, txn.zxid, e);
        return;
    }
    std::vector<proto::stat> stats;
    if (e == ok)
        for (const change& c : draft_.changes()) stats.push_back(database_.apply(c, txn));
    report(r, {}, txn.zxid, e);
    if (!r.from.alive()) return;
    {
        // A failed multi is no error of the request: each operation tells its own.
        proto::frame_writer out(r.from.output());
        out.put(proto::reply_header{r.xid, txn.zxid, 0});
        for (std::size_t i = 0; i < ops.size(); ++i) {
            if (e == ok)
                proto::put_multi_result(out, result_of(ops[i].type, draft_.changes()[i], stats[i]));
            else
                put_error(out, i < failed ? ok : i == failed ? e : errc::runtime_inconsistency);
        }
        proto::put_multi_end(out);
    }
    sent(r.from);
}

} // namespace kazoo::server
