// Many seeds of those who want permits of one semaphore: whether there were ever too many.
#include "grant_book.hpp"
#include "sim/storm/stations.hpp"

#include <kazoo/recipe/semaphore.hpp>

#include <algorithm>
#include <charconv>
#include <optional>

namespace kazoo::testkit {
namespace {

struct semaphore_things {
    enum what : std::uint8_t {
        permits,
        all_taken,
        lost,
        none_left,
        not_in_time,
        cancelled,
        given_up,
        closed,
        resizes,
        count
    };
    static constexpr std::array<std::string_view, count> names{"permits acquired",
                                                               "moments when all were taken",
                                                               "permits lost",
                                                               "none left when tried",
                                                               "not acquired in time",
                                                               "cancelled",
                                                               "given up",
                                                               "ended by close or destruction",
                                                               "resizes"};
};

using semaphore_station = station_of<semaphore>;

class semaphore_crew final : public station_crew<semaphore_things, semaphore_station> {
  public:
    static constexpr std::string_view name = "semaphore";
    static constexpr storm_shape shape{.length = 8s, .faults = 12, .first_passing = 500ms, .longest_passing = 3s};

    explicit semaphore_crew(crew_storm& s) : station_crew(s), resizes_(s.seed % 4 == 0), book_(s.inside()) {}

    void stay(storm_client& c) override {
        add(c, 2 + below(2));
        if (below(3) == 0) add(c, 1);
    }
    void pass_by(storm_client& c) override { add(c, 2); }
    std::vector<std::string> places() const override { return {site_}; }

    void on_write(const sim_write&) override;
    void on_turn() override;
    void on_forced_end(std::int64_t session) override { book_.on_forced_end(session); }
    void on_forget() override { seen_ = 0; }
    bool has_enough() const override { return is_enough(counts_[things::permits], 20); }
    std::vector<std::string> unsettled() const override { return not_empty({site_, site_ + "-__lock__"}); }

  private:
    using things = semaphore_things;
    struct holder {
        const semaphore_station* where;
        const permit* what;
    };
    static constexpr std::size_t usual_number = 2;

    void add(storm_client& c, std::uint64_t actors) {
        add_station(c,
                    std::make_unique<semaphore>(*c.c, site_, usual_number, semaphore_options{.identifier = c.name()}),
                    actors);
    }
    actor work(semaphore_station&) override;

    const std::string site_ = at("/pools/a");
    const bool resizes_; ///< in this seed
    std::vector<holder> holders_;
    grant_book book_;
    std::size_t seen_ = 0;            ///< permits at the server, at the last write
    std::size_t most_ = usual_number; ///< the largest number there ever was
};

actor semaphore_crew::work(semaphore_station& s) {
    const counted_here alive(actors());
    sim_machine& machine = *s.who->inside;
    for (;;) {
        co_await pause_for(machine, between(0ms, 500ms));
        if (!open() || !s.object) co_return;
        std::optional<permit> mine;
        try {
            switch (below(6)) {
            case 0: {
                auto asked = s.object->async_try_acquire();
                mine = co_await std::move(asked);
                if (!mine) counts_.add(things::none_left);
                break;
            }
            case 1: {
                auto asked = s.object->async_try_acquire_for(between(1ms, 2s));
                mine = co_await std::move(asked);
                if (!mine) counts_.add(things::not_in_time);
                break;
            }
            case 2: {
                auto asked = s.object->async_acquire(stop_later(s));
                mine = co_await std::move(asked);
                if (!mine) counts_.add(things::cancelled);
                break;
            }
            case 3: { // nobody waits for it any more
                auto asked = s.object->async_acquire();
                co_await pause_for(machine, between(0ms, 400ms));
                if (asked.ready())
                    mine.emplace(co_await std::move(asked));
                else
                    counts_.add(things::given_up);
                break;
            }
            default: {
                auto asked = s.object->async_acquire();
                mine.emplace(co_await std::move(asked));
                break;
            }
            }
        } catch (const error& e) {
            if (e.code() == errc::closed || e.code() == errc::cancelled) counts_.add(things::closed);
        }
        if (!mine) continue;
        counts_.add(things::permits);
        holders_.push_back({&s, &*mine});
        const std::stop_token lost = mine->lost();
        co_await pause_for(machine, between(0ms, 700ms));
        if (lost.stop_requested()) counts_.add(things::lost);
        std::erase_if(holders_, [&](const holder& h) { return h.what == &*mine; });
        if (below(2) == 0) mine->release();
        if (resizes_ && s.object && below(8) == 0) {
            const std::size_t number = 1 + below(3);
            most_ = std::max(most_, number);
            counts_.add(things::resizes);
            auto resizing = s.object->async_resize(number);
            try {
                co_await std::move(resizing);
            } catch (const error&) { // it may have been applied
            }
        }
    }
}

/// No permit is made beyond the number that stands there.
void semaphore_crew::on_write(const sim_write&) {
    const std::size_t now = children(site_);
    if (now > seen_) {
        const std::string& text = node(site_)->data;
        std::size_t number = 0;
        std::from_chars(text.data(), text.data() + text.size(), number);
        if (now > number)
            complain("permit " + std::to_string(now) + " was made where there are " + std::to_string(number));
        if (now == number) counts_.add(things::all_taken);
    }
    seen_ = now;
}

void semaphore_crew::on_turn() {
    std::vector<const holder*> certain;
    for (const holder& h : holders_)
        if (!h.where->who->inside->paused() && h.what->holds()) certain.push_back(&h);
    if (certain.size() <= most_) return;
    std::erase_if(certain, [&](const holder* h) { return book_.taken_away(h->what->check().path); });
    if (certain.size() > most_)
        complain(std::to_string(certain.size()) + " permits are held at once, and there were never more than " +
                 std::to_string(most_));
}

const in_the_medley<semaphore_crew> semaphore_comes;

TEST(semaphore_storm, there_are_never_too_many_permits_and_nobody_waits_for_ever) {
    run_crew<semaphore_crew>(with_checks ? 60 : 1000);
}

} // namespace
} // namespace kazoo::testkit
