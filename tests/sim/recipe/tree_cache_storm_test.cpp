// Many seeds of clients that change a small tree, and caches of it: whether these hold what is there, and tell it in
// order.
#include "sim/actor.hpp"
#include "sim/storm/crew.hpp"

#include <kazoo/kazoo.hpp>
#include <kazoo/path.hpp>

#include <algorithm>

namespace kazoo::testkit {
namespace {

struct tree_things {
    enum what : std::uint8_t {
        added,
        updated,
        removed,
        made_again,
        suspended,
        reconnected,
        lost,
        initialized,
        stale_reads,
        disks_lost,
        caches_compared,
        count
    };
    static constexpr std::array<std::string_view, count> names{
        "nodes added", "nodes updated", "nodes removed", "nodes made again", "suspended",      "reconnected",
        "lost",        "initialized",   "stale",         "disks lost",       "caches compared"};
};

class tree_cache_crew final : public counting_crew<tree_things> {
  public:
    static constexpr std::string_view name = "tree_cache";
    static constexpr storm_shape shape{.length = 10s, .faults = 16, .first_passing = 500ms, .longest_passing = 4s};

    using counting_crew::counting_crew;

    void stay(storm_client& c) override { follow(c); }
    void pass_by(storm_client& c) override { follow(c); }
    void leave(storm_client& c) override {
        for (const auto& f : followers_)
            if (f->whose == &c) f->go();
    }
    std::vector<std::string> places() const override { return {root_, own_, own_ + "/0"}; }

    void on_forget() override {
        counts_.add(things::disks_lost);
        numbers_grow_ = false; // they begin anew, and what was read before may be told afterwards
    }
    std::vector<std::string> unsettled() const override;
    void stop_watching() override;

  private:
    using things = tree_things;
    /// What one cache has told, as the book keeps it.
    struct follower {
        const storm_client* whose = nullptr;
        std::unique_ptr<tree_cache> cache;
        subscription events;
        std::map<std::string, cached_node> told;
        std::map<std::string, zxid> newest; ///< of each path, whatever became of it
        std::string name;
        bool initialized = false;

        void go() {
            events.reset();
            cache.reset();
        }
    };

    void follow(storm_client&);
    actor change(storm_client&, const follower&);
    std::string some_path();
    void hear(follower&, const tree_event&);
    void added(follower&, const cached_node&);
    std::map<std::string, std::string> truth() const;
    bool agrees(const follower&, const std::map<std::string, std::string>& truth) const;

    const std::string own_ = at("/tree"); ///< that its own actors change
    const std::string root_ = storm().top.empty() ? own_ : storm().top;
    std::vector<std::unique_ptr<follower>> followers_;
    bool numbers_grow_ = true; ///< no disk was lost
};

void tree_cache_crew::follow(storm_client& c) {
    followers_.push_back(std::make_unique<follower>());
    follower& f = *followers_.back();
    f.whose = &c;
    f.name = c.name();
    f.cache = std::make_unique<tree_cache>(*c.c, root_);
    f.events = f.cache->on_event([this, &f](const tree_event& e) { hear(f, e); });
    f.cache->start();
    c.inside->execute([this, &c, &f] { change(c, f); });
}

std::string tree_cache_crew::some_path() {
    std::string path = own_;
    for (std::uint64_t depth = below(4); depth > 0; --depth) path += "/" + std::to_string(below(3));
    return path;
}

/// Changes anything, and tells nobody how it ended.
actor tree_cache_crew::change(storm_client& c, const follower& f) {
    const counted_here alive(actors());
    while (open() && c.c) {
        co_await pause_for(*c.inside, between(0ms, 60ms));
        if (!c.c) co_return;
        const std::string path = some_path();
        switch (below(8)) {
        case 0: c.c->async_remove(path).detach(); break;
        case 1: c.c->async_remove_tree(path).detach(); break;
        case 2:
        case 3: c.c->async_set(path, std::to_string(below(1000))).detach(); break;
        case 4: c.c->async_create(path, "e", create_mode::ephemeral).detach(); break;
        default: c.c->async_create(path, std::to_string(below(1000))).detach();
        }
        if (f.cache && f.cache->stale()) counts_.add(things::stale_reads);
    }
}

// -- what caches tell -------------------------------------------------------------------------------------------------

void tree_cache_crew::hear(follower& f, const tree_event& e) {
    const cached_node& n = e.node;
    const auto before = f.told.find(n.path);
    const bool known = before != f.told.end();
    switch (e.type) {
    case tree_change::node_added:
        if (known) complain(f.name + " was told again of " + n.path);
        return added(f, n);
    case tree_change::node_updated:
        counts_.add(things::updated);
        if (!known) return complain(f.name + " was told of a change of what it does not know: " + n.path);
        if (before->second.stat.created != n.stat.created) complain(f.name + ": " + n.path + " is another node");
        if (numbers_grow_ && n.stat.modified <= f.newest[n.path])
            complain(f.name + " was told an old change of " + n.path);
        f.newest[n.path] = n.stat.modified;
        before->second = n;
        return;
    case tree_change::node_removed: {
        counts_.add(things::removed);
        if (!known) return complain(f.name + " was told that it has lost what it never had: " + n.path);
        if (before->second.data != n.data) complain(f.name + " was not told what was last known of " + n.path);
        const auto below_it = f.told.lower_bound(n.path + "/");
        if (below_it != f.told.end() && path::is_within(n.path, below_it->first))
            complain(f.name + ": " + n.path + " went before " + below_it->first);
        f.told.erase(n.path);
        return;
    }
    case tree_change::suspended: return counts_.add(things::suspended);
    case tree_change::reconnected: return counts_.add(things::reconnected);
    case tree_change::lost: f.initialized = false; return counts_.add(things::lost);
    case tree_change::initialized: f.initialized = true; return counts_.add(things::initialized);
    }
}

void tree_cache_crew::added(follower& f, const cached_node& n) {
    counts_.add(things::added);
    if (n.path != root_ && !f.told.contains(std::string(path::parent(n.path))))
        complain(f.name + " was told of " + n.path + " before its parent");
    const auto newest = f.newest.find(n.path);
    if (newest != f.newest.end()) {
        counts_.add(things::made_again);
        if (numbers_grow_ && n.stat.created <= newest->second) complain(f.name + " was told of an old " + n.path);
    }
    f.newest[n.path] = n.stat.modified;
    f.told[n.path] = n;
}

// -- what must be true ------------------------------------------------------------------------------------------------

std::map<std::string, std::string> tree_cache_crew::truth() const {
    std::map<std::string, std::string> all;
    std::vector<std::string> to_visit{root_};
    while (!to_visit.empty()) {
        const std::string path = to_visit.back();
        to_visit.pop_back();
        const auto* n = node(path);
        if (n == nullptr) continue;
        all[path] = std::to_string(n->mzxid) + " " + n->data;
        n->children.for_each([&](const kazoo::server::znode& child) {
            to_visit.push_back(path::join(path, std::string(child.name())));
        });
    }
    return all;
}

/// Its own memory, and what it has told, are what is there.
bool tree_cache_crew::agrees(const follower& f, const std::map<std::string, std::string>& truth) const {
    if (!f.cache || f.cache->state() == tree_state::ended) return true;
    std::map<std::string, std::string> told, held;
    const auto text = [](const cached_node& n) {
        return std::to_string(static_cast<std::int64_t>(n.stat.modified)) + " " + n.data.str();
    };
    for (const auto& [path, n] : f.told) {
        told[path] = text(n);
        if (const auto h = f.cache->get(path)) held[path] = text(*h);
    }
    return f.initialized && f.cache->state() == tree_state::current && told == truth && held == told &&
           f.cache->size() == held.size();
}

std::vector<std::string> tree_cache_crew::unsettled() const {
    const auto all = truth();
    std::vector<std::string> lines;
    for (const auto& f : followers_) {
        if (agrees(*f, all)) continue;
        std::string text = f->name + " holds something else, " + std::string(to_string(f->cache->state())) + ":";
        for (const auto& [path, n] : f->told) text += " " + path + "=" + n.data.str();
        text += "; and there is:";
        for (const auto& [path, data] : all) text += " " + path + "=" + data;
        lines.push_back(std::move(text));
    }
    return lines;
}

void tree_cache_crew::stop_watching() {
    for (const auto& f : followers_) {
        if (f->cache) counts_.add(things::caches_compared);
        f->go();
    }
}

const in_the_medley<tree_cache_crew> tree_cache_comes;

TEST(tree_cache_storm, caches_hold_what_is_there_and_tell_it_in_order) {
    run_crew<tree_cache_crew>(with_checks ? 24 : 200);
}

} // namespace
} // namespace kazoo::testkit
