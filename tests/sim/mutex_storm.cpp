#include "mutex_storm.hpp"

#include <algorithm>

namespace kazoo::testkit {

namespace {

simulation_options world_of(std::uint64_t seed) {
    simulation_options o;
    o.seed = seed;
    o.followers = seed % 3; // some worlds have none
    o.longest_lag = std::chrono::milliseconds(seed % 2 == 0 ? 5 : 1500);
    return o;
}

constexpr duration between_looks = 250ms;

constexpr storm_shape shape{.length = 10s, .faults = 16, .first_passing = 500ms, .longest_passing = 4s};
constexpr std::uint64_t least_acquisitions = 20;

std::vector<std::string> sites_of(std::uint64_t seed) {
    if (seed % 2 == 0) return {"/locks/a"};
    return {"/locks/a", "/locks/deeper/b"};
}

} // namespace

mutex_storm::mutex_storm(std::uint64_t seed)
    : storm_frame(world_of(seed), shape), book_(inside(), sites_of(seed), counts_) {}

mutex_storm::~mutex_storm() = default;

void mutex_storm::start() {
    for (int i = 0; i < 3; ++i) {
        storm_client& p = add_client();
        for (std::size_t site = 0; site < book_.sites().size(); ++site) add_station(p, site, 1 + below(3));
        if (below(3) == 0) add_station(p, 0, 1);
    }
    plan_vandal();
    look_for_orphans();
}

/// It goes with its calls under way.
std::function<void()> mutex_storm::on_passing_client(storm_client& p) {
    add_station(p, 0, 2);
    return [&p, &s = *stations_.back(), how = below(3)] {
        if (how == 0) p.c->async_close().detach();
        s.lock.reset();
        s.held = false;
        p.c.reset();
    };
}

void mutex_storm::on_forget() {
    book_.on_forget();
    stores_.clear();
    last_acquired_.clear();
}

// -- what must be true ------------------------------------------------------------------------------------------------

void mutex_storm::on_write(const sim_write& w) {
    book_.on_write(w);
    take_complaints_of_book();
}

void mutex_storm::on_turn(const sim_machine&) {
    book_.look_for_lost_replies();
    for (std::size_t site = 0; site < book_.sites().size(); ++site) {
        const station* holder = nullptr;
        for (const auto& s : stations_) {
            if (s->site != site || !s->lock || s->who->inside->paused() || !s->lock->holds()) continue;
            if (book_.taken_away(s->lock->check().path)) continue;
            if (holder != nullptr)
                complain(holder->name() + " by " + holder->lock->check().path + " and " + s->name() + " by " +
                         s->lock->check().path + " hold the lock at once");
            holder = s.get();
        }
    }
    take_complaints_of_book();
}

/// A node of a living session in which nobody waits for the lock or holds it keeps everybody else from it. Its client
/// may know late that there is one, and can do nothing about it without a connection.
void mutex_storm::look_for_orphans() {
    if (settled_) return;
    inside().after(between_looks, [this] { look_for_orphans(); });
    for (const auto& p : clients())
        for (std::size_t site = 0; site < book_.sites().size(); ++site) {
            std::uint64_t busy = 0;
            for (const auto& s : stations_)
                if (s->who == p.get() && s->site == site) busy += s->busy;
            const bool able = p->c && p->c->state() == session_state::connected && !p->inside->paused();
            const auto key = std::pair(p->number, site);
            if (!able || book_.contending(static_cast<std::int64_t>(p->c->session_id()), book_.sites()[site]) <= busy) {
                orphaned_since_.erase(key);
                continue;
            }
            const time_point since = orphaned_since_.try_emplace(key, inside().now()).first->second;
            if (inside().now() - since <= orphan_limit(*p)) continue;
            complain(p->name() + " leaves a node at " + book_.sites()[site] + " that nobody waits or stands for");
            orphaned_since_[key] = never; // once
        }
}

void mutex_storm::take_complaints_of_book() {
    for (std::string& line : book_.take_complaints()) complain(std::move(line));
}

bool mutex_storm::nothing_left() const {
    const auto& server = inside().server();
    return server.watches() == kazoo::server::watch_counts{} &&
           std::ranges::all_of(book_.sites(), [&](const std::string& path) {
               const auto* n = server.nodes().find(path);
               return n == nullptr || n->children.size() == 0;
           });
}

void mutex_storm::settle() {
    comes_true([this] { return counts_[mutex_counts::acquisitions] >= least_acquisitions; }, 60s);
    open_ = false;
    if (!comes_true([this] { return actors_ == 0; }, 120s))
        complain(std::to_string(actors_) + " actors still wait for a lock");
    if (comes_true([this] { return nothing_left(); }, 30s)) return;
    const auto watches = inside().server().watches();
    complain(std::to_string(watches.data + watches.child) + " watches are left at the server");
    for (const auto* n : inside().server().nodes().sorted())
        if (n->owner.is_session()) complain(std::string(n->path) + " is left at the server");
}

void mutex_storm::before_close() {
    settled_ = true;
    for (const auto& s : stations_) s->lock.reset();
}

void mutex_storm::audit() {
    counts_.add(mutex_counts::requests_to_a_late_follower, inside().late_reads());
    if (counts_[mutex_counts::acquisitions] < least_acquisitions) complain("too quiet");
}

} // namespace kazoo::testkit
