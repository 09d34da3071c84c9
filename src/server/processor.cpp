#include "server/processor.hpp"

namespace kazoo::server {

processor::processor(const config& c, database& d, observer* o)
    : config_(c), database_(d), observer_(o), draft_(d.nodes(), c.extended_types, c.certificates) {}

void processor::process(const request& r) {
    const errc e = dispatch(r);
    if (e != ok && r.from.alive()) reply(r.from, r.xid, database_.zxid(), e);
}

errc processor::dispatch(const request& r) {
    using op = proto::opcode;
    const bool to_leader = proto::is_write(r.type) || r.type == op::sync || r.type == op::reconfig;
    if (read_only && to_leader) return errc::not_read_only;
    switch (r.type) {
    case op::ping: reply(r.from, proto::xid::ping, database_.zxid(), ok); return ok;
    case op::exists: return exists(r);
    case op::get_data: return get_data(r);
    case op::get_acl: return get_acl(r);
    case op::get_children:
    case op::get_children2: return get_children(r);
    case op::get_all_children_number: return count_children(r);
    case op::get_ephemerals: return get_ephemerals(r);
    case op::who_am_i: return who_am_i(r);
    case op::multi_read: return multi_read(r);
    case op::sync: return sync(r);
    case op::set_watches:
    case op::set_watches2: return set_watches(r);
    case op::add_watch: return add_watch(r);
    case op::check_watches: return check_watches(r);
    case op::remove_watches: return remove_watches(r);
    case op::create:
    case op::create2:
    case op::create_container:
    case op::create_ttl:
    case op::remove:
    case op::delete_container:
    case op::set_data:
    case op::set_acl:
    case op::check:
    case op::create_session: write(r); return ok;
    case op::multi: multi(r); return ok;
    case op::reconfig: return reconfigure(r);
    case op::auth: authenticate(r); return ok;
    case op::sasl: answer_sasl(r); return ok;
    case op::notification:
    case op::close_session:
    case op::error: break;
    }
    // A server that does not know the operation says so and hangs up.
    reply(r.from, r.xid, -1, errc::unimplemented);
    r.from.close();
    return ok;
}

void processor::reply(connection& to, std::int32_t xid, std::int64_t zxid, errc e) const {
    proto::put_reply(to.output(), {xid, zxid, static_cast<std::int32_t>(e)});
    sent(to);
}

void processor::sent(connection& to) const {
    ++to.sent_frames;
    to.changed();
}

void processor::report(const request& r, std::string_view path, std::int64_t zxid, errc e) const {
    if (observer_ != nullptr) observer_->on_processed({r.from.session, r.xid, r.type, path, zxid, e});
}

std::int64_t processor::open_session(std::int64_t session, std::int64_t wall_ms) {
    const transaction txn = database_.next_transaction(wall_ms);
    if (observer_ != nullptr) observer_->on_processed({session, 0, proto::opcode::create_session, {}, txn.zxid, ok});
    return txn.zxid;
}

std::int64_t processor::close_session(std::int64_t session, std::int32_t xid, std::int64_t wall_ms) {
    const transaction txn = database_.next_transaction(wall_ms);
    database_.remove_ephemerals(session, txn);
    if (observer_ != nullptr) observer_->on_processed({session, xid, proto::opcode::close_session, {}, txn.zxid, ok});
    return txn.zxid;
}

void processor::remove_mortal(std::string_view path, std::int64_t wall_ms) {
    const transaction txn = database_.next_transaction(wall_ms);
    draft_.begin(false);
    const errc e = draft_.remove_mortal(path);
    if (e == ok) database_.apply(draft_.changes().front(), txn);
    if (observer_ != nullptr) observer_->on_processed({0, 0, proto::opcode::delete_container, path, txn.zxid, e});
}

} // namespace kazoo::server
