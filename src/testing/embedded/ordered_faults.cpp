// Faults and facts, between the words of the testing kit and those of the pure server.
#include "testing/embedded/server_engine.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace kazoo::testkit {
namespace {

using proto::opcode;

std::vector<opcode> opcodes_of(request_kind kind) {
    switch (kind) {
    case request_kind::any: break;
    case request_kind::create: return {opcode::create, opcode::create2, opcode::create_container, opcode::create_ttl};
    case request_kind::remove: return {opcode::remove};
    case request_kind::exists: return {opcode::exists};
    case request_kind::get: return {opcode::get_data};
    case request_kind::set: return {opcode::set_data};
    case request_kind::get_children: return {opcode::get_children, opcode::get_children2};
    case request_kind::get_acl: return {opcode::get_acl};
    case request_kind::set_acl: return {opcode::set_acl};
    case request_kind::sync: return {opcode::sync};
    case request_kind::transaction: return {opcode::multi};
    case request_kind::add_watch: return {opcode::add_watch};
    case request_kind::remove_watches: return {opcode::remove_watches};
    case request_kind::close_session: return {opcode::close_session};
    case request_kind::connect: return {opcode::create_session};
    case request_kind::ping: return {opcode::ping};
    case request_kind::auth: return {opcode::auth};
    case request_kind::set_watches: return {opcode::set_watches, opcode::set_watches2};
    case request_kind::sasl: return {opcode::sasl};
    }
    return {};
}

using core_kind = kazoo::server::fault::kind;

core_kind kind_of(fault::kind kind) {
    switch (kind) {
    case fault::kind::cut_before: return core_kind::cut_before;
    case fault::kind::cut_after: return core_kind::cut_after;
    case fault::kind::hold_before: return core_kind::hold_before;
    case fault::kind::hold_after: return core_kind::hold_after;
    case fault::kind::expire: return core_kind::expire;
    case fault::kind::move: return core_kind::move;
    case fault::kind::answer: return core_kind::answer;
    case fault::kind::unknown: break;
    }
    return core_kind::unknown;
}

watch_facts facts_of(kazoo::server::registered_watch w) {
    using kind = watch_facts::kind;
    switch (w.kind) {
    case kazoo::server::watch_kind::one_shot: return {std::move(w.path), w.of_children ? kind::children : kind::data};
    case kazoo::server::watch_kind::persistent: return {std::move(w.path), kind::persistent};
    case kazoo::server::watch_kind::recursive: break;
    }
    return {std::move(w.path), kind::recursive};
}

} // namespace

fault_id server::engine::order(const fault& f, const fault_target& whom) {
    const duration time = f.time == fault::until_released ? duration::max() : duration(f.time);
    return fault_id{server_->faults().order(
        {kind_of(f.what), time, f.error},
        {opcodes_of(whom.what), whom.path, static_cast<std::int64_t>(whom.session), whom.skip, whom.times})};
}

void server::engine::order_at_random(std::uint64_t seed, const fault_odds& o) {
    const double each[] = {o.cut_before, o.cut_after, o.hold, o.expire};
    const bool are_odds = std::all_of(std::begin(each), std::end(each), [](double x) { return x >= 0 && x <= 1; });
    if (!are_odds || o.cut_before + o.cut_after + o.hold + o.expire > 1)
        throw std::invalid_argument("odds of faults are from 0 to 1, together at most 1");
    server_->faults().order_at_random(seed, {o.cut_before, o.cut_after, o.hold, o.expire, o.longest_hold});
}

void server::engine::take_back_faults() {
    server_->faults().take_back_all();
    release();
}

void server::engine::release() {
    server_->release_held(now());
    obey();
}

bool server::engine::await_more_hits(std::uint64_t than, std::chrono::steady_clock::time_point limit) {
    std::unique_lock lock(hits_mutex_);
    return more_hits_.wait_until(lock, limit, [&] { return told_hits_ > than; });
}

void server::engine::advance(std::chrono::milliseconds time) {
    ahead_ += time;
    if (!running_) return; // sessions do not age meanwhile
    alarm_.cancel();
    armed_ = never;
    server_->on_time(now());
    obey();
}

std::vector<session_facts> server::engine::dump() const {
    std::vector<session_facts> all;
    for (const session_id id : sessions()) {
        const auto number = static_cast<std::int64_t>(id);
        session_facts facts{id,
                            std::chrono::milliseconds(server_->timeout_ms(number)),
                            server_->is_attached(number),
                            server_->ephemerals(number),
                            {}};
        for (auto& w : server_->watches_of(number)) facts.watches.push_back(facts_of(std::move(w)));
        all.push_back(std::move(facts));
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    return all;
}

} // namespace kazoo::testkit
