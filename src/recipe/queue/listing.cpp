#include "recipe/queue/listing.hpp"

#include "recipe/queue/names.hpp"

#include <kazoo/path.hpp>

#include <utility>

namespace kazoo::recipe {

void listing::begin(const std::shared_ptr<recipe_object>& self) {
    if (std::exchange(following_, true)) return;
    complete_ = false;
    failure_ = {};
    spawn(of_.owner(), {.name = of_.recipe(), .path = of_.path()}, follow(self)).detach();
}

std::optional<queue_entry> listing::take(std::size_t among) {
    const auto next = one_of_first_entries(waiting_, among, among > 1 ? of_.owner().loop().entropy() : 0);
    if (!next) return std::nullopt;
    taken_.insert(*next);
    waiting_.erase(*next);
    return next;
}

void listing::forget(const queue_entry& e) {
    taken_.erase(e);
    claim_told_.erase(e);
    if (made_again_.erase(e) == 0) return;
    is_there(e);
    changed_.notify();
}

void listing::put_back(const queue_entry& e) {
    taken_.erase(e);
    claim_told_.erase(e);
    made_again_.erase(e);
    is_there(e);
    changed_.notify();
}

/// What was told of its claims meanwhile may be newer than the one that we have met.
void listing::is_claimed(const queue_entry& e) {
    if (!claim_told_.contains(e)) claimed_.insert(e);
    put_back(e);
}

/// The watch comes first, so no change is missed: what the names show already does no harm when it is told again.
task<void> listing::follow(std::shared_ptr<recipe_object> self) {
    task_scope& scope = co_await this_scope{};
    const recipe_object::call under_way(*self, scope);
    const handle zk(of_.owner(), of_.root());
    const auto watch = [&] { return zk.async_add_watch(folders_.watched, watch_mode::persistent_recursive); };
    auto watching = co_await as_result(in_any_session(watch));
    std::error_code end = watching.error();
    if (watching) {
        watch_stream changes = *std::move(watching);
        bool stale = true;
        while (!end) {
            if (std::exchange(stale, false)) end = (co_await as_result(read(zk))).error();
            if (end) break;
            auto event = co_await as_result(changes.async_next());
            end = event.error();
            if (!event) break;
            stale = event->type == event_type::gap;
            if (!stale) apply(*event);
        }
    }
    following_ = complete_ = false;
    failure_ = end;
    waiting_.clear();
    held_back_.clear();
    changed_.notify();
}

task<void> listing::read(handle zk) {
    looked_ = of_.now();
    const auto list = [&] { return read_names(zk, folders_.items, folders_.claims); };
    const auto [items, claims] = co_await in_any_session(list);
    waiting_.clear();
    made_again_.clear();
    held_back_.clear();
    claims_are(claims, true);
    for (const std::string_view name : items)
        if (const auto e = parse_entry(name)) is_there(*e);
    complete_ = true;
    changed_.notify();
}

task<void> listing::look() {
    const handle zk(of_.owner(), of_.root());
    const auto told = told_;
    looked_ = of_.now();
    const auto read = [&] { return read_names_behind_sync(zk, folders_.items, folders_.claims); };
    const auto [items, claims] = co_await in_any_session(read);
    claims_are(claims, told == told_); // otherwise events may know better
    for (const std::string_view name : items)
        if (const auto e = parse_entry(name); e && !taken_.contains(*e)) is_there(*e);
}

void listing::apply(const watch_event& event) {
    const bool created = event.type == event_type::created;
    if (!created && event.type != event_type::deleted) return;
    const std::string_view folder = path::parent(event.path);
    const bool is_claim = folder == folders_.claims;
    const auto e = is_claim || folder == folders_.items ? parse_entry(path::basename(event.path)) : std::nullopt;
    if (!e) return;
    ++told_;
    if (is_claim) {
        apply_claim(*e, created);
    } else if (!created) {
        held_back_.erase(*e);
        waiting_.erase(*e);
        made_again_.erase(*e);
    } else {
        is_there(*e);
        changed_.notify();
    }
}

void listing::apply_claim(const queue_entry& e, bool made) {
    if (taken_.contains(e)) claim_told_.insert(e);
    if (made) {
        claimed_.insert(e);
        if (waiting_.erase(e) > 0) held_back_.insert(e);
        return;
    }
    claimed_.erase(e);
    if (held_back_.erase(e) == 0) return;
    waiting_.insert(e);
    changed_.notify();
}

/// Servers do not tell everybody of each claim that has gone, so what is not among the names is let go in any case. If
/// it was claimed since, taking it costs one request.
void listing::claims_are(const child_names& names, bool all_known) {
    std::set<queue_entry> now;
    for (const std::string_view name : names)
        if (const auto e = parse_entry(name)) now.insert(*e);
    for (const queue_entry& e : std::set(claimed_))
        if (!now.contains(e)) apply_claim(e, false);
    if (!all_known) return;
    for (const queue_entry& e : now) apply_claim(e, true);
}

/// One in our hands may be another one of that name, if somebody has taken it and put it back. If it is not, looking
/// for it costs one request.
void listing::is_there(const queue_entry& e) {
    if (taken_.contains(e))
        made_again_.insert(e);
    else if (claimed_.contains(e))
        held_back_.insert(e);
    else
        waiting_.insert(e);
}

} // namespace kazoo::recipe
