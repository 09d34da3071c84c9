// Many seeds of those who join and leave two parties, and whether the members are those who have joined when it is
// quiet.
#include "sim/storm/stations.hpp"

#include <kazoo/recipe/party.hpp>
#include <kazoo/recipe/shallow_party.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace kazoo::testkit {
namespace {

struct party_things {
    enum what : std::uint8_t {
        joins,
        leaves,
        left_nothing,
        given_up,
        not_in_time,
        cancelled,
        closed,
        rejoined,
        lost_for_good,
        deleted_by_others,
        watched_again,
        replaced,
        read,
        told,
        members_in_the_end,
        not_members_in_the_end,
        count
    };
    static constexpr std::array<std::string_view, count> names{"joins",
                                                               "leaves that removed a node",
                                                               "leaves without a node",
                                                               "joins given up",
                                                               "not joined in time",
                                                               "cancelled by a leave",
                                                               "ended by close or destruction",
                                                               "joined again",
                                                               "lost for good without rejoins",
                                                               "nodes deleted by others",
                                                               "seats watched again behind that",
                                                               "nodes of old sessions replaced",
                                                               "members read",
                                                               "members told",
                                                               "members in the end",
                                                               "objects that are none in the end"};
};

constexpr std::size_t member_id_length = 32;

std::string listed(const std::vector<std::string>& names) {
    std::string all;
    for (const auto& n : names) all += n + ", ";
    return all;
}

/// A party of either kind, and what is heard of it.
struct any_party {
    std::optional<party> deep;
    std::optional<shallow_party> flat;
    gathering* p = nullptr; ///< one of them
    subscription listening;
    std::optional<party_watch> watching;
};

struct seat : station_of<any_party> {
    std::string identifier;
    bool shallow = false, rejoins = true;
    bool shared = false; ///< by two actors, who undo what the other one does
    bool wanted = false; ///< a join has come through, and no leave was asked for since
    bool was_joined = false;
    std::vector<std::string> told;

    gathering* p() const { return object ? object->p : nullptr; }
};

class party_crew final : public station_crew<party_things, seat> {
  public:
    static constexpr std::string_view name = "party";
    static constexpr storm_shape shape{.length = 10s, .faults = 14, .first_passing = 500ms, .longest_passing = 4s};

    using station_crew::station_crew;

    void stay(storm_client& c) override {
        for (std::uint64_t n = 1 + below(2); n > 0; --n) add(c);
    }
    void pass_by(storm_client& c) override { add(c); }
    std::vector<std::string> places() const override { return {deep_, flat_}; }

    void on_write(const sim_write&) override;
    void on_turn() override;
    void on_forced_end(std::int64_t session) override;
    void on_forget() override { everybody_robbed_ = true; }
    bool has_enough() const override { return is_enough(counts_[things::joins], 5); }
    std::vector<std::string> unsettled() const override;
    void stop_watching() override;

  private:
    using things = party_things;
    /// A member's node at the server.
    struct entry {
        std::string path, identifier;
        std::int64_t owner;
    };

    void add(storm_client&);
    actor work(seat&) override;
    void came_through(seat&);
    void heard(seat&, presence_state);
    void delete_one(storm_client& by);
    static actor rob(party_crew&, future<void> removing, std::string identifier);
    const std::string& site(bool shallow) const { return shallow ? flat_ : deep_; }
    std::vector<entry> entries(bool shallow) const;
    std::vector<std::string> members(bool shallow) const;
    std::vector<std::string> joined(bool shallow) const;
    static bool is_at_rest(const seat&);

    const std::string deep_ = at("/parties/deep"), flat_ = at("/parties/flat");
    std::map<std::string, std::int64_t> owners_; ///< of the nodes, at the last write
    std::map<std::string, int> robbers_;         ///< how many removals of its node may still be carried out
    std::set<std::string> robbed_;               ///< whose node was taken away in a way that nobody can know at once
    bool everybody_robbed_ = false;
};

void party_crew::add(storm_client& c) {
    const std::string identifier = c.name() + " seat " + std::to_string(stations().size());
    const bool shallow = below(2) == 0, rejoins = below(4) != 0, shared = below(3) == 0;
    auto made = std::make_unique<any_party>();
    const party_options o{.identifier = identifier, .rejoins = rejoins};
    if (shallow)
        made->p = &made->flat.emplace(*c.c, flat_, o);
    else
        made->p = &made->deep.emplace(*c.c, deep_, o);
    seat& s = add_station(c, std::move(made), shared ? 2 : 1);
    s.identifier = identifier;
    s.shallow = shallow;
    s.rejoins = rejoins;
    s.shared = shared;
    s.object->listening = s.p()->on_state([this, &s](presence_state now) { heard(s, now); });
    if (below(2) == 0)
        s.object->watching.emplace(s.p()->on_change([this, &s](const std::vector<std::string>& who) {
            s.told = who;
            counts_.add(things::told);
        }));
}

actor party_crew::work(seat& s) {
    const counted_here alive(actors());
    sim_machine& machine = *s.who->inside;
    for (;;) {
        co_await pause_for(machine, between(0ms, 1s));
        if (!open() || !s.p()) co_return;
        try {
            switch (below(6)) {
            case 0: {
                auto asked = s.p()->async_join_for(between(1ms, 2s));
                if (co_await std::move(asked))
                    came_through(s);
                else
                    counts_.add(things::not_in_time);
                break;
            }
            case 1: { // nobody waits for it any more
                auto asked = s.p()->async_join();
                co_await pause_for(machine, between(0ms, 100ms));
                asked.cancel();
                if (std::move(asked).result())
                    came_through(s);
                else
                    counts_.add(things::given_up);
                break;
            }
            case 2: { // one call undoes the other
                s.wanted = false;
                auto asked = s.p()->async_join();
                auto leaving = s.p()->async_leave();
                co_await std::move(leaving);
                co_await std::move(asked);
                break;
            }
            case 3: {
                s.wanted = false;
                auto leaving = s.p()->async_leave();
                counts_.add(co_await std::move(leaving) ? things::leaves : things::left_nothing);
                break;
            }
            case 4: {
                delete_one(*s.who);
                auto asked = s.p()->async_members();
                co_await std::move(asked);
                counts_.add(things::read);
                break;
            }
            default: {
                auto asked = s.p()->async_join();
                co_await std::move(asked);
                came_through(s);
                break;
            }
            }
        } catch (const error& e) {
            if (e.code() == errc::closed || !s.object) counts_.add(things::closed);
            if (e.code() == errc::cancelled && s.object) counts_.add(things::cancelled);
        }
    }
}

void party_crew::came_through(seat& s) {
    s.wanted = true;
    counts_.add(things::joins);
}

void party_crew::heard(seat& s, presence_state now) {
    if (now == presence_state::joined && std::exchange(s.was_joined, true)) counts_.add(things::rejoined);
    if (now != presence_state::left) return;
    s.was_joined = false;
    if (s.wanted && !s.rejoins) counts_.add(things::lost_for_good);
}

/// Somebody's node, by somebody who has no business with it.
void party_crew::delete_one(storm_client& by) {
    if (below(3) != 0 || !by.c) return;
    const auto all = entries(below(2) == 0);
    if (all.empty()) return;
    const entry& e = all[below(all.size())];
    robbed_.insert(e.identifier);
    ++robbers_[e.identifier];
    counts_.add(things::deleted_by_others);
    rob(*this, by.c->async_remove(e.path), e.identifier);
}

/// A removal that got no answer may be carried out whenever it likes.
actor party_crew::rob(party_crew& m, future<void> removing, std::string identifier) {
    const counted_here alive(m.actors());
    try {
        co_await std::move(removing);
    } catch (const error& e) {
        if (e.outcome() == outcome::unknown) co_return;
    }
    --m.robbers_[identifier];
}

// -- the book ---------------------------------------------------------------------------------------------------------

std::vector<party_crew::entry> party_crew::entries(bool shallow) const {
    std::vector<entry> found;
    const auto* folder = node(site(shallow));
    if (folder == nullptr) return found;
    folder->children.for_each([&](const kazoo::server::znode& n) {
        found.push_back({std::string(n.path), shallow ? std::string(n.name().substr(member_id_length + 1)) : n.data,
                         n.owner.value});
    });
    std::ranges::sort(found, {}, &entry::path);
    return found;
}

std::vector<std::string> party_crew::members(bool shallow) const {
    std::vector<std::string> all;
    for (const entry& e : entries(shallow)) all.push_back(e.identifier);
    std::ranges::sort(all);
    return all;
}

std::vector<std::string> party_crew::joined(bool shallow) const {
    std::vector<std::string> all;
    for (const auto& s : stations())
        if (s->object && s->shallow == shallow && s->p()->joined()) all.push_back(s->identifier);
    std::ranges::sort(all);
    return all;
}

void party_crew::on_write(const sim_write&) {
    std::map<std::string, std::int64_t> now;
    for (const bool shallow : {false, true})
        for (const entry& e : entries(shallow)) now.emplace(e.path, e.owner);
    for (const auto& [path, owner] : now)
        if (const auto before = owners_.find(path); before != owners_.end() && before->second != owner)
            counts_.add(things::replaced);
    owners_ = std::move(now);
}

void party_crew::on_forced_end(std::int64_t session) {
    for (const auto& s : stations())
        if (s->who->c && static_cast<std::int64_t>(s->who->c->session_id()) == session) robbed_.insert(s->identifier);
}

/// Who says that it has joined is there, unless it was robbed.
void party_crew::on_turn() {
    if (everybody_robbed_) return;
    const std::vector<entry> all[] = {entries(false), entries(true)};
    for (const auto& s : stations()) {
        if (s->who->inside->paused() || !s->object || !s->who->c || !s->p()->joined()) continue;
        const auto session = static_cast<std::int64_t>(s->who->c->session_id());
        const bool there = std::ranges::any_of(all[s->shallow ? 1 : 0], [&](const entry& e) {
            return e.identifier == s->identifier && e.owner == session;
        });
        if (there && robbers_[s->identifier] == 0 && robbed_.erase(s->identifier) != 0)
            counts_.add(things::watched_again);
        if (!there && !robbed_.contains(s->identifier))
            complain(s->identifier + " says that it has joined, and is not there");
    }
}

bool party_crew::is_at_rest(const seat& s) {
    if (!s.object) return true;
    const presence_state now = s.p()->state();
    if (s.shared) return now != presence_state::joining;
    if (!s.wanted) return now == presence_state::left;
    return now == presence_state::joined || (now == presence_state::left && !s.rejoins);
}

std::vector<std::string> party_crew::unsettled() const {
    std::vector<std::string> all;
    for (const bool shallow : {false, true})
        if (members(shallow) != joined(shallow))
            all.push_back("members: " + listed(members(shallow)) + " joined: " + listed(joined(shallow)));
    for (const auto& s : stations()) {
        if (!is_at_rest(*s))
            all.push_back(s->identifier + " is " + std::string(to_string(s->p()->state())) +
                          (s->wanted ? ", and wants to be there" : ", and does not want to be there"));
        if (s->object && s->object->watching && s->told != members(s->shallow))
            all.push_back(s->identifier + " was told " + listed(s->told));
    }
    return all;
}

void party_crew::stop_watching() {
    for (const auto& s : stations()) {
        if (!s->object) continue;
        counts_.add(s->p()->joined() ? things::members_in_the_end : things::not_members_in_the_end);
        s->object.reset();
    }
}

const in_the_medley<party_crew> party_comes;

TEST(party_storm, when_it_is_quiet_the_members_are_those_who_have_joined) {
    run_crew<party_crew>(with_checks ? 60 : 1000);
}

} // namespace
} // namespace kazoo::testkit
