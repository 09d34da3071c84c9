// Many seeds of those who push and pop at one queue, and whether each item got to one of them.
#include "sim/storm/stations.hpp"

#include <kazoo/recipe/queue.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace kazoo::testkit {
namespace {

struct queue_things {
    enum what : std::uint8_t {
        pushes,
        pops,
        nothing_there,
        nothing_in_time,
        pushes_unknown,
        unknown_and_pushed,
        pushes_not_applied,
        pops_unknown,
        given_up,
        put_back,
        taken,
        lost_with_an_excuse,
        ended_by_close,
        count
    };
    static constexpr std::array<std::string_view, count> names{"pushes",
                                                               "pops",
                                                               "nothing there when tried",
                                                               "nothing in time",
                                                               "pushes told as unknown",
                                                               "unknown, and pushed",
                                                               "pushes told as not applied",
                                                               "pops told as unknown",
                                                               "pops given up",
                                                               "items put back",
                                                               "items taken",
                                                               "items lost, with an excuse",
                                                               "ended by close or destruction"};
};

using queue_station = station_of<queue>;

class queue_crew final : public station_crew<queue_things, queue_station> {
  public:
    static constexpr std::string_view name = "queue";
    static constexpr storm_shape shape{.length = 8s, .faults = 14, .first_passing = 500ms, .longest_passing = 4s};

    explicit queue_crew(crew_storm& s) : station_crew(s), with_receipts_(s.seed % 4 != 0) {}

    void stay(storm_client& c) override { add(c); }
    void pass_by(storm_client& c) override { add(c); }
    std::vector<std::string> places() const override { return {site_}; }

    void on_write(const sim_write&) override;
    void on_forget() override;
    bool has_enough() const override { return is_enough(counts_[things::pops], 30); }
    /// Each item was popped, or waits, or was lost by somebody who was told so.
    std::vector<std::string> unsettled() const override { return judged().complaints; }
    void stop_watching() override;

  private:
    using things = queue_things;
    enum class told : std::uint8_t {
        nothing_yet,
        done,
        unknown,
        not_applied
    };
    struct item {
        told pushed = told::nothing_yet;
        int made = 0, popped = 0;
        bool replaced = false; ///< the server has lost its disk since its push began
        // -- of who removed it last
        const sim_machine* taken_by = nullptr;
        std::int64_t taken_in = 0; ///< which session
        util::time::time_point taken_at{};
    };
    /// A pop whose item, one at most, may be lost: its caller was told as unknown, or had given it up.
    struct excuse {
        const sim_machine* who;
        util::time::time_point begun;
    };
    struct judgement {
        std::vector<std::string> complaints;
        int lost = 0; ///< with an excuse
    };

    void add(storm_client& c) {
        add_station(c, std::make_unique<queue>(*c.c, site_, queue_options{.receipts = with_receipts_}), 3);
    }
    actor work(queue_station& s) override {
        const bool pushes = ++actors_so_far_ % 3 == 1;
        return pushes ? produce(s) : consume(s);
    }
    actor produce(queue_station&);
    actor consume(queue_station&);
    void was_popped(const queue_station&, const bytes&);
    void was_made(const std::string& path, const std::string& data);
    judgement judged() const;
    std::map<std::string, std::string> waiting() const;

    const std::string site_ = at("/queues/q");
    const bool with_receipts_;
    int actors_so_far_ = 0;
    std::vector<std::unique_ptr<item>> items_;
    std::vector<excuse> excuses_;
    std::set<std::int64_t> ended_sessions_;
    std::map<std::string, std::string> waiting_; ///< paths and data, at the last write
    std::set<std::string> known_;                ///< paths that there ever were
    std::int64_t seen_ = 0;
};

actor queue_crew::produce(queue_station& s) {
    const counted_here alive(actors());
    for (;;) {
        co_await pause_for(*s.who->inside, between(0ms, 250ms));
        if (!open() || !s.object) co_return;
        const std::string data = std::to_string(items_.size());
        items_.push_back(std::make_unique<item>());
        item& i = *items_.back();
        try {
            const std::stop_token stop = below(6) == 0 ? stop_later(s) : std::stop_token();
            auto pushing = s.object->async_push(data, static_cast<int>(below(3)), stop);
            co_await std::move(pushing);
            i.pushed = told::done;
            counts_.add(things::pushes);
            if (i.made == 0 && !i.replaced) complain("item " + data + " was not made");
        } catch (const error& e) {
            i.pushed = e.outcome() == outcome::unknown ? told::unknown : told::not_applied;
            counts_.add(e.outcome() == outcome::unknown ? things::pushes_unknown : things::pushes_not_applied);
            if (e.outcome() == outcome::not_applied && i.made > 0 && !i.replaced)
                complain("item " + data + " is told not to be pushed, and was: " + e.what());
            if (with_receipts_ && e.code() == errc::connection_loss)
                complain("unknown in spite of a receipt: " + std::string(e.what()));
        }
    }
}

actor queue_crew::consume(queue_station& s) {
    const counted_here alive(actors());
    for (;;) {
        co_await pause_for(*s.who->inside, between(0ms, 200ms));
        if (!open() || !s.object) co_return;
        std::optional<bytes> got;
        const util::time::time_point begun = inside().now();
        try {
            switch (below(6)) {
            case 0: {
                auto asked = s.object->async_try_pop();
                got = co_await std::move(asked);
                if (!got) counts_.add(things::nothing_there);
                break;
            }
            case 1: { // whoever wants it has gone
                auto asked = s.object->async_pop();
                asked = std::move(asked).timeout(between(0ms, 300ms));
                got = co_await std::move(asked);
                break;
            }
            default: {
                auto asked = s.object->async_try_pop_for(between(1ms, 2s));
                got = co_await std::move(asked);
                if (!got) counts_.add(things::nothing_in_time);
                break;
            }
            }
        } catch (const error& e) {
            const bool gave_up = e.code() == errc::operation_timeout;
            const bool ended = e.code() == errc::closed || e.code() == errc::cancelled;
            if (gave_up) counts_.add(things::given_up);
            if (ended) counts_.add(things::ended_by_close);
            if (e.outcome() == outcome::unknown) {
                if (!gave_up && !ended) counts_.add(things::pops_unknown);
                excuses_.push_back({s.who->inside.get(), begun});
            }
        }
        if (got) was_popped(s, *got);
    }
}

void queue_crew::was_popped(const queue_station& s, const bytes& data) {
    counts_.add(things::pops);
    item& i = *items_[std::stoul(data.str())];
    if (i.replaced) return;
    if (++i.popped > 1) complain("item " + data.str() + " was popped again, by " + s.who->name());
    const bool waits = std::ranges::any_of(waiting_, [&](const auto& w) { return w.second == data.str(); });
    if (waits) complain("item " + data.str() + " was popped, and is there still");
}

// -- what the server does ---------------------------------------------------------------------------------------------

std::map<std::string, std::string> queue_crew::waiting() const {
    std::map<std::string, std::string> all;
    if (const auto* folder = node(site_))
        folder->children.for_each([&](const kazoo::server::znode& n) { all.emplace(n.path, n.data); });
    return all;
}

void queue_crew::on_write(const sim_write& w) {
    if (w.write.error != errc{}) return;
    if (w.write.type == proto::opcode::close_session) ended_sessions_.insert(w.write.session);
    const auto* folder = node(site_);
    if (std::exchange(seen_, folder != nullptr ? folder->pzxid : 0) == seen_) return;
    auto now = waiting();
    for (const auto& [path, data] : now)
        if (!waiting_.contains(path)) was_made(path, data);
    for (const auto& [path, data] : waiting_) {
        if (now.contains(path)) continue;
        item& i = *items_[std::stoul(data)];
        i.taken_by = w.from;
        i.taken_in = w.write.session;
        i.taken_at = inside().now();
        counts_.add(things::taken);
    }
    waiting_ = std::move(now);
}

void queue_crew::was_made(const std::string& path, const std::string& data) {
    item& i = *items_[std::stoul(data)];
    if (!known_.insert(path).second) return counts_.add(things::put_back);
    if (i.replaced) return;
    if (++i.made > 1) complain("item " + data + " was pushed again");
    if (i.pushed == told::not_applied) complain("item " + data + " was pushed after all");
}

void queue_crew::on_forget() {
    for (const auto& i : items_) i->replaced = true;
    waiting_.clear();
    known_.clear();
    seen_ = 0;
}

// -- what must be true ------------------------------------------------------------------------------------------------

/// Each lost item needs an excuse of its own, begun before it was taken. Where receipts tell what became of a pop only
/// the end of its session takes that away, so nothing is lost in one that has not ended: what nobody wants goes back.
queue_crew::judgement queue_crew::judged() const {
    judgement all;
    std::set<std::string> there;
    for (const auto& [path, data] : waiting_)
        if (!there.insert(data).second) all.complaints.push_back("item " + data + " waits twice");
    std::map<const sim_machine*, std::vector<std::pair<util::time::time_point, std::size_t>>> lost;
    for (std::size_t n = 0; n < items_.size(); ++n) {
        const item& i = *items_[n];
        const int ends = i.popped + static_cast<int>(there.contains(std::to_string(n)));
        if (i.replaced || ends == i.made) continue;
        const std::string what = "item " + std::to_string(n);
        if (ends > i.made)
            all.complaints.push_back(what + " was made " + std::to_string(i.made) + " times, and got to " +
                                     std::to_string(ends));
        else if (with_receipts_ && !ended_sessions_.contains(i.taken_in))
            all.complaints.push_back(what + " is lost in a session that has not ended");
        else
            lost[i.taken_by].emplace_back(i.taken_at, n);
    }
    for (auto& [who, items] : lost) {
        std::ranges::sort(items);
        std::vector<excuse> free;
        std::ranges::copy_if(excuses_, std::back_inserter(free), [who](const excuse& e) { return e.who == who; });
        for (const auto& [taken_at, n] : items) {
            const auto e = std::ranges::find_if(free, [at = taken_at](const excuse& x) { return x.begun <= at; });
            if (e == free.end()) {
                all.complaints.push_back("item " + std::to_string(n) + " is lost, and nobody was told so");
                continue;
            }
            ++all.lost;
            free.erase(e);
        }
    }
    return all;
}

void queue_crew::stop_watching() {
    const judgement last = judged();
    for (int i = 0; i < last.lost; ++i) counts_.add(things::lost_with_an_excuse);
    for (const auto& i : items_)
        if (!i->replaced && i->pushed == told::unknown && i->made > 0) counts_.add(things::unknown_and_pushed);
    for (const auto& s : stations()) s->object.reset();
}

const in_the_medley<queue_crew> queue_comes;

TEST(queue_storm, C75_each_item_gets_to_one_of_them) { run_crew<queue_crew>(with_checks ? 60 : 1000); }

} // namespace
} // namespace kazoo::testkit
