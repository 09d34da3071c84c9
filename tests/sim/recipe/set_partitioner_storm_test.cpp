// Many seeds of those who share out a set: whether two ever had the same item, and whether each item is somebody's when
// it is quiet.
#include "grant_book.hpp"
#include "sim/storm/stations.hpp"

#include <kazoo/recipe/set_partitioner.hpp>

#include <algorithm>
#include <map>
#include <optional>

namespace kazoo::testkit {
namespace {

struct partitioner_things {
    enum what : std::uint8_t {
        shares,
        empty_shares,
        whole_sets,
        revoked,
        lost,
        after_a_loss,
        not_in_time,
        cancelled,
        given_up,
        released,
        left,
        started_again,
        deleted_by_others,
        closed,
        in_the_end,
        count
    };
    static constexpr std::array<std::string_view, count> names{"shares acquired",
                                                               "shares without items",
                                                               "shares of everything",
                                                               "shares revoked",
                                                               "shares lost",
                                                               "acquired again after a loss",
                                                               "not acquired in time",
                                                               "cancelled",
                                                               "given up",
                                                               "given back, and waited for",
                                                               "members that left",
                                                               "members started again",
                                                               "members' nodes deleted by others",
                                                               "ended by close or destruction",
                                                               "shares in the end"};
};

struct partitioner_station : station_of<set_partitioner> {
    set_partitioner_options options{};
    bool keeps = false; ///< somebody keeps a share of it until the end
};

class partitioner_crew final : public station_crew<partitioner_things, partitioner_station> {
  public:
    static constexpr std::string_view name = "set_partitioner";
    static constexpr storm_shape shape{.length = 8s, .faults = 12, .first_passing = 500ms, .longest_passing = 3s};

    explicit partitioner_crew(crew_storm& s)
        : station_crew(s),
          items_(s.seed % 3 == 0 ? std::vector<std::string>{"0", "4/x"}
                                 : std::vector<std::string>{"0", "1", "2", "3", "4/x"}),
          book_(s.inside()) {}

    void stay(storm_client& c) override { add(c, 1 + below(2)); }
    void pass_by(storm_client& c) override { add(c, 1); }
    std::vector<std::string> places() const override { return {site_ + "/party", site_ + "/locks/0"}; }

    void on_turn() override;
    void on_forced_end(std::int64_t session) override { book_.on_forced_end(session); }
    bool has_enough() const override { return is_enough(counts_[things::shares], 8); }
    std::vector<std::string> unsettled() const override;
    void stop_watching() override;
    void audit() override {
        if (keepers_ > 0) complain(std::to_string(keepers_) + " wait for shares that nobody can give them");
    }

  private:
    using things = partitioner_things;
    struct holder {
        const partitioner_station* where;
        const partition* what;
    };

    void add(storm_client&, std::uint64_t actors);
    actor work(partitioner_station&) override;
    actor keep(partitioner_station&);
    void delete_one(storm_client& by);
    void complain_unless_ended(const error& e) {
        const bool expected =
            e.code() == errc::closed || e.code() == errc::cancelled || e.code() == errc::not_read_only;
        if (!expected) complain(e.what());
    }
    std::vector<std::string> items_held() const;

    const std::string site_ = at("/sets/a");
    const std::vector<std::string> items_;
    std::vector<holder> holders_;
    grant_book book_;
    int keepers_ = 0;
};

void partitioner_crew::add(storm_client& c, std::uint64_t actors) {
    const set_partitioner_options o{.identifier = c.name() + " member " + std::to_string(stations().size()),
                                    .time_boundary = between(0ms, 300ms),
                                    .max_reaction_time = between(20ms, 400ms)};
    add_station(c, std::make_unique<set_partitioner>(*c.c, site_, items_, o), actors).options = o;
}

actor partitioner_crew::work(partitioner_station& s) {
    const counted_here alive(actors());
    sim_machine& machine = *s.who->inside;
    for (bool has_lost = false;;) {
        co_await pause_for(machine, between(0ms, 500ms));
        if (!open() && s.object && !std::exchange(s.keeps, true)) keep(s);
        if (!open() || !s.object) co_return;
        std::optional<partition> mine;
        try {
            switch (below(8)) {
            case 0: {
                auto asked = s.object->async_acquire_for(between(1ms, 2s));
                mine = co_await std::move(asked);
                if (!mine) counts_.add(things::not_in_time);
                break;
            }
            case 1: {
                auto asked = s.object->async_acquire(stop_later(s));
                mine = co_await std::move(asked);
                if (!mine) counts_.add(things::cancelled);
                break;
            }
            case 2: { // nobody waits for it any more
                auto asked = s.object->async_acquire();
                co_await pause_for(machine, between(0ms, 600ms));
                if (asked.ready())
                    mine.emplace(co_await std::move(asked));
                else
                    counts_.add(things::given_up);
                break;
            }
            case 3: {
                delete_one(*s.who);
                auto leaving = s.object->async_leave();
                if (co_await std::move(leaving)) counts_.add(things::left);
                break;
            }
            case 4: // started again, with the same name
                counts_.add(things::started_again);
                s.object = std::make_unique<set_partitioner>(*s.who->c, site_, items_, s.options);
                [[fallthrough]];
            default: {
                auto asked = s.object->async_acquire_for(5s); // others may be members who want nothing
                mine = co_await std::move(asked);
                break;
            }
            }
        } catch (const error& e) {
            complain_unless_ended(e);
            counts_.add(things::closed);
        }
        if (!mine) continue;
        counts_.add(things::shares);
        if (mine->items().empty()) counts_.add(things::empty_shares);
        if (mine->items() == items_) counts_.add(things::whole_sets);
        if (has_lost) counts_.add(things::after_a_loss);
        holders_.push_back({&s, &*mine});
        const std::stop_token lost = mine->lost(), revoked = mine->revoked();
        co_await pause_for(machine, between(0ms, 700ms));
        has_lost = lost.stop_requested();
        if (has_lost)
            counts_.add(things::lost);
        else if (revoked.stop_requested())
            counts_.add(things::revoked);
        std::erase_if(holders_, [&](const holder& h) { return h.what == &*mine; });
        if (below(2) == 0) {
            auto giving_back = mine->async_release();
            try {
                if (co_await std::move(giving_back)) counts_.add(things::released);
            } catch (const error&) { // they go with their session
            }
        }
    }
}

/// As users do, until the end.
actor partitioner_crew::keep(partitioner_station& s) {
    const counted_here alive(keepers_);
    sim_machine& machine = *s.who->inside;
    while (s.object) {
        std::optional<partition> mine;
        try {
            auto asked = s.object->async_acquire();
            mine.emplace(co_await std::move(asked));
        } catch (const error& e) {
            complain_unless_ended(e);
            if (e.code() != errc::not_read_only) co_return; // the object has gone
        }
        if (!mine) {
            co_await pause_for(machine, 50ms);
            continue;
        }
        holders_.push_back({&s, &*mine});
        const std::stop_token revoked = mine->revoked();
        while (s.object && !revoked.stop_requested()) co_await pause_for(machine, 50ms);
        std::erase_if(holders_, [&](const holder& h) { return h.what == &*mine; });
    }
}

/// A member's node, by somebody who has no business with it.
void partitioner_crew::delete_one(storm_client& by) {
    const auto* folder = node(site_ + "/party");
    if (below(2) == 0 || !by.c || folder == nullptr) return;
    std::vector<std::string> all;
    folder->children.for_each([&](const kazoo::server::znode& n) { all.emplace_back(n.path); });
    if (all.empty()) return;
    std::ranges::sort(all);
    counts_.add(things::deleted_by_others);
    by.c->async_remove(all[below(all.size())]).detach();
}

// -- the book ---------------------------------------------------------------------------------------------------------

void partitioner_crew::on_turn() {
    std::map<std::string_view, const holder*> whose;
    for (const holder& h : holders_) {
        if (h.where->who->inside->paused() || !h.what->holds()) continue;
        for (const std::string& item : h.what->items()) {
            const auto [other, alone] = whose.emplace(item, &h);
            if (alone || book_.taken_away(h.what->check(item).path)) continue;
            if (book_.taken_away(other->second->what->check(item).path))
                other->second = &h;
            else
                complain("item " + item + " is held twice");
        }
    }
}

std::vector<std::string> partitioner_crew::items_held() const {
    std::vector<std::string> all;
    for (const holder& h : holders_)
        if (h.what->holds()) all.insert(all.end(), h.what->items().begin(), h.what->items().end());
    std::ranges::sort(all);
    return all;
}

std::vector<std::string> partitioner_crew::unsettled() const {
    std::vector<std::string> all;
    std::size_t members = 0;
    for (const auto& s : stations()) {
        if (!s->object) continue;
        ++members;
        if (s->object->state() != partition_state::acquired)
            all.push_back(s->object->identifier() + " is " + std::string(to_string(s->object->state())));
    }
    if (members == 0) return not_empty({site_ + "/party"});
    if (items_held() != items_) {
        all.emplace_back("these items are held:");
        for (const auto& item : items_held()) all.back() += " " + item;
    }
    if (children(site_ + "/party") != members) all.push_back("members: " + names_at(site_ + "/party"));
    for (const std::string& item : items_)
        if (children(site_ + "/locks/" + (item == "4/x" ? "4%2Fx" : item)) != 1) all.push_back("locks of " + item);
    return all;
}

void partitioner_crew::stop_watching() {
    for (const auto& s : stations()) {
        if (s->object && s->object->state() == partition_state::acquired) counts_.add(things::in_the_end);
        s->object.reset();
    }
}

const in_the_medley<partitioner_crew> partitioner_comes;

TEST(set_partitioner_storm, no_item_is_held_twice_and_each_is_held_in_the_end) {
    run_crew<partitioner_crew>(with_checks ? 60 : 1000);
}

} // namespace
} // namespace kazoo::testkit
