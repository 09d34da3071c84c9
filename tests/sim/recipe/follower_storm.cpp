#include "follower_storm.hpp"

#include <algorithm>
#include <stdexcept>

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
constexpr std::uint64_t nodes = 3;

std::string node_at(std::uint64_t i) { return "/n" + std::to_string(i); }

} // namespace

/// Changes nodes and children at random.
struct follower_storm::actors {
    static actor change(follower_storm& m, storm_client& p) {
        const counted_here alive(m.actors_);
        while (m.open_ && p.c) {
            co_await pause_for(*p.inside, m.between(0ms, 150ms));
            if (!p.c) co_return;
            const std::string path = node_at(m.below(nodes));
            const std::string child = path + "/" + std::to_string(m.below(4));
            const auto what = m.below(6);
            m.counts_.add(follower_counts::writes);
            if (what < 2) p.c->async_set(path, std::to_string(m.below(1000))).detach();
            if (what == 2) p.c->async_create(child).detach();
            if (what == 3) p.c->async_remove(child).detach();
            if (what == 4) p.c->async_create(path, "new").detach();
            if (what == 5 && m.below(3) == 0) p.c->async_remove_tree(path).detach();
        }
    }
    /// Begins to watch and stops, again and again.
    static actor come_and_go(follower_storm& m, storm_client& p) {
        const counted_here alive(m.actors_);
        while (m.open_ && p.c) {
            m.watch(p);
            co_await pause_for(*p.inside, m.between(0ms, 2s));
            if (!p.c || !m.open_) co_return;
            seat& s = *m.seats_[m.below(m.seats_.size())];
            if (s.whose != &p || s.stopped || m.below(2) == 0) continue;
            s.stop();
            s.stopped = true;
            m.counts_.add(follower_counts::followers_stopped);
        }
    }
};

follower_storm::follower_storm(std::uint64_t seed) : storm_frame(world_of(seed), shape) {}

void follower_storm::start() {
    for (int i = 0; i < 3; ++i) {
        storm_client& p = add_client();
        p.inside->execute([this, &p] {
            actors::change(*this, p);
            actors::come_and_go(*this, p);
        });
    }
}

/// It goes with its objects, or without asking them.
std::function<void()> follower_storm::on_passing_client(storm_client& p) {
    for (int i = 0; i < 4; ++i) watch(p);
    return [this, &p, closes = below(2) == 0] {
        if (closes) p.c->async_close().detach();
        for (const auto& s : seats_) {
            if (s->whose != &p) continue;
            s->stopped = true;
            s->stop = nullptr; // destroys it
            s->active = nullptr;
        }
        p.c.reset();
    };
}

watch_next follower_storm::hear(seat& s, std::string text, zxid newest, bool there, bool caused) {
    if (s.stopped) complain("called after a stop: " + s.path);
    if (s.inside > 0) complain("two calls at the same time: " + s.path);
    const counted_here here(s.inside);
    ++s.calls;
    // Transactions begin again when the server has lost its disk; something of the old one may still be under way then.
    if (there && newest < s.newest && ++s.steps_back > disks_ - s.born)
        complain(s.whose->name() + " is told something old of " + s.path);
    if (there) s.newest = newest;
    s.last = std::move(text);
    const session_id now = s.whose->c ? s.whose->c->session_id() : s.in;
    if (s.calls > 1 && now != s.in) counts_.add(follower_counts::sessions_changed);
    s.in = now;
    counts_.add(!there ? follower_counts::missing_told
                       : (s.what == kind::children ? follower_counts::children_told : follower_counts::data_told));
    counts_.add(caused ? follower_counts::told_with_event : follower_counts::told_without_event);
    if (!there && s.what == kind::existing) counts_.add(follower_counts::existing_ended);
    if (s.stops_itself && s.calls == 3) {
        s.stopped = true;
        counts_.add(follower_counts::stopped_from_inside);
        return watch_next::stop;
    }
    if (s.throws && below(4) == 0) {
        counts_.add(follower_counts::functions_threw);
        throw std::runtime_error("on purpose");
    }
    return watch_next::go_on;
}

void follower_storm::watch(storm_client& p) {
    seats_.push_back(std::make_unique<seat>());
    seat& s = *seats_.back();
    s.whose = &p;
    s.born = disks_;
    s.what = static_cast<kind>(below(static_cast<std::uint64_t>(kind::count)));
    s.path = node_at(below(nodes));
    s.stops_itself = below(6) == 0;
    s.throws = below(4) == 0;
    const auto keep = [&s](auto object) {
        s.stop = [object] { object->stop(); };
        s.active = [object] { return object->active(); };
    };
    const auto data = [this, &s](const std::optional<node>& n, const std::optional<watch_event>& e) {
        return hear(s, n ? n->data.str() + "@" + to_string(n->stat.modified) : "-", n ? n->stat.modified : zxid{},
                    n.has_value(), e.has_value());
    };
    const auto children = [this, &s](const std::optional<child_list>& l, const std::optional<watch_event>& e) {
        std::string text = l ? "" : "-";
        for (std::size_t i = 0; l && i < l->names.size(); ++i) text += std::string(l->names[i]) + " ";
        return hear(s, std::move(text), l ? l->stat.children_modified : zxid{}, l.has_value(), e.has_value());
    };
    if (s.what == kind::data) keep(std::make_shared<data_watch>(*p.c, s.path, data));
    if (s.what == kind::existing) keep(std::make_shared<existing_data_watch>(*p.c, s.path, data));
    if (s.what == kind::children) keep(std::make_shared<children_watch>(*p.c, s.path, children));
}

std::string follower_storm::truth(const seat& s) const {
    const auto& tree = inside().server().nodes();
    const auto* n = tree.find(s.path);
    if (n == nullptr) return "-";
    if (s.what != kind::children) return n->data + "@" + to_string(static_cast<zxid>(n->stat().mzxid));
    std::string text;
    for (const auto* each : tree.sorted())
        if (each->path.starts_with(s.path + "/")) text += std::string(each->name()) + " ";
    return text;
}

bool follower_storm::all_equal() const {
    return std::ranges::all_of(seats_,
                               [&](const auto& s) { return s->stopped || !s->active() || s->last == truth(*s); });
}

void follower_storm::settle() {
    open_ = false;
    if (!comes_true([this] { return actors_ == 0; }, 60s)) complain("writers did not end");
    if (!wait_for_quiet([] { return true; }, 60s)) return;
    run_for(20s); // what is still written, late requests too
    comes_true([this] { return all_equal(); }, 30s);
    for (const auto& s : seats_) {
        if (s->stopped || !s->active()) continue;
        if (s->last == truth(*s))
            counts_.add(follower_counts::equal_in_the_end);
        else
            complain(s->whose->name() + " was told last of " + s->path + ": " + s->last + ", and there is " +
                     truth(*s));
    }
}

void follower_storm::before_close() {
    for (const auto& s : seats_) {
        s->stopped = true;
        s->stop = nullptr;
        s->active = nullptr;
    }
}

} // namespace kazoo::testkit
