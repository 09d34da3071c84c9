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

constexpr int faults_per_storm = 16;
constexpr std::uint64_t effective_faults = 10;

std::vector<std::string> sites_of(std::uint64_t seed) {
    if (seed % 2 == 0) return {"/locks/a"};
    return {"/locks/a", "/locks/deeper/b"};
}

} // namespace

mutex_storm::mutex_storm(std::uint64_t seed) : world_(world_of(seed)), book_(world_.world(), sites_of(seed), tally_) {
    inside().on_write = [this](const sim_write& w) { on_write(w); };
    inside().on_turn = [this](const sim_machine&) { on_turn(); };
    faults_.on_forced_end = [this](std::int64_t session) { book_.on_forced_end(session); };
    faults_.on_forget = [this] {
        book_.on_forget();
        stores_.clear();
        last_acquired_.clear();
    };
}

mutex_storm::~mutex_storm() = default;

const std::vector<std::string>& mutex_storm::run() {
    for (int i = 0; i < 3; ++i) {
        player& p = add_player();
        for (std::size_t site = 0; site < book_.sites().size(); ++site) add_station(p, site, 1 + below(3));
        if (below(3) == 0) add_station(p, 0, 1);
    }
    plan_vandal();
    look_for_orphans();
    for (int i = 0; i < faults_per_storm; ++i) faults_.plan(between(50ms, length));
    plan_passing_client();
    world_.run_for(length);
    faults_.go_on_until(effective_faults);
    faults_.end();
    world_.run_until([this] { return tally_[mutex_tally::acquisitions] >= least_acquisitions; }, 60s);
    settle();
    settled_ = true;
    close_all();
    tally_.add(mutex_tally::requests_to_a_late_follower, inside().late_reads());
    return wrong_;
}

mutex_storm::player& mutex_storm::add_player() {
    auto p = std::make_unique<player>(world_.add_machine());
    p->number = players_.size();
    p->where.late(true);
    p->inside = inside().machines().back();
    p->timeout = std::chrono::milliseconds(1000 + below(3000));
    client_options o = options_on(p->where, std::chrono::duration_cast<std::chrono::milliseconds>(p->timeout));
    o.close_timeout = 3s;
    o.reconnect.max_delay = 500ms;
    o.log = {log_level::debug,
             [this, n = p->number](log_level, std::string_view line) { inside().trace("log", n, 0, line); }};
    p->c.emplace(below(2) == 0 ? simulation::hosts() : simulation::addresses(), std::move(o));
    faults_.add_target(p->where, p->inside, [&who = *p] { return who.c ? who.c->session_id() : session_id::none; });
    players_.push_back(std::move(p));
    return *players_.back();
}

/// One that comes while the storm is on, and goes with its calls under way.
void mutex_storm::plan_passing_client() {
    inside().after(between(500ms, length / 2), [this] {
        player& p = add_player();
        add_station(p, 0, 2);
        station& s = *stations_.back();
        inside().after(between(100ms, 4s), [&p, &s, how = below(3)] {
            if (how == 0) p.c->async_close().detach();
            s.lock.reset();
            s.held = false;
            p.c.reset();
        });
    });
}

// -- what must be true ------------------------------------------------------------------------------------------------

void mutex_storm::on_write(const sim_write& w) {
    book_.on_write(w);
    take_complaints_of_book();
}

void mutex_storm::on_turn() {
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
    for (const auto& p : players_)
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
            complain("client " + std::to_string(p->number) + " leaves a node at " + book_.sites()[site] +
                     " that nobody waits or stands for");
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
    open_ = false;
    if (!world_.run_until([this] { return actors_ == 0; }, 120s))
        complain(std::to_string(actors_) + " actors still wait for a lock");
    if (world_.run_until([this] { return nothing_left(); }, 30s)) return;
    const auto watches = inside().server().watches();
    complain(std::to_string(watches.data + watches.child) + " watches are left at the server");
    for (const auto* n : inside().server().nodes().sorted())
        if (n->owner.is_session()) complain(std::string(n->path) + " is left at the server");
}

void mutex_storm::close_all() {
    for (const auto& s : stations_) s->lock.reset();
    for (const auto& p : players_) {
        if (!p->c) continue;
        if (p->number % 2 == 0) p->c->async_close().detach();
        p->c.reset();
    }
    const auto nobody_left = [this] {
        return actors_ == 0 && std::ranges::all_of(players_, [](const auto& p) { return p->inside->is_empty(); });
    };
    if (!world_.run_until(nobody_left, 60s)) {
        if (actors_ > 0) complain(std::to_string(actors_) + " coroutines did not end");
        for (const auto& p : players_)
            if (!p->inside->is_empty()) complain("client " + std::to_string(p->number) + " left something behind");
    }
    world_.run_for(5s);
    if (!world_.sessions().empty()) complain("sessions are left at the server");
    if (inside().server().nodes().ephemeral_count() != 0) complain("ephemeral nodes are left at the server");
}

} // namespace kazoo::testkit
