#include "helper_storm.hpp"

#include "testing/sim/sim_link.hpp"

#include <kazoo/path.hpp>

#include <algorithm>

namespace kazoo::testkit {

namespace {

simulation_options helper_world(std::uint64_t seed) {
    simulation_options o;
    o.seed = seed;
    o.followers = seed % 3;
    o.longest_lag = std::chrono::milliseconds(seed % 2 == 0 ? 5 : 1500);
    return o;
}

constexpr storm_shape helper_shape{.length = 10s, .faults = 16, .first_passing = 500ms, .longest_passing = 4s};

} // namespace

helper_storm::helper_storm(std::uint64_t seed) : storm_frame(helper_world(seed), helper_shape), named_(seed % 4 != 0) {}

void helper_storm::start() {
    for (int i = 0; i < 3; ++i) set_to_work(add_client());
}

/// It goes with its calls under way.
std::function<void()> helper_storm::on_passing_client(storm_client& p) {
    set_to_work(p);
    return [&p, how = below(2)] {
        if (how == 0) p.c->async_close().detach();
        p.c.reset();
    };
}

void helper_storm::on_forget() {
    ++forgotten_;
    last_counter_.clear();
    for (const auto& u : updates_) u->replaced = u->replaced || u->end == told::nothing_yet;
    for (const auto& s : sites_) ++s->absences;
    for (auto& [name, c] : creations_) c.applied = c.end == told::nothing_yet ? c.applied : 0;
}

// -- what the server did ----------------------------------------------------------------------------------------------

void helper_storm::on_write(const sim_write& w) {
    using enum proto::opcode;
    if (w.write.error != errc{}) return;
    switch (w.write.type) {
    case set_data: return on_set(w);
    case remove: return on_remove(w);
    case create:
    case create2: return on_create(w);
    default: return;
    }
}

std::string helper_storm::counter_text() const {
    const auto* n = inside().server().nodes().find("/counter");
    return n == nullptr ? std::string() : n->data;
}

/// Each value is the one before and one more, whoever it comes from.
void helper_storm::on_set(const sim_write& w) {
    if (w.write.path != "/counter") return;
    const std::string now = counter_text();
    if (!last_counter_.empty() && std::stoull(now) != std::stoull(last_counter_) + 1)
        complain("the counter went from " + last_counter_ + " to " + now);
    last_counter_ = now;
    const auto name = now.find(' ');
    if (name == std::string::npos) return;
    update& u = *updates_[std::stoull(now.substr(name + 1))];
    if (++u.applied > 1 && !u.replaced) complain("update " + now + " was applied twice");
    if (u.end == told::not_applied && !u.replaced) complain("update " + now + " was applied after all");
}

void helper_storm::on_create(const sim_write& w) {
    if (w.write.path == "/counter") last_counter_ = counter_text();
    for (const auto& s : sites_)
        if (s->being_removed && w.write.path.starts_with(s->top + "/late"))
            counts_.add(helper_counts::children_met_again);
    const auto at = w.write.path.rfind('-');
    if (!w.write.path.starts_with("/retries/") || at == std::string_view::npos) return;
    const auto found = creations_.find(w.write.path.substr(0, at));
    if (found == creations_.end()) return;
    creation& c = found->second;
    if (++c.applied > c.tries || (c.applied > 1 && !c.repeats_unknown))
        complain(found->first + " was made " + std::to_string(c.applied) + " times");
    if (c.end == told::not_applied) complain(found->first + " was made after all");
}

void helper_storm::on_remove(const sim_write& w) {
    const auto number = static_cast<std::size_t>(
        std::ranges::find_if(clients(), [&](const auto& c) { return c->inside.get() == w.from; }) - clients().begin());
    if (number >= sites_.size()) return complain("removed by nobody: " + std::string(w.write.path));
    site& s = *sites_[number];
    if (!path::is_within(s.top, w.write.path))
        return complain(clients()[number]->name() + " removes " + std::string(w.write.path));
    if (w.late)
        counts_.add(helper_counts::late_removals);
    else
        ++s.removed_by_us;
    if (w.write.path == s.top) ++s.absences;
    if (s.being_removed && below(6) == 0) intrude(s);
}

/// Somebody else adds to what is being removed.
void helper_storm::intrude(const site& s) {
    inside().after(between(0ms, 4ms), [this, &s] {
        const auto other = std::ranges::find_if(clients(), [&](const auto& c) { return c->c && !c->inside->paused(); });
        if (other == clients().end()) return;
        storm_client& p = **other;
        const std::string child = s.top + "/late" + std::to_string(below(1000));
        p.inside->execute([&p, child] {
            if (p.c) p.c->async_create(child).detach();
        });
    });
}

// -- what must be true ------------------------------------------------------------------------------------------------

void helper_storm::settle() {
    const auto enough = [this] {
        return counts_[helper_counts::updates] >= 10 && counts_[helper_counts::trees_removed] >= 3;
    };
    comes_true(enough, 60s);
    open_ = false;
    if (!comes_true([this] { return actors_ == 0; }, 120s))
        complain(std::to_string(actors_) + " calls of helpers did not end");
}

void helper_storm::audit() {
    judge_updates();
    judge_creations();
    if (counts_[helper_counts::updates] < 10) complain("too quiet");
}

void helper_storm::judge_updates() {
    std::uint64_t least = 0, most = 0;
    for (std::size_t i = 0; i < updates_.size(); ++i) {
        const update& u = *updates_[i];
        if (u.end == told::done) ++least;
        if (u.end != told::not_applied) ++most;
        if (!named_ || u.replaced) continue;
        if (u.end == told::done && u.applied != 1) complain("update " + std::to_string(i) + " was not applied");
        if (u.end == told::unknown)
            counts_.add(u.applied == 1 ? helper_counts::unknown_and_applied : helper_counts::unknown_and_not_applied);
    }
    if (forgotten_ > 0 || last_counter_.empty()) return;
    const std::uint64_t value = std::stoull(last_counter_);
    if (value < least || value > most)
        complain("the counter is " + last_counter_ + ", and should be " + std::to_string(least) + " to " +
                 std::to_string(most));
}

void helper_storm::judge_creations() {
    for (const auto& [name, c] : creations_) {
        if (c.applied > 1) counts_.add(helper_counts::applied_several_times);
        if (c.end == told::done && c.applied == 0 && forgotten_ == 0) complain(name + " was not made");
    }
}

} // namespace kazoo::testkit
