#include "session/watch_table.hpp"

#include "proto/jute.hpp"
#include "session/set_watches.hpp"

#include <kazoo/path.hpp>

#include <algorithm>
#include <optional>

namespace kazoo::session {

namespace {

bool is_stream(watch_kind kind) noexcept { return kind == watch_kind::persistent || kind == watch_kind::recursive; }

/// The server's table that a one-shot is in after this reply, if it is in one.
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

// -- requests that register a watcher ---------------------------------------------------------------------------------

void watch_table::carry(request& r, char* frame) {
    watcher& who = *r.watcher;
    const auto at = entries_.try_emplace(who.path).first;
    entry& e = at->second;
    who.carrier_ = &r;
    char* const frame_end = frame + r.frame_size;
    if (!is_stream(who.kind)) {
        ++e.carried;
        who.served_by_stream_ = e.serves(who.kind);
        frame_end[-1] = who.served_by_stream_ ? '\0' : '\1';
        return;
    }
    const bool as_recursive = who.kind == watch_kind::recursive || e.recursive;
    (as_recursive ? e.recursive : e.persistent) = true;
    proto::store_be32(frame_end - 4,
                      as_recursive ? proto::add_watch_mode::persistent_recursive : proto::add_watch_mode::persistent);
    e.holders.push_back({&who, who.kind, false, false, as_recursive, 0});
    if (who.kind == watch_kind::recursive) ++recursive_holders_;
}

void watch_table::answered(request& r, std::int32_t err, std::int64_t zxid) {
    watcher& who = *r.watcher;
    who.carrier_ = nullptr;
    const auto at = entries_.find(who.path);
    entry& e = at->second;
    if (is_stream(who.kind)) {
        if (err != 0) return drop_stream(at, who, true);
        std::ranges::find(e.holders, &who, &holder::who)->active = true;
        return;
    }
    --e.carried;
    const auto as = registered_as(who.kind, err);
    if (!as) return settle(at);
    e.holders.push_back({&who, *as, true, who.served_by_stream_, false, zxid});
    rearm_unserved(at->first, e);
}

void watch_table::not_answered(request& r) {
    watcher& who = *r.watcher;
    who.carrier_ = nullptr;
    const auto at = entries_.find(who.path);
    if (is_stream(who.kind)) return drop_stream(at, who, false);
    --at->second.carried;
    settle(at);
}

void watch_table::drop_stream(table::iterator at, const watcher& who, bool refused) {
    entry& e = at->second;
    std::erase_if(e.holders, [&](const holder& h) { return h.who == &who; });
    if (who.kind == watch_kind::recursive) --recursive_holders_;
    if (refused) {
        e.persistent =
            std::ranges::any_of(e.holders, [](const holder& h) { return is_stream(h.as) && !h.sent_recursive; });
        e.recursive = std::ranges::any_of(e.holders, &holder::sent_recursive);
        rearm_unserved(at->first, e);
    }
    settle(at);
}

/// An addWatch was refused behind which one-shots went out without their flag.
void watch_table::rearm_unserved(const std::string& path, entry& e) {
    if (e.registered()) return;
    for (holder& h : e.holders) {
        if (!h.served) continue;
        h.served = false;
        orders_.rearms.push_back({path, h.as, h.since});
    }
}

/// Drops an entry that nobody needs, with what the server holds for it: a registration, or a one-shot that was given up
/// (`armed`). While somebody needs the path all of it stays: removing it would take the others' along (removeWatches of
/// a single mode is refused or wrong up to 3.8).
void watch_table::settle(table::iterator at, bool armed) {
    const entry& e = at->second;
    if (!e.holders.empty() || e.carried > 0) return;
    if (e.registered() || armed) orders_.removals.push_back(at->first);
    entries_.erase(at);
}

// -- events -----------------------------------------------------------------------------------------------------------

void watch_table::dispatch(event_type type, std::string_view path, std::int64_t zxid) {
    if (const auto at = entries_.find(path); at != entries_.end()) {
        const entry& e = at->second;
        for (const holder& h : e.holders) {
            if (!h.active) continue;
            if (type == event_type::children_changed) {
                if (h.as == watch_kind::persistent && !e.derives_children()) h.who->on_event(type, path, zxid);
            } else if (is_stream(h.as)) {
                h.who->on_event(type, path, zxid);
            }
        }
        fire_one_shots(at, type, path, zxid);
    }
    if (type != event_type::children_changed) dispatch_above(type, path, zxid);
}

void watch_table::fire_one_shots(table::iterator at, event_type type, std::string_view path, std::int64_t zxid) {
    std::vector<watcher*> fired;
    std::erase_if(at->second.holders, [&](const holder& h) {
        const bool fire = fires(h.as, type);
        if (fire) fired.push_back(h.who);
        return fire;
    });
    if (fired.empty()) return;
    settle(at);
    for (watcher* who : fired) who->on_event(type, path, zxid);
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
            for (const holder& h : at->second.holders) {
                if (!h.active) continue;
                if (h.as == watch_kind::recursive) h.who->on_event(type, path, zxid);
                if (h.as == watch_kind::persistent && child_event)
                    h.who->on_event(event_type::children_changed, above, zxid);
            }
            if (child_event) fire_one_shots(at, event_type::children_changed, above, zxid);
        }
        direct = false;
        if (recursive_holders_ == 0) return; // only the parent can matter
        below = above;
    }
}

void watch_table::tell_gap() {
    for (const auto& [path, e] : entries_)
        for (const holder& h : e.holders)
            if (is_stream(h.as)) h.who->on_event(event_type::gap, path, static_cast<std::int64_t>(zxid::none));
}

// -- ends -------------------------------------------------------------------------------------------------------------

void watch_table::forget(watcher& who) {
    const auto at = entries_.find(who.path);
    if (at == entries_.end()) return;
    entry& e = at->second;
    bool armed = false;
    if (who.carrier_) {
        who.carrier_->watcher = nullptr;
        who.carrier_ = nullptr;
        if (!is_stream(who.kind)) {
            --e.carried;
            armed = true; // by the time the server reads what we send now
        }
    }
    if (is_stream(who.kind) && std::ranges::find(e.holders, &who, &holder::who) != e.holders.end())
        return drop_stream(at, who, false);
    if (std::erase_if(e.holders, [&](const holder& h) { return h.who == &who; }) > 0) armed = true;
    settle(at, armed);
}

template <class Pick> void watch_table::end_all(Pick pick, errc reason) {
    std::vector<watcher*> ended;
    for (auto at = entries_.begin(); at != entries_.end();) {
        const auto current = at++;
        std::erase_if(current->second.holders, [&](const holder& h) {
            if (!pick(h)) return false;
            ended.push_back(h.who);
            if (h.as == watch_kind::recursive) --recursive_holders_;
            return true;
        });
        settle(current);
    }
    for (watcher* who : ended) who->on_end(reason);
}

void watch_table::end_one_shots(errc reason) {
    end_all([](const holder& h) { return !is_stream(h.as); }, reason);
}

void watch_table::end_streams(errc reason) {
    end_all([](const holder& h) { return is_stream(h.as); }, reason);
}

// -- connections ------------------------------------------------------------------------------------------------------

void watch_table::connection_lost() noexcept {
    orders_ = {};
    for (auto& [path, e] : entries_) e.persistent = e.recursive = false;
}

std::vector<set_watches_batch> watch_table::restore(std::size_t batch_bytes) {
    std::vector<set_watches_batch> batches;
    std::size_t bytes = 0;
    // In one request the server takes the lists in this order, so that a stream survives a one-shot on its path.
    for (const watch_kind kind :
         {watch_kind::data, watch_kind::exists, watch_kind::child, watch_kind::persistent, watch_kind::recursive}) {
        std::vector<std::string_view> paths;
        for (auto& [path, e] : entries_) {
            if (std::ranges::find(e.holders, kind, &holder::as) == e.holders.end()) continue;
            paths.push_back(path);
            if (kind == watch_kind::persistent) e.persistent = true;
            if (kind == watch_kind::recursive) e.recursive = true;
        }
        add_to_batches(batches, kind, paths, batch_bytes, bytes);
    }
    for (auto& [path, e] : entries_)
        for (holder& h : e.holders) {
            h.sent_recursive = h.as == watch_kind::recursive;
            h.served = false; // the catch-up and the stream's registration cover it
        }
    return batches;
}

} // namespace kazoo::session
