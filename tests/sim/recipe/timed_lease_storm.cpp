#include "timed_lease_storm.hpp"

#include "recipe/parts/lease_record.hpp"

#include <algorithm>
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
constexpr std::uint64_t least_leases = 10;
constexpr std::size_t places = 2;
const std::string single = "/leases/one", several = "/leases/several";

} // namespace

timed_lease_storm::timed_lease_storm(std::uint64_t seed)
    : storm_frame(world_of(seed), shape), clock_error_(std::chrono::milliseconds(seed % 4 == 0 ? 0 : 700)) {}
timed_lease_storm::~timed_lease_storm() = default;

struct timed_lease_storm::actors {
    static actor work(timed_lease_storm& m, storm_client& p) {
        const counted_here alive(m.actors_);
        sim_machine& machine = *p.inside;
        const std::string name = p.name() + "/" + std::to_string(m.named_++);
        for (;;) {
            co_await pause_for(machine, m.between(0ms, 900ms));
            if (!m.open_ || !p.c) co_return;
            machine.clock_error = m.between(-m.clock_error_, m.clock_error_ + 1ns);
            const std::chrono::seconds length(1 + m.below(4));
            const bool one_of_several = m.below(3) == 0;
            const int forgotten = m.forgotten_;
            std::optional<lease> mine;
            try {
                auto asked = one_of_several
                                 ? multi_lease::async_try_obtain(*p.c, several, places, length, {.identifier = name})
                                 : lease::async_try_obtain(*p.c, single, length, {.identifier = name});
                if (m.below(5) == 0) { // nobody waits for it any more
                    co_await pause_for(machine, m.between(0ms, 100ms));
                    if (!asked.ready()) {
                        m.counts_.add(timed_lease_counts::given_up);
                        asked.cancel();
                        continue;
                    }
                }
                mine = co_await std::move(asked);
                m.counts_.add(!mine            ? timed_lease_counts::held_by_others
                              : one_of_several ? timed_lease_counts::places
                                               : timed_lease_counts::obtained);
            } catch (const error&) {
                m.counts_.add(timed_lease_counts::failed);
            }
            if (!mine) continue;
            m.holders_.push_back({&*mine, forgotten});
            for (bool done = false; !done;) {
                co_await pause_for(machine, m.between(0ms, 2s));
                const auto what = m.below(3);
                const int forgotten_then = m.forgotten_;
                try {
                    if (what == 0) {
                        auto renewing = mine->async_renew();
                        done = !co_await std::move(renewing);
                        m.counts_.add(done ? timed_lease_counts::not_renewed : timed_lease_counts::renewed);
                        if (!done) m.holding(*mine).forgotten = forgotten_then;
                    } else if (what == 1) {
                        auto releasing = mine->async_release();
                        const bool was_ours = co_await std::move(releasing);
                        m.counts_.add(was_ours ? timed_lease_counts::released : timed_lease_counts::not_released);
                        if (mine->holds() && was_ours) m.complain(name + " holds what it has released");
                        done = true;
                    } else {
                        co_await pause_for(machine, std::max<duration>(mine->end() - machine.wall_clock(), 0ns));
                        m.counts_.add(timed_lease_counts::ended);
                        done = true;
                    }
                } catch (const error&) {
                    m.counts_.add(timed_lease_counts::failed);
                    done = !p.c;
                }
            }
            std::erase_if(m.holders_, [&](const holder& h) { return h.what == &*mine; });
        }
    }
};

timed_lease_storm::holder& timed_lease_storm::holding(const lease& l) {
    return *std::ranges::find(holders_, &l, &holder::what);
}

void timed_lease_storm::add_actors(storm_client& p, std::uint64_t number) {
    for (std::uint64_t i = 0; i < number; ++i) p.inside->execute([this, &p] { actors::work(*this, p); });
}

void timed_lease_storm::start() {
    for (int i = 0; i < 3; ++i) add_actors(add_client(), 1 + below(3));
}

std::function<void()> timed_lease_storm::on_passing_client(storm_client& p) {
    add_actors(p, 2);
    return [&p, how = below(2)] {
        if (how == 0) p.c->async_close().detach();
        p.c.reset();
    };
}

std::chrono::system_clock::time_point timed_lease_storm::true_time() const {
    const sim_machine& any = *clients().front()->inside;
    return any.wall_clock() - std::chrono::duration_cast<std::chrono::system_clock::duration>(any.clock_error);
}

/// Nobody has two places.
void timed_lease_storm::on_write(const sim_write&) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < places; ++i) {
        const auto* n = inside().server().nodes().find(several + "/" + std::to_string(i) + "/lease_holder");
        if (n != nullptr) names.push_back(kazoo::recipe::parse_lease(n->data)->holder);
    }
    std::ranges::sort(names);
    if (std::ranges::adjacent_find(names) != names.end()) complain(names[0] + " has two places");
}

/// By a clock that is right, two who have not come as near to their end as clocks may be wrong are one.
void timed_lease_storm::on_turn(const sim_machine&) {
    const auto now = true_time() + std::chrono::ceil<std::chrono::system_clock::duration>(clock_error_);
    const auto counts = [&](const holder& h) { return h.forgotten == forgotten_ && h.what->end() > now; };
    for (const holder& a : holders_)
        for (const holder& b : holders_)
            if (&a < &b && counts(a) && counts(b) && a.what->path() == b.what->path() &&
                a.what->identifier() != b.what->identifier())
                complain(a.what->identifier() + " and " + b.what->identifier() + " hold " + a.what->path() +
                         " at once");
}

/// Nobody stands in a line, and nobody watches one.
bool timed_lease_storm::nothing_left() const {
    const auto in_line = [&](const std::string& path) {
        const auto* n = inside().server().nodes().find(path);
        std::size_t number = n == nullptr ? 0 : n->children.size();
        for (const char* other : {"/lease_holder", "/0", "/1"})
            if (inside().server().nodes().find(path + other) != nullptr) --number;
        return number;
    };
    return in_line(single) == 0 && in_line(several) == 0 && in_line(several + "/0") == 0 &&
           in_line(several + "/1") == 0 && inside().server().watches() == kazoo::server::watch_counts{};
}

void timed_lease_storm::settle() {
    comes_true([this] { return counts_[timed_lease_counts::obtained] >= least_leases; }, 60s);
    open_ = false;
    if (!comes_true([this] { return actors_ == 0; }, 120s))
        complain(std::to_string(actors_) + " actors still wait for something");
    if (!comes_true([this] { return nothing_left(); }, 30s)) complain("nodes in a line or watches are left");
}

void timed_lease_storm::audit() {
    if (counts_[timed_lease_counts::obtained] < least_leases) complain("too quiet");
}

} // namespace kazoo::testkit
