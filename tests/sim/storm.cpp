#include "storm.hpp"

#include <algorithm>

namespace kazoo::testing {

namespace {

simulation_options world_of(std::uint64_t seed) {
    simulation_options o;
    o.seed = seed;
    return o;
}

constexpr duration storm_length = 12s;
constexpr int faults_per_storm = 20;
constexpr int operations_per_player = 75;

} // namespace

storm::storm(std::uint64_t seed) : seed_(seed), world_(world_of(seed)) {
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
    plan_faults();
    plan_passing_client();
    world_.run_for(storm_length);
    end_faults();
    settle();
    close_all();
    for (std::string& line : ledger_.audit()) complain(std::move(line));
    return wrong_;
}

void storm::add_player() {
    auto p = std::make_unique<player>(world_.add_machine());
    p->number = players_.size();
    p->inside = inside().machines().back();
    options o = options_on(p->where, std::chrono::milliseconds(1000 + below(3000)));
    o.close_timeout = 3s;
    o.reconnect.max_delay = 500ms;
    o.log = {log_level::debug,
             [this, n = p->number](log_level, std::string_view line) { inside().trace("log", n, 0, line); }};
    p->c.emplace(below(2) == 0 ? simulation::hosts() : simulation::addresses(), std::move(o));
    p->listening = p->c->on_state([this, &heard = *p](session_state s) { on_state(heard, s); });
    players_.push_back(std::move(p));
}

// -- faults -----------------------------------------------------------------------------------------------------------

void storm::plan_faults() {
    for (int i = 0; i < faults_per_storm; ++i) plan_fault(between(50ms, storm_length));
}

void storm::plan_fault(duration at) {
    // Most are over before a session ends, some are not.
    const duration length = below(3) == 0 ? between(1s, 6s) : between(5ms, 800ms);
    player& p = *players_[below(players_.size())];
    const machine m = p.where;
    const auto in_turn = [&](auto begin, auto end) {
        inside().after(at, [this, begin, end, length] {
            if (!stormy_) return;
            begin();
            inside().after(length, end);
        });
    };
    const std::uint64_t kind = below(17);
    const std::uint64_t bytes = below(120);
    switch (kind) {
    case 0:
        return in_turn(
            [this, m] {
                tally_.add(tally::cuts);
                m.cut();
            },
            [] {});
    case 1:
    case 2: return in_turn([m, bytes] { m.cut_behind(flow::to_server, bytes); }, [] {});
    case 3:
    case 4: return in_turn([m, bytes] { m.cut_behind(flow::to_client, bytes); }, [] {});
    case 5:
        return in_turn(
            [m] {
                m.refuse(true);
                m.cut();
            },
            [m] { m.refuse(false); });
    case 6:
        return in_turn(
            [m] {
                m.hang(true);
                m.cut();
            },
            [m] { m.hang(false); });
    case 7:
        return in_turn(
            [m] {
                m.fail_lookups(true);
                m.cut();
            },
            [m] { m.fail_lookups(false); });
    case 8: {
        const duration more = between(10ms, 900ms);
        return in_turn(
            [this, m, more] {
                tally_.add(tally::delays);
                m.slow_down(more);
            },
            [m] { m.slow_down(0ms); });
    }
    case 9: return in_turn([m] { m.silence(flow::to_server, true); }, [m] { m.silence(flow::to_server, false); });
    case 10: return in_turn([m] { m.silence(flow::to_client, true); }, [m] { m.silence(flow::to_client, false); });
    case 11:
        return in_turn(
            [this] {
                tally_.add(tally::restarts);
                ++server_stops_;
                world_.stop_server();
            },
            [this] {
                if (--server_stops_ == 0) world_.start_server();
            });
    case 12:
        return in_turn(
            [this, &p] {
                if (!p.c || p.c->session_id() == session_id::none) return;
                const auto id = static_cast<std::int64_t>(p.c->session_id());
                ended_by_force_.insert(id);
                if (world_.expire_session(session_id{id})) tally_.add(tally::forced_expiries);
            },
            [] {});
    case 13:
        if (below(3) != 0) return plan_fault(at);
        return in_turn(
            [this] {
                if (server_stops_ > 0) return;
                tally_.add(tally::restarts_with_loss);
                for (const std::int64_t id : inside().server().sessions()) ended_by_force_.insert(id);
                world_.forget_everything();
                ledger_.server_forgot();
                for (const auto& each : players_) each->own_nodes.clear();
            },
            [] {});
    case 14: // late answers, then nothing: the server counts from the requests, which are older
        return in_turn(
            [this, m, late = between(100ms, 900ms)] {
                m.silence(flow::to_client, true);
                inside().after(late, [m] { m.silence(flow::to_client, false); });
                inside().after(late + 5ms, [this, m] {
                    if (!stormy_) return;
                    m.silence(flow::to_server, true);
                    m.silence(flow::to_client, true);
                });
                inside().after(late + 5s, [m] {
                    m.silence(flow::to_server, false);
                    m.silence(flow::to_client, false);
                });
            },
            [] {});
    case 15: // the socket fills up, some wait behind it, and all that is lost
        return in_turn(
            [this, m, &p] {
                m.silence(flow::to_server, true);
                fill_the_socket(p);
                inside().after(between(5ms, 300ms), [m] {
                    m.cut();
                    m.silence(flow::to_server, false);
                });
            },
            [] {});
    default:
        return in_turn(
            [this, m] {
                tally_.add(tally::pauses);
                m.pause(true);
            },
            [m] { m.pause(false); });
    }
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

void storm::end_faults() {
    stormy_ = false;
    if (server_stops_ > 0) {
        server_stops_ = 0;
        world_.start_server();
    }
    for (const auto& p : players_) {
        p->where.pause(false);
        p->where.refuse(false);
        p->where.hang(false);
        p->where.fail_lookups(false);
        p->where.slow_down(0ms);
        p->where.silence(flow::to_server, false);
        p->where.silence(flow::to_client, false);
    }
}

// -- what must be true ------------------------------------------------------------------------------------------------

bool storm::quiet() const { return operations_to_begin_ == 0 && ledger_.finished() == ledger_.size(); }

bool storm::views_are_true() const {
    return std::ranges::all_of(views_, [this](const auto& v) { return v->seen == (this->*v->truth)(v->path); });
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
    for (const auto& p : players_) {
        const auto& f = p->inside->faults;
        tally_.add(tally::cuts_before_apply, f.cut_before);
        tally_.add(tally::cuts_after_apply, f.cut_after);
        tally_.add(tally::refused_connects, f.refused);
        tally_.add(tally::hanging_connects, f.hung);
        tally_.add(tally::failed_lookups, f.lookups);
        tally_.add(tally::silent_to_server, f.held[0]);
        tally_.add(tally::silent_to_client, f.held[1]);
    }
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

} // namespace kazoo::testing
