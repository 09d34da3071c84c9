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

std::optional<queue_entry> listing::take() {
    const auto next = first_of_entries(waiting_);
    if (!next) return std::nullopt;
    taken_.insert(*next);
    waiting_.erase(*next);
    return next;
}

void listing::forget(const queue_entry& e) {
    taken_.erase(e);
    if (made_again_.erase(e) == 0) return;
    waiting_.insert(e);
    changed_.notify();
}

void listing::put_back(const queue_entry& e) {
    taken_.erase(e);
    made_again_.erase(e);
    waiting_.insert(e);
    changed_.notify();
}

/// The watch comes first, so no change is missed: what the names show already does no harm when it is told again.
task<void> listing::follow(std::shared_ptr<recipe_object> self) {
    task_scope& scope = co_await this_scope{};
    const recipe_object::call under_way(*self, scope);
    const handle zk(of_.owner(), of_.root());
    const auto watch = [&] { return zk.async_add_watch(folder_, watch_mode::persistent_recursive); };
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
    changed_.notify();
}

task<void> listing::read(handle zk) {
    const auto list = [&] { return zk.async_get_children(folder_); };
    const auto names = co_await as_result(in_any_session(list));
    if (!names && names.error() != errc::no_node) names.rethrow();
    waiting_.clear();
    made_again_.clear();
    if (names)
        for (const std::string_view name : *names)
            if (const auto e = parse_entry(name)) is_there(*e);
    complete_ = true;
    changed_.notify();
}

task<void> listing::look() {
    const handle zk(of_.owner(), of_.root());
    const auto read = [&] { return read_behind_sync(zk, folder_); };
    const auto names = co_await as_result(in_any_session(read));
    if (!names && names.error() != errc::no_node) names.rethrow();
    if (!names) co_return;
    for (const std::string_view name : *names)
        if (const auto e = parse_entry(name); e && !taken_.contains(*e)) waiting_.insert(*e);
}

void listing::apply(const watch_event& event) {
    const bool created = event.type == event_type::created;
    if (!created && event.type != event_type::deleted) return;
    const auto e = path::parent(event.path) == folder_ ? parse_entry(path::basename(event.path)) : std::nullopt;
    if (!e) return;
    if (!created) {
        waiting_.erase(*e);
        made_again_.erase(*e);
    } else {
        is_there(*e);
        changed_.notify();
    }
}

/// One in our hands may be another one of that name, if somebody has taken it and put it back. If it is not, looking
/// for it costs one request.
void listing::is_there(const queue_entry& e) {
    auto& where = taken_.contains(e) ? made_again_ : waiting_;
    where.insert(e);
}

} // namespace kazoo::recipe
