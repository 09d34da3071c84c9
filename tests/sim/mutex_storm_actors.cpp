// Those who want the locks of a storm.
#include "mutex_storm.hpp"

#include <algorithm>

namespace kazoo::testkit {

namespace {

constexpr int deletions_per_storm = 6;

} // namespace

mutex_storm::holding mutex_storm::acquired(station& s, std::uint64_t call) {
    inside().trace("acquired", s.who->number, call, s.lock->check().path);
    counts_.add(mutex_counts::acquisitions);
    if (s.held) complain(s.name() + ": two actors of one object have it");
    s.held = true;
    if (!s.patient.empty() && *s.patient.begin() < call) complain(s.name() + ": served out of turn");
    holding h{s.lock->check().path, s.lock->fencing_token(), s.lock->lost()};
    if (lock_entry* e = book_.find(h.node)) {
        e->was_held = true;
        if (e->had_to_wait) counts_.add(mutex_counts::had_to_wait);
        if (e->answer == lock_entry::reply::lost) counts_.add(mutex_counts::adoptions);
        if (e->created != h.token) complain(s.name() + ": its fencing token is not its node's");
        // One that was paused between may hear of it when it is over.
        if (s.lock->holds() && !e->taken_away && h.token <= last_acquired_[s.site])
            complain(s.name() + ": fencing tokens went back");
        last_acquired_[s.site] = std::max(last_acquired_[s.site], h.token);
    }
    return h;
}

/// `believes`: it has looked, and nothing has happened since.
void mutex_storm::write(station& s, const holding& h, bool believes) {
    if (book_.find(h.node) == nullptr) return; // of a server whose numbers began again since
    if (stores_[s.site].write(h.token)) return;
    counts_.add(mutex_counts::stale_writes_refused);
    if (believes && !book_.taken_away(h.node)) complain(s.name() + " holds the lock, but its write was refused");
}

void mutex_storm::released(station& s, const holding& h) {
    inside().trace("released", s.who->number, 0, h.node);
    s.held = false;
    if (!h.lost.stop_requested()) return;
    counts_.add(mutex_counts::lost_while_holding);
    const lock_entry* e = book_.find(h.node);
    if (e != nullptr && e->deleted_by_others && static_cast<std::int64_t>(s.who->c->session_id()) == e->session)
        counts_.add(mutex_counts::deletions_noticed_holding);
}

struct mutex_storm::actors {
    static std::stop_token stop_later(mutex_storm& m, const station& s) {
        std::stop_source stop;
        m.inside().after(m.between(0ms, 1500ms), [machine = s.who->inside, stop] {
            machine->execute([stop]() mutable { stop.request_stop(); });
        });
        return stop.get_token();
    }

    static void count(mutex_storm& m, std::error_code why) {
        if (why == errc::cancelled) m.counts_.add(mutex_counts::cancelled);
        if (why == errc::operation_timeout) m.counts_.add(mutex_counts::not_before_the_deadline);
        if (why == errc::closed) m.counts_.add(mutex_counts::closed);
    }

    static actor work(mutex_storm& m, station& s) {
        const counted_here alive(m.actors_);
        sim_machine& machine = *s.who->inside;
        for (;;) {
            co_await pause_for(machine, m.between(0ms, 600ms));
            if (!m.open_ || !s.lock) co_return;
            const std::uint64_t call = ++s.calls;
            const counted_here busy(s.busy);
            m.inside().trace("call", s.who->number, call, s.lock->path());
            bool has = true;
            try {
                switch (m.below(8)) {
                case 0: {
                    auto asked = s.lock->async_try_lock();
                    has = co_await std::move(asked);
                    if (!has) m.counts_.add(mutex_counts::taken);
                    break;
                }
                case 1: {
                    auto asked = s.lock->async_try_lock_for(m.between(1ms, 3s));
                    has = co_await std::move(asked);
                    if (!has) m.counts_.add(mutex_counts::not_before_the_deadline);
                    break;
                }
                case 2: {
                    auto asked = s.lock->async_lock(stop_later(m, s));
                    has = co_await std::move(asked);
                    if (!has) m.counts_.add(mutex_counts::cancelled);
                    break;
                }
                case 3: {
                    auto asked = s.lock->async_lock().stop_on(stop_later(m, s));
                    co_await std::move(asked);
                    break;
                }
                case 4: { // given up; which may come too late, and then it has the lock
                    auto asked = s.lock->async_lock();
                    co_await pause_for(machine, m.between(0ms, 500ms));
                    if (!asked.ready()) {
                        m.counts_.add(mutex_counts::given_up);
                        asked.cancel();
                    }
                    co_await std::move(asked);
                    break;
                }
                default: {
                    s.patient.insert(call);
                    auto asked = s.lock->async_lock();
                    co_await std::move(asked);
                    break;
                }
                }
            } catch (const error& e) {
                has = false;
                count(m, e.code());
            }
            s.patient.erase(call);
            if (!s.lock) co_return;
            if (!has) continue;

            const holding h = m.acquired(s, call);
            for (std::uint64_t n = m.below(5); n > 0; --n) {
                const bool believes = s.lock->holds();
                if (m.below(2) == 0) {
                    m.write(s, h, believes);
                    co_await pause_for(machine, m.between(0ms, 400ms));
                } else { // it does not look again before it writes
                    co_await pause_for(machine, m.between(0ms, 400ms));
                    m.write(s, h, false);
                }
                if (!s.lock) co_return;
                if (s.lock->fencing_token() != h.token) m.complain(s.name() + ": somebody else unlocked it");
            }
            m.released(s, h);
            if (m.below(2) == 0) {
                s.lock->unlock();
                if (s.lock->holds()) m.complain(s.name() + " holds what it has unlocked");
                continue;
            }
            const bool had_it = s.lock->holds();
            auto unlocking = s.lock->async_unlock();
            if (s.lock->holds()) m.complain(s.name() + " holds what it has unlocked");
            try {
                co_await std::move(unlocking);
            } catch (const error& e) {
                if (e.code() != errc::closed) m.complain(s.name() + ": unlock failed: " + e.what());
            }
            if (had_it && h.lost.stop_requested()) m.complain(s.who->name() + ": lost by its own unlock");
        }
    }
};

void mutex_storm::add_station(storm_client& p, std::size_t site, std::uint64_t actors_here) {
    auto s = std::make_unique<station>();
    s->who = &p;
    s->site = site;
    s->lock = std::make_unique<mutex>(*p.c, book_.sites()[site], mutex_options{.identifier = "client"});
    for (std::uint64_t i = 0; i < actors_here; ++i)
        p.inside->execute([this, &here = *s] { actors::work(*this, here); });
    stations_.push_back(std::move(s));
}

/// Somebody deletes nodes of others, and the locks' paths while they are empty.
void mutex_storm::plan_vandal() {
    storm_client& p = add_client();
    for (int i = 0; i < deletions_per_storm; ++i)
        inside().after(between(500ms, length()), [this, &p, at_a_node = below(4) != 0] {
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
