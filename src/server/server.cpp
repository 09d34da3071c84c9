#include "server/server.hpp"

#include "server/four_letter_words.hpp"

#include <algorithm>

namespace kazoo::server {

namespace {

/// A client that does not say who it is has this long, rounded up to the next multiple.
constexpr duration handshake_limit = std::chrono::seconds(10);

/// How much is kept of what a client sends although its input is not wanted.
constexpr std::size_t unwanted_input_limit = 8u << 20;

config completed(config c) {
    constexpr duration shortest = std::chrono::milliseconds(1);
    c.tick = std::max(c.tick, shortest);
    c.container_check = std::max(c.container_check, shortest);
    const auto ticks = [&](int n) {
        return static_cast<std::int32_t>(std::chrono::duration_cast<std::chrono::milliseconds>(c.tick * n).count());
    };
    if (c.min_session_timeout_ms < 0) c.min_session_timeout_ms = ticks(2);
    if (c.max_session_timeout_ms < 0) c.max_session_timeout_ms = ticks(20);
    return c;
}

} // namespace

server::server(config c, moment now, observer* o)
    : config_(completed(std::move(c))),
      started_(now),
      sessions_(config_.seed, config_.tick),
      processor_(config_, database_, o),
      handshake_deadlines_(handshake_limit),
      next_mortal_check_(now.at + config_.container_check) {
    for (std::size_t i = 0; i < config_.followers; ++i) followers_.push_back(std::make_unique<follower>(config_));
    if (followers_.empty()) return;
    database_.on_step = [this](const database_step& s) {
        for (const auto& f : followers_) f->hear(s);
        if (speaking_ != nullptr) speaking_->catch_up(s.txn.zxid);
    };
}

// -- facts ------------------------------------------------------------------------------------------------------------

connection_id server::open(std::string_view address, moment now, std::size_t member) {
    on_time(now);
    const connection_id id{++last_connection_id_};
    auto made = std::make_unique<connection>(id, address, config_.output_limit, changed_);
    if (member > 0) made->at = followers_.at(member - 1).get();
    std::size_t& from_there = connections_from_.try_emplace(std::string(address)).first->second;
    if (++from_there > config_.max_connections_per_address && config_.max_connections_per_address > 0)
        made->abort();
    else
        handshake_deadlines_.touch(id, now.at, handshake_limit);
    connections_.emplace(id, std::move(made));
    return id;
}

void server::identify(connection_id id, identity who) {
    if (connection* c = find(id)) c->identities.add(std::move(who));
}

void server::receive(connection_id id, std::string_view bytes, moment now) {
    on_time(now);
    connection* c = find(id);
    if (c == nullptr || !c->alive()) return;
    if (c->state() == connection::phase::handshake) handshake_deadlines_.touch(id, now.at, handshake_limit);
    if (c->input.empty()) {
        const std::size_t used = consume(*c, bytes, now);
        if (c->alive()) c->input.assign(bytes.substr(used));
    } else {
        c->input.append(bytes);
        consume_waiting_input(*c, now);
    }
    if (input_waits(*c) && c->input.size() > unwanted_input_limit) c->abort();
}

void server::sent(connection_id id, std::size_t count, moment now) {
    on_time(now);
    connection* c = find(id);
    if (c == nullptr) return;
    // Apache ZooKeeper reads on while a client takes its output: pings behind a long answer keep the session.
    if (input_waits(*c) && c->session != 0) table().touch(*table().find(c->session), c->timeout_ms, now.at);
    c->sent(count);
    consume_waiting_input(*c, now);
}

void server::closed(connection_id id, moment now) {
    on_time(now);
    const auto at = connections_.find(id);
    if (at == connections_.end()) return;
    connection& c = *at->second;
    detach(c);
    if (c.is_changed) std::erase(changed_, &c);
    const auto from_there = connections_from_.find(c.address());
    if (--from_there->second == 0) connections_from_.erase(from_there);
    received_frames_ += c.received_frames;
    sent_frames_ += c.sent_frames;
    connections_.erase(at);
}

void server::on_time(moment now) {
    while (const auto id = table().pop_due(now.at)) end_session(*id, 0, now);
    while (const auto id = handshake_deadlines_.pop_due(now.at)) find(*id)->abort();
    if (!local_sessions_ && next_mortal_check_ <= now.at) remove_due_mortals(now);
    if (!held_.empty()) release_due(now);
}

time_point server::deadline() const noexcept {
    const session_table& sessions = local_sessions_ ? *local_sessions_ : sessions_;
    time_point next = std::min(sessions.next_deadline(), handshake_deadlines_.next());
    for (const connection_id id : held_)
        if (const connection* c = find(id); c != nullptr && c->held_until) next = std::min(next, *c->held_until);
    return nodes().mortals().empty() || local_sessions_ ? next : std::min(next, next_mortal_check_);
}

// -- input ------------------------------------------------------------------------------------------------------------

bool server::input_waits(const connection& c) const noexcept {
    return c.held_until || c.unsent().size() > config_.output_pause;
}

void server::consume_waiting_input(connection& c, moment now) {
    if (c.input.empty() || !c.alive() || input_waits(c)) return;
    // What is being read must survive the connection's end.
    std::string bytes = std::move(c.input);
    c.input.clear();
    bytes.erase(0, consume(c, bytes, now));
    if (c.alive()) c.input = std::move(bytes);
}

/// Handles whole frames from the front of `bytes` and returns how many bytes they took.
std::size_t server::consume(connection& c, std::string_view bytes, moment now) {
    std::size_t used = 0;
    while (c.alive() && !input_waits(c)) {
        const std::string_view rest = bytes.substr(used);
        if (c.state() == connection::phase::handshake && is_four_letter_word(rest.substr(0, 4))) {
            answer_word(c, rest.substr(0, 4), now);
            break;
        }
        const proto::frame frame = proto::next_frame(rest, config_.max_request_bytes);
        if (frame.state == proto::frame::status::incomplete) break;
        if (frame.state == proto::frame::status::bad_length) {
            c.close();
            break;
        }
        speaking_ = c.at;
        const bool served = serve(c, frame.payload, now);
        speaking_ = nullptr;
        if (!served) break;
        ++c.received_frames;
        used += 4 + frame.payload.size();
    }
    return used;
}

void server::handle_frame(connection& c, std::string_view payload, moment now) {
    if (c.state() == connection::phase::handshake) return shake_hands(c, payload, now);
    proto::reader in(payload);
    proto::request_header header;
    in.get(header);
    if (!in.ok()) return c.close();
    const auto type = static_cast<proto::opcode>(header.type);
    // Every request keeps the session alive, pings included; authentication does not.
    if (type != proto::opcode::auth && type != proto::opcode::sasl)
        table().touch(*table().find(c.session), c.timeout_ms, now.at);
    if (type == proto::opcode::close_session) {
        const std::int64_t end =
            local_sessions_ ? zxid() : processor_.close_session(c.session, header.xid, now.wall_ms);
        processor_.reply(c, header.xid, end, errc{});
        detach(c);
        table().remove(c.session);
        c.close();
        return;
    }
    processor_for(c, type).process({c, header.xid, type, in.rest(), now.wall_ms});
}

processor& server::processor_for(const connection& c, proto::opcode type) noexcept {
    if (c.at == nullptr || proto::is_write(type)) return processor_;
    if (type == proto::opcode::sync) c.at->catch_up(zxid());
    return c.at->requests();
}

void server::answer_word(connection& c, std::string_view word, moment now) {
    ++c.received_frames;
    server_facts facts{.data = database_,
                       .connections = connections_.size(),
                       .sessions = sessions_.size(),
                       .local_sessions = local_sessions_ ? std::optional(local_sessions_->size()) : std::nullopt,
                       .received = received_frames_,
                       .sent = sent_frames_};
    facts.uptime_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.at - started_.at).count();
    std::vector<const connection*> all;
    for (const auto& [id, other] : connections_) all.push_back(other.get());
    std::sort(all.begin(), all.end(), [](auto* a, auto* b) { return a->id() < b->id(); });
    for (const connection* other : all) {
        facts.received += other->received_frames;
        facts.sent += other->sent_frames;
        facts.clients.push_back(" /" + other->address() + ":" + std::to_string(other->order()) +
                                (other->alive() ? "[1]" : "[0]") +
                                "(queued=0,recved=" + std::to_string(other->received_frames) +
                                ",sent=" + std::to_string(other->sent_frames) + ")");
    }
    c.output() += answer_four_letter_word(word, config_, facts);
    c.close();
}

// -- sessions ---------------------------------------------------------------------------------------------------------

void server::shake_hands(connection& c, std::string_view payload, moment now) {
    proto::reader in(payload);
    proto::connect_request asked;
    in.get(asked);
    if (!in.ok()) return c.close();
    std::optional<bool> read_only;
    if (in.remaining() > 0) in.get(read_only.emplace());
    // The client has seen what this server has not: it must look for another one.
    if (asked.last_zxid_seen > data_of(c).zxid()) return c.close();
    // Whose session the ensemble knows, and who does not want a server without one, must look for another one, too.
    if (local_sessions_ && (!read_only.value_or(false) || sessions_.find(asked.session_id) != nullptr))
        return c.close();
    c.timeout_ms = std::clamp(asked.timeout_ms, config_.min_session_timeout_ms, config_.max_session_timeout_ms);
    session* const s = session_for(asked, c, now);
    if (s != nullptr) {
        s->attached = &c;
        c.session = s->id;
        c.established();
        handshake_deadlines_.remove(c.id());
    }
    answer_handshake(c, read_only);
}

/// Null: there is none for this client.
session* server::session_for(const proto::connect_request& asked, connection& c, moment now) {
    if (asked.session_id == 0) {
        session& opened = table().open(c.timeout_ms, now.at);
        if (!local_sessions_) processor_.open_session(opened.id, now.wall_ms);
        return &opened;
    }
    session* const s = table().find(asked.session_id);
    if (s == nullptr) return nullptr;
    // The older connection goes before the password is looked at.
    if (s->attached != nullptr) {
        connection& older = *s->attached;
        detach(older);
        older.abort();
    }
    const auto password = table().password_of(asked.session_id);
    if (asked.password != std::string_view(password.data(), password.size())) return nullptr;
    table().touch(*s, c.timeout_ms, now.at);
    return s;
}

/// The answer has the read-only byte if the request had it.
void server::answer_handshake(connection& c, std::optional<bool> read_only) {
    const bool accepted = c.session != 0;
    const auto password = accepted ? table().password_of(c.session) : session_password{};
    proto::connect_response answer;
    answer.timeout_ms = accepted ? c.timeout_ms : 0;
    answer.session_id = c.session;
    answer.password = {password.data(), password.size()};
    proto::put_connect_response(c.output(), answer,
                                read_only ? std::optional(local_sessions_.has_value()) : std::nullopt);
    ++c.sent_frames;
    c.changed();
    if (!accepted) c.close();
}

void server::end_session(std::int64_t id, std::int32_t xid, moment now) {
    if (connection* c = table().find(id)->attached) {
        detach(*c);
        c->abort();
    }
    if (!local_sessions_) processor_.close_session(id, xid, now.wall_ms);
    table().remove(id);
}

/// The connection's session and watches are no longer its own.
void server::detach(connection& c) {
    data_of(c).data_watches.remove_all(c);
    data_of(c).child_watches.remove_all(c);
    handshake_deadlines_.remove(c.id());
    if (session* s = table().find(c.session); s != nullptr && s->attached == &c) s->attached = nullptr;
}

bool server::expire_session(std::int64_t id, moment now) {
    on_time(now);
    if (table().find(id) == nullptr) return false;
    end_session(id, 0, now);
    return true;
}

void server::drop_connections() {
    std::vector<connection*> all;
    for (const auto& [id, c] : connections_) all.push_back(c.get());
    std::sort(all.begin(), all.end(), [](auto* a, auto* b) { return a->id() < b->id(); });
    for (connection* c : all) {
        detach(*c);
        c->abort();
    }
}

void server::restart(moment now) {
    drop_connections();
    local_sessions_.reset();
    processor_.read_only = false;
    for (const auto& f : followers_) f->catch_up(zxid());
    sessions_.restart(now.at);
    next_mortal_check_ = now.at + config_.container_check;
}

void server::set_read_only(bool on, moment now) {
    on_time(now);
    if (!on && local_sessions_) return restart(now);
    if (!on || local_sessions_) return;
    drop_connections();
    local_sessions_.emplace(config_.seed + ++read_only_phases_, config_.tick);
    processor_.read_only = true;
}

bool server::take_over(std::int64_t id, moment now) {
    on_time(now);
    session* const s = table().find(id);
    if (s == nullptr) return false;
    table().touch(*s, s->timeout_ms, now.at);
    if (connection* c = s->attached) {
        detach(*c);
        c->abort();
    }
    return true;
}

void server::catch_up(std::size_t member, std::int64_t zxid, moment now) {
    on_time(now);
    followers_.at(member - 1)->catch_up(zxid);
}

void server::remove_due_mortals(moment now) {
    std::vector<std::string> due;
    for (const std::string& path : nodes().mortals()) {
        const znode& node = *nodes().find(path);
        if (!node.children.empty()) continue;
        // A container that never had a child is still waiting for its first one.
        const bool is_due = node.owner.is_ttl() ? now.wall_ms - node.mtime > node.owner.ttl_ms() : node.creates > 0;
        if (is_due) due.push_back(path);
    }
    for (const std::string& path : due) processor_.remove_mortal(path, now.wall_ms);
    while (next_mortal_check_ <= now.at) next_mortal_check_ += config_.container_check;
}

// -- what is known ----------------------------------------------------------------------------------------------------

connection* server::find(connection_id id) noexcept {
    const auto found = connections_.find(id);
    return found == connections_.end() ? nullptr : found->second.get();
}

const connection* server::find(connection_id id) const noexcept {
    const auto found = connections_.find(id);
    return found == connections_.end() ? nullptr : found->second.get();
}

void server::take_changed(std::vector<connection_id>& ids) {
    for (connection* c : changed_) {
        c->is_changed = false;
        ids.push_back(c->id());
    }
    changed_.clear();
}

std::string_view server::unsent(connection_id id) const noexcept {
    const connection* c = find(id);
    return c == nullptr || c->held_until ? std::string_view() : c->unsent();
}

bool server::wants_input(connection_id id) const noexcept {
    const connection* c = find(id);
    return c != nullptr && c->alive() && !input_waits(*c);
}

bool server::finished(connection_id id) const noexcept {
    const connection* c = find(id);
    return c == nullptr || (!c->alive() && c->unsent().empty());
}

std::int64_t server::session_of(connection_id id) const noexcept {
    const connection* c = find(id);
    return c == nullptr ? 0 : c->session;
}

std::int64_t server::zxid(connection_id id) const noexcept {
    const connection* c = find(id);
    return c == nullptr || c->at == nullptr ? zxid() : c->at->data().zxid();
}

watch_counts server::watches() const noexcept {
    watch_counts sum{database_.data_watches.size(), database_.child_watches.size()};
    for (const auto& f : followers_) {
        sum.data += f->data().data_watches.size();
        sum.child += f->data().child_watches.size();
    }
    return sum;
}

watch_counts server::watches(connection_id id) const noexcept {
    const connection* c = find(id);
    if (c == nullptr) return {};
    const database& there = c->at == nullptr ? database_ : c->at->data();
    return {there.data_watches.count_of(*c), there.child_watches.count_of(*c)};
}

std::vector<registered_watch> server::watches_of(std::int64_t id) const {
    const session* s = sessions_.find(id);
    if (s == nullptr || s->attached == nullptr) return {};
    const database& there = data_of(*s->attached);
    std::vector<registered_watch> all;
    there.data_watches.for_each_of(
        *s->attached, [&](std::string_view path, watch_kind kind) { all.push_back({std::string(path), kind}); });
    there.child_watches.for_each_of(*s->attached, [&](std::string_view path, watch_kind kind) {
        if (kind == watch_kind::one_shot) all.push_back({std::string(path), kind, true});
    });
    std::sort(all.begin(), all.end());
    return all;
}

bool server::is_attached(std::int64_t id) const noexcept {
    const session* s = sessions_.find(id);
    return s != nullptr && s->attached != nullptr;
}

std::int32_t server::timeout_ms(std::int64_t id) const noexcept {
    const session* s = sessions_.find(id);
    return s == nullptr ? 0 : s->timeout_ms;
}

std::vector<std::string> server::ephemerals(std::int64_t session) const {
    std::vector<std::string> paths;
    if (const ephemeral_set* owned = nodes().ephemerals(session))
        owned->for_each([&](const znode& node) { paths.emplace_back(node.path); });
    std::sort(paths.begin(), paths.end());
    return paths;
}

} // namespace kazoo::server
