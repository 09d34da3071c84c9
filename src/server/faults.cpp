#include "server/faults.hpp"

#include "proto/multi.hpp"

#include <algorithm>
#include <utility>

namespace kazoo::server {

namespace {

using proto::opcode;

/// What the client says by itself comes when it likes: a count of requests must not depend on it.
bool is_asked_for(opcode type) noexcept {
    switch (type) {
    case opcode::ping:
    case opcode::auth:
    case opcode::sasl:
    case opcode::set_watches:
    case opcode::set_watches2:
    case opcode::create_session: return false;
    default: return true;
    }
}

bool is_meant(std::string_view pattern, std::string_view path) noexcept {
    if (!pattern.ends_with('*')) return path == pattern;
    return path.starts_with(pattern.substr(0, pattern.size() - 1));
}

/// Whether any operation of it has such a path.
bool has_path_in_multi(std::string_view body, std::string_view pattern) {
    proto::reader in(body);
    for (bool more = true;;) {
        proto::multi_op op;
        if (!proto::get_multi_op(in, op, more) || !more) return false;
        if (is_meant(pattern, std::visit([](const auto& record) { return record.path; }, op.body))) return true;
    }
}

bool has_path(const met_request& r, std::string_view pattern) {
    switch (r.type) {
    case opcode::multi:
    case opcode::multi_read: return has_path_in_multi(r.body, pattern);
    case opcode::close_session:
    case opcode::create_session:
    case opcode::reconfig:
    case opcode::who_am_i: return false;
    default: break;
    }
    if (!is_asked_for(r.type)) return false;
    proto::reader in(r.body); // all others begin with it
    std::string_view path;
    in.get(path);
    return in.ok() && is_meant(pattern, path);
}

bool is_for(const fault_target& whom, const met_request& r) {
    if (whom.session != 0 && whom.session != r.session) return false;
    const bool of_type = whom.types.empty()
                             ? is_asked_for(r.type)
                             : std::find(whom.types.begin(), whom.types.end(), r.type) != whom.types.end();
    return of_type && (whom.path.empty() || has_path(r, whom.path));
}

} // namespace

std::uint64_t fault_book::order(fault what, fault_target whom) {
    orders_.push_back({what, std::move(whom)});
    return orders_.size();
}

bool fault_book::take_back(std::uint64_t number) {
    return number > 0 && number <= orders_.size() && std::exchange(orders_[number - 1].stands, false);
}

void fault_book::order_at_random(std::uint64_t seed, const fault_odds& odds) {
    odds_ = odds;
    chance_ = util::random_source(seed);
}

void fault_book::take_back_all() {
    for (entry& e : orders_) e.stands = false;
    odds_.reset();
}

std::optional<fault> fault_book::meet(const met_request& r) {
    for (entry& e : orders_) {
        if (!e.stands || !is_for(e.whom, r) || e.met++ < e.whom.skip) continue;
        if (++e.hits == e.whom.times) e.stands = false;
        ++all_hits_;
        return e.what;
    }
    if (!odds_ || !is_asked_for(r.type)) return std::nullopt;
    const std::optional<fault> drawn = draw();
    all_hits_ += drawn.has_value();
    return drawn;
}

std::optional<fault> fault_book::draw() {
    double left = chance_.unit();
    const auto falls_on = [&](double odds) { return std::exchange(left, left - odds) < odds; };
    if (falls_on(odds_->cut_before)) return fault{fault::kind::cut_before};
    if (falls_on(odds_->cut_after)) return fault{fault::kind::cut_after};
    if (falls_on(odds_->expire)) return fault{fault::kind::expire};
    if (!falls_on(odds_->hold)) return std::nullopt;
    const auto longest = static_cast<std::uint64_t>(std::max<duration::rep>(odds_->longest_hold.count(), 1));
    const auto kind = chance_.below(2) == 0 ? fault::kind::hold_before : fault::kind::hold_after;
    return fault{kind, duration(static_cast<duration::rep>(chance_.below(longest)))};
}

std::size_t fault_book::hits(std::uint64_t number) const noexcept {
    return number > 0 && number <= orders_.size() ? orders_[number - 1].hits : 0;
}

} // namespace kazoo::server
