#include "shared_mutex_storm.hpp"

#include <algorithm>

namespace kazoo::testkit {

namespace {

simulation_options world_of(std::uint64_t seed) {
    simulation_options o;
    o.seed = seed;
    o.followers = seed % 3;
    o.longest_lag = std::chrono::milliseconds(seed % 2 == 0 ? 5 : 1500);
    return o;
}

constexpr storm_shape shape{.length = 8s, .faults = 12, .first_passing = 500ms, .longest_passing = 3s};
constexpr std::uint64_t least_turns = 15;
constexpr const char* site = "/locks/shared";

} // namespace

shared_mutex_storm::shared_mutex_storm(std::uint64_t seed) : storm_frame(world_of(seed), shape), book_(inside()) {}
shared_mutex_storm::~shared_mutex_storm() = default;

struct shared_mutex_storm::actors {
    static std::stop_token stop_later(shared_mutex_storm& m, const station& s) {
        std::stop_source stop;
        m.inside().after(m.between(0ms, 1500ms), [machine = s.who->inside, stop] {
            machine->execute([stop]() mutable { stop.request_stop(); });
        });
        return stop.get_token();
    }

    static actor work(shared_mutex_storm& m, station& s) {
        const counted_here alive(m.actors_);
        sim_machine& machine = *s.who->inside;
        for (;;) {
            co_await pause_for(machine, m.between(0ms, 500ms));
            if (!m.open_ || !s.lock) co_return;
            const bool writes = m.below(4) == 0;
            const std::uint64_t how = m.below(5);
            bool has = true;
            try {
                if (how == 0) {
                    const duration limit = m.between(1ms, 2s);
                    auto asked = writes ? s.lock->async_try_lock_for(limit) : s.lock->async_try_lock_shared_for(limit);
                    has = co_await std::move(asked);
                    if (!has) m.counts_.add(shared_mutex_counts::not_in_time);
                } else if (how == 1) {
                    auto stop = stop_later(m, s);
                    auto asked = writes ? s.lock->async_lock(stop) : s.lock->async_lock_shared(stop);
                    has = co_await std::move(asked);
                    if (!has) m.counts_.add(shared_mutex_counts::cancelled);
                } else {
                    auto asked = writes ? s.lock->async_lock() : s.lock->async_lock_shared();
                    co_await std::move(asked);
                }
            } catch (const error& e) {
                has = false;
                if (e.code() == errc::closed || e.code() == errc::cancelled) m.counts_.add(shared_mutex_counts::closed);
            }
            if (!s.lock) co_return;
            if (!has) continue;
            if (writes)
                m.book_.granted(s.lock->check().path, s.lock->fencing_token(), s.who->c->session_id());
            else
                m.book_.granted(s.lock->check_shared().path, s.lock->fencing_token_shared(), s.who->c->session_id());
            m.counts_.add(writes ? shared_mutex_counts::writes : shared_mutex_counts::reads);
            s.reading += writes ? 0 : 1;
            const std::stop_token lost = writes ? s.lock->lost() : s.lock->lost_shared();
            if (writes && s.lock->holds() && !m.book_.taken_away(s.lock->check().path)) {
                if (s.lock->fencing_token() <= m.last_write_) m.complain("fencing tokens of writers went back");
                m.last_write_ = s.lock->fencing_token();
            }
            co_await pause_for(machine, m.between(0ms, 600ms));
            if (lost.stop_requested())
                m.counts_.add(writes ? shared_mutex_counts::lost_while_writing
                                     : shared_mutex_counts::lost_while_reading);
            if (!s.lock) co_return;
            if (writes)
                s.lock->unlock();
            else
                s.lock->unlock_shared();
            s.reading -= writes ? 0 : 1;
            if (writes && s.lock->holds()) m.complain(s.who->name() + " holds what it has unlocked");
        }
    }
};

shared_mutex_storm::station& shared_mutex_storm::add_station(storm_client& p, std::uint64_t actors_here) {
    auto s = std::make_unique<station>();
    s->who = &p;
    s->lock = std::make_unique<shared_mutex>(*p.c, site, shared_mutex_options{.identifier = p.name()});
    for (std::uint64_t i = 0; i < actors_here; ++i)
        p.inside->execute([this, &here = *s] { actors::work(*this, here); });
    stations_.push_back(std::move(s));
    return *stations_.back();
}

void shared_mutex_storm::start() {
    for (int i = 0; i < 3; ++i) {
        storm_client& p = add_client();
        add_station(p, 2 + below(3));
        if (below(3) == 0) add_station(p, 1);
    }
}

std::function<void()> shared_mutex_storm::on_passing_client(storm_client& p) {
    return [&p, &s = add_station(p, 2), how = below(3)] {
        if (how == 0) p.c->async_close().detach();
        s.lock.reset();
        p.c.reset();
    };
}

void shared_mutex_storm::on_forget() {
    book_.on_forget();
    last_write_ = zxid{};
}

void shared_mutex_storm::on_turn(const sim_machine&) {
    const station *writer = nullptr, *reader = nullptr;
    int readers = 0;
    for (const auto& s : stations_) {
        if (!s->lock || s->who->inside->paused()) continue;
        if (s->lock->holds() && !book_.taken_away(s->lock->check().path)) {
            if (writer != nullptr) complain(writer->who->name() + " and " + s->who->name() + " write at once");
            writer = s.get();
        }
        if (s->lock->holds_shared() && !book_.taken_away(s->lock->check_shared().path)) {
            reader = s.get();
            readers += s->reading;
        }
    }
    if (readers > 1) counts_.add(shared_mutex_counts::reads_together);
    if (writer != nullptr && reader != nullptr)
        complain(writer->who->name() + " writes while " + reader->who->name() + " reads");
}

bool shared_mutex_storm::nothing_left() const {
    const auto* n = inside().server().nodes().find(site);
    return inside().server().watches() == kazoo::server::watch_counts{} && (n == nullptr || n->children.size() == 0);
}

void shared_mutex_storm::settle() {
    comes_true([this] { return counts_[shared_mutex_counts::writes] >= least_turns; }, 60s);
    open_ = false;
    if (!comes_true([this] { return actors_ == 0; }, 120s))
        complain(std::to_string(actors_) + " actors still wait for a lock");
    if (!comes_true([this] { return nothing_left(); }, 30s)) complain("nodes or watches are left at the server");
}

void shared_mutex_storm::before_close() {
    for (const auto& s : stations_) s->lock.reset();
}

void shared_mutex_storm::audit() {
    if (counts_[shared_mutex_counts::writes] < least_turns) complain("too quiet");
}

} // namespace kazoo::testkit
