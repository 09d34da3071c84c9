// Requests to which something is to happen, as a test has ordered.
#include "server/server.hpp"

#include <algorithm>
#include <utility>

namespace kazoo::server {

/// False: the connection is held in front of it.
bool server::serve(connection& c, std::string_view payload, moment now) {
    const std::optional<fault> f = meet_fault(c, payload);
    if (!f) {
        handle_frame(c, payload, now);
        return true;
    }
    switch (f->what) {
    case fault::kind::cut_before: c.close(); break;
    case fault::kind::cut_after: serve_and_cut(c, payload, now); break;
    case fault::kind::hold_before:
        hold(c, f->time, now);
        c.lets_one_pass = true;
        return false;
    case fault::kind::hold_after:
        handle_frame(c, payload, now);
        hold(c, f->time, now);
        break;
    case fault::kind::expire:
        if (c.session == 0 || !expire_session(c.session, now)) c.close();
        break;
    case fault::kind::move:
        if (c.session == 0 || !take_over(c.session, now)) c.close();
        break;
    case fault::kind::answer: refuse(c, payload, f->error, now); break;
    case fault::kind::unknown: refuse(c, payload, errc::unimplemented, now); break;
    }
    return true;
}

std::optional<fault> server::meet_fault(connection& c, std::string_view payload) {
    if (std::exchange(c.lets_one_pass, false) || faults_.empty()) return std::nullopt;
    // A client that asks for a session begins one: the handshake has no header.
    if (c.state() == connection::phase::handshake) return faults_.meet({.type = proto::opcode::create_session});
    proto::reader in(payload);
    proto::request_header header;
    in.get(header);
    if (!in.ok()) return std::nullopt;
    return faults_.meet({static_cast<proto::opcode>(header.type), in.rest(), c.session});
}

void server::serve_and_cut(connection& c, std::string_view payload, moment now) {
    const std::size_t before = c.output().size();
    handle_frame(c, payload, now);
    // With the reply go the events that the request has caused here.
    c.output().resize(std::min(before, c.output().size()));
    c.close();
}

/// In place of serving it. A server that does not know a request tells no zxid, and hangs up.
void server::refuse(connection& c, std::string_view payload, errc why, moment now) {
    if (c.state() == connection::phase::handshake) return c.close();
    proto::reader in(payload);
    proto::request_header header;
    in.get(header);
    table().touch(*table().find(c.session), c.timeout_ms, now.at);
    const bool unknown = why == errc::unimplemented;
    processor_.reply(c, header.xid, unknown ? -1 : zxid(c.id()), why);
    if (unknown) c.close();
}

void server::hold(connection& c, duration time, moment now) {
    if (c.state() == connection::phase::dead) return;
    c.held_until = time == duration::max() ? never : now.at + time;
    held_.push_back(c.id());
    c.changed();
}

void server::release_held(moment now) {
    on_time(now);
    for (const connection_id id : std::exchange(held_, {})) go_on(id, now);
}

void server::release_due(moment now) {
    std::vector<connection_id> due;
    std::erase_if(held_, [&](connection_id id) {
        const connection* c = find(id);
        const bool is_due = c == nullptr || !c->held_until || *c->held_until <= now.at;
        if (is_due) due.push_back(id);
        return is_due;
    });
    for (const connection_id id : due) go_on(id, now);
}

void server::go_on(connection_id id, moment now) {
    connection* c = find(id);
    if (c == nullptr || !c->held_until) return;
    c->held_until.reset();
    c->changed();
    consume_waiting_input(*c, now);
}

} // namespace kazoo::server
