// A member that leads.
#include "server/member.hpp"

#include <algorithm>
#include <utility>

namespace kazoo::server {

void member::lead(std::uint64_t reign, moment now) {
    role_ = role::leading;
    reign_ = reign;
    next_half_tick_ = now.at + settings_.general.tick / 2;
    half_ticks_ = 0;
}

void member::admit(const member& follower, std::uint64_t channel, moment now) {
    followers_[follower.id_] = {channel, log_.size(), half_ticks_ / 2 + settings_.sync_limit};
    if (reigns_) commit_what_has_a_majority(now);
}

/// A majority has its log: all of it is decided. Every session gets its whole timeout.
void member::begin_reign(moment now) {
    commit_what_has_a_majority(now);
    tracker_ = session_tracker(settings_.general.tick);
    for (const auto& [session, timeout] : sessions_) tracker_.track(session, timeout, std::nullopt, now.at);
    reigns_ = true;
}

bool member::has_quorum() const noexcept {
    return role_ == role::leading && (followers_.size() + 1) * 2 > settings_.members;
}

bool member::expire_session(std::int64_t session, moment now) {
    if (role_ != role::leading || !sessions_.contains(session)) return false;
    end_session(session, now);
    return true;
}

void member::end_session(std::int64_t session, moment now) {
    propose({.session = session, .type = proto::opcode::close_session}, {id_, 0}, now);
}

void member::propose(log_entry e, session_tracker::owner from, moment now) {
    e.wall_ms = now.wall_ms;
    if (e.xid == 0 && e.type == proto::opcode::create_session)
        tracker_.track(e.session, e.timeout_ms, from, now.at);
    else if (e.xid != 0)
        e.refused = tracker_.verdict(e.session, from);
    if (e.type == proto::opcode::close_session && e.refused == errc{} && !tracker_.begin_end(e.session) && e.xid == 0)
        return; // it is on its way already
    log_.push_back(std::make_shared<const log_entry>(std::move(e)));
    tell_everybody({.what = message::kind::proposal, .entry = log_.back()});
    commit_what_has_a_majority(now);
}

void member::tell_everybody(const message& m) {
    for (const auto& [id, f] : followers_) send(id, m, f.channel);
}

void member::commit_what_has_a_majority(moment now) {
    const auto has = [&](std::size_t position) {
        const auto acked = [&](const auto& f) { return f.second.acked >= position; };
        const auto followers = static_cast<std::size_t>(std::ranges::count_if(followers_, acked));
        return (followers + 1) * 2 > settings_.members;
    };
    while (decided_ < log_.size() && has(decided_ + 1)) {
        tell_everybody({.what = message::kind::commit, .position = decided_ + 1});
        commit_up_to(decided_ + 1, now);
    }
    while (!syncs_.empty() && syncs_.front().behind <= decided_) {
        const waiting_sync& s = syncs_.front();
        if (followers_.contains(s.who)) send(s.who, s.answer, s.answer.channel);
        syncs_.pop_front();
    }
}

void member::take_as_leader(member_id from, message m, moment now) {
    using enum message::kind;
    follower_state& f = followers_.at(from);
    f.heard_until_tick = half_ticks_ / 2 + settings_.sync_limit;
    switch (m.what) {
    case request: return propose(*m.entry, {from, m.channel}, now);
    case ack: f.acked = m.position; return commit_what_has_a_majority(now);
    case ping:
        for (const auto& [session, timeout] : m.touches) tracker_.touch(session, timeout, now.at);
        return;
    case revalidate:
        m.valid = tracker_.move(m.session, {from, m.channel}, m.timeout_ms, now.at);
        return send(from, m, m.channel);
    case sync: // whether the session lives is not asked
        if (log_.size() == decided_) return send(from, m, m.channel);
        syncs_.push_back({log_.size(), from, std::move(m)});
        return;
    case goodbye: followers_.erase(from); return;
    case proposal:
    case commit: return;
    }
}

void member::run_half_tick(moment now) {
    next_half_tick_ = now.at + settings_.general.tick / 2;
    ++half_ticks_;
    const std::int64_t tick = half_ticks_ / 2;
    if (half_ticks_ % 2 == 0) {
        const auto in_time = [&](const auto& f) { return f.second.heard_until_tick >= tick; };
        const auto heard = static_cast<std::size_t>(std::ranges::count_if(followers_, in_time));
        if ((heard + 1) * 2 <= settings_.members) return look(now);
    }
    for (auto f = followers_.begin(); f != followers_.end();) {
        if (f->second.heard_until_tick < tick) {
            send(f->first, {.what = message::kind::goodbye}, f->second.channel);
            f = followers_.erase(f);
        } else {
            send(f->first, {.what = message::kind::ping}, f->second.channel);
            ++f;
        }
    }
}

} // namespace kazoo::server
