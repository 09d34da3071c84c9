// Operations that change nodes, each in a transaction of its own.
#include "server/processor.hpp"

namespace kazoo::server {

namespace {

template <class Record> bool decoded(const request& r, Record& record, std::string_view& path) {
    if (!proto::decode(r.body, record)) return false;
    path = record.path;
    return true;
}

} // namespace

/// Decodes and checks; `path` is set as soon as it is known.
errc processor::prepare(const request& r, std::string_view& path) {
    const author by{r.from.session, r.from.identities};
    draft_.begin(false);
    switch (r.type) {
    case proto::opcode::create:
    case proto::opcode::create2:
    case proto::opcode::create_container: {
        proto::create_request q;
        return decoded(r, q, path) ? draft_.create(r.type, q, by) : errc::marshalling_error;
    }
    case proto::opcode::create_ttl: {
        proto::create_ttl_request q;
        return decoded(r, q, path) ? draft_.create_ttl(q, by) : errc::marshalling_error;
    }
    case proto::opcode::remove: {
        proto::path_version_request q;
        return decoded(r, q, path) ? draft_.remove(q, by) : errc::marshalling_error;
    }
    // The server's own: from a client it reads the path at the wrong place, and finds the header there.
    case proto::opcode::delete_container: return errc::bad_arguments;
    case proto::opcode::set_data: {
        proto::set_data_request q;
        return decoded(r, q, path) ? draft_.set_data(q, by) : errc::marshalling_error;
    }
    case proto::opcode::set_acl: {
        proto::set_acl_request q;
        return decoded(r, q, path) ? draft_.set_acl(q, by) : errc::marshalling_error;
    }
    case proto::opcode::check: {
        // It has no reply of its own outside a multi: a real server gets stuck on it.
        proto::path_version_request q;
        const errc e = decoded(r, q, path) ? draft_.check(q, by) : errc::marshalling_error;
        return e == ok ? errc::marshalling_error : e;
    }
    default: return errc::marshalling_error; // create_session: the server's own
    }
}

void processor::write(const request& r) {
    const transaction txn = database_.next_transaction(r.wall_ms);
    std::string_view path;
    const errc e = prepare(r, path);
    if (e != ok) {
        report(r, path, txn.zxid, e);
        reply(r.from, r.xid, txn.zxid, e);
        return;
    }
    const change& c = draft_.changes().front();
    const proto::stat stat = database_.apply(c, txn);
    report(r, c.path, txn.zxid, ok);
    if (!r.from.alive()) return; // its own event was one too many
    switch (r.type) {
    case proto::opcode::create: reply_with(r, c.path); break;
    case proto::opcode::create2:
    case proto::opcode::create_container:
    case proto::opcode::create_ttl: reply_with(r, c.path, stat); break;
    case proto::opcode::set_data:
    case proto::opcode::set_acl: reply_with(r, stat); break;
    default: reply(r.from, r.xid, txn.zxid, ok); break;
    }
}

errc processor::reconfigure(const request& r) {
    proto::reconfig_request q;
    if (!proto::decode(r.body, q)) return errc::marshalling_error;
    report(r, {}, database_.next_transaction(r.wall_ms).zxid, errc::reconfig_disabled);
    return errc::reconfig_disabled;
}

} // namespace kazoo::server
