// Those who want the mutexes of a storm.
#include "mutex_storm.hpp"

#include <algorithm>

namespace kazoo::testkit {

namespace {

constexpr int deletions_per_storm = 6;

} // namespace

mutex_crew::holding mutex_crew::acquired(mutex_station& s, std::uint64_t call) {
    inside().trace("acquired", s.who->number, call, s.object->check().path);
    counts_.add(mutex_counts::acquisitions);
    if (s.held) complain(s.name() + ": two actors of one object have it");
    s.held = true;
    if (!s.patient.empty() && *s.patient.begin() < call) complain(s.name() + ": served out of turn");
    holding h{s.object->check().path, s.object->fencing_token(), s.object->lost()};
    if (lock_entry* e = book_.find(h.node)) {
        e->was_held = true;
        if (e->had_to_wait) counts_.add(mutex_counts::had_to_wait);
        if (e->answer == lock_entry::reply::lost) counts_.add(mutex_counts::adoptions);
        if (e->created != h.token) complain(s.name() + ": its fencing token is not its node's");
        // One that was paused between may hear of it when it is over.
        if (s.object->holds() && !e->taken_away && h.token <= last_acquired_[s.site])
            complain(s.name() + ": fencing tokens went back");
        last_acquired_[s.site] = std::max(last_acquired_[s.site], h.token);
    }
    (void)book_.taken_away(h.node); // which complains of what never was
    return h;
}

/// `believes`: it has looked, and nothing has happened since.
void mutex_crew::write(mutex_station& s, const holding& h, bool believes) {
    if (book_.find(h.node) == nullptr) return; // of a server whose numbers began again since
    if (stores_[s.site].write(h.token)) return;
    counts_.add(mutex_counts::stale_writes_refused);
    if (believes && !book_.taken_away(h.node)) complain(s.name() + " holds the lock, but its write was refused");
}

void mutex_crew::released(mutex_station& s, const holding& h) {
    inside().trace("released", s.who->number, 0, h.node);
    s.held = false;
    if (!h.lost.stop_requested()) return;
    counts_.add(mutex_counts::lost_while_holding);
    const lock_entry* e = book_.find(h.node);
    if (e != nullptr && e->deleted_by_others && static_cast<std::int64_t>(s.who->c->session_id()) == e->session)
        counts_.add(mutex_counts::deletions_noticed_holding);
}

void mutex_crew::count(std::error_code why_not) {
    if (why_not == errc::cancelled) counts_.add(mutex_counts::cancelled);
    if (why_not == errc::operation_timeout) counts_.add(mutex_counts::not_before_the_deadline);
    if (why_not == errc::closed) counts_.add(mutex_counts::closed);
}

actor mutex_crew::work(mutex_station& s) {
    const counted_here alive(actors());
    sim_machine& machine = *s.who->inside;
    for (;;) {
        co_await pause_for(machine, between(0ms, 600ms));
        if (!open() || !s.object) co_return;
        const std::uint64_t call = ++s.calls;
        const counted_here busy(s.busy);
        inside().trace("call", s.who->number, call, s.object->path());
        bool has = true;
        try {
            switch (below(8)) {
            case 0: {
                auto asked = s.object->async_try_lock();
                has = co_await std::move(asked);
                if (!has) counts_.add(mutex_counts::taken);
                break;
            }
            case 1: {
                auto asked = s.object->async_try_lock_for(between(1ms, 3s));
                has = co_await std::move(asked);
                if (!has) counts_.add(mutex_counts::not_before_the_deadline);
                break;
            }
            case 2: {
                auto asked = s.object->async_lock(stop_later(s));
                has = co_await std::move(asked);
                if (!has) counts_.add(mutex_counts::cancelled);
                break;
            }
            case 3: {
                auto asked = s.object->async_lock().stop_on(stop_later(s));
                co_await std::move(asked);
                break;
            }
            case 4: { // given up; which may come too late, and then it has the lock
                auto asked = s.object->async_lock();
                co_await pause_for(machine, between(0ms, 500ms));
                if (!asked.ready()) {
                    counts_.add(mutex_counts::given_up);
                    asked.cancel();
                }
                co_await std::move(asked);
                break;
            }
            default: {
                s.patient.insert(call);
                auto asked = s.object->async_lock();
                co_await std::move(asked);
                break;
            }
            }
        } catch (const error& e) {
            has = false;
            count(e.code());
        }
        s.patient.erase(call);
        if (!s.object) co_return;
        if (!has) continue;

        const holding h = acquired(s, call);
        for (std::uint64_t n = below(5); n > 0; --n) {
            const bool believes = s.object->holds();
            if (below(2) == 0) {
                write(s, h, believes);
                co_await pause_for(machine, between(0ms, 400ms));
            } else { // it does not look again before it writes
                co_await pause_for(machine, between(0ms, 400ms));
                write(s, h, false);
            }
            if (!s.object) co_return;
            if (s.object->fencing_token() != h.token) complain(s.name() + ": somebody else unlocked it");
        }
        released(s, h);
        if (below(2) == 0) {
            s.object->unlock();
            if (s.object->holds()) complain(s.name() + " holds what it has unlocked");
            continue;
        }
        const bool had_it = s.object->holds();
        auto unlocking = s.object->async_unlock();
        if (s.object->holds()) complain(s.name() + " holds what it has unlocked");
        try {
            co_await std::move(unlocking);
        } catch (const error& e) {
            if (e.code() != errc::closed) complain(s.name() + ": unlock failed: " + e.what());
        }
        if (had_it && h.lost.stop_requested()) complain(s.who->name() + ": lost by its own unlock");
    }
}

// -- who is there -----------------------------------------------------------------------------------------------------

void mutex_crew::add(storm_client& c, std::size_t site, std::uint64_t actors) {
    auto lock = std::make_unique<mutex>(*c.c, book_.sites()[site], mutex_options{.identifier = "client"});
    add_station(c, std::move(lock), actors).site = site;
}

void mutex_crew::stay(storm_client& c) {
    for (std::size_t site = 0; site < book_.sites().size(); ++site) add(c, site, 1 + below(3));
    if (below(3) == 0) add(c, 0, 1);
}

void mutex_crew::begin() {
    plan_vandal();
    look_for_orphans();
}

void mutex_crew::pass_by(storm_client& c) { add(c, 0, 2); }

void mutex_crew::leave(storm_client& c) {
    station_crew::leave(c);
    for (const auto& s : stations())
        if (s->who == &c) s->held = false;
}

/// Somebody deletes nodes of others, and the locks' paths while they are empty.
void mutex_crew::plan_vandal() {
    storm_client& p = storm().add_client();
    for (int i = 0; i < deletions_per_storm; ++i)
        inside().after(between(500ms, storm().length()), [this, &p, at_a_node = below(4) != 0] {
            const std::string& site = book_.sites()[below(book_.sites().size())];
            std::vector<std::string> nodes;
            if (const auto* n = inside().server().nodes().find(site))
                n->children.for_each([&](const kazoo::server::znode& child) { nodes.emplace_back(child.path); });
            std::ranges::sort(nodes);
            const std::string victim = !at_a_node || nodes.empty() ? site : nodes[below(nodes.size())];
            p.inside->execute([&p, victim] { p.c->async_remove_if_exists(victim).detach(); });
        });
}

} // namespace kazoo::testkit
