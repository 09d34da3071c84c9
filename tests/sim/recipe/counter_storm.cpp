#include "counter_storm.hpp"

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

constexpr storm_shape shape{.length = 8s, .faults = 14, .first_passing = 500ms, .longest_passing = 4s};
constexpr std::uint64_t least_changes = 40;
constexpr const char* site = "/counters/n";

} // namespace

counter_storm::counter_storm(std::uint64_t seed) : storm_frame(world_of(seed), shape), named_(seed % 4 != 0) {}
counter_storm::~counter_storm() = default;

struct counter_storm::actors {
    static std::stop_token stop_later(counter_storm& m, const station& s) {
        std::stop_source stop;
        if (m.below(5) != 0) return stop.get_token();
        m.inside().after(m.between(0ms, 1500ms), [machine = s.who->inside, stop] {
            machine->execute([stop]() mutable { stop.request_stop(); });
        });
        return stop.get_token();
    }

    static actor work(counter_storm& m, station& s) {
        const counted_here alive(m.actors_);
        for (;;) {
            co_await pause_for(*s.who->inside, m.between(0ms, 300ms));
            if (!m.open_ || !s.number) co_return;
            change& c = m.new_change();
            const session_id session = s.who->c->session_id();
            try {
                std::int64_t before = 0;
                auto adding = c.by > 0 ? s.number->async_fetch_add(c.by, stop_later(m, s))
                                       : s.number->async_fetch_sub(-c.by, stop_later(m, s));
                if (m.below(8) == 0) adding = std::move(adding).timeout(m.between(1ms, 2s));
                before = co_await std::move(adding);
                c.end = told::done;
                m.counts_.add(counter_counts::changes);
                if (s.with_receipts) m.counts_.add(counter_counts::changes_with_receipts);
                if (s.who->c && session != s.who->c->session_id()) m.counts_.add(counter_counts::next_session);
                if (m.named_ && !c.replaced && c.before != before)
                    m.complain("a change by " + std::to_string(c.by) + " is told to have met " +
                               std::to_string(before));
            } catch (const error& e) {
                m.ended(c, s, e);
            }
            m.judge(c);
        }
    }

    static actor exchange(counter_storm& m, station& s) {
        const counted_here alive(m.actors_);
        std::int64_t expected = 0;
        for (;;) {
            co_await pause_for(*s.who->inside, m.between(0ms, 600ms));
            if (!m.open_ || !s.number) co_return;
            change& c = m.new_change();
            try {
                auto asked = s.number->async_compare_exchange(expected, expected + c.by, stop_later(m, s));
                const auto other = co_await std::move(asked);
                c.end = other ? told::not_applied : told::done;
                m.counts_.add(other ? counter_counts::other_numbers : counter_counts::exchanges);
                if (other == expected && !c.replaced) m.complain("it was what was expected, and not exchanged");
                expected = other ? *other : expected + c.by;
            } catch (const error& e) {
                m.ended(c, s, e);
            }
            m.judge(c);
        }
    }

    /// What is loaded was there at some moment of the call.
    static actor look(counter_storm& m, station& s) {
        const counted_here alive(m.actors_);
        for (;;) {
            co_await pause_for(*s.who->inside, m.between(0ms, 800ms));
            if (!m.open_ || !s.number) co_return;
            const int forgotten = m.forgotten_;
            const std::size_t begun = m.history_.size() - 1;
            auto loading = s.number->async_load();
            try {
                const std::int64_t n = co_await std::move(loading);
                m.counts_.add(counter_counts::loads);
                const auto from = m.history_.begin() + static_cast<std::ptrdiff_t>(begun);
                if (forgotten == m.forgotten_ && std::find(from, m.history_.end(), n) == m.history_.end())
                    m.complain("it is told to be " + std::to_string(n) + ", which was over");
            } catch (const error& e) {
                if (e.outcome() != outcome::not_applied) m.complain("a load that may have been applied");
            }
        }
    }
};

void counter_storm::ended(change& c, const station& s, const error& e) {
    c.end = e.outcome() == outcome::unknown ? told::unknown : told::not_applied;
    if (e.code() == errc::closed) counts_.add(counter_counts::ended_by_close);
    if (e.code() == errc::cancelled) counts_.add(counter_counts::stopped);
    if (c.end == told::not_applied) counts_.add(counter_counts::not_applied);
    if (c.end != told::unknown) return;
    counts_.add(counter_counts::unknown);
    if (!s.with_receipts && e.code() == errc::connection_loss) counts_.add(counter_counts::equal_changes);
    if (!s.with_receipts) return;
    counts_.add(counter_counts::unknown_with_receipts);
    if (e.code() == errc::connection_loss) complain("unknown in spite of a receipt");
}

counter_storm::change& counter_storm::new_change() {
    changes_.push_back(std::make_unique<change>());
    change& c = *changes_.back();
    c.by = named_ ? static_cast<std::int64_t>(changes_.size()) : 1;
    if (below(3) == 0) c.by = -c.by;
    return c;
}

counter_storm::station& counter_storm::add_station(storm_client& p) {
    auto s = std::make_unique<station>();
    s->who = &p;
    s->with_receipts = below(2) == 0;
    s->number = std::make_unique<counter>(*p.c, site, counter_options{.receipts = s->with_receipts});
    for (int i = 0; i < 2; ++i) p.inside->execute([this, &here = *s] { actors::work(*this, here); });
    p.inside->execute([this, &here = *s] { actors::exchange(*this, here); });
    p.inside->execute([this, &here = *s] { actors::look(*this, here); });
    stations_.push_back(std::move(s));
    return *stations_.back();
}

void counter_storm::start() {
    for (int i = 0; i < 3; ++i) add_station(add_client());
}

/// It goes with changes under way.
std::function<void()> counter_storm::on_passing_client(storm_client& p) {
    return [&p, &s = add_station(p), how = below(3)] {
        if (how == 0) p.c->async_close().detach();
        s.number.reset();
        p.c.reset();
    };
}

// -- what the server does ---------------------------------------------------------------------------------------------

void counter_storm::on_write(const sim_write& w) {
    using enum proto::opcode;
    if (w.write.type == multi && w.write.error == errc::bad_version) counts_.add(counter_counts::transactions_refused);
    if (w.write.type == set_data && w.write.error == errc::bad_version && w.write.path == site)
        counts_.add(counter_counts::refused_by_version);
    if (w.write.error != errc{} || (w.write.type != set_data && w.write.type != multi)) return;
    const auto* n = inside().server().nodes().find(site);
    if (n == nullptr || n->mzxid != w.write.zxid) return;
    const std::int64_t before = history_.back();
    history_.push_back(std::stoll(n->data));
    was_changed(before, history_.back(), w.late);
}

void counter_storm::was_changed(std::int64_t from, std::int64_t to, bool late) {
    if (late) counts_.add(counter_counts::applied_late);
    const std::string what = "from " + std::to_string(from) + " to " + std::to_string(to);
    if (!named_) {
        if (std::abs(to - from) != 1 && forgotten_ == 0) complain("the number went " + what);
        return;
    }
    const auto number = static_cast<std::size_t>(std::abs(to - from));
    if (number == 0 || number > changes_.size() || changes_[number - 1]->by != to - from) {
        if (forgotten_ == 0) complain("nobody changes it " + what);
        return;
    }
    change& c = *changes_[number - 1];
    c.before = from;
    if (++c.applied > 1 && !c.replaced) complain("it was changed again " + what);
    if (c.end == told::not_applied && !c.replaced) complain("it was changed after all " + what);
}

void counter_storm::on_forget() {
    ++forgotten_;
    history_.push_back(0);
    for (const auto& c : changes_) c->replaced = c->replaced || c->end == told::nothing_yet;
}

// -- what must be true ------------------------------------------------------------------------------------------------

/// As soon as it has ended.
void counter_storm::judge(const change& c) {
    if (!named_ || c.replaced) return;
    if (c.end == told::done && c.applied != 1) complain("the change by " + std::to_string(c.by) + " was not applied");
    if (c.end == told::not_applied && c.applied != 0)
        complain("the change by " + std::to_string(c.by) + " was applied, and told not to be");
}

void counter_storm::settle() {
    comes_true([this] { return counts_[counter_counts::changes] >= least_changes; }, 60s);
    open_ = false;
    if (!comes_true([this] { return actors_ == 0; }, 120s)) complain(std::to_string(actors_) + " calls did not end");
}

void counter_storm::before_close() {
    for (const auto& s : stations_) s->number.reset();
}

/// The number is the sum of what was told as done, and of what was told as unknown and was applied.
void counter_storm::audit() {
    if (counts_[counter_counts::changes] < least_changes) complain("too quiet");
    std::int64_t exact = 0, least = 0, most = 0;
    for (const auto& c : changes_) {
        if (c->end == told::done) exact += c->by, least += c->by, most += c->by;
        if (c->end != told::unknown) continue;
        (c->by > 0 ? most : least) += c->by;
        exact += c->applied > 0 ? c->by : 0;
        if (named_)
            counts_.add(c->applied > 0 ? counter_counts::unknown_and_applied : counter_counts::unknown_and_not_applied);
    }
    if (forgotten_ > 0) return;
    const std::int64_t now = history_.back();
    if (named_ && now != exact) complain("it is " + std::to_string(now) + " and should be " + std::to_string(exact));
    if (now < least || now > most)
        complain("it is " + std::to_string(now) + ", and not from " + std::to_string(least) + " to " +
                 std::to_string(most));
}

} // namespace kazoo::testkit
