// Many seeds of those who put barriers up, take them away and wait for them, and whether nobody goes through one that
// stands, nor waits for one that is gone.
#include "sim/storm/stations.hpp"

#include <kazoo/recipe/barrier.hpp>

#include <algorithm>
#include <vector>

namespace kazoo::testkit {
namespace {

struct barrier_things {
    enum what : std::uint8_t {
        put_up,
        stood_already,
        taken_away,
        none_there,
        went_through,
        did_not_stand,
        not_in_time,
        stopped,
        given_up,
        put_up_again,
        closed,
        count
    };
    static constexpr std::array<std::string_view, count> names{"put up",
                                                               "stood already",
                                                               "taken away",
                                                               "none to take away",
                                                               "waited and went through",
                                                               "none to wait for",
                                                               "not in time",
                                                               "stopped",
                                                               "waits given up",
                                                               "standing again behind a wait",
                                                               "ended by close or destruction"};
};

class barrier_crew final : public station_crew<barrier_things, station_of<barrier>> {
  public:
    static constexpr std::string_view name = "barrier";
    static constexpr storm_shape shape{.length = 10s, .faults = 14, .first_passing = 500ms, .longest_passing = 4s};

    using station_crew::station_crew;

    void stay(storm_client& c) override {
        for (std::uint64_t n = 1 + below(2); n > 0; --n) add(c);
    }
    void pass_by(storm_client& c) override { add(c); }
    std::vector<std::string> places() const override { return {site_}; }

    void on_write(const sim_write&) override {
        const auto* n = node(site_);
        const std::int64_t czxid = n == nullptr ? 0 : n->czxid;
        if (stands_ != 0 && czxid != stands_) is_absent();
        stands_ = czxid;
    }
    void on_forget() override {
        if (stands_ != 0) is_absent();
        stands_ = 0;
    }
    bool has_enough() const override { return is_enough(counts_[things::went_through], 3); }
    std::vector<std::string> unsettled() const override { return {}; }
    void stop_watching() override {
        for (const auto& s : stations()) s->object.reset();
    }

  private:
    using things = barrier_things;
    using station = station_of<barrier>;

    void add(storm_client& c) { add_station(c, std::make_unique<barrier>(*c.c, site_), 1 + below(2)); }
    actor work(station&) override;
    void is_absent() {
        ++absences_;
        absent_at_.push_back(now());
    }
    duration now() const { return inside().now().time_since_epoch(); }
    void has_waited(const station&, bool through, bool stood, int absences);

    const std::string site_ = at("/gates/plain");
    std::int64_t stands_ = 0; ///< its czxid
    int absences_ = 0;        ///< how often it was taken away
    std::vector<duration> absent_at_;
};

actor barrier_crew::work(station& s) {
    const counted_here alive(actors());
    sim_machine& machine = *s.who->inside;
    while (open() && s.object) {
        const bool stood = stands_ != 0;
        const int absences = absences_;
        try {
            switch (below(7)) {
            case 0:
            case 1: {
                auto asked = s.object->async_create();
                counts_.add(co_await std::move(asked) ? things::put_up : things::stood_already);
                break;
            }
            case 2: {
                auto asked = s.object->async_remove();
                counts_.add(co_await std::move(asked) ? things::taken_away : things::none_there);
                break;
            }
            case 3: {
                auto asked = s.object->async_wait_for(below(3) == 0 ? 0ms : between(1ms, 3s));
                const bool through = co_await std::move(asked);
                has_waited(s, through, stood, absences);
                break;
            }
            case 4: { // nobody waits for it any more
                auto asked = s.object->async_wait();
                co_await pause_for(machine, between(0ms, 300ms));
                asked.cancel();
                const auto r = std::move(asked).result();
                if (r)
                    has_waited(s, *r, stood, absences);
                else
                    counts_.add(things::given_up);
                break;
            }
            case 5: {
                auto asked = s.object->async_wait(stop_later(s));
                const bool through = co_await std::move(asked);
                if (!through) counts_.add(things::stopped);
                has_waited(s, through, stood, absences);
                break;
            }
            default: { // so long that it has been looked at long before, and its end long since
                const duration begun = now();
                auto asked = s.object->async_wait_for(30s);
                const bool through = co_await std::move(asked);
                has_waited(s, through, stood, absences);
                const auto missed = [&](duration gone) { return gone > begun + 10s && gone < now() - 12s; };
                if (!through && s.object && std::ranges::any_of(absent_at_, missed))
                    complain(s.who->name() + " has missed that it was taken away");
                break;
            }
            }
        } catch (const error& e) {
            if (e.code() == errc::closed || !s.object) counts_.add(things::closed);
        }
        co_await pause_for(machine, between(0ms, 700ms));
    }
}

void barrier_crew::has_waited(const station& s, bool through, bool stood, int absences) {
    if (!through) return counts_.add(s.object ? things::not_in_time : things::closed);
    counts_.add(stood ? things::went_through : things::did_not_stand);
    if (stood && stands_ != 0) counts_.add(things::put_up_again);
    if (stood && absences == absences_) complain(s.who->name() + " went through a barrier that stood all the time");
}

const in_the_medley<barrier_crew> barrier_comes;

TEST(barrier_storm, nobody_goes_through_one_that_stands_nor_waits_for_one_that_is_gone) {
    run_crew<barrier_crew>(with_checks ? 60 : 1000);
}

} // namespace
} // namespace kazoo::testkit
