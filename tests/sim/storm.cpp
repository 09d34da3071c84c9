#include "storm.hpp"

#include <algorithm>

namespace kazoo::testkit {

namespace {

simulation_options world_of(std::uint64_t seed) {
    simulation_options o;
    o.seed = seed;
    return o;
}

constexpr storm_shape shape{.length = 12s, .faults = 20, .first_passing = 1s, .longest_passing = 5s};
constexpr int operations_per_player = 75;
constexpr std::uint64_t least_operations = 200;

} // namespace

storm::storm(std::uint64_t seed) : storm_frame(world_of(seed), shape) {
    faults_.fill_the_socket = [this](std::size_t i) { fill_the_socket(player_of(*clients()[i])); };
}

storm::~storm() = default;

std::unique_ptr<storm_client> storm::make_client(machine m) { return std::make_unique<player>(std::move(m)); }

void storm::on_client(storm_client& c) {
    player& p = player_of(c);
    p.listening = p.c->on_state([this, &p](session_state s) { on_state(p, s); });
}

void storm::start() {
    const std::uint64_t players = 3 + below(2);
    for (std::uint64_t i = 0; i < players; ++i) add_client();
    for (player& p : all_players()) {
        make_folders(p);
        start_watchers(p);
        work(p, operations_per_player);
    }
}

std::function<void()> storm::on_passing_client(storm_client& c) {
    player& p = player_of(c);
    work(p, 15);
    return [this, &p] {
        counts_.add(client_counts::closes_in_the_storm);
        if (below(2) == 0) p.c->async_close().detach();
        p.c.reset();
    };
}

void storm::on_forget() {
    ledger_.server_forgot();
    for (player& p : all_players()) p.own_nodes.clear();
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
    if (!wait_for_quiet([this] { return quiet() && views_are_true(); }, 60s)) {
        if (!quiet()) complain("operations did not end");
        for (const auto& v : views_)
            if (v->seen != (this->*v->truth)(v->path))
                complain(v->who + " at " + v->path + " believes " + v->seen + ", but it is " +
                         (this->*v->truth)(v->path));
    }
    if (!comes_true([this] { return left_by_protected_creates().empty(); }, 15s))
        for (const std::size_t i : left_by_protected_creates())
            complain(ledger::token(i) + ": a protected create left a node too many");
    run_for(5s);
    const auto& server = inside().server();
    const auto sessions = server.sessions();
    for (const auto* n : server.nodes().sorted())
        if (n->owner.is_session() && !std::ranges::binary_search(sessions, n->owner.value))
            complain(std::string(n->path) + " outlives its session");
}

void storm::audit() {
    for (std::string& line : ledger_.audit()) complain(std::move(line));
    if (counts_[client_counts::operations] < least_operations) complain("too quiet");
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
        for (const auto& p : clients()) {
            const auto* own = nodes.find("/m/" + std::to_string(p->number));
            if (own != nullptr && own->mzxid == write.zxid) ledger_.processed(own->data, w);
        }
        return;
    case close_session: {
        if (!inside().server().ephemerals(write.session).empty()) complain("a session ended without its nodes");
        if (write.xid != 0 || ended_by_force_.contains(write.session)) return;
        counts_.add(client_counts::expiries);
        expired_.insert(write.session);
        for (const auto& p : clients()) {
            if (!p->c || static_cast<std::int64_t>(p->c->session_id()) != write.session) continue;
            // One that cannot run must know it before anything else when it can.
            if (p->inside->paused() || p->inside->resumed_at() == inside().now()) continue;
            complain("the server ended session " + to_string(session_id{write.session}) + " before " + p->name() +
                     " knew it");
        }
        return;
    }
    default: return;
    }
}

void storm::on_turn(const sim_machine& m) {
    for (player& p : all_players()) {
        if (p.inside.get() != &m || !p.c) continue;
        const session_id id = p.c->session_id();
        const session_state state = p.c->state();
        if (id != session_id::none && expired_.contains(static_cast<std::int64_t>(id)))
            complain(p.name() + " still believes in session " + to_string(id));
        if (state == session_state::connected && p.last_state != session_state::connected) {
            if (id == p.last_session)
                counts_.add(client_counts::resumes);
            else
                counts_.add(client_counts::new_sessions);
            p.last_session = id;
            ++p.reconnects;
        }
        const bool has_session = id != session_id::none;
        const bool dropped = state != session_state::connected && p.last_state == session_state::connected;
        const bool lost = p.had_session && !has_session;
        if (dropped || lost) ledger_.drop(p.number);
        if (lost) p.connections_at_loss = m.connections_tried();
        p.had_session = has_session;
        p.last_state = state;
    }
}

/// What a listener may hear behind what.
void storm::on_state(player& p, session_state now) {
    using enum session_state;
    const session_state before = std::exchange(p.last_heard, now);
    const bool in_a_session = before == connected || before == connected_read_only;
    const bool good = now == closed          ? before != closed
                      : before == connecting ? now == connected || now == connected_read_only
                      : in_a_session         ? now == suspended || now == lost
                      : before == suspended  ? now == connected || now == connected_read_only || now == lost
                      : before == lost       ? now == connecting
                                             : false;
    if (good) return;
    complain(p.name() + " heard " + std::string(to_string(now)) + " behind " + std::string(to_string(before)));
}

} // namespace kazoo::testkit
