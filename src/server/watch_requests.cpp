// Operations on a connection's watches.
#include "server/processor.hpp"

namespace kazoo::server {

namespace {

/// Types above `any` came with later servers.
bool known_type(std::int32_t type) { return type >= proto::watcher_type::children && type <= proto::watcher_type::any; }

} // namespace

errc processor::set_watches(const request& r) {
    proto::set_watches2_request q;
    if (r.type == proto::opcode::set_watches2) {
        if (!proto::decode(r.body, q)) return errc::marshalling_error;
    } else {
        proto::set_watches_request old;
        if (!proto::decode(r.body, old)) return errc::marshalling_error;
        q = {old.relative_zxid, std::move(old.data), std::move(old.exist), std::move(old.child), {}, {}};
    }
    if (!database_.restore_watches(q, r.from)) return errc::marshalling_error;
    if (r.from.alive()) reply(r.from, r.xid, database_.zxid(), ok);
    return ok;
}

errc processor::add_watch(const request& r) {
    proto::add_watch_request q;
    if (!proto::decode(r.body, q)) return errc::marshalling_error;
    if (q.mode != proto::add_watch_mode::persistent && q.mode != proto::add_watch_mode::persistent_recursive)
        return errc::marshalling_error;
    const watch_kind kind =
        q.mode == proto::add_watch_mode::persistent ? watch_kind::persistent : watch_kind::recursive;
    database_.data_watches.add(q.path, r.from, kind);
    database_.child_watches.add(q.path, r.from, kind);
    reply_with(r, proto::error_reply{0});
    return ok;
}

errc processor::check_watches(const request& r) {
    proto::watches_request q;
    if (!proto::decode(r.body, q) || !known_type(q.type) || proto::is_null(q.path)) return errc::marshalling_error;
    const bool found = (q.type != proto::watcher_type::data && database_.child_watches.watched(q.path)) ||
                       (q.type != proto::watcher_type::children && database_.data_watches.watched(q.path));
    if (!found) return errc::no_watcher;
    reply(r.from, r.xid, database_.zxid(), ok);
    return ok;
}

errc processor::remove_watches(const request& r) {
    proto::watches_request q;
    if (!proto::decode(r.body, q) || !known_type(q.type)) return errc::marshalling_error;
    bool removed = false;
    if (q.type != proto::watcher_type::data) removed |= database_.child_watches.remove(q.path, r.from);
    if (q.type != proto::watcher_type::children) removed |= database_.data_watches.remove(q.path, r.from);
    if (!removed) return errc::no_watcher;
    reply(r.from, r.xid, database_.zxid(), ok);
    return ok;
}

} // namespace kazoo::server
