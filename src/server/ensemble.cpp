#include "server/ensemble.hpp"

#include <algorithm>
#include <utility>

namespace kazoo::server {

ensemble::ensemble(ensemble_config c, moment now, observer* o)
    : config_(std::move(c)), observer_(o), now_(now.at), paused_(config_.members), waiting_(config_.members) {
    observer& self = *this;
    for (member_id m = 0; m < config_.members; ++m)
        members_.push_back(std::make_unique<member>(m, settings_, self, post_, changed_));
    next_election_ = now.at + config_.election;
    found_a_reign(now); // the beginning finds them ready
}

void ensemble::on_processed(const processed_write& w) {
    if (w.zxid <= told_) return;
    told_ = w.zxid;
    if (w.type == proto::opcode::close_session && w.error == errc{}) ends_.emplace(w.session, now_);
    if (observer_ != nullptr) observer_->on_processed(w);
}

// -- clients ----------------------------------------------------------------------------------------------------------

member* ensemble::of(connection_id id) noexcept { return const_cast<member*>(std::as_const(*this).of(id)); }
const member* ensemble::of(connection_id id) const noexcept {
    const auto at = where_.find(id);
    return at == where_.end() ? nullptr : members_[at->second].get();
}

connection_id ensemble::open(std::string_view address, moment now, member_id m) {
    now_ = now.at;
    const connection_id id{++last_connection_};
    where_.emplace(id, m);
    members_.at(m)->clients().open(id, address, members_[m]->serves());
    return id;
}

void ensemble::receive(connection_id id, std::string_view bytes, moment now) {
    const auto at = where_.find(id);
    if (at == where_.end()) return;
    when_it_runs(at->second, now, [id, data = std::string(bytes)](member& m, moment then) {
        m.on_time(then);
        m.clients().receive(id, data, then);
    });
}

void ensemble::sent(connection_id id, std::size_t count, moment now) {
    const auto at = where_.find(id);
    if (at == where_.end()) return;
    now_ = now.at;
    members_[at->second]->clients().sent(id, count, now);
}

void ensemble::closed(connection_id id, moment now) {
    const auto at = where_.find(id);
    if (at == where_.end()) return;
    const member_id there = at->second;
    when_it_runs(there, now, [id](member& m, moment) { m.clients().closed(id); });
    where_.erase(at);
}

void ensemble::take_changed(std::vector<connection_id>& ids) {
    for (connection* c : changed_) {
        c->is_changed = false;
        ids.push_back(c->id());
    }
    changed_.clear();
}

std::string_view ensemble::unsent(connection_id id) const noexcept {
    const member* m = of(id);
    const connection* c = m == nullptr ? nullptr : m->clients().find(id);
    return c == nullptr ? std::string_view() : c->unsent();
}

bool ensemble::finished(connection_id id) const noexcept {
    const member* m = of(id);
    const connection* c = m == nullptr ? nullptr : m->clients().find(id);
    return c == nullptr || (!c->alive() && c->unsent().empty());
}

// -- time -------------------------------------------------------------------------------------------------------------

void ensemble::when_it_runs(member_id m, moment now, std::function<void(member&, moment)> fact) {
    now_ = now.at;
    if (paused_[m])
        waiting_[m].push_back(std::move(fact));
    else
        fact(*members_[m], now);
}

void ensemble::on_time(moment now) {
    now_ = now.at;
    for (const auto& m : members_)
        if (!paused_[m->id()]) m->on_time(now);
    if (now.at >= next_election_) elect(now);
}

time_point ensemble::deadline() const noexcept {
    time_point next = never;
    for (const auto& m : members_) {
        if (paused_[m->id()]) continue;
        next = std::min(next, m->now_is() == member::role::looking ? next_election_ : m->deadline());
    }
    return next;
}

void ensemble::pause(member_id m, bool on, moment now) {
    if (paused_.at(m) == on) return;
    now_ = now.at;
    paused_[m] = on;
    if (on) return;
    for (const auto& fact : std::exchange(waiting_[m], {})) fact(*members_[m], now);
    members_[m]->on_time(now);
}

void ensemble::stop(member_id m, moment now) {
    now_ = now.at;
    paused_.at(m) = false;
    waiting_[m].clear();
    members_[m]->stop(now);
}

void ensemble::start(member_id m, moment now) {
    now_ = now.at;
    members_.at(m)->start(now);
}

// -- between members --------------------------------------------------------------------------------------------------

void ensemble::deliver(sent_message s, moment now) {
    if (holding_.contains({s.from, s.to})) {
        held_[{s.from, s.to}].push_back(std::move(s.what));
        return;
    }
    when_it_runs(s.to, now,
                 [from = s.from, what = std::move(s.what)](member& m, moment then) { m.deliver(from, what, then); });
}

void ensemble::hold(member_id from, member_id to, bool on, moment now) {
    now_ = now.at;
    if (on) {
        holding_.insert({from, to});
        return;
    }
    if (holding_.erase({from, to}) == 0) return;
    for (message& m : std::exchange(held_[{from, to}], {})) deliver({from, to, std::move(m)}, now);
}

void ensemble::lose(member_id a, member_id b, moment now) {
    held_[{a, b}].clear();
    held_[{b, a}].clear();
    when_it_runs(a, now, [b](member& m, moment then) { m.lost(b, then); });
    when_it_runs(b, now, [a](member& m, moment then) { m.lost(a, then); });
}

bool ensemble::can_talk(member_id a, member_id b) const {
    return !paused_[a] && !paused_[b] && !holding_.contains({a, b}) && !holding_.contains({b, a});
}

void ensemble::elect(moment now) {
    next_election_ = now.at + config_.election;
    bool looking = false;
    for (const auto& m : members_) {
        const bool ready =
            m->now_is() == member::role::looking && !paused_[m->id()] && m->looks_since() + config_.election <= now.at;
        looking = looking || (ready && !join_a_leader(*m, now));
    }
    if (looking) found_a_reign(now);
}

bool ensemble::join_a_leader(member& m, moment now) {
    for (const auto& other : members_) {
        if (!other->has_quorum() || !can_talk(m.id(), other->id())) continue;
        m.follow(*other, ++last_channel_, now);
        return true;
    }
    return false;
}

void ensemble::found_a_reign(moment now) {
    for (const auto& first : members_) {
        // Those who hear each other, as far as the first of them is concerned.
        std::vector<member*> party;
        for (const auto& m : members_) {
            const bool hears_all =
                std::ranges::all_of(party, [&](const member* p) { return can_talk(p->id(), m->id()); });
            if (m->now_is() == member::role::looking && m->id() >= first->id() && hears_all) party.push_back(m.get());
        }
        if (party.size() * 2 <= members_.size()) continue;
        const auto newer = [](const member* a, const member* b) { return a->has_newer_log(*b); };
        member& chosen = **std::ranges::min_element(party, newer);
        chosen.lead(++last_reign_, now);
        for (member* m : party)
            if (m != &chosen) m->follow(chosen, ++last_channel_, now);
        return chosen.begin_reign(now);
    }
}

// -- what is known ----------------------------------------------------------------------------------------------------

std::optional<member_id> ensemble::leader() const noexcept {
    const member* best = nullptr;
    for (const auto& m : members_)
        if (m->has_quorum() && (best == nullptr || m->reign() > best->reign())) best = m.get();
    return best == nullptr ? std::nullopt : std::optional(best->id());
}

const member& ensemble::newest() const noexcept {
    return **std::ranges::max_element(members_, {}, [](const auto& m) { return m->data().zxid(); });
}

bool ensemble::expire_session(std::int64_t session, moment now) {
    const auto first = leader();
    if (!first || paused_[*first]) return false;
    now_ = now.at;
    return members_[*first]->expire_session(session, now);
}

std::vector<std::int64_t> ensemble::sessions() const {
    std::vector<std::int64_t> ids;
    for (const auto& [id, timeout] : newest().sessions()) ids.push_back(id);
    return ids;
}

std::optional<time_point> ensemble::end_of(std::int64_t session) const {
    const auto at = ends_.find(session);
    return at == ends_.end() ? std::nullopt : std::optional(at->second);
}

std::int64_t ensemble::zxid(connection_id id) const noexcept {
    const member* m = of(id);
    return m == nullptr ? newest().data().zxid() : m->data().zxid();
}

std::int64_t ensemble::session_of(connection_id id) const noexcept {
    const member* m = of(id);
    return m == nullptr ? 0 : m->clients().session_of(id);
}

} // namespace kazoo::server
