#include "session/watch_table.hpp"

#include "proto/framing.hpp"
#include "session/set_watches.hpp"
#include "session/wire_log.hpp"

#include <kazoo/path.hpp>

#include <optional>

namespace kazoo::session {

namespace {

constexpr auto one_shots = {watch_kind::data, watch_kind::exists, watch_kind::child};
constexpr auto streams = {watch_kind::persistent, watch_kind::recursive};

bool is_stream(watch_kind kind) noexcept { return kind == watch_kind::persistent || kind == watch_kind::recursive; }

/// In which of the server's tables a one-shot is after this reply, if it is in one.
std::optional<watch_kind> registered_as(watch_kind asked, std::int32_t err) noexcept {
    if (err == 0) return asked == watch_kind::exists ? watch_kind::data : asked;
    if (asked == watch_kind::exists && err == static_cast<std::int32_t>(errc::no_node)) return watch_kind::exists;
    return std::nullopt;
}

bool fires(watch_kind one_shot, event_type type) noexcept {
    switch (type) {
    case event_type::created:
    case event_type::data_changed: return one_shot == watch_kind::data || one_shot == watch_kind::exists;
    case event_type::children_changed: return one_shot == watch_kind::child;
    case event_type::deleted: return !is_stream(one_shot);
    case event_type::gap: break;
    }
    return false;
}

} // namespace

std::string_view to_string(watch_kind kind) noexcept {
    switch (kind) {
    case watch_kind::data: return "data";
    case watch_kind::exists: return "exists";
    case watch_kind::child: return "child";
    case watch_kind::persistent: return "persistent";
    case watch_kind::recursive: return "recursive";
    }
    return "unknown";
}

// -- holders ----------------------------------------------------------------------------------------------------------

void watch_table::hold(entry& e, detail::ref<watcher> held, watch_kind as) noexcept {
    watcher& who = *held;
    who.number_ = ++came_;
    who.as_ = as;
    e.held_as(as).push_back(std::move(held));
    ++held_;
    if (who.served_) ++e.served;
    if (who.sent_recursive_) ++e.sent_recursive;
    if (as == watch_kind::recursive) ++recursive_holders_;
}

detail::ref<watcher> watch_table::release(entry& e, watcher& who) noexcept {
    who.registered_ = false;
    --held_;
    if (who.served_) --e.served;
    if (who.sent_recursive_) --e.sent_recursive;
    if (who.as_ == watch_kind::recursive) --recursive_holders_;
    return e.held_as(who.as_).remove(who);
}

void watch_table::tell(watcher& who, event_type type, std::string_view path, std::int64_t zxid) noexcept {
    ++told_;
    if (type == event_type::gap)
        log_(who, "gap");
    else
        log_(who, "fired, ", to_string(type), " ", path);
    who.on_event(type, path, zxid);
}

/// `what`, and what the server has for it, where that is something else.
void watch_table::log_set(const watcher& who, std::string_view what) const {
    if (who.served_)
        log_(who, what, ", fired by the stream on its path");
    else if (who.sent_recursive_ && who.kind != watch_kind::recursive)
        log_(who, what, " as recursive");
    else if (who.as_ != who.kind)
        log_(who, what, " as ", to_string(who.as_));
    else
        log_(who, what);
}

// -- requests that register a watcher ---------------------------------------------------------------------------------

void watch_table::carry(request& r, std::span<char> frame) {
    watcher& who = *r.watcher;
    const auto at = entries_.try_emplace(who.path).first;
    entry& e = at->second;
    if (!is_stream(who.kind)) {
        ++e.carried;
        who.served_ = e.serves(who.kind);
        proto::set_watch_flag(frame, !who.served_);
        return;
    }
    const bool as_recursive = who.kind == watch_kind::recursive || e.recursive;
    (as_recursive ? e.recursive : e.persistent) = true;
    proto::set_watch_mode(frame, as_recursive ? proto::add_watch_mode::persistent_recursive
                                              : proto::add_watch_mode::persistent);
    who.sent_recursive_ = as_recursive;
    hold(e, r.watcher, who.kind);
}

void watch_table::answered(request& r, std::int32_t err, std::int64_t zxid) {
    const detail::ref<watcher> carried = std::move(r.watcher);
    watcher& who = *carried;
    const auto at = entries_.find(who.path);
    entry& e = at->second;
    if (is_stream(who.kind)) {
        if (err != 0) {
            if (log_) log_(who, "not registered, ", describe_error(err));
            return refuse_stream(at, who);
        }
        who.registered_ = true;
        return log_set(who, "registered");
    }
    --e.carried;
    const auto as = registered_as(who.kind, err);
    if (!as) {
        if (log_) log_(who, "not registered, ", describe_error(err));
        return settle(at);
    }
    who.registered_ = true;
    who.since_ = zxid;
    hold(e, carried, *as);
    log_set(who, "registered");
    if (!e.registered()) rearm(e, who);
}

void watch_table::not_answered(request& r) {
    watcher& who = *r.watcher;
    log_(who, "not registered, no reply came");
    const auto at = entries_.find(who.path);
    if (is_stream(who.kind)) return drop_stream(at, who);
    --at->second.carried;
    settle(at);
}

void watch_table::drop_stream(table::iterator at, watcher& who) {
    release(at->second, who);
    settle(at);
}

void watch_table::refuse_stream(table::iterator at, watcher& who) {
    entry& e = at->second;
    release(e, who);
    e.persistent = e.streams() > e.sent_recursive;
    e.recursive = e.sent_recursive > 0;
    if (!e.registered() && e.served > 0)
        for (const watch_kind kind : one_shots) e.held_as(kind).each([&](watcher& w) { rearm(e, w); });
    settle(at);
}

/// An addWatch was refused behind which this one-shot went out without its flag.
void watch_table::rearm(entry& e, watcher& who) {
    if (!who.served_) return;
    who.served_ = false;
    --e.served;
    log_(who, "set by itself, the stream on its path was refused");
    orders_.rearms.push_back({who.path, who.as_, who.since_});
}

/// Drops an entry that nobody needs, with what the server holds for it: a registration, or a one-shot that was given
/// up. While somebody needs the path all of it stays: removing it would take the others' along (removeWatches of
/// a single mode is refused or wrong up to 3.8).
void watch_table::settle(table::iterator at) {
    entry& e = at->second;
    if (e.needed()) return;
    if (e.registered() || e.left_armed) orders_.removals.push_back(at->first);
    entries_.erase(at);
}

// -- events -----------------------------------------------------------------------------------------------------------

void watch_table::dispatch(event_type type, std::string_view path, std::int64_t zxid) {
    if (const auto at = entries_.find(path); at != entries_.end()) {
        entry& e = at->second;
        const auto tell_it = [&](watcher& w) {
            if (w.registered_) tell(w, type, path, zxid);
        };
        if (type != event_type::children_changed)
            e.each_stream(tell_it);
        else if (!e.derives_children())
            e.held_as(watch_kind::persistent).each(tell_it);
        fire_one_shots(at, type, path, zxid);
    }
    if (type != event_type::children_changed) dispatch_above(type, path, zxid);
}

void watch_table::fire_one_shots(table::iterator at, event_type type, std::string_view path, std::int64_t zxid) {
    watcher_list fired;
    if (type == event_type::deleted) at->second.left_armed = false; // a deletion fires every one-shot
    for (const watch_kind kind : one_shots) {
        if (!fires(kind, type)) continue;
        at->second.held_as(kind).each([&](watcher& w) { fired.push_back(release(at->second, w)); });
    }
    if (fired.empty()) return;
    settle(at);
    while (!fired.empty()) tell(*fired.pop_front(), type, path, zxid);
}

/// Recursive holders on the ancestors, and those on the parent who learn of its children this way.
void watch_table::dispatch_above(event_type type, std::string_view path, std::int64_t zxid) {
    std::string_view below = path;
    bool direct = true;
    while (below.size() > 1) {
        const std::string_view above = kazoo::path::parent(below);
        if (above.size() >= below.size()) return;
        const auto at = entries_.find(above);
        if (at != entries_.end()) {
            const bool child_event = direct && type != event_type::data_changed && at->second.derives_children();
            const auto tell_it = [&](watcher& w) {
                if (!w.registered_) return;
                if (w.as_ == watch_kind::recursive)
                    tell(w, type, path, zxid);
                else
                    tell(w, event_type::children_changed, above, zxid);
            };
            if (child_event)
                at->second.each_stream(tell_it);
            else
                at->second.held_as(watch_kind::recursive).each(tell_it);
            if (child_event) fire_one_shots(at, event_type::children_changed, above, zxid);
        }
        direct = false;
        if (recursive_holders_ == 0) return; // only the parent can matter
        below = above;
    }
}

void watch_table::tell_gap() {
    for (auto& [path, e] : entries_)
        e.each_stream([&](watcher& w) { tell(w, event_type::gap, path, static_cast<std::int64_t>(zxid::none)); });
}

// -- ends -------------------------------------------------------------------------------------------------------------

void watch_table::forget(watcher& who) {
    if (!who.registered_) return;
    log_(who, "given up");
    const auto at = entries_.find(who.path);
    if (is_stream(who.kind)) return drop_stream(at, who);
    release(at->second, who);
    at->second.left_armed = true; // a one-shot that is given up stays at the server
    settle(at);
}

void watch_table::end_all(std::initializer_list<watch_kind> kinds, errc reason) {
    watcher_list ended;
    for (auto at = entries_.begin(); at != entries_.end();) {
        const auto current = at++;
        for (const watch_kind kind : kinds)
            current->second.held_as(kind).each([&](watcher& w) { ended.push_back(release(current->second, w)); });
        settle(current);
    }
    while (!ended.empty()) {
        const detail::ref<watcher> who = ended.pop_front();
        if (log_) log_(*who, "over, ", describe_error(static_cast<std::int32_t>(reason)));
        who->on_end(reason);
    }
}

void watch_table::end_one_shots(errc reason) { end_all(one_shots, reason); }

void watch_table::end_streams(errc reason) { end_all(streams, reason); }

// -- connections ------------------------------------------------------------------------------------------------------

void watch_table::connection_lost() noexcept {
    orders_ = {};
    for (auto& [path, e] : entries_) e.persistent = e.recursive = e.left_armed = false;
}

std::vector<set_watches_batch> watch_table::restore(std::size_t batch_bytes) {
    std::vector<set_watches_batch> batches;
    std::size_t bytes = 0;
    // In one request the server takes the lists in this order, so that a stream survives a one-shot on its path.
    for (const watch_kind kind :
         {watch_kind::data, watch_kind::exists, watch_kind::child, watch_kind::persistent, watch_kind::recursive}) {
        std::vector<std::string_view> paths;
        for (auto& [path, e] : entries_) {
            if (e.held_as(kind).empty()) continue;
            paths.push_back(path);
            if (kind == watch_kind::persistent) e.persistent = true;
            if (kind == watch_kind::recursive) e.recursive = true;
        }
        add_to_batches(batches, kind, paths, batch_bytes, bytes);
    }
    for (auto& [path, e] : entries_) {
        for (watcher_list& list : e.lists)
            list.each([&](watcher& w) {
                w.sent_recursive_ = w.as_ == watch_kind::recursive;
                w.served_ = false; // the catch-up and the stream's registration cover it
                log_set(w, "set again");
            });
        e.sent_recursive = e.held_as(watch_kind::recursive).size();
        e.served = 0;
    }
    return batches;
}

} // namespace kazoo::session
