// Many seeds of those who consume from one locking queue: whether each item is consumed once, and none is left with
// somebody who is gone.
#include "grant_book.hpp"
#include "sim/storm/stations.hpp"

#include <kazoo/recipe/locking_queue.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kazoo::testkit {
namespace {

struct locking_things {
    enum what : std::uint8_t {
        pushes,
        claims,
        consumed,
        consumed_unknown,
        unknown_and_consumed,
        not_consumed_as_lost,
        released,
        dropped,
        lost,
        came_back,
        nothing_there,
        nothing_in_time,
        cancelled,
        given_up,
        closed,
        left_in_the_end,
        count
    };
    static constexpr std::array<std::string_view, count> names{"pushes",
                                                               "items claimed",
                                                               "consumed",
                                                               "consumptions told as unknown",
                                                               "unknown, and consumed",
                                                               "not consumed, as it was lost",
                                                               "released",
                                                               "released by their end",
                                                               "lost",
                                                               "came back to another one",
                                                               "nothing there when tried",
                                                               "nothing in time",
                                                               "cancelled",
                                                               "given up",
                                                               "ended by close or destruction",
                                                               "items left in the end"};
};

using locking_station = station_of<locking_queue>;

class locking_queue_crew final : public station_crew<locking_things, locking_station> {
  public:
    static constexpr std::string_view name = "locking_queue";
    static constexpr storm_shape shape{.length = 8s, .faults = 14, .first_passing = 500ms, .longest_passing = 3s};

    explicit locking_queue_crew(crew_storm& s) : station_crew(s), book_(s.inside()) {}

    void stay(storm_client& c) override {
        add(c, 2 + below(2));
        if (below(3) == 0) add(c, 1);
    }
    void pass_by(storm_client& c) override { add(c, 2); }
    std::vector<std::string> places() const override { return {site_ + "/entries"}; }

    void on_write(const sim_write&) override;
    void on_turn() override;
    void on_forced_end(std::int64_t session) override { book_.on_forced_end(session); }
    void on_forget() override;
    bool has_enough() const override { return is_enough(counts_[things::consumed], 20); }
    /// Whatever waits can be claimed.
    std::vector<std::string> unsettled() const override { return not_empty({site_ + "/taken"}); }
    void stop_watching() override {
        for (const auto& s : stations()) s->object.reset();
    }
    void audit() override;

  private:
    using things = locking_things;
    struct item {
        int claimed = 0, told_consumed = 0, told_unknown = 0, removed = 0;
        bool replaced = false; ///< the server has lost its disk since its push began
    };
    struct holder {
        const locking_station* where;
        const claimed_item* what;
    };

    void add(storm_client& c, std::uint64_t actors) {
        add_station(c, std::make_unique<locking_queue>(*c.c, site_), actors);
    }
    actor work(locking_station&) override;
    actor push(locking_station&);
    item& entry_of(const claimed_item& i) { return *items_.at(std::stoul(i.data().str())); }
    void was_claimed(const locking_station&, const claimed_item&);
    void was_consumed(const locking_station&, const claimed_item&);
    std::map<std::string, std::string> read(const std::string& folder) const;

    const std::string site_ = at("/queues/locking");
    std::vector<std::unique_ptr<item>> items_; ///< by what their data says
    std::map<std::string, std::string> there_; ///< names and data, at the last write
    std::int64_t seen_entries_ = 0, seen_claims_ = 0;
    std::vector<holder> holders_;
    grant_book book_;
};

actor locking_queue_crew::push(locking_station& s) {
    const counted_here alive(actors());
    const std::string data = std::to_string(items_.size());
    items_.push_back(std::make_unique<item>());
    try {
        auto pushing = s.object->async_push(data, static_cast<int>(below(3)));
        co_await std::move(pushing);
        counts_.add(things::pushes);
    } catch (const error&) { // what became of it is the business of pushes
    }
}

actor locking_queue_crew::work(locking_station& s) {
    const counted_here alive(actors());
    sim_machine& machine = *s.who->inside;
    for (;;) {
        co_await pause_for(machine, between(0ms, 300ms));
        if (!open() || !s.object) co_return;
        if (below(5) < 3) push(s);
        std::optional<claimed_item> mine;
        try {
            switch (below(6)) {
            case 0: {
                auto asked = s.object->async_try_get();
                mine = co_await std::move(asked);
                if (!mine) counts_.add(things::nothing_there);
                break;
            }
            case 1: {
                auto asked = s.object->async_get(stop_later(s));
                mine = co_await std::move(asked);
                if (!mine) counts_.add(things::cancelled);
                break;
            }
            case 2: { // nobody waits for it any more
                auto asked = s.object->async_get();
                co_await pause_for(machine, between(0ms, 300ms));
                if (asked.ready())
                    mine.emplace(co_await std::move(asked));
                else
                    counts_.add(things::given_up);
                break;
            }
            default: {
                auto asked = s.object->async_try_get_for(between(1ms, 2s));
                mine = co_await std::move(asked);
                if (!mine) counts_.add(things::nothing_in_time);
                break;
            }
            }
        } catch (const error& e) {
            if (e.code() == errc::closed || e.code() == errc::cancelled) counts_.add(things::closed);
        }
        if (!mine) continue;
        was_claimed(s, *mine);
        holders_.push_back({&s, &*mine});
        const std::stop_token lost = mine->lost();
        co_await pause_for(machine, between(0ms, 500ms));
        const bool is_lost = lost.stop_requested();
        if (is_lost) counts_.add(things::lost);
        std::erase_if(holders_, [&](const holder& h) { return h.what == &*mine; });
        switch (below(5)) {
        case 0: counts_.add(things::dropped); break;
        case 1:
            counts_.add(things::released);
            mine->release();
            break;
        default:
            try {
                auto consuming = mine->async_consume();
                if (co_await std::move(consuming))
                    was_consumed(s, *mine);
                else
                    counts_.add(things::not_consumed_as_lost);
            } catch (const error& e) {
                if (e.outcome() != outcome::unknown) break;
                counts_.add(things::consumed_unknown);
                ++entry_of(*mine).told_unknown;
            }
        }
    }
}

void locking_queue_crew::was_claimed(const locking_station& s, const claimed_item& mine) {
    counts_.add(things::claims);
    item& i = entry_of(mine);
    if (i.claimed++ > 0) counts_.add(things::came_back);
    if (i.removed > 0 && !i.replaced && mine.holds() && !book_.taken_away(mine.check().path))
        complain("item " + mine.data().str() + " has gone, and was handed out to " + s.who->name());
}

void locking_queue_crew::was_consumed(const locking_station& s, const claimed_item& mine) {
    counts_.add(things::consumed);
    item& i = entry_of(mine);
    if (i.replaced) return;
    if (++i.told_consumed > 1) complain("item " + mine.data().str() + " was consumed again, by " + s.who->name());
    if (i.removed == 0) complain("item " + mine.data().str() + " is told to be consumed, and was not");
}

// -- what the server does ---------------------------------------------------------------------------------------------

std::map<std::string, std::string> locking_queue_crew::read(const std::string& folder) const {
    std::map<std::string, std::string> all;
    if (const auto* n = node(site_ + folder))
        n->children.for_each([&](const kazoo::server::znode& c) { all.emplace(c.name(), c.data); });
    return all;
}

/// A claim is of an item that is there, has its mark, and goes with the item.
void locking_queue_crew::on_write(const sim_write&) {
    const auto* entries = node(site_ + "/entries");
    const auto* taken = node(site_ + "/taken");
    const std::int64_t now_entries = entries != nullptr ? entries->pzxid : 0;
    const std::int64_t now_claims = taken != nullptr ? taken->pzxid : 0;
    if (now_entries == seen_entries_ && now_claims == seen_claims_) return;
    seen_entries_ = now_entries;
    seen_claims_ = now_claims;
    auto there = read("/entries");
    for (const auto& [n, data] : there_)
        if (!there.contains(n) && ++items_.at(std::stoul(data))->removed > 1)
            complain("item " + data + " was removed again");
    there_ = std::move(there);
    std::size_t claims = 0, marks = 0;
    for (const auto& [n, id] : read("/taken")) {
        if (!n.starts_with("entry-")) {
            ++marks;
            continue;
        }
        ++claims;
        if (!there_.contains(n)) complain("there is a claim of " + n + ", which is not there");
    }
    if (claims != marks) complain(std::to_string(claims) + " claims have " + std::to_string(marks) + " marks");
}

void locking_queue_crew::on_forget() {
    for (const auto& i : items_) i->replaced = true;
    there_.clear();
    seen_entries_ = seen_claims_ = 0;
}

// -- what must be true ------------------------------------------------------------------------------------------------

void locking_queue_crew::on_turn() {
    std::map<std::string, int> certain;
    for (const holder& h : holders_)
        if (!h.where->who->inside->paused() && h.what->holds() && !book_.taken_away(h.what->check().path) &&
            ++certain[h.what->name()] > 1 && !entry_of(*h.what).replaced)
            complain(h.what->name() + " is held twice");
}

void locking_queue_crew::audit() {
    for (std::size_t n = 0; n < items_.size(); ++n) {
        const item& i = *items_[n];
        if (i.replaced) continue;
        if (i.removed > 0 && i.told_consumed == 0) {
            if (i.told_unknown == 0)
                complain("item " + std::to_string(n) + " was removed, and nobody was told so");
            else
                counts_.add(things::unknown_and_consumed);
        }
    }
    for ([[maybe_unused]] const auto& i : there_) counts_.add(things::left_in_the_end);
}

const in_the_medley<locking_queue_crew> locking_queue_comes;

TEST(locking_queue_storm, C76_each_item_is_consumed_once_and_none_is_kept) {
    run_crew<locking_queue_crew>(with_checks ? 60 : 1000);
}

} // namespace
} // namespace kazoo::testkit
