// Those who watch in a storm: they read again whenever they are told to, and must end up knowing the truth.
#include "actor.hpp"
#include "storm.hpp"

#include <algorithm>

namespace kazoo::testkit {

namespace {

constexpr std::string_view nothing = "(nothing)";

std::string joined(std::vector<std::string> names) {
    std::sort(names.begin(), names.end());
    std::string text;
    for (const std::string& name : names) text += name + ' ';
    return text;
}

std::string presence(const std::optional<node_stat>& stat) {
    return stat ? std::to_string(static_cast<std::int64_t>(stat->modified)) : std::string(nothing);
}

} // namespace

std::string storm::data_of(const std::string& path) const {
    const auto* n = inside().server().nodes().find(path);
    return n == nullptr ? std::string(nothing) : n->data;
}

std::string storm::presence_of(const std::string& path) const {
    const auto* n = inside().server().nodes().find(path);
    return n == nullptr ? std::string(nothing) : std::to_string(n->mzxid);
}

std::string storm::children_of(const std::string& path) const {
    const auto* n = inside().server().nodes().find(path);
    if (n == nullptr) return std::string(nothing);
    std::vector<std::string> names;
    n->children.for_each([&](const kazoo::server::znode& child) { names.emplace_back(child.name()); });
    return joined(std::move(names));
}

std::string storm::subtree_of(const std::string& path) const {
    std::string text = data_of(path) + ';';
    for (int i = 0; i < 4; ++i) text += data_of(path + "/" + std::to_string(i)) + ';';
    return text;
}

/// The coroutines. Each ends with its client, which they do not keep open.
struct watchers {
    static bool is_over(const error& e) { return e.code() == errc::closed || e.code() == errc::auth_failed; }

    static void note_fired(storm& s, const storm::player& p, std::uint64_t reconnects) {
        s.counts_.add(client_counts::one_shots_fired);
        if (p.reconnects != reconnects) s.counts_.add(client_counts::one_shots_set_again);
    }

    static actor data(storm& s, storm::player& p, storm::view& v) {
        const counted_here alive(s.actors_);
        for (bool over = false; !over && p.c;) {
            bool wait = false;
            try {
                auto asked = p.c->async_watch(v.path);
                auto w = co_await std::move(asked);
                v.seen = w.value.data.str();
                const auto reconnects = p.reconnects;
                co_await std::move(w.changed);
                note_fired(s, p, reconnects);
            } catch (const error& e) {
                over = is_over(e);
                wait = true;
                if (e.code() == errc::no_node) v.seen = nothing;
                if (e.code() == errc::no_auth) s.use_own_nodes(p);
            }
            if (wait && !over) co_await pause_for(*p.inside, 100ms);
        }
    }

    static actor existence(storm& s, storm::player& p, storm::view& v) {
        const counted_here alive(s.actors_);
        for (bool over = false; !over && p.c;) {
            try {
                auto asked = p.c->async_watch_exists(v.path);
                auto w = co_await std::move(asked);
                v.seen = presence(w.value);
                const auto reconnects = p.reconnects;
                co_await std::move(w.changed);
                note_fired(s, p, reconnects);
            } catch (const error& e) {
                over = is_over(e);
            }
        }
    }

    static actor children(storm& s, storm::player& p, storm::view& v) {
        const counted_here alive(s.actors_);
        for (bool over = false; !over && p.c;) {
            bool wait = false;
            try {
                auto asked = p.c->async_watch_children(v.path);
                auto w = co_await std::move(asked);
                v.seen = joined(std::move(w.value.names));
                const auto reconnects = p.reconnects;
                co_await std::move(w.changed);
                note_fired(s, p, reconnects);
            } catch (const error& e) {
                over = is_over(e);
                wait = true;
                if (e.code() == errc::no_node) v.seen = nothing;
            }
            if (wait && !over) co_await pause_for(*p.inside, 100ms);
        }
    }

    /// Reads the one node that an event names, all of them behind a gap. It never looks without having been told to.
    static actor stream(storm& s, storm::player& p, storm::view& v, watch_mode mode) {
        const counted_here alive(s.actors_);
        std::vector<std::string> paths{v.path};
        if (mode == watch_mode::persistent_recursive)
            for (int i = 0; i < 4; ++i) paths.push_back(v.path + "/" + std::to_string(i));
        std::map<std::string, std::string> known;
        watch_stream events;
        for (bool over = false; !over && p.c;) {
            std::vector<std::string> stale;
            try {
                if (!events.valid()) {
                    auto asked = p.c->async_add_watch(v.path, mode);
                    events = co_await std::move(asked);
                    stale = paths;
                } else {
                    auto next = events.async_next();
                    const watch_event e = co_await std::move(next);
                    s.counts_.add(e.type == event_type::gap ? client_counts::gaps : client_counts::byte_stream_events);
                    if (e.type == event_type::gap)
                        stale = paths;
                    else if (std::ranges::find(paths, e.path) != paths.end())
                        stale = {e.path};
                }
            } catch (const error& e) {
                over = is_over(e);
            }
            while (!stale.empty() && !over && p.c) {
                const std::string path = stale.back();
                try {
                    auto asked = p.c->async_get_if_exists(path);
                    const auto n = co_await std::move(asked);
                    known[path] = n ? n->data.str() : std::string(nothing);
                    stale.pop_back();
                } catch (const error& e) {
                    over = is_over(e);
                }
            }
            v.seen.clear();
            for (const std::string& path : paths) v.seen += known[path] + (paths.size() > 1 ? ";" : "");
        }
    }
};

void storm::start_watchers(player& p) {
    const auto add = [&](auto truth, std::string path, std::string_view who) -> view& {
        views_.push_back(std::make_unique<view>(
            view{truth, std::move(path), "(not read yet)", std::string(who) + " of " + p.name()}));
        return *views_.back();
    };
    const std::string number = std::to_string(p.number % 4);
    auto& one = add(&storm::data_of, "/s/" + number, "data watcher");
    auto& two = add(&storm::presence_of, "/s/" + number, "exists watcher");
    auto& three = add(&storm::children_of, "/t", "children watcher");
    auto& four = add(&storm::data_of, "/s/" + number, "stream");
    auto& five = add(&storm::subtree_of, "/s", "recursive stream");
    auto& six = add(&storm::data_of, protected_node, "data watcher");
    p.inside->execute([this, &p, &one, &two, &three, &four, &five, &six] {
        watchers::data(*this, p, one);
        watchers::data(*this, p, six);
        watchers::existence(*this, p, two);
        watchers::children(*this, p, three);
        watchers::stream(*this, p, four, watch_mode::persistent);
        watchers::stream(*this, p, five, watch_mode::persistent_recursive);
    });
}

} // namespace kazoo::testkit
