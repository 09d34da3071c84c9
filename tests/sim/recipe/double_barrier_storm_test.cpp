// Many seeds of those who enter and leave a double barrier, and whether it opened for as many as were asked for, for
// all of them, and kept everybody until all were gone.
#include "sim/storm/stations.hpp"

#include "recipe/barrier/members.hpp"

#include <kazoo/recipe/double_barrier.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace kazoo::testkit {
namespace {

struct double_barrier_things {
    enum what : std::uint8_t {
        entered,
        entered_again,
        not_in_time,
        given_up,
        left,
        left_without_a_node,
        left_a_round_that_was_over,
        not_left_in_time,
        closed,
        opened,
        came_late,
        left_behind_removed,
        closed_by_the_last,
        counted_and_given_up,
        deleted_by_others,
        known_to_be_inside,
        known_to_be_lost,
        rounds_in_the_end,
        count
    };
    static constexpr std::array<std::string_view, count> names{"entered",
                                                               "entered where another call had",
                                                               "not entered in time",
                                                               "given up",
                                                               "left with all others",
                                                               "left without a node",
                                                               "left when the others had gone already",
                                                               "others not gone in time",
                                                               "ended by close or destruction",
                                                               "opened",
                                                               "let in late",
                                                               "left behind and removed",
                                                               "closed by the last one",
                                                               "let in and given up",
                                                               "nodes deleted by others",
                                                               "inside, and rightly so",
                                                               "told of a loss",
                                                               "rounds in the end"};
};

struct gate : station_of<std::optional<double_barrier>> {
    std::string identifier;
    bool stays = false;
    bool shared = false;      ///< by two actors, who undo what the other one does
    bool ends = false;        ///< takes part in the rounds in the end
    bool entered = false;     ///< and has not begun to leave; not of one that is shared
    std::int64_t through = 0; ///< the round in which it is
    double_barrier* b() const { return object && *object ? &**object : nullptr; }
};

class double_barrier_crew final : public station_crew<double_barrier_things, gate> {
  public:
    static constexpr std::string_view name = "double barrier";
    static constexpr storm_shape shape{.length = 10s, .faults = 14, .first_passing = 500ms, .longest_passing = 4s};

    using station_crew::station_crew;

    void stay(storm_client& c) override {
        for (std::uint64_t n = 1 + below(2); n > 0; --n) add(c, true);
    }
    void pass_by(storm_client& c) override { add(c, false); }
    std::vector<std::string> places() const override { return {site_}; }

    void on_write(const sim_write&) override;
    void on_forget() override;
    /// Where too few are left nobody enters.
    bool has_enough() const override {
        const auto left = std::ranges::count_if(stations(), [](const auto& s) { return s->b() != nullptr; });
        const auto tried = counts_[things::not_in_time] + counts_[things::given_up];
        return is_enough(counts_[things::entered] + (std::cmp_less(left, wanted_) ? tried : 0), 6);
    }
    std::vector<std::string> unsettled() const override;
    void stop_watching() override {
        for (const auto& s : stations()) s->object.reset();
    }

  private:
    using things = double_barrier_things;
    static constexpr int last_rounds = 3;
    /// A member's node at the server.
    struct member {
        std::string path, identifier;
        std::int64_t czxid = 0, owner = 0;
    };
    struct open_node {
        std::int64_t czxid = 0, mzxid = 0;
    };
    /// What is known of one who was let in.
    struct let_in {
        std::int64_t round = 0, czxid = 0;
        std::optional<duration> gone{}; ///< when its node went
    };

    void add(storm_client&, bool stays);
    actor work(gate&) override;
    actor end(gate&);
    void enter_has_ended(gate&, bool, duration begun, int world, bool was_inside);
    void has_given_up(const gate&);
    void leave_has_ended(gate&, bool, std::int64_t round, int world, bool was_inside);
    bool is_over(std::int64_t round) const;
    void has_asked(const gate&, duration begun, int world, bool was_inside);
    void delete_one(storm_client& by);
    std::vector<member> members() const;
    duration now() const { return inside().now().time_since_epoch(); }

    const std::string site_ = at("/gates/double");
    const std::size_t wanted_ = 2 + below(2);
    std::optional<open_node> ready_;
    std::map<std::int64_t, std::string> there_;   ///< czxid and identifier of the members, at the last write
    std::map<std::int64_t, std::int64_t> inside_; ///< czxid of those who were let in, and their round
    std::map<std::string, let_in> last_let_in_;   ///< by identifier
    int world_ = 0;                               ///< grows when the servers forget
    std::optional<std::size_t> in_the_end_;       ///< how many take part
};

void double_barrier_crew::add(storm_client& c, bool stays) {
    const std::string identifier = c.name() + " gate " + std::to_string(stations().size());
    auto made = std::make_unique<std::optional<double_barrier>>();
    made->emplace(*c.c, site_, wanted_, double_barrier_options{.identifier = identifier});
    const bool shared = below(4) == 0;
    gate& s = add_station(c, std::move(made), shared ? 2 : 1);
    s.identifier = identifier;
    s.stays = stays;
    s.shared = shared;
}

actor double_barrier_crew::work(gate& s) {
    const counted_here alive(actors());
    sim_machine& machine = *s.who->inside;
    for (;;) {
        co_await pause_for(machine, between(0ms, 700ms));
        if (!s.b()) co_return;
        if (!open()) break;
        const duration begun = now();
        const int world = world_;
        const bool was_inside = s.b()->inside();
        const std::int64_t round = s.through;
        try {
            const std::uint64_t what = was_inside && below(4) != 0 ? 4 + below(3) : below(7);
            if (what < 4) s.entered = false;
            switch (what) {
            case 0: { // nobody waits for it any more
                auto asked = s.b()->async_enter();
                co_await pause_for(machine, between(0ms, 300ms));
                asked.cancel();
                const auto r = std::move(asked).result();
                if (r)
                    enter_has_ended(s, *r, begun, world, was_inside);
                else
                    has_given_up(s);
                break;
            }
            case 1: {
                auto asked = s.b()->async_enter(stop_later(s));
                const bool in = co_await std::move(asked);
                enter_has_ended(s, in, begun, world, was_inside);
                break;
            }
            case 2: {
                delete_one(*s.who);
                auto asked = s.b()->async_enter_for(0s);
                const bool in = co_await std::move(asked);
                enter_has_ended(s, in, begun, world, was_inside);
                break;
            }
            case 3: {
                auto asked = s.b()->async_enter_for(between(1ms, 3s));
                const bool in = co_await std::move(asked);
                enter_has_ended(s, in, begun, world, was_inside);
                break;
            }
            case 6: { // whoever asks the servers hears of a loss
                for (int i = 0; i < 3 && s.who->c; ++i) {
                    auto asked = s.who->c->async_sync(site_);
                    co_await std::move(asked);
                }
                const bool still_inside = s.b() && s.b()->inside();
                co_await pause_for(machine, 10ms); // lost() is told by a thread of its own
                has_asked(s, begun, world, still_inside);
                break;
            }
            default: {
                if (!s.b()->inside() && round == 0) break;
                const bool over = is_over(round);
                s.entered = false;
                const bool looks_once = below(3) == 0;
                auto asked = looks_once ? s.b()->async_leave_for(0s) : s.b()->async_leave_for(between(1ms, 4s));
                const bool gone = co_await std::move(asked);
                leave_has_ended(s, gone, round, world, was_inside);
                if (!over || s.shared || world != world_ || !s.object) break;
                if (gone) counts_.add(things::left_a_round_that_was_over);
                if (!gone && looks_once && now() - begun < 1s)
                    complain(s.identifier + " is kept by those of another round");
                break;
            }
            }
        } catch (const error& e) {
            if (e.code() == errc::closed || !s.object) counts_.add(things::closed);
            if (e.code() == errc::not_held) s.through = 0;
        }
    }
    if (s.stays && !s.ends) { // one of those who share it
        s.ends = true;
        end(s);
    }
}

/// Rounds with all who have stayed, without limits.
actor double_barrier_crew::end(gate& s) {
    const counted_here alive(actors());
    sim_machine& machine = *s.who->inside;
    co_await pause_for(machine, between(0ms, 100ms));
    if (!s.b()) co_return;
    if (!in_the_end_)
        in_the_end_ = static_cast<std::size_t>(
            std::ranges::count_if(stations(), [](const auto& one) { return one->stays && one->b() != nullptr; }));
    s.object->emplace(*s.who->c, at("/gates/last"), *in_the_end_);
    for (int i = 0; i < last_rounds; ++i) {
        try {
            const session_id before = s.who->c->session_id();
            auto entering = s.b()->async_enter_for(60s);
            const bool in = co_await std::move(entering);
            bool out = in;
            if (in) {
                auto leaving = s.b()->async_leave_for(60s);
                out = co_await std::move(leaving);
            }
            if (out)
                counts_.add(things::rounds_in_the_end);
            else if (before == s.who->c->session_id())
                complain(s.identifier + (in ? " waits for others to leave" : " waits to enter") + " in the end");
        } catch (const error& e) {
            complain(s.identifier + " in the end: " + e.what());
        }
    }
}

void double_barrier_crew::enter_has_ended(gate& s, bool in, duration begun, int world, bool was_inside) {
    if (!in) return counts_.add(s.object ? things::not_in_time : things::closed);
    counts_.add(things::entered);
    if (was_inside) counts_.add(things::entered_again);
    if (world != world_) return;
    s.entered = !s.shared;
    if (was_inside) return; // it may not know yet that somebody has deleted its node
    const auto let = last_let_in_.find(s.identifier);
    if (let == last_let_in_.end() || (let->second.gone && *let->second.gone < begun))
        return complain(s.identifier + " has entered, and was not let in");
    s.through = let->second.round;
}

void double_barrier_crew::has_given_up(const gate& s) {
    counts_.add(things::given_up);
    const auto let = last_let_in_.find(s.identifier);
    if (let != last_let_in_.end() && !let->second.gone) counts_.add(things::counted_and_given_up);
}

void double_barrier_crew::leave_has_ended(gate& s, bool gone, std::int64_t round, int world, bool was_inside) {
    if (!gone) return counts_.add(s.object ? things::not_left_in_time : things::closed);
    counts_.add(things::left);
    if (!was_inside) counts_.add(things::left_without_a_node);
    if (world != world_) return;
    if (s.shared) return; // the other one may have entered again
    s.through = 0;
    for (const auto& [czxid, its_round] : inside_)
        if (its_round == round)
            complain(s.identifier + " has left with all others, and " + there_[czxid] + " is inside");
}

/// Nobody can be let into it any more.
bool double_barrier_crew::is_over(std::int64_t round) const {
    return round != 0 && std::ranges::none_of(inside_, [&](const auto& one) { return one.second == round; });
}

/// Every word from the servers that is older than its question has come.
void double_barrier_crew::has_asked(const gate& s, duration begun, int world, bool was_inside) {
    if (!s.who->c || !s.b() || world != world_) return;
    const bool inside = s.b()->inside(), lost = s.b()->lost().stop_requested();
    const auto let = last_let_in_.find(s.identifier);
    const bool gone = let == last_let_in_.end() || (let->second.gone && *let->second.gone + 2s < begun);
    if (inside && gone) complain(s.identifier + " is inside, and its node has gone");
    if (inside && lost) complain(s.identifier + " is inside, and has lost");
    if (inside) counts_.add(things::known_to_be_inside);
    if (was_inside || inside || !s.entered) return;
    counts_.add(things::known_to_be_lost);
    if (!lost) complain(s.identifier + " is not inside, and is not told so");
    for (const member& m : members())
        if (let != last_let_in_.end() && m.czxid == let->second.czxid && session_id{m.owner} == s.who->c->session_id())
            complain(s.identifier + " is there, and does not take itself for inside");
}

/// Somebody's node, by somebody who has no business with it.
void double_barrier_crew::delete_one(storm_client& by) {
    if (below(3) != 0 || !by.c) return;
    const auto all = members();
    if (all.empty()) return;
    counts_.add(things::deleted_by_others);
    by.c->async_remove(all[below(all.size())].path).detach();
}

// -- the book ---------------------------------------------------------------------------------------------------------

std::vector<double_barrier_crew::member> double_barrier_crew::members() const {
    std::vector<member> found;
    const auto* folder = node(site_);
    if (folder == nullptr) return found;
    folder->children.for_each([&](const kazoo::server::znode& n) {
        if (recipe::is_member_name(n.name())) found.push_back({std::string(n.path), n.data, n.czxid, n.owner.value});
    });
    std::ranges::sort(found, {}, &member::path);
    return found;
}

void double_barrier_crew::on_write(const sim_write&) {
    const auto all = members();
    const auto* n = node(site_ + "/ready");
    const std::optional<open_node> ready = n == nullptr ? std::nullopt : std::optional(open_node{n->czxid, n->mzxid});

    // Who has gone.
    const bool somebody_was_inside = !inside_.empty();
    std::map<std::int64_t, std::string> there;
    for (const member& m : all) there.emplace(m.czxid, m.identifier);
    for (const auto& [czxid, identifier] : there_)
        if (!there.contains(czxid) && inside_.erase(czxid) != 0)
            if (const auto let = last_let_in_.find(identifier); let != last_let_in_.end() && let->second.czxid == czxid)
                let->second.gone = now();
    there_ = std::move(there);

    // Who was let in, and with what right.
    if (ready && (!ready_ || ready_->mzxid != ready->mzxid)) {
        const bool was_open = ready_ && ready_->czxid == ready->czxid;
        std::set<std::string> objects; // one with two nodes is one member
        for (const member& m : all) objects.insert(m.identifier);
        if (objects.size() < wanted_ && inside_.empty())
            complain("it was opened for " + std::to_string(objects.size()));
        if (!was_open) counts_.add(things::opened);
        if (was_open) counts_.add(things::came_late);
        if (was_open && inside_.empty()) complain("it was left behind, and used again");
        if (!was_open && !inside_.empty()) complain("it was opened again while somebody was inside");
        const std::int64_t round = inside_.empty() ? ready->mzxid : inside_.begin()->second;
        for (const member& m : all)
            if (inside_.emplace(m.czxid, round).second) last_let_in_[m.identifier] = {.round = round, .czxid = m.czxid};
    }
    if (ready_ && !ready) {
        if (!inside_.empty()) complain("it was closed while " + there_[inside_.begin()->first] + " was inside");
        counts_.add(somebody_was_inside ? things::closed_by_the_last : things::left_behind_removed);
    }
    ready_ = ready;
}

void double_barrier_crew::on_forget() {
    ++world_;
    ready_.reset();
    there_.clear();
    inside_.clear();
    last_let_in_.clear();
    for (const auto& s : stations()) {
        s->through = 0;
        s->entered = false;
    }
}

std::vector<std::string> double_barrier_crew::unsettled() const {
    std::vector<std::string> lines;
    for (const member& m : members()) lines.push_back("a node of " + m.identifier + " is left");
    for (const std::string& line : not_empty({at("/gates/last")})) lines.push_back(line);
    return lines;
}

const in_the_medley<double_barrier_crew> double_barrier_comes;

TEST(double_barrier_storm, it_opens_for_enough_and_for_all_of_them_and_keeps_them_until_all_are_gone) {
    run_crew<double_barrier_crew>(with_checks ? 60 : 1000);
}

} // namespace
} // namespace kazoo::testkit
