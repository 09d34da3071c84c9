#include "server/member_clients.hpp"

#include "server/sessions.hpp"

#include <algorithm>
#include <optional>

namespace kazoo::server {

member_clients::member_clients(const config& c, database& d, processor& p, quorum_side& q, connection_list& changed)
    : config_(c), database_(d), processor_(p), quorum_(q), changed_(changed) {}

// -- connections ------------------------------------------------------------------------------------------------------

void member_clients::open(connection_id id, std::string_view address, bool welcome) {
    client& c = *clients_.emplace(id, std::make_unique<client>(id, address, config_, changed_)).first->second;
    if (!welcome) c.wire.abort();
}

void member_clients::receive(connection_id id, std::string_view bytes, moment now) {
    client* c = living(id);
    if (c == nullptr) return;
    c->wire.input += bytes;
    consume(*c, now);
}

void member_clients::sent(connection_id id, std::size_t count, moment now) {
    const auto at = clients_.find(id);
    if (at == clients_.end()) return;
    at->second->wire.sent(count);
    if (at->second->wire.alive()) consume(*at->second, now);
}

void member_clients::closed(connection_id id) {
    const auto at = clients_.find(id);
    if (at == clients_.end()) return;
    drop(*at->second);
    std::erase(changed_, &at->second->wire);
    clients_.erase(at);
}

void member_clients::drop_all() {
    for (const auto& [id, c] : clients_) drop(*c);
}

void member_clients::drop(client& c) {
    database_.data_watches.remove_all(c.wire);
    database_.child_watches.remove_all(c.wire);
    c.line.clear();
    c.wire.abort();
}

member_clients::client* member_clients::living(connection_id id) noexcept {
    const auto at = clients_.find(id);
    return at == clients_.end() || !at->second->wire.alive() ? nullptr : at->second.get();
}

const connection* member_clients::find(connection_id id) const noexcept {
    const auto at = clients_.find(id);
    return at == clients_.end() ? nullptr : &at->second->wire;
}

std::int64_t member_clients::session_of(connection_id id) const noexcept {
    const connection* c = find(id);
    return c == nullptr ? 0 : c->session;
}

// -- input ------------------------------------------------------------------------------------------------------------

void member_clients::consume(client& c, moment now) {
    connection& wire = c.wire;
    while (wire.alive() && c.asks_for == 0 && wire.unsent().size() <= config_.output_pause) {
        const proto::frame frame = proto::next_frame(wire.input, config_.max_request_bytes);
        if (frame.state == proto::frame::status::incomplete) return;
        if (frame.state == proto::frame::status::bad_length) return wire.close();
        const std::string payload(frame.payload);
        wire.input.erase(0, 4 + payload.size());
        ++wire.received_frames;
        if (wire.state() == connection::phase::handshake)
            shake_hands(c, payload, now);
        else
            take_request(c, payload, now);
    }
}

void member_clients::shake_hands(client& c, std::string_view payload, moment now) {
    connection& wire = c.wire;
    proto::reader in(payload);
    proto::connect_request asked;
    in.get(asked);
    // A client that has seen what this member has not must look for another one.
    if (!in.ok() || asked.last_zxid_seen > database_.zxid()) return wire.close();
    wire.timeout_ms = std::clamp(asked.timeout_ms, config_.min_session_timeout_ms, config_.max_session_timeout_ms);
    if (asked.session_id == 0) {
        c.asks_for = quorum_.new_session_id();
        log_entry entry{.session = c.asks_for, .type = proto::opcode::create_session};
        entry.timeout_ms = wire.timeout_ms;
        entry.connection = wire.id();
        return quorum_.submit(std::move(entry), now);
    }
    for (const auto& [id, other] : clients_)
        if (other->wire.session == asked.session_id) drop(*other);
    const auto password = password_of(config_.seed, asked.session_id);
    if (asked.password != std::string_view(password.data(), password.size())) return answer_handshake(c, 0, now);
    c.asks_for = asked.session_id;
    quorum_.revalidate(wire.id(), asked.session_id, wire.timeout_ms, now);
}

/// Session 0: refused.
void member_clients::answer_handshake(client& c, std::int64_t session, moment now) {
    connection& wire = c.wire;
    c.asks_for = 0;
    const auto password = session == 0 ? session_password{} : password_of(config_.seed, session);
    proto::connect_response answer;
    answer.timeout_ms = session == 0 ? 0 : wire.timeout_ms;
    answer.session_id = wire.session = session;
    answer.password = {password.data(), password.size()};
    proto::put_connect_response(wire.output(), answer, false);
    ++wire.sent_frames;
    wire.changed();
    if (session == 0) return wire.close();
    wire.established();
    consume(c, now);
}

void member_clients::take_request(client& c, std::string_view payload, moment now) {
    connection& wire = c.wire;
    proto::reader in(payload);
    proto::request_header header;
    in.get(header);
    if (!in.ok()) return wire.close();
    const auto type = static_cast<proto::opcode>(header.type);
    if (type == proto::opcode::auth || type == proto::opcode::sasl) // needs no place in the line, and no nodes
        return processor_.process({wire, header.xid, type, in.rest(), now.wall_ms});
    quorum_.touch(wire.session, wire.timeout_ms, now);
    const bool write = proto::is_write(type) || type == proto::opcode::close_session;
    c.line.push_back({header.xid, type, write ? std::string() : std::string(in.rest()), write});
    if (write) {
        log_entry entry{.session = wire.session, .xid = header.xid, .type = type, .body = std::string(in.rest())};
        entry.address = wire.address();
        entry.identities = wire.identities;
        entry.connection = wire.id();
        return quorum_.submit(std::move(entry), now);
    }
    if (type == proto::opcode::sync) {
        c.line.back().for_quorum = true; // the answer may be there before ask_sync() returns
        if (!quorum_.ask_sync(wire.id(), now)) c.line.back().for_quorum = false;
    }
    serve_line(c, now);
}

void member_clients::serve_line(client& c, moment now) {
    while (!c.line.empty() && !c.line.front().for_quorum && c.wire.alive()) {
        const waiting w = std::move(c.line.front());
        c.line.pop_front();
        processor_.process({c.wire, w.xid, w.type, w.body, now.wall_ms});
    }
}

// -- what the quorum answers ------------------------------------------------------------------------------------------

void member_clients::session_opened(connection_id id, std::int64_t session, moment now) {
    client* c = living(id);
    if (c != nullptr && c->asks_for == session) answer_handshake(*c, session, now);
}

void member_clients::validated(connection_id id, std::int64_t session, bool valid, moment now) {
    client* c = living(id);
    if (c != nullptr && c->asks_for == session) answer_handshake(*c, valid ? session : 0, now);
}

void member_clients::synced(connection_id id, moment now) {
    client* c = living(id);
    if (c == nullptr) return;
    const auto first = std::ranges::find_if(c->line, [](const waiting& w) { return w.for_quorum; });
    if (first == c->line.end()) return;
    first->for_quorum = false;
    serve_line(*c, now);
}

void member_clients::give(client& c, std::string_view frames) {
    c.wire.output() += frames;
    ++c.wire.sent_frames;
    c.wire.changed();
}

void member_clients::decided(connection_id id, std::string_view reply, moment now) {
    client* c = living(id);
    if (c == nullptr || c->line.empty()) return;
    c->line.pop_front();
    give(*c, reply);
    serve_line(*c, now);
}

void member_clients::moved(connection_id id) {
    if (client* c = living(id)) drop(*c);
}

void member_clients::session_ended(std::int64_t session, connection_id asked, std::string_view reply) {
    for (const auto& [id, c] : clients_) {
        if (c->wire.session != session || !c->wire.alive()) continue;
        if (id != asked) {
            drop(*c);
            continue;
        }
        give(*c, reply);
        database_.data_watches.remove_all(c->wire);
        database_.child_watches.remove_all(c->wire);
        c->line.clear();
        c->wire.close();
    }
}

} // namespace kazoo::server
