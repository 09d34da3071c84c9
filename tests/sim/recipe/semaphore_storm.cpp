#include "semaphore_storm.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

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
constexpr std::uint64_t least_permits = 20;
constexpr std::size_t usual_number = 2;
constexpr const char* site = "/pools/a";

} // namespace

semaphore_storm::semaphore_storm(std::uint64_t seed)
    : storm_frame(world_of(seed), shape), resizes_(seed % 4 == 0), book_(inside()) {}
semaphore_storm::~semaphore_storm() = default;

struct semaphore_storm::actors {
    static std::stop_token stop_later(semaphore_storm& m, const station& s) {
        std::stop_source stop;
        m.inside().after(m.between(0ms, 1500ms), [machine = s.who->inside, stop] {
            machine->execute([stop]() mutable { stop.request_stop(); });
        });
        return stop.get_token();
    }

    static actor work(semaphore_storm& m, station& s) {
        const counted_here alive(m.actors_);
        sim_machine& machine = *s.who->inside;
        for (;;) {
            co_await pause_for(machine, m.between(0ms, 500ms));
            if (!m.open_ || !s.pool) co_return;
            std::optional<permit> mine;
            try {
                switch (m.below(6)) {
                case 0: {
                    auto asked = s.pool->async_try_acquire();
                    mine = co_await std::move(asked);
                    if (!mine) m.counts_.add(semaphore_counts::none_left);
                    break;
                }
                case 1: {
                    auto asked = s.pool->async_try_acquire_for(m.between(1ms, 2s));
                    mine = co_await std::move(asked);
                    if (!mine) m.counts_.add(semaphore_counts::not_in_time);
                    break;
                }
                case 2: {
                    auto asked = s.pool->async_acquire(stop_later(m, s));
                    mine = co_await std::move(asked);
                    if (!mine) m.counts_.add(semaphore_counts::cancelled);
                    break;
                }
                case 3: { // nobody waits for it any more
                    auto asked = s.pool->async_acquire();
                    co_await pause_for(machine, m.between(0ms, 400ms));
                    if (asked.ready())
                        mine.emplace(co_await std::move(asked));
                    else
                        m.counts_.add(semaphore_counts::given_up);
                    break;
                }
                default: {
                    auto asked = s.pool->async_acquire();
                    mine.emplace(co_await std::move(asked));
                    break;
                }
                }
            } catch (const error& e) {
                if (e.code() == errc::closed || e.code() == errc::cancelled) m.counts_.add(semaphore_counts::closed);
            }
            if (!mine) continue;
            m.counts_.add(semaphore_counts::permits);
            if (s.who->c) m.book_.granted(mine->check().path, mine->fencing_token(), s.who->c->session_id());
            m.holders_.push_back({&s, &*mine});
            const std::stop_token lost = mine->lost();
            co_await pause_for(machine, m.between(0ms, 700ms));
            if (lost.stop_requested()) m.counts_.add(semaphore_counts::lost);
            std::erase_if(m.holders_, [&](const holder& h) { return h.what == &*mine; });
            if (m.below(2) == 0) mine->release();
            if (m.resizes_ && s.pool && m.below(8) == 0) {
                const std::size_t number = 1 + m.below(3);
                m.most_ = std::max(m.most_, number);
                m.counts_.add(semaphore_counts::resizes);
                auto resizing = s.pool->async_resize(number);
                try {
                    co_await std::move(resizing);
                } catch (const error&) { // it may have been applied
                }
            }
        }
    }
};

semaphore_storm::station& semaphore_storm::add_station(storm_client& p, std::uint64_t actors_here) {
    auto s = std::make_unique<station>();
    s->who = &p;
    s->pool = std::make_unique<semaphore>(*p.c, site, usual_number, semaphore_options{.identifier = p.name()});
    for (std::uint64_t i = 0; i < actors_here; ++i)
        p.inside->execute([this, &here = *s] { actors::work(*this, here); });
    stations_.push_back(std::move(s));
    return *stations_.back();
}

void semaphore_storm::start() {
    for (int i = 0; i < 3; ++i) {
        storm_client& p = add_client();
        add_station(p, 2 + below(2));
        if (below(3) == 0) add_station(p, 1);
    }
}

std::function<void()> semaphore_storm::on_passing_client(storm_client& p) {
    return [&p, &s = add_station(p, 2), how = below(3)] {
        if (how == 0) p.c->async_close().detach();
        s.pool.reset();
        p.c.reset();
    };
}

void semaphore_storm::on_forget() {
    book_.on_forget();
    seen_ = 0;
}

std::size_t semaphore_storm::permits_at_the_server() const {
    const auto* n = inside().server().nodes().find(site);
    return n == nullptr ? 0 : n->children.size();
}

/// No permit is made beyond the number that stands there.
void semaphore_storm::on_write(const sim_write&) {
    const std::size_t now = permits_at_the_server();
    if (now > seen_) {
        const auto* n = inside().server().nodes().find(site);
        std::size_t number = 0;
        std::from_chars(n->data.data(), n->data.data() + n->data.size(), number);
        if (now > number)
            complain("permit " + std::to_string(now) + " was made where there are " + std::to_string(number));
        if (now == number) counts_.add(semaphore_counts::all_taken);
    }
    seen_ = now;
}

void semaphore_storm::on_turn(const sim_machine&) {
    const auto certain = std::ranges::count_if(holders_, [&](const holder& h) {
        return !h.where->who->inside->paused() && h.what->holds() && !book_.taken_away(h.what->check().path);
    });
    if (static_cast<std::size_t>(certain) > most_)
        complain(std::to_string(certain) + " permits are held at once, and there were never more than " +
                 std::to_string(most_));
}

bool semaphore_storm::nothing_left() const {
    const auto* line = inside().server().nodes().find(std::string(site) + "-__lock__");
    return inside().server().watches() == kazoo::server::watch_counts{} && permits_at_the_server() == 0 &&
           (line == nullptr || line->children.size() == 0);
}

void semaphore_storm::settle() {
    comes_true([this] { return counts_[semaphore_counts::permits] >= least_permits; }, 60s);
    open_ = false;
    if (!comes_true([this] { return actors_ == 0; }, 120s))
        complain(std::to_string(actors_) + " actors still wait for a permit");
    if (!comes_true([this] { return nothing_left(); }, 30s)) complain("nodes or watches are left at the server");
}

void semaphore_storm::before_close() {
    for (const auto& s : stations_) s->pool.reset();
}

void semaphore_storm::audit() {
    if (counts_[semaphore_counts::permits] < least_permits) complain("too quiet");
}

} // namespace kazoo::testkit
