#include "queue_storm.hpp"

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

constexpr storm_shape shape{.length = 8s, .faults = 14, .first_passing = 500ms, .longest_passing = 4s};
constexpr std::uint64_t least_pops = 30;
constexpr const char* site = "/queues/q";

} // namespace

queue_storm::queue_storm(std::uint64_t seed) : storm_frame(world_of(seed), shape), with_receipts_(seed % 4 != 0) {}
queue_storm::~queue_storm() = default;

struct queue_storm::actors {
    static actor produce(queue_storm& m, station& s) {
        const counted_here alive(m.actors_);
        for (;;) {
            co_await pause_for(*s.who->inside, m.between(0ms, 250ms));
            if (!m.open_ || !s.line) co_return;
            const std::string name = std::to_string(m.items_.size());
            m.items_.push_back(std::make_unique<item>());
            item& i = *m.items_.back();
            try {
                std::stop_source stop;
                if (m.below(6) == 0)
                    m.inside().after(m.between(0ms, 500ms), [machine = s.who->inside, stop] {
                        machine->execute([stop]() mutable { stop.request_stop(); });
                    });
                auto pushing = s.line->async_push(name, static_cast<int>(m.below(3)), stop.get_token());
                co_await std::move(pushing);
                i.pushed = told::done;
                m.counts_.add(queue_counts::pushes);
                if (i.made == 0 && !i.replaced) m.complain("item " + name + " was not made");
            } catch (const error& e) {
                i.pushed = e.outcome() == outcome::unknown ? told::unknown : told::not_applied;
                m.counts_.add(e.outcome() == outcome::unknown ? queue_counts::pushes_unknown
                                                              : queue_counts::pushes_not_applied);
                if (e.outcome() == outcome::not_applied && i.made > 0 && !i.replaced)
                    m.complain("item " + name + " is told not to be pushed, and was: " + e.what());
                if (m.with_receipts_ && e.code() == errc::connection_loss)
                    m.complain("unknown in spite of a receipt: " + std::string(e.what()));
            }
        }
    }

    static actor consume(queue_storm& m, station& s) {
        const counted_here alive(m.actors_);
        for (;;) {
            co_await pause_for(*s.who->inside, m.between(0ms, 200ms));
            if (!m.open_ || !s.line) co_return;
            std::optional<bytes> got;
            ++s.excuses; // until it is told
            try {
                switch (m.below(6)) {
                case 0: {
                    auto asked = s.line->async_try_pop();
                    got = co_await std::move(asked);
                    if (!got) m.counts_.add(queue_counts::nothing_there);
                    break;
                }
                case 1: { // whoever wants it has gone
                    auto asked = s.line->async_pop();
                    asked = std::move(asked).timeout(m.between(0ms, 300ms));
                    got = co_await std::move(asked);
                    break;
                }
                default: {
                    auto asked = s.line->async_try_pop_for(m.between(1ms, 2s));
                    got = co_await std::move(asked);
                    if (!got) m.counts_.add(queue_counts::nothing_in_time);
                    break;
                }
                }
                --s.excuses;
            } catch (const error& e) {
                if (e.code() == errc::operation_timeout)
                    m.counts_.add(queue_counts::given_up);
                else if (e.outcome() == outcome::unknown)
                    m.counts_.add(queue_counts::pops_unknown);
                else
                    --s.excuses;
                if (e.code() == errc::closed || e.code() == errc::cancelled)
                    m.counts_.add(queue_counts::ended_by_close);
            }
            if (got) m.was_popped(s, *got);
        }
    }
};

void queue_storm::was_popped(const station& s, const bytes& data) {
    counts_.add(queue_counts::pops);
    item& i = *items_[std::stoul(data.str())];
    if (i.replaced) return;
    if (++i.popped > 1) complain("item " + data.str() + " was popped again, by " + s.who->name());
    const bool waits = std::ranges::any_of(waiting_, [&](const auto& w) { return w.second == data.str(); });
    if (waits) complain("item " + data.str() + " was popped, and is there still");
}

queue_storm::station& queue_storm::add_station(storm_client& p) {
    auto s = std::make_unique<station>();
    s->who = &p;
    s->line = std::make_unique<queue>(*p.c, site, queue_options{.receipts = with_receipts_});
    p.inside->execute([this, &here = *s] {
        actors::produce(*this, here);
        actors::consume(*this, here);
        actors::consume(*this, here);
    });
    stations_.push_back(std::move(s));
    return *stations_.back();
}

void queue_storm::start() {
    for (int i = 0; i < 3; ++i) add_station(add_client());
}

/// It goes with calls under way.
std::function<void()> queue_storm::on_passing_client(storm_client& p) {
    return [&p, &s = add_station(p), how = below(3)] {
        ++s.excuses;
        if (how == 0) p.c->async_close().detach();
        s.line.reset();
        p.c.reset();
    };
}

// -- what the server does ---------------------------------------------------------------------------------------------

std::map<std::string, std::string> queue_storm::waiting() const {
    std::map<std::string, std::string> all;
    if (const auto* folder = inside().server().nodes().find(site))
        folder->children.for_each([&](const kazoo::server::znode& n) { all.emplace(n.path, n.data); });
    return all;
}

void queue_storm::on_write(const sim_write& w) {
    if (w.write.error != errc{}) return;
    auto now = waiting();
    if (now == waiting_) return;
    for (const auto& [path, data] : now)
        if (!waiting_.contains(path)) was_made(path, data);
    for (const auto& [path, data] : waiting_) {
        if (now.contains(path)) continue;
        items_[std::stoul(data)]->taken_by = w.from;
        counts_.add(queue_counts::taken);
    }
    waiting_ = std::move(now);
}

void queue_storm::was_made(const std::string& path, const std::string& data) {
    item& i = *items_[std::stoul(data)];
    if (!known_.insert(path).second) return counts_.add(queue_counts::put_back);
    if (i.replaced) return;
    if (++i.made > 1) complain("item " + data + " was pushed again");
    if (i.pushed == told::not_applied) complain("item " + data + " was pushed after all");
}

void queue_storm::on_forget() {
    for (const auto& i : items_) i->replaced = true;
    waiting_.clear();
    known_.clear();
}

// -- what must be true ------------------------------------------------------------------------------------------------

void queue_storm::settle() {
    comes_true([this] { return counts_[queue_counts::pops] >= least_pops; }, 60s);
    open_ = false;
    if (!comes_true([this] { return actors_ == 0; }, 120s)) complain(std::to_string(actors_) + " calls did not end");
    run_for(10s); // what was given up goes back
}

void queue_storm::before_close() {
    for (const auto& s : stations_) s->line.reset();
}

/// Each item was popped, or waits, or was lost by somebody who was told so.
void queue_storm::audit() {
    if (counts_[queue_counts::pops] < least_pops) complain("too quiet");
    std::map<const sim_machine*, int> excuses;
    for (const auto& s : stations_) excuses[s->who->inside.get()] += s->excuses;
    std::set<std::string> there;
    for (const auto& [path, data] : waiting_)
        if (!there.insert(data).second) complain("item " + data + " waits twice");
    for (std::size_t n = 0; n < items_.size(); ++n) {
        const item& i = *items_[n];
        if (i.replaced) continue;
        if (i.pushed == told::unknown && i.made > 0) counts_.add(queue_counts::unknown_and_pushed);
        const int ends = i.popped + static_cast<int>(there.contains(std::to_string(n)));
        if (ends == i.made) continue;
        if (ends > i.made || excuses[i.taken_by]-- <= 0)
            complain("item " + std::to_string(n) + " was made " + std::to_string(i.made) + " times, and got to " +
                     std::to_string(ends));
        else
            counts_.add(queue_counts::lost_and_told);
    }
}

} // namespace kazoo::testkit
