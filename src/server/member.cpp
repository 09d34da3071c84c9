#include "server/member.hpp"

#include "server/sessions.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace kazoo::server {

member::member(member_id id, const member_settings& s, observer& o, std::vector<sent_message>& post,
               connection_list& changed)
    : id_(id),
      settings_(s),
      post_(post),
      next_session_(first_session_id(s.general.seed + id, static_cast<std::uint8_t>(id + 1))),
      processor_(s.general, database_, &o),
      clients_(s.general, database_, processor_, *this, changed),
      tracker_(s.general.tick) {}

// -- what it is -------------------------------------------------------------------------------------------------------

void member::start(moment now) {
    if (role_ == role::down) look(now);
}

void member::stop(moment now) {
    look(now);
    role_ = role::down;
}

/// Its clients, its followers and what is under way are dropped; its log stays.
void member::look(moment now) {
    if (role_ == role::leading)
        tell_everybody({.what = message::kind::goodbye});
    else if (role_ == role::following)
        send(leader_, {.what = message::kind::goodbye}, channel_);
    role_ = role::looking;
    reigns_ = false;
    looks_since_ = now.at;
    followers_.clear();
    syncs_.clear();
    touches_.clear();
    clients_.drop_all();
}

void member::lost(member_id other, moment now) {
    if (role_ == role::leading)
        followers_.erase(other);
    else if (role_ == role::following && leader_ == other)
        look(now);
}

bool member::has_newer_log(const member& other) const noexcept {
    return std::tuple(reign_, log_.size(), id_) > std::tuple(other.reign_, other.log_.size(), other.id_);
}

void member::on_time(moment now) {
    if (role_ == role::following && now.at >= leader_heard_ + sync_time()) return look(now);
    if (role_ != role::leading || !reigns_) return;
    while (const auto ended = tracker_.pop_due(now.at)) end_session(*ended, now);
    if (now.at >= next_half_tick_) run_half_tick(now);
}

time_point member::deadline() const noexcept {
    if (role_ == role::following) return leader_heard_ + sync_time();
    if (role_ == role::leading && reigns_) return std::min(tracker_.next_deadline(), next_half_tick_);
    return never;
}

void member::send(member_id to, message m, std::uint64_t channel) {
    m.channel = channel;
    post_.push_back({id_, to, std::move(m)});
}

void member::deliver(member_id from, message m, moment now) {
    if (role_ == role::leading) {
        on_time(now); // before the touches that come too late
        const auto at = followers_.find(from);
        if (at != followers_.end() && at->second.channel == m.channel) take_as_leader(from, std::move(m), now);
    } else if (role_ == role::following && leader_ == from && channel_ == m.channel) {
        leader_heard_ = now.at;
        take_as_follower(std::move(m), now);
    }
}

// -- decided changes --------------------------------------------------------------------------------------------------

void member::commit_up_to(std::size_t position, moment now) {
    while (decided_ < std::min(position, log_.size())) execute(*log_[decided_++], now);
}

void member::execute(const log_entry& e, moment now) {
    const connection_id asked = e.from == id_ ? e.connection : connection_id{};
    if (e.xid == 0 && e.type == proto::opcode::create_session) {
        sessions_[e.session] = e.timeout_ms;
        processor_.open_session(e.session, e.wall_ms);
        return clients_.session_opened(asked, e.session, now);
    }
    connection_list nobody_looks;
    connection author(connection_id{}, e.address, settings_.general.output_limit, nobody_looks);
    author.identities = e.identities;
    author.session = e.session;
    author.established();
    if (e.refused != errc{}) {
        processor_.reply(author, e.xid, database_.next_transaction(e.wall_ms).zxid, e.refused);
        return e.refused == errc::session_moved ? clients_.moved(asked) : clients_.decided(asked, author.unsent(), now);
    }
    if (e.type == proto::opcode::close_session) {
        sessions_.erase(e.session);
        if (role_ == role::leading) tracker_.remove(e.session);
        processor_.reply(author, e.xid, processor_.close_session(e.session, e.xid, e.wall_ms), errc{});
        return clients_.session_ended(e.session, asked, author.unsent());
    }
    processor_.process({author, e.xid, e.type, e.body, e.wall_ms});
    clients_.decided(asked, author.unsent(), now);
}

// -- for its clients --------------------------------------------------------------------------------------------------

void member::touch(std::int64_t session, std::int32_t timeout_ms, moment now) {
    if (role_ == role::leading)
        tracker_.touch(session, timeout_ms, now.at);
    else
        touches_[session] = timeout_ms;
}

void member::submit(log_entry e, moment now) {
    e.from = id_;
    if (role_ == role::leading) return propose(std::move(e), {id_, 0}, now);
    send(leader_, {.what = message::kind::request, .entry = std::make_shared<const log_entry>(std::move(e))}, channel_);
}

bool member::ask_sync(connection_id who, moment) {
    if (role_ == role::leading) return false;
    send(leader_, {.what = message::kind::sync, .connection = who}, channel_);
    return true;
}

void member::revalidate(connection_id who, std::int64_t session, std::int32_t timeout_ms, moment now) {
    if (role_ == role::leading)
        return clients_.validated(who, session, tracker_.move(session, {id_, 0}, timeout_ms, now.at), now);
    message m{.what = message::kind::revalidate, .session = session, .timeout_ms = timeout_ms};
    m.connection = who;
    send(leader_, std::move(m), channel_);
}

} // namespace kazoo::server
