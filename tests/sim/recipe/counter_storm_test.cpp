// Many seeds of those who count at one node, and whether the number is what they were told.
#include "sim/storm/stations.hpp"

#include <kazoo/recipe/counter.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kazoo::testkit {
namespace {

struct counter_things {
    enum what : std::uint8_t {
        changes,
        changes_with_receipts,
        exchanges,
        other_numbers,
        loads,
        refused_by_version,
        transactions_refused,
        unknown,
        unknown_and_applied,
        unknown_and_not_applied,
        unknown_with_receipts,
        equal_changes,
        not_applied,
        stopped,
        ended_by_close,
        applied_late,
        next_session,
        count
    };
    static constexpr std::array<std::string_view, count> names{"changes",
                                                               "changes with receipts",
                                                               "exchanges",
                                                               "exchanges that met another number",
                                                               "loads",
                                                               "writes refused by the version",
                                                               "transactions refused by a version",
                                                               "told as unknown",
                                                               "unknown, and applied",
                                                               "unknown, and not applied",
                                                               "unknown in spite of receipts",
                                                               "lost replies, with equal changes",
                                                               "told as not applied",
                                                               "stopped",
                                                               "ended by close",
                                                               "applied late",
                                                               "changes over a lost session"};
};
struct counter_station : station_of<counter> {
    bool with_receipts = false;
    int actors = 0;
};

class counter_crew final : public station_crew<counter_things, counter_station> {
  public:
    static constexpr std::string_view name = "counter";
    static constexpr storm_shape shape{.length = 8s, .faults = 14, .first_passing = 500ms, .longest_passing = 4s};

    explicit counter_crew(crew_storm& s) : station_crew(s), named_(s.seed % 4 != 0) {}

    void stay(storm_client& c) override { add(c); }
    void pass_by(storm_client& c) override { add(c); }
    std::vector<std::string> places() const override { return {site_}; }

    void on_write(const sim_write&) override;
    void on_forget() override;
    bool has_enough() const override { return is_enough(counts_[things::changes], 40); }
    std::vector<std::string> unsettled() const override { return {}; }
    void audit() override;

  private:
    using things = counter_things;
    /// How a call ended, as its caller was told.
    enum class told : std::uint8_t {
        nothing_yet,
        done,
        unknown,
        not_applied
    };
    /// One change of the number. In a storm that tells changes apart no two have the same `by`.
    struct change {
        std::int64_t by = 0;
        int applied = 0;
        std::optional<std::int64_t> before; ///< what the server had when it was applied
        bool replaced = false;              ///< the server has lost its disk since it began
        told end = told::nothing_yet;
    };

    void add(storm_client& c) {
        const bool with_receipts = below(2) == 0;
        add_station(c, std::make_unique<counter>(*c.c, site_, counter_options{.receipts = with_receipts}), 4)
            .with_receipts = with_receipts;
    }
    /// Two who add, one who exchanges, and one who looks.
    actor work(counter_station& s) override {
        switch (s.actors++) {
        case 2: return exchange(s);
        case 3: return look(s);
        default: return add_up(s);
        }
    }
    actor add_up(counter_station&);
    actor exchange(counter_station&);
    actor look(counter_station&);
    std::stop_token stop_sometimes(const counter_station& s) {
        return below(5) == 0 ? stop_later(s) : std::stop_token();
    }
    void was_changed(std::int64_t from, std::int64_t to, bool late);
    void ended(change&, const counter_station&, const error&);
    void judge(const change&);
    change& new_change();

    const std::string site_ = at("/counters/n");
    const bool named_; ///< changes can be told apart
    std::vector<std::unique_ptr<change>> changes_;
    std::vector<std::int64_t> history_{0}; ///< each number there was
    int forgotten_ = 0;
};

actor counter_crew::add_up(counter_station& s) {
    const counted_here alive(actors());
    for (;;) {
        co_await pause_for(*s.who->inside, between(0ms, 150ms));
        if (!open() || !s.object) co_return;
        change& c = new_change();
        const session_id session = s.who->c->session_id();
        try {
            std::int64_t before = 0;
            auto adding = c.by > 0 ? s.object->async_fetch_add(c.by, stop_sometimes(s))
                                   : s.object->async_fetch_sub(-c.by, stop_sometimes(s));
            if (below(8) == 0) adding = std::move(adding).timeout(between(1ms, 2s));
            before = co_await std::move(adding);
            c.end = told::done;
            counts_.add(things::changes);
            if (s.with_receipts) counts_.add(things::changes_with_receipts);
            if (s.who->c && session != s.who->c->session_id()) counts_.add(things::next_session);
            if (named_ && !c.replaced && c.before != before)
                complain("a change by " + std::to_string(c.by) + " is told to have met " + std::to_string(before));
        } catch (const error& e) {
            ended(c, s, e);
        }
        judge(c);
    }
}

actor counter_crew::exchange(counter_station& s) {
    const counted_here alive(actors());
    std::int64_t expected = 0;
    for (;;) {
        co_await pause_for(*s.who->inside, between(0ms, 600ms));
        if (!open() || !s.object) co_return;
        change& c = new_change();
        try {
            auto asked = s.object->async_compare_exchange(expected, expected + c.by, stop_sometimes(s));
            const auto other = co_await std::move(asked);
            c.end = other ? told::not_applied : told::done;
            counts_.add(other ? things::other_numbers : things::exchanges);
            if (other == expected && !c.replaced) complain("it was what was expected, and not exchanged");
            expected = other ? *other : expected + c.by;
        } catch (const error& e) {
            ended(c, s, e);
        }
        judge(c);
    }
}

/// What is loaded was there at some moment of the call.
actor counter_crew::look(counter_station& s) {
    const counted_here alive(actors());
    for (;;) {
        co_await pause_for(*s.who->inside, between(0ms, 800ms));
        if (!open() || !s.object) co_return;
        const int forgotten = forgotten_;
        const std::size_t begun = history_.size() - 1;
        auto loading = s.object->async_load();
        try {
            const std::int64_t n = co_await std::move(loading);
            counts_.add(things::loads);
            const auto from = history_.begin() + static_cast<std::ptrdiff_t>(begun);
            if (forgotten == forgotten_ && std::find(from, history_.end(), n) == history_.end())
                complain("it is told to be " + std::to_string(n) + ", which was over");
        } catch (const error& e) {
            if (e.outcome() != outcome::not_applied) complain("a load that may have been applied");
        }
    }
}

void counter_crew::ended(change& c, const counter_station& s, const error& e) {
    c.end = e.outcome() == outcome::unknown ? told::unknown : told::not_applied;
    if (e.code() == errc::closed) counts_.add(things::ended_by_close);
    if (e.code() == errc::cancelled) counts_.add(things::stopped);
    if (c.end == told::not_applied) counts_.add(things::not_applied);
    if (c.end != told::unknown) return;
    counts_.add(things::unknown);
    if (!s.with_receipts && e.code() == errc::connection_loss) counts_.add(things::equal_changes);
    if (!s.with_receipts) return;
    counts_.add(things::unknown_with_receipts);
    if (e.code() == errc::connection_loss) complain("unknown in spite of a receipt");
}

counter_crew::change& counter_crew::new_change() {
    changes_.push_back(std::make_unique<change>());
    change& c = *changes_.back();
    c.by = named_ ? static_cast<std::int64_t>(changes_.size()) : 1;
    if (below(3) == 0) c.by = -c.by;
    return c;
}

// -- what the server does ---------------------------------------------------------------------------------------------

void counter_crew::on_write(const sim_write& w) {
    using enum proto::opcode;
    if (w.write.type == multi && w.write.error == errc::bad_version) counts_.add(things::transactions_refused);
    if (w.write.type == set_data && w.write.error == errc::bad_version && w.write.path == site_)
        counts_.add(things::refused_by_version);
    if (w.write.error != errc{} || (w.write.type != set_data && w.write.type != multi)) return;
    const auto* n = node(site_);
    if (n == nullptr || n->mzxid != w.write.zxid) return;
    const std::int64_t before = history_.back();
    history_.push_back(std::stoll(n->data));
    was_changed(before, history_.back(), w.late);
}

void counter_crew::was_changed(std::int64_t from, std::int64_t to, bool late) {
    if (late) counts_.add(things::applied_late);
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

void counter_crew::on_forget() {
    ++forgotten_;
    history_.push_back(0);
    for (const auto& c : changes_) c->replaced = c->replaced || c->end == told::nothing_yet;
}

// -- what must be true ------------------------------------------------------------------------------------------------

/// As soon as it has ended.
void counter_crew::judge(const change& c) {
    if (!named_ || c.replaced) return;
    if (c.end == told::done && c.applied != 1) complain("the change by " + std::to_string(c.by) + " was not applied");
    if (c.end == told::not_applied && c.applied != 0)
        complain("the change by " + std::to_string(c.by) + " was applied, and told not to be");
}

/// The number is the sum of what was told as done, and of what was told as unknown and was applied.
void counter_crew::audit() {
    std::int64_t exact = 0, least = 0, most = 0;
    for (const auto& c : changes_) {
        if (c->end == told::done) exact += c->by, least += c->by, most += c->by;
        if (c->end != told::unknown) continue;
        (c->by > 0 ? most : least) += c->by;
        exact += c->applied > 0 ? c->by : 0;
        if (named_) counts_.add(c->applied > 0 ? things::unknown_and_applied : things::unknown_and_not_applied);
    }
    if (forgotten_ > 0) return;
    const std::int64_t now = history_.back();
    if (named_ && now != exact) complain("it is " + std::to_string(now) + " and should be " + std::to_string(exact));
    if (now < least || now > most)
        complain("it is " + std::to_string(now) + ", and not from " + std::to_string(least) + " to " +
                 std::to_string(most));
}

const in_the_medley<counter_crew> counter_comes;

TEST(counter_storm, C73_the_number_is_the_sum_of_what_was_told) { run_crew<counter_crew>(with_checks ? 60 : 1000); }

} // namespace
} // namespace kazoo::testkit
