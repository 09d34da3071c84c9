// Many seeds of readers and writers of one path: whether writers were alone.
#include "grant_book.hpp"
#include "sim/storm/stations.hpp"

#include <kazoo/recipe/shared_mutex.hpp>

namespace kazoo::testkit {
namespace {

struct shared_mutex_things {
    enum what : std::uint8_t {
        writes,
        reads,
        reads_together,
        lost_while_writing,
        lost_while_reading,
        not_in_time,
        cancelled,
        closed,
        count
    };
    static constexpr std::array<std::string_view, count> names{"held to write",
                                                               "held to read",
                                                               "moments with several readers",
                                                               "lost while writing",
                                                               "lost while reading",
                                                               "not acquired in time",
                                                               "cancelled",
                                                               "ended by close or destruction"};
};

struct shared_mutex_station : station_of<shared_mutex> {
    int reading = 0; ///< actors that have it
};

class shared_mutex_crew final : public station_crew<shared_mutex_things, shared_mutex_station> {
  public:
    static constexpr std::string_view name = "shared_mutex";
    static constexpr storm_shape shape{.length = 8s, .faults = 12, .first_passing = 500ms, .longest_passing = 3s};

    explicit shared_mutex_crew(crew_storm& s) : station_crew(s), book_(s.inside()) {}

    void stay(storm_client& c) override {
        add(c, 2 + below(3));
        if (below(3) == 0) add(c, 1);
    }
    void pass_by(storm_client& c) override { add(c, 2); }
    std::vector<std::string> places() const override { return {site_}; }

    void on_turn() override;
    void on_forced_end(std::int64_t session) override { book_.on_forced_end(session); }
    void on_forget() override { last_write_ = zxid{}; }
    bool has_enough() const override { return is_enough(counts_[things::writes], 15); }
    std::vector<std::string> unsettled() const override { return not_empty({site_}); }

  private:
    using things = shared_mutex_things;

    void add(storm_client& c, std::uint64_t actors) {
        add_station(c, std::make_unique<shared_mutex>(*c.c, site_, shared_mutex_options{.identifier = c.name()}),
                    actors);
    }
    actor work(shared_mutex_station&) override;

    const std::string site_ = at("/locks/shared");
    grant_book book_;
    zxid last_write_{};
};

actor shared_mutex_crew::work(shared_mutex_station& s) {
    const counted_here alive(actors());
    sim_machine& machine = *s.who->inside;
    for (;;) {
        co_await pause_for(machine, between(0ms, 500ms));
        if (!open() || !s.object) co_return;
        const bool writes = below(4) == 0;
        const std::uint64_t how = below(5);
        bool has = true;
        try {
            if (how == 0) {
                const duration limit = between(1ms, 2s);
                auto asked = writes ? s.object->async_try_lock_for(limit) : s.object->async_try_lock_shared_for(limit);
                has = co_await std::move(asked);
                if (!has) counts_.add(things::not_in_time);
            } else if (how == 1) {
                auto stop = stop_later(s);
                auto asked = writes ? s.object->async_lock(stop) : s.object->async_lock_shared(stop);
                has = co_await std::move(asked);
                if (!has) counts_.add(things::cancelled);
            } else {
                auto asked = writes ? s.object->async_lock() : s.object->async_lock_shared();
                co_await std::move(asked);
            }
        } catch (const error& e) {
            has = false;
            if (e.code() == errc::closed || e.code() == errc::cancelled) counts_.add(things::closed);
        }
        if (!s.object) co_return;
        if (!has) continue;
        counts_.add(writes ? things::writes : things::reads);
        s.reading += writes ? 0 : 1;
        const std::stop_token lost = writes ? s.object->lost() : s.object->lost_shared();
        if (writes && s.object->holds() && !book_.taken_away(s.object->check().path)) {
            if (s.object->fencing_token() <= last_write_) complain("fencing tokens of writers went back");
            last_write_ = s.object->fencing_token();
        }
        co_await pause_for(machine, between(0ms, 600ms));
        if (lost.stop_requested()) counts_.add(writes ? things::lost_while_writing : things::lost_while_reading);
        if (!s.object) co_return;
        if (writes)
            s.object->unlock();
        else
            s.object->unlock_shared();
        s.reading -= writes ? 0 : 1;
        if (writes && s.object->holds()) complain(s.who->name() + " holds what it has unlocked");
    }
}

void shared_mutex_crew::on_turn() {
    std::vector<const shared_mutex_station*> writers, readers;
    int reading = 0;
    for (const auto& s : stations()) {
        if (!s->object || s->who->inside->paused()) continue;
        if (s->object->holds()) writers.push_back(s.get());
        if (!s->object->holds_shared()) continue;
        readers.push_back(s.get());
        reading += s->reading;
    }
    if (reading > 1) counts_.add(things::reads_together);
    if (writers.empty() || writers.size() + readers.size() < 2) return;
    std::erase_if(writers, [&](const auto* s) { return book_.taken_away(s->object->check().path); });
    std::erase_if(readers, [&](const auto* s) { return book_.taken_away(s->object->check_shared().path); });
    if (writers.size() > 1)
        complain(writers[0]->who->name() + " by " + writers[0]->object->check().path + " and " +
                 writers[1]->who->name() + " by " + writers[1]->object->check().path + " write at once");
    if (!writers.empty() && !readers.empty())
        complain(writers[0]->who->name() + " writes while " + readers[0]->who->name() + " reads");
}

const in_the_medley<shared_mutex_crew> shared_mutex_comes;

TEST(shared_mutex_storm, writers_are_alone_and_nobody_waits_for_ever) {
    run_crew<shared_mutex_crew>(with_checks ? 60 : 1000);
}

} // namespace
} // namespace kazoo::testkit
