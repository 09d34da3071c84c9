// Many seeds of those who stand for one election: whether two ever led at once, and whether somebody leads in the end.
#include "grant_book.hpp"
#include "sim/storm/stations.hpp"

#include <kazoo/recipe/election.hpp>

#include <algorithm>
#include <optional>

namespace kazoo::testkit {
namespace {

struct election_things {
    enum what : std::uint8_t {
        elected,
        led_again,
        lost,
        others_stood,
        not_in_time,
        cancelled,
        given_up,
        resigned,
        closed,
        count
    };
    static constexpr std::array<std::string_view, count> names{"elected",
                                                               "elected again after a loss",
                                                               "leaderships lost",
                                                               "others stood when tried",
                                                               "not elected in time",
                                                               "cancelled",
                                                               "given up",
                                                               "resigned",
                                                               "ended by close or destruction"};
};

using election_station = station_of<election>;

class election_crew final : public station_crew<election_things, election_station> {
  public:
    static constexpr std::string_view name = "election";
    static constexpr storm_shape shape{.length = 8s, .faults = 12, .first_passing = 500ms, .longest_passing = 3s};

    explicit election_crew(crew_storm& s) : station_crew(s), book_(s.inside()) {}

    void stay(storm_client& c) override { add(c, 1 + below(2)); }
    void pass_by(storm_client& c) override { add(c, 2); }
    std::vector<std::string> places() const override { return {site_}; }

    void on_turn() override;
    void on_forced_end(std::int64_t session) override { book_.on_forced_end(session); }
    bool has_enough() const override { return is_enough(counts_[things::elected], 15); }
    std::vector<std::string> unsettled() const override { return not_empty({site_}); }

  private:
    using things = election_things;
    struct leader {
        const election_station* where;
        const leadership* what;
    };

    void add(storm_client& c, std::uint64_t actors) {
        add_station(c, std::make_unique<election>(*c.c, site_, election_options{.identifier = c.name()}), actors);
    }
    actor work(election_station&) override;

    const std::string site_ = at("/elections/a");
    std::vector<leader> leaders_;
    grant_book book_;
};

actor election_crew::work(election_station& s) {
    const counted_here alive(actors());
    sim_machine& machine = *s.who->inside;
    for (bool has_lost = false;;) {
        co_await pause_for(machine, between(0ms, 500ms));
        if (!open() || !s.object) co_return;
        std::optional<leadership> mine;
        try {
            switch (below(6)) {
            case 0: {
                auto asked = s.object->async_stand_for(0ms);
                mine = co_await std::move(asked);
                if (!mine) counts_.add(things::others_stood);
                break;
            }
            case 1: {
                auto asked = s.object->async_stand_for(between(1ms, 2s));
                mine = co_await std::move(asked);
                if (!mine) counts_.add(things::not_in_time);
                break;
            }
            case 2: {
                auto asked = s.object->async_stand(stop_later(s));
                mine = co_await std::move(asked);
                if (!mine) counts_.add(things::cancelled);
                break;
            }
            case 3: { // nobody waits for it any more
                auto asked = s.object->async_stand();
                co_await pause_for(machine, between(0ms, 400ms));
                if (asked.ready())
                    mine.emplace(co_await std::move(asked));
                else
                    counts_.add(things::given_up);
                break;
            }
            default: {
                auto asked = s.object->async_stand();
                mine.emplace(co_await std::move(asked));
                break;
            }
            }
        } catch (const error& e) {
            if (e.code() == errc::closed || e.code() == errc::cancelled) counts_.add(things::closed);
        }
        if (!mine) continue;
        counts_.add(things::elected);
        if (has_lost) counts_.add(things::led_again);
        leaders_.push_back({&s, &*mine});
        const std::stop_token lost = mine->lost();
        co_await pause_for(machine, between(0ms, 700ms));
        has_lost = lost.stop_requested();
        if (has_lost) counts_.add(things::lost);
        std::erase_if(leaders_, [&](const leader& l) { return l.what == &*mine; });
        if (below(2) == 0) {
            auto resigning = mine->async_resign();
            try {
                if (co_await std::move(resigning)) counts_.add(things::resigned);
            } catch (const error&) { // it goes with its session
            }
        }
    }
}

void election_crew::on_turn() {
    std::vector<const leader*> certain;
    for (const leader& l : leaders_)
        if (!l.where->who->inside->paused() && l.what->holds()) certain.push_back(&l);
    if (certain.size() <= 1) return;
    std::erase_if(certain, [&](const leader* l) { return book_.taken_away(l->what->check().path); });
    if (certain.size() > 1) complain(std::to_string(certain.size()) + " lead at once");
}

const in_the_medley<election_crew> election_comes;

TEST(election_storm, there_is_never_more_than_one_leader_and_nobody_stands_for_ever) {
    run_crew<election_crew>(with_checks ? 60 : 1000);
}

} // namespace
} // namespace kazoo::testkit
