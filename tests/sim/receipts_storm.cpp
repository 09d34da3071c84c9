#include "receipts_storm.hpp"

#include <algorithm>

namespace kazoo::testkit {

namespace {

simulation_options receipts_world(std::uint64_t seed) {
    simulation_options o;
    o.seed = seed;
    o.followers = seed % 3; // some worlds have none
    o.longest_lag = std::chrono::milliseconds(seed % 2 == 0 ? 5 : 1500);
    return o;
}

constexpr storm_shape receipts_shape{.length = 8s, .faults = 16, .first_passing = 500ms, .longest_passing = 4s};
constexpr std::size_t least_transactions = 60;
constexpr std::uint64_t written_nodes = 3;

std::string written_node(std::uint64_t i) { return "/s/" + std::to_string(i); }

std::string base_of(const storm_client& c) { return "/receipts/" + std::to_string(c.number); }

} // namespace

std::string receipts_storm::token(std::size_t number) { return "tx" + std::to_string(number) + "-"; }

receipts_storm::receipts_storm(std::uint64_t seed)
    : storm_frame(receipts_world(seed), receipts_shape), vandal_(seed % 4 == 0) {}
receipts_storm::~receipts_storm() = default;

void receipts_storm::start() {
    for (int i = 0; i < 3; ++i) add_station(add_client());
    if (vandal_) plan_vandal();
}

/// It goes with transactions under way.
std::function<void()> receipts_storm::on_passing_client(storm_client& p) {
    add_station(p);
    return [&p, &s = *stations_.back(), how = below(3)] {
        if (how == 0) p.c->async_close().detach();
        s.object.reset();
        p.c.reset();
    };
}

void receipts_storm::on_forget() {
    ++forgotten_;
    for (const auto& p : clients())
        if (p->c) p->inside->execute([this, &here = *p] { make_folders(here); });
}

void receipts_storm::make_folders(storm_client& p) {
    if (!p.c) return;
    p.c->async_ensure_path("/q").detach();
    for (std::uint64_t i = 0; i < written_nodes; ++i) p.c->async_ensure_path(written_node(i)).detach();
}

// -- what really happens ----------------------------------------------------------------------------------------------

void receipts_storm::on_write(const sim_write& w) {
    using enum proto::opcode;
    const auto& nodes = inside().server().nodes();
    if (w.write.type == set_data && w.write.path.starts_with("/receipts/")) { // nobody else but the vandal does that
        const auto* node = nodes.find(w.write.path);
        if (w.write.error == errc{} && node->data.starts_with('F')) counts_.add(receipts_counts::fences_first);
        if (w.write.error == errc::bad_version) counts_.add(receipts_counts::fences_too_late);
    }
    if (w.write.type != multi) return;
    const auto is_a_copy = [&](const entry& e) {
        return e.applied > 0 && !e.done && clients()[e.client]->inside.get() == w.from;
    };
    if (w.write.error == errc::bad_version && std::ranges::any_of(entries_, is_a_copy))
        counts_.add(w.late ? receipts_counts::late_copies_refused : receipts_counts::copies_refused);
    if (w.write.error != errc{}) return;
    for (std::uint64_t i = 0; i < written_nodes; ++i) {
        const auto* node = nodes.find(written_node(i));
        if (node == nullptr || node->mzxid != w.write.zxid) continue;
        const std::size_t number = std::stoul(node->data.substr(2));
        entry& e = entries_[number];
        if (++e.applied > 1) complain(token(number) + " was applied again");
        if (e.done && !e.told_applied && e.told == outcome::not_applied)
            complain(token(number) + " was applied although its caller was told that it was not");
        e.id = zxid{w.write.zxid};
        e.late = w.late;
        if (w.late) counts_.add(receipts_counts::applied_late);
        if (!w.late && w.connection > e.connection) counts_.add(receipts_counts::applied_by_a_later_connection);
        nodes.find("/q")->children.for_each([&](const kazoo::server::znode& child) {
            if (child.czxid == w.write.zxid) e.created.emplace_back(child.path);
        });
        std::ranges::sort(e.created);
    }
}

// -- what must be true ------------------------------------------------------------------------------------------------

void receipts_storm::on_turn(const sim_machine& m) {
    for (const auto& s : stations_) {
        if (s->who->inside.get() != &m || !s->who->c) continue;
        const session_id before = std::exchange(s->session, s->who->c->session_id());
        if (before != session_id::none && before != s->session) ++s->losses;
    }
}

void receipts_storm::was_applied(station& s, std::size_t number, const committed_transaction& got, bool gave_up) {
    entry& e = entries_[number];
    e.done = e.told_applied = true;
    counts_.add(receipts_counts::applied);
    const std::string who = s.who->name() + ": " + token(number);
    if (e.applied != 1) return complain(who + " is told as applied, and was " + std::to_string(e.applied) + " times");
    if (got.id != e.id) complain(who + " is told by another id than it has");
    if (got.recovered) counts_.add(receipts_counts::recovered);
    std::vector<std::string> created;
    for (const transaction_result& r : got.results)
        if (r.path.starts_with("/q/") || r.path.empty()) created.push_back(r.path);
    if (created == e.created) {
        if (got.recovered) counts_.add(receipts_counts::recovered_paths, created.size());
    } else if (!got.recovered || (forgotten_ == 0 && !gave_up && s.object)) {
        complain(who + " is told of other nodes than it made");
    }
}

void receipts_storm::failed(station& s, std::size_t number, const error& why, bool gave_up, bool may_be_refused,
                            std::uint64_t losses_before) {
    entry& e = entries_[number];
    e.done = true;
    e.told = why.outcome();
    const std::string who = s.who->name() + ": " + token(number) + ": " + why.what();
    const bool refused = dynamic_cast<const transaction_error*>(&why) != nullptr;
    if (refused) {
        const auto& t = static_cast<const transaction_error&>(why);
        counts_.add(receipts_counts::refused);
        if (!may_be_refused && forgotten_ == 0) complain(who + ": there was no reason to refuse it");
        if (why.path().starts_with("/receipts")) complain(who + ": tells of what the caller does not know");
        if (t.failed_index() >= t.codes().size() || t.codes()[t.failed_index()] != t.code()) complain(who + ": codes");
    }
    if (why.outcome() == outcome::not_applied) {
        const bool expected = refused || (why.code() == errc::cancelled && gave_up) || why.code() == errc::closed ||
                              why.code() == errc::session_expired || why.code() == errc::not_read_only ||
                              (why.code() == errc::connection_loss && s.options.when_lost == lost_reply::ask);
        if (!expected) complain(who + ": there was no reason not to do it");
        if (e.applied > 0) complain(who + ": told as not applied, but it was");
        if (why.code() == errc::connection_loss) counts_.add(receipts_counts::never_applied);
        if (why.code() == errc::cancelled) counts_.add(receipts_counts::cancelled_before);
        if (why.code() == errc::session_expired) counts_.add(receipts_counts::session_over_before);
        if (!refused && why.code() == errc::session_expired && why.detail().starts_with("its reply"))
            counts_.add(receipts_counts::settled_in_the_next_session);
        return;
    }
    const bool ephemeral = s.options.lifetime == receipt_lifetime::ephemeral;
    if (why.code() == errc::closed)
        counts_.add(receipts_counts::closed);
    else if (gave_up)
        counts_.add(receipts_counts::cancelled_unknown);
    else if (why.code() == errc::session_expired && ephemeral && s.losses > losses_before) {
        counts_.add(receipts_counts::unknown_by_lost_session);
        if (why.detail().empty()) complain(who + ": does not say why");
    } else if (why.code() == errc::no_node || why.code() == errc::bad_version) {
        counts_.add(receipts_counts::spoiled);
        if (!vandal_ && forgotten_ == 0) complain(who + ": nobody has touched it");
    } else {
        complain(who + ": there was no reason not to know");
    }
}

void receipts_storm::settle() {
    comes_true([this] { return entries_.size() >= least_transactions; }, 60s);
    open_ = false;
    if (!comes_true([this] { return actors_ == 0; }, 60s))
        complain(std::to_string(actors_) + " transactions have not ended");
    run_for(10s); // what is late lands
}

void receipts_storm::before_close() {
    for (const auto& s : stations_) s->object.reset();
    const auto left = [this] {
        std::size_t n = 0;
        for (const auto& p : clients())
            if (const auto* folder = inside().server().nodes().find(base_of(*p)); folder != nullptr && p->c)
                n += folder->children.size();
        return n;
    };
    if (!comes_true([&] { return left() == 0; }, 30s)) complain(std::to_string(left()) + " receipt nodes are left");
}

void receipts_storm::audit() {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        const entry& e = entries_[i];
        if (!e.done) complain(token(i) + " has no end");
        if (e.told_applied ? e.applied != 1 : e.told == outcome::not_applied && e.applied != 0)
            complain(token(i) + " was applied " + std::to_string(e.applied) + " times");
        if (e.applied > 1) complain(token(i) + " was applied more than once");
    }
    if (entries_.size() < least_transactions) complain("too quiet");
}

// -- those who commit -------------------------------------------------------------------------------------------------

transaction receipts_storm::plan(station& s, std::size_t number, bool& may_be_refused) {
    transaction t = s.who->c->transaction();
    const std::string target = written_node(below(written_nodes));
    version expected = version::any;
    if (below(3) == 0) { // somebody may be faster
        const auto* node = inside().server().nodes().find(target);
        expected = version{node == nullptr ? 0 : node->version};
        may_be_refused = true;
    }
    t.set(target, token(number), expected);
    for (std::uint64_t n = below(3); n > 0; --n)
        t.create("/q/" + token(number), "x", {.mode = create_mode::persistent_sequential});
    if (below(8) == 0) {
        t.remove("/not-there");
        may_be_refused = true;
    }
    return t;
}

struct receipts_storm::actors {
    static actor work(receipts_storm& m, station& s) {
        const counted_here alive(m.actors_);
        sim_machine& machine = *s.who->inside;
        for (;;) {
            co_await pause_for(machine, m.between(0ms, 500ms));
            if (!m.open_ || !s.object || !s.who->c) co_return;
            const std::size_t number = m.entries_.size();
            entry& begun = m.entries_.emplace_back();
            begun.client = s.who->number;
            begun.connection = machine.connections_tried();
            bool may_be_refused = false, gave_up = false;
            const std::uint64_t losses_before = s.losses;
            m.inside().trace("commit", s.who->number, number);
            std::stop_source stop(std::nostopstate);
            if (m.below(6) == 0) {
                gave_up = true;
                stop = std::stop_source();
                m.inside().after(m.between(0ms, 1s), [where = s.who->inside, stop] {
                    where->execute([stop]() mutable { stop.request_stop(); });
                });
            }
            auto asked = s.object->async_commit(m.plan(s, number, may_be_refused), stop.get_token());
            if (!gave_up && m.below(8) == 0) {
                gave_up = true;
                asked = std::move(asked).timeout(m.between(1ms, 2s));
            }
            try {
                const committed_transaction done = co_await std::move(asked);
                m.was_applied(s, number, done, gave_up);
            } catch (const error& e) {
                m.failed(s, number, e, gave_up, may_be_refused, losses_before);
            }
        }
    }
};

void receipts_storm::add_station(storm_client& p) {
    make_folders(p);
    auto s = std::make_unique<station>();
    s->who = &p;
    s->options.lifetime = below(2) == 0 ? receipt_lifetime::ephemeral : receipt_lifetime::persistent;
    s->options.when_lost = below(3) == 0 ? lost_reply::ask : lost_reply::resend;
    s->options.most_nodes = 1 + below(3);
    s->object = std::make_unique<receipts>(*p.c, base_of(p), s->options);
    for (std::uint64_t i = 2 + below(3); i > 0; --i)
        p.inside->execute([this, &here = *s] { actors::work(*this, here); });
    stations_.push_back(std::move(s));
}

/// Somebody deletes receipt nodes and writes to them.
void receipts_storm::plan_vandal() {
    storm_client& p = add_client();
    for (int i = 0; i < 8; ++i)
        inside().after(between(500ms, length()), [this, &p, deletes = below(2) == 0] {
            std::vector<std::string> victims;
            for (const auto* n : inside().server().nodes().sorted())
                if (std::ranges::count(n->path, '/') == 3 && n->path.starts_with("/receipts/"))
                    victims.emplace_back(n->path);
            if (victims.empty()) return;
            const std::string victim = victims[below(victims.size())];
            p.inside->execute([&p, victim, deletes] {
                if (deletes)
                    p.c->async_remove_if_exists(victim).detach();
                else
                    p.c->async_set(victim, "nonsense").detach();
            });
        });
}

} // namespace kazoo::testkit
