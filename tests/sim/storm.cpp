#include "storm.hpp"

#include <algorithm>

namespace kazoo::testkit {

namespace {

simulation_options world_of(std::uint64_t seed) {
    simulation_options o;
    o.seed = seed;
    return o;
}

constexpr duration storm_length = 12s;
constexpr int faults_per_storm = 20;
constexpr std::uint64_t effective_faults = 10;
constexpr int operations_per_player = 75;

} // namespace

storm::storm(std::uint64_t seed) : seed_(seed), world_(world_of(seed)) {
    prepare_faults();
    inside().on_write = [this](const sim_write& w) { on_write(w); };
    inside().on_turn = [this](const sim_machine& m) { on_turn(m); };
}

storm::~storm() = default;

const std::vector<std::string>& storm::run() {
    const std::uint64_t players = 3 + below(2);
    for (std::uint64_t i = 0; i < players; ++i) add_player();
    for (const auto& p : players_) {
        make_folders(*p);
        start_watchers(*p);
        work(*p, operations_per_player);
    }
    for (int i = 0; i < faults_per_storm; ++i) faults_.plan(between(50ms, storm_length));
    plan_passing_client();
    world_.run_for(storm_length);
    faults_.go_on_until(effective_faults);
    faults_.end();
    settle();
    close_all();
    for (std::string& line : ledger_.audit()) complain(std::move(line));
    return wrong_;
}

void storm::add_player() {
    auto p = std::make_unique<player>(world_.add_machine());
    p->number = players_.size();
    p->inside = inside().machines().back();
    client_options o = options_on(p->where, std::chrono::milliseconds(1000 + below(3000)));
    o.close_timeout = 3s;
    o.reconnect.max_delay = 500ms;
    o.log = {log_level::debug,
             [this, n = p->number](log_level, std::string_view line) { inside().trace("log", n, 0, line); }};
    p->c.emplace(below(2) == 0 ? simulation::hosts() : simulation::addresses(), std::move(o));
    p->listening = p->c->on_state([this, &heard = *p](session_state s) { on_state(heard, s); });
    faults_.add_target(p->where, p->inside, [&who = *p] { return who.c ? who.c->session_id() : session_id::none; });
    players_.push_back(std::move(p));
}

// -- faults -----------------------------------------------------------------------------------------------------------

void storm::prepare_faults() {
    faults_.on_forced_end = [this](std::int64_t id) { ended_by_force_.insert(id); };
    faults_.on_forget = [this] {
        ledger_.server_forgot();
        for (const auto& each : players_) each->own_nodes.clear();
    };
    faults_.fill_the_socket = [this](std::size_t i) { fill_the_socket(*players_[i]); };
}

/// One that comes and goes while the storm is on.
void storm::plan_passing_client() {
    inside().after(between(1s, storm_length / 2), [this] {
        add_player();
        player& p = *players_.back();
        work(p, 15);
        inside().after(between(100ms, 5s), [this, &p] {
            tally_.add(tally::closes_in_the_storm);
            if (below(2) == 0) p.c->async_close().detach();
            p.c.reset();
        });
    });
}

// -- what must be true ------------------------------------------------------------------------------------------------

bool storm::quiet() const { return operations_to_begin_ == 0 && ledger_.finished() == ledger_.size(); }

bool storm::views_are_true() const {
    return std::ranges::all_of(views_, [this](const auto& v) { return v->seen == (this->*v->truth)(v->path); });
}

/// Those that have more than the one node that their caller knows of, or any if it was told of none. (A client that is
/// closed does not clean up any more.)
std::vector<std::size_t> storm::left_by_protected_creates() const {
    std::map<std::size_t, int> nodes;
    if (const auto* folder = inside().server().nodes().find("/q"))
        folder->children.for_each([&](const auto& child) { ++nodes[ledger::find_token(child.path).value()]; });
    std::vector<std::size_t> found;
    for (const auto& [i, n] : nodes) {
        const ledger_entry& e = ledger_.entries()[i];
        if (e.code != errc::closed && n > (e.code ? 0 : 1)) found.push_back(i);
    }
    return found;
}

void storm::settle() {
    const auto all_connected = [this] {
        return std::ranges::all_of(players_,
                                   [](const auto& p) { return !p->c || p->c->state() == session_state::connected; });
    };
    if (!world_.run_until([&] { return quiet() && all_connected() && views_are_true(); }, 60s)) {
        if (!quiet()) complain("operations did not end");
        for (const auto& p : players_)
            if (p->c && p->c->state() != session_state::connected)
                complain("client " + std::to_string(p->number) + " is " + std::string(to_string(p->c->state())));
        for (const auto& v : views_)
            if (v->seen != (this->*v->truth)(v->path))
                complain(v->who + " at " + v->path + " believes " + v->seen + ", but it is " +
                         (this->*v->truth)(v->path));
    }
    if (!world_.run_until([this] { return left_by_protected_creates().empty(); }, 15s))
        for (const std::size_t i : left_by_protected_creates())
            complain(ledger::token(i) + ": a protected create left a node too many");
    world_.run_for(5s);
    const auto& server = inside().server();
    const auto sessions = server.sessions();
    for (const auto* n : server.nodes().sorted())
        if (n->owner.is_session() && !std::ranges::binary_search(sessions, n->owner.value))
            complain(std::string(n->path) + " outlives its session");
}

void storm::close_all() {
    for (const auto& p : players_) {
        if (!p->c) continue;
        if (p->number % 2 == 0) p->c->async_close().detach();
        p->c.reset();
    }
    const auto nobody_left = [this] {
        return std::ranges::all_of(players_, [](const auto& p) { return p->inside->is_empty(); });
    };
    if (!world_.run_until([&] { return actors_ == 0 && nobody_left(); }, 60s)) {
        if (actors_ > 0) complain(std::to_string(actors_) + " coroutines did not end");
        for (const auto& p : players_)
            if (!p->inside->is_empty()) complain("client " + std::to_string(p->number) + " left something behind");
    }
    world_.run_for(5s);
    if (!world_.sessions().empty()) complain("sessions are left at the server");
    if (inside().server().nodes().ephemeral_count() != 0) complain("ephemeral nodes are left at the server");
    tally_ += faults_.counted();
}

void storm::on_write(const sim_write& w) {
    const auto& write = w.write;
    const auto& nodes = inside().server().nodes();
    using enum proto::opcode;
    switch (write.type) {
    case create:
    case create2: ledger_.processed(write.path, w); return;
    case set_data:
        if (write.error == errc{}) ledger_.processed(nodes.find(write.path)->data, w);
        return;
    case multi:
        if (write.error != errc{}) return;
        for (const auto& p : players_) {
            const auto* own = nodes.find("/m/" + std::to_string(p->number));
            if (own != nullptr && own->mzxid == write.zxid) ledger_.processed(own->data, w);
        }
        return;
    case close_session: {
        if (!inside().server().ephemerals(write.session).empty()) complain("a session ended without its nodes");
        if (write.xid != 0 || ended_by_force_.contains(write.session)) return;
        tally_.add(tally::expiries);
        expired_.insert(write.session);
        for (const auto& p : players_) {
            if (!p->c || static_cast<std::int64_t>(p->c->session_id()) != write.session) continue;
            // One that cannot run must know it before anything else when it can.
            if (p->inside->paused() || p->inside->resumed_at() == inside().now()) continue;
            complain("the server ended session " + to_string(session_id{write.session}) + " before client " +
                     std::to_string(p->number) + " knew it");
        }
        return;
    }
    default: return;
    }
}

void storm::on_turn(const sim_machine& m) {
    for (const auto& p : players_) {
        if (p->inside.get() != &m || !p->c) continue;
        const session_id id = p->c->session_id();
        const session_state state = p->c->state();
        if (id != session_id::none && expired_.contains(static_cast<std::int64_t>(id)))
            complain("client " + std::to_string(p->number) + " still believes in session " + to_string(id));
        if (state == session_state::connected && p->last_state != session_state::connected) {
            if (id == p->last_session)
                tally_.add(tally::resumes);
            else
                tally_.add(tally::new_sessions);
            p->last_session = id;
            ++p->reconnects;
        }
        if (state != session_state::connected && p->last_state == session_state::connected) ledger_.drop(p->number);
        p->last_state = state;
    }
}

/// What a listener may hear behind what.
void storm::on_state(player& p, session_state now) {
    using enum session_state;
    const session_state before = std::exchange(p.last_heard, now);
    const bool good = before == connecting  ? now == connected || now == closed
                      : before == connected ? now == suspended || now == lost || now == closed
                      : before == suspended ? now == connected || now == lost || now == closed
                      : before == lost      ? now == connecting || now == closed
                                            : false;
    if (good) return;
    complain("client " + std::to_string(p.number) + " heard " + std::string(to_string(now)) + " behind " +
             std::string(to_string(before)));
}

} // namespace kazoo::testkit
