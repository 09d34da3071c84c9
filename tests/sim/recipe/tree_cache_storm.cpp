#include "tree_cache_storm.hpp"

#include <kazoo/path.hpp>

#include <algorithm>

namespace kazoo::testkit {

namespace {

simulation_options world_of(std::uint64_t seed) {
    simulation_options o;
    o.seed = seed;
    o.followers = seed % 3;
    o.longest_lag = std::chrono::milliseconds(seed % 2 == 0 ? 5 : 1500);
    return o;
}

constexpr storm_shape shape{.length = 10s, .faults = 16, .first_passing = 500ms, .longest_passing = 4s};

} // namespace

tree_cache_storm::tree_cache_storm(std::uint64_t seed) : storm_frame(world_of(seed), shape) {}

void tree_cache_storm::start() {
    for (int i = 0; i < 3; ++i) follow(add_client());
}

/// Its cache goes first, or with the client.
std::function<void()> tree_cache_storm::on_passing_client(storm_client& p) {
    follow(p);
    return [this, &p, how = below(2)] {
        if (how == 0) p.c->async_close().detach();
        followers_[p.number]->events.reset();
        followers_[p.number]->cache.reset();
        p.c.reset();
    };
}

void tree_cache_storm::on_forget() {
    counts_.add(tree_counts::disks_lost);
    numbers_grow_ = false; // they begin anew, and what was read before may be told afterwards
}

void tree_cache_storm::follow(storm_client& p) {
    followers_.push_back(std::make_unique<follower>());
    follower& f = *followers_.back();
    f.name = p.name();
    f.cache = std::make_unique<tree_cache>(*p.c, "/tree");
    f.events = f.cache->on_event([this, &f](const tree_event& e) { hear(f, e); });
    f.cache->start();
    p.inside->execute([this, &p] { change(*this, p); });
}

std::string tree_cache_storm::some_path() {
    std::string path = "/tree";
    for (std::uint64_t depth = below(4); depth > 0; --depth) path += "/" + std::to_string(below(3));
    return path;
}

/// Changes anything, and tells nobody how it ended.
actor tree_cache_storm::change(tree_cache_storm& s, storm_client& p) {
    const counted_here alive(s.actors_);
    while (s.open_ && p.c) {
        co_await pause_for(*p.inside, s.between(0ms, 60ms));
        if (!p.c) co_return;
        const std::string path = s.some_path();
        switch (s.below(8)) {
        case 0: p.c->async_remove(path).detach(); break;
        case 1: p.c->async_remove_tree(path).detach(); break;
        case 2:
        case 3: p.c->async_set(path, std::to_string(s.below(1000))).detach(); break;
        case 4: p.c->async_create(path, "e", create_mode::ephemeral).detach(); break;
        default: p.c->async_create(path, std::to_string(s.below(1000))).detach();
        }
        if (const follower& f = *s.followers_[p.number]; f.cache && f.cache->stale())
            s.counts_.add(tree_counts::stale_reads);
    }
}

// -- what caches tell -------------------------------------------------------------------------------------------------

void tree_cache_storm::hear(follower& f, const tree_event& e) {
    const cached_node& n = e.node;
    const auto before = f.told.find(n.path);
    const bool known = before != f.told.end();
    switch (e.type) {
    case tree_change::node_added:
        if (known) complain(f.name + " was told again of " + n.path);
        return added(f, n);
    case tree_change::node_updated:
        counts_.add(tree_counts::updated);
        if (!known) return complain(f.name + " was told of a change of what it does not know: " + n.path);
        if (before->second.stat.created != n.stat.created) complain(f.name + ": " + n.path + " is another node");
        if (numbers_grow_ && n.stat.modified <= f.newest[n.path])
            complain(f.name + " was told an old change of " + n.path);
        f.newest[n.path] = n.stat.modified;
        before->second = n;
        return;
    case tree_change::node_removed: {
        counts_.add(tree_counts::removed);
        if (!known) return complain(f.name + " was told that it has lost what it never had: " + n.path);
        if (before->second.data != n.data) complain(f.name + " was not told what was last known of " + n.path);
        const auto below_it = f.told.lower_bound(n.path + "/");
        if (below_it != f.told.end() && path::is_within(n.path, below_it->first))
            complain(f.name + ": " + n.path + " went before " + below_it->first);
        f.told.erase(n.path);
        return;
    }
    case tree_change::suspended: return counts_.add(tree_counts::suspended);
    case tree_change::reconnected: return counts_.add(tree_counts::reconnected);
    case tree_change::lost: f.initialized = false; return counts_.add(tree_counts::lost);
    case tree_change::initialized: f.initialized = true; return counts_.add(tree_counts::initialized);
    }
}

void tree_cache_storm::added(follower& f, const cached_node& n) {
    counts_.add(tree_counts::added);
    if (n.path != "/tree" && !f.told.contains(std::string(path::parent(n.path))))
        complain(f.name + " was told of " + n.path + " before its parent");
    const auto newest = f.newest.find(n.path);
    if (newest != f.newest.end()) {
        counts_.add(tree_counts::made_again);
        if (numbers_grow_ && n.stat.created <= newest->second) complain(f.name + " was told of an old " + n.path);
    }
    f.newest[n.path] = n.stat.modified;
    f.told[n.path] = n;
}

// -- what must be true ------------------------------------------------------------------------------------------------

std::map<std::string, std::string> tree_cache_storm::truth() const {
    std::map<std::string, std::string> all;
    std::vector<std::string> open{"/tree"};
    while (!open.empty()) {
        const std::string path = open.back();
        open.pop_back();
        const auto* n = inside().server().nodes().find(path);
        if (n == nullptr) continue;
        all[path] = std::to_string(n->mzxid) + " " + n->data;
        n->children.for_each(
            [&](const kazoo::server::znode& child) { open.push_back(path::join(path, std::string(child.name()))); });
    }
    return all;
}

/// Its own memory, and what it has told, are what is there.
bool tree_cache_storm::agrees(const follower& f) const {
    if (!f.cache || f.cache->state() == tree_state::ended) return true;
    std::map<std::string, std::string> told, held;
    const auto text = [](const cached_node& n) {
        return std::to_string(static_cast<std::int64_t>(n.stat.modified)) + " " + n.data.str();
    };
    for (const auto& [path, n] : f.told) {
        told[path] = text(n);
        if (const auto h = f.cache->get(path)) held[path] = text(*h);
    }
    return f.initialized && f.cache->state() == tree_state::current && told == truth() && held == told &&
           f.cache->size() == held.size();
}

void tree_cache_storm::settle() {
    run_for(2s);
    open_ = false;
    const auto all_agree = [this] {
        return actors_ == 0 && std::ranges::all_of(followers_, [this](const auto& f) { return agrees(*f); });
    };
    wait_for_quiet(all_agree, 120s);
    run_for(5s);
    for (const auto& f : followers_) {
        if (f->cache) counts_.add(tree_counts::caches_compared);
        if (agrees(*f)) continue;
        std::string text = f->name + " holds something else, " + std::string(to_string(f->cache->state())) + ":";
        for (const auto& [path, n] : f->told) text += " " + path + "=" + n.data.str();
        text += "; and there is:";
        for (const auto& [path, data] : truth()) text += " " + path + "=" + data;
        complain(text);
    }
}

void tree_cache_storm::before_close() {
    for (const auto& f : followers_) {
        f->events.reset();
        f->cache.reset();
    }
}

} // namespace kazoo::testkit
