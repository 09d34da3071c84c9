#include "party_storm.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace kazoo::testkit {

namespace {

simulation_options world_of(std::uint64_t seed) {
    simulation_options o;
    o.seed = seed;
    o.followers = seed % 3;
    o.longest_lag = std::chrono::milliseconds(seed % 2 == 0 ? 5 : 1500);
    return o;
}

constexpr storm_shape shape{.length = 10s, .faults = 14, .first_passing = 500ms, .longest_passing = 4s};
constexpr const char *deep_site = "/parties/deep", *flat_site = "/parties/flat";
constexpr std::size_t id_length = 32;

const char* site_of(bool shallow) { return shallow ? flat_site : deep_site; }

std::string listed(const std::vector<std::string>& names) {
    std::string all;
    for (const auto& n : names) all += n + ", ";
    return all;
}

} // namespace

void party_storm::seat::end() {
    p = nullptr;
    watching.reset();
    listening.reset();
    deep.reset();
    flat.reset();
}

struct party_storm::actors {
    /// A removal that got no answer may be carried out whenever it likes.
    static actor rob(party_storm& m, future<void> removing, std::string identifier) {
        const counted_here alive(m.actors_);
        try {
            co_await std::move(removing);
        } catch (const error& e) {
            if (e.outcome() == outcome::unknown) co_return;
        }
        --m.robbers_[identifier];
    }
    static actor come_and_go(party_storm& m, seat& s) {
        const counted_here alive(m.actors_);
        sim_machine& machine = *s.who->inside;
        for (;;) {
            co_await pause_for(machine, m.between(0ms, 1s));
            if (!m.open_ || s.p == nullptr) co_return;
            try {
                switch (m.below(6)) {
                case 0: {
                    auto asked = s.p->async_join_for(m.between(1ms, 2s));
                    if (co_await std::move(asked))
                        m.came_through(s);
                    else
                        m.counts_.add(party_counts::not_in_time);
                    break;
                }
                case 1: { // nobody waits for it any more
                    auto asked = s.p->async_join();
                    co_await pause_for(machine, m.between(0ms, 100ms));
                    asked.cancel();
                    if (std::move(asked).result())
                        m.came_through(s);
                    else
                        m.counts_.add(party_counts::given_up);
                    break;
                }
                case 2: { // one call undoes the other
                    s.wanted = false;
                    auto asked = s.p->async_join();
                    auto leaving = s.p->async_leave();
                    co_await std::move(leaving);
                    co_await std::move(asked);
                    break;
                }
                case 3: {
                    s.wanted = false;
                    auto leaving = s.p->async_leave();
                    m.counts_.add(co_await std::move(leaving) ? party_counts::leaves : party_counts::left_nothing);
                    break;
                }
                case 4: {
                    m.delete_one(*s.who);
                    auto asked = s.p->async_members();
                    co_await std::move(asked);
                    m.counts_.add(party_counts::read);
                    break;
                }
                default: {
                    auto asked = s.p->async_join();
                    co_await std::move(asked);
                    m.came_through(s);
                    break;
                }
                }
            } catch (const error& e) {
                if (e.code() == errc::closed || s.p == nullptr) m.counts_.add(party_counts::closed);
                if (e.code() == errc::cancelled && s.p != nullptr) m.counts_.add(party_counts::cancelled);
            }
        }
    }
};

party_storm::party_storm(std::uint64_t seed) : storm_frame(world_of(seed), shape) {}
party_storm::~party_storm() = default;

void party_storm::came_through(seat& s) {
    s.wanted = true;
    counts_.add(party_counts::joins);
}

party_storm::seat& party_storm::add_seat(storm_client& p) {
    auto made = std::make_unique<seat>();
    seat& s = *made;
    s.who = &p;
    s.identifier = p.name() + " seat " + std::to_string(seats_.size());
    s.shallow = below(2) == 0;
    s.rejoins = below(4) != 0;
    const party_options o{.identifier = s.identifier, .rejoins = s.rejoins};
    if (s.shallow)
        s.p = (s.flat = std::make_unique<shallow_party>(*p.c, flat_site, o)).get();
    else
        s.p = (s.deep = std::make_unique<party>(*p.c, deep_site, o)).get();
    s.listening = s.p->on_state([this, &s](presence_state now) { heard(s, now); });
    if (below(2) == 0)
        s.watching.emplace(s.p->on_change([this, &s](const std::vector<std::string>& who) {
            s.told = who;
            counts_.add(party_counts::told);
        }));
    p.inside->execute([this, &s] { actors::come_and_go(*this, s); });
    seats_.push_back(std::move(made));
    return s;
}

void party_storm::heard(seat& s, presence_state now) {
    if (now == presence_state::joined && std::exchange(s.was_joined, true)) counts_.add(party_counts::rejoined);
    if (now != presence_state::left) return;
    s.was_joined = false;
    if (s.wanted && !s.rejoins) counts_.add(party_counts::lost_for_good);
}

void party_storm::start() {
    for (int i = 0; i < 3; ++i) {
        storm_client& p = add_client();
        for (std::uint64_t n = 1 + below(2); n > 0; --n) add_seat(p);
    }
}

std::function<void()> party_storm::on_passing_client(storm_client& p) {
    return [&p, &s = add_seat(p), how = below(3)] {
        if (how == 0) p.c->async_close().detach();
        s.end();
        p.c.reset();
    };
}

/// Somebody's node, by somebody who has no business with it.
void party_storm::delete_one(storm_client& by) {
    if (below(3) != 0 || !by.c) return;
    const auto all = entries(below(2) == 0);
    if (all.empty()) return;
    const entry& e = all[below(all.size())];
    robbed_.insert(e.identifier);
    ++robbers_[e.identifier];
    counts_.add(party_counts::deleted_by_others);
    actors::rob(*this, by.c->async_remove(e.path), e.identifier);
}

// -- the book ---------------------------------------------------------------------------------------------------------

std::vector<party_storm::entry> party_storm::entries(bool shallow) const {
    std::vector<entry> found;
    const std::string folder = std::string(site_of(shallow)) + "/";
    for (const auto* n : inside().server().nodes().sorted())
        if (n->path.starts_with(folder))
            found.push_back({std::string(n->path),
                             shallow ? std::string(n->path.substr(folder.size() + id_length + 1)) : n->data,
                             n->owner.value});
    return found;
}

std::vector<std::string> party_storm::members(bool shallow) const {
    std::vector<std::string> all;
    for (const entry& e : entries(shallow)) all.push_back(e.identifier);
    std::ranges::sort(all);
    return all;
}

std::vector<std::string> party_storm::joined(bool shallow) const {
    std::vector<std::string> all;
    for (const auto& s : seats_)
        if (s->p != nullptr && s->shallow == shallow && s->p->joined()) all.push_back(s->identifier);
    std::ranges::sort(all);
    return all;
}

void party_storm::on_write(const sim_write&) {
    std::map<std::string, std::int64_t> now;
    for (const bool shallow : {false, true})
        for (const entry& e : entries(shallow)) now.emplace(e.path, e.owner);
    for (const auto& [path, owner] : now)
        if (const auto before = owners_.find(path); before != owners_.end() && before->second != owner)
            counts_.add(party_counts::replaced);
    owners_ = std::move(now);
}

void party_storm::on_forced_end(std::int64_t session) {
    for (const auto& s : seats_)
        if (s->who->c && static_cast<std::int64_t>(s->who->c->session_id()) == session) robbed_.insert(s->identifier);
}

/// Who says that it has joined is there, unless it was robbed.
void party_storm::on_turn(const sim_machine& m) {
    if (everybody_robbed_) return;
    for (const auto& s : seats_) {
        if (s->who->inside.get() != &m || s->p == nullptr || !s->p->joined()) continue;
        const auto all = entries(s->shallow);
        const auto session = static_cast<std::int64_t>(s->who->c->session_id());
        const bool there = std::ranges::any_of(
            all, [&](const entry& e) { return e.identifier == s->identifier && e.owner == session; });
        if (there && robbers_[s->identifier] == 0 && robbed_.erase(s->identifier) != 0)
            counts_.add(party_counts::watched_again);
        if (!there && !robbed_.contains(s->identifier))
            complain(s->identifier + " says that it has joined, and is not there");
    }
}

bool party_storm::is_at_rest(const seat& s) const {
    if (s.p == nullptr) return true;
    const presence_state now = s.p->state();
    if (!s.wanted) return now == presence_state::left;
    return now == presence_state::joined || (now == presence_state::left && !s.rejoins);
}

bool party_storm::all_agree() const {
    for (const bool shallow : {false, true})
        if (members(shallow) != joined(shallow)) return false;
    return std::ranges::all_of(
        seats_, [this](const auto& s) { return is_at_rest(*s) && (!s->watching || s->told == members(s->shallow)); });
}

void party_storm::settle() {
    open_ = false;
    if (!comes_true([this] { return actors_ == 0; }, 120s)) complain("somebody still waits");
    if (!wait_for_quiet([] { return true; }, 60s)) return;
    run_for(20s); // what is still carried out, late requests too
    if (!comes_true([this] { return all_agree(); }, 30s)) {
        for (const bool shallow : {false, true})
            complain("members: " + listed(members(shallow)) + " joined: " + listed(joined(shallow)));
        for (const auto& s : seats_) {
            if (!is_at_rest(*s))
                complain(s->identifier + " is " + std::string(to_string(s->p->state())) +
                         (s->wanted ? ", and wants to be there" : ", and does not want to be there"));
            if (s->watching && s->told != members(s->shallow)) complain(s->identifier + " was told " + listed(s->told));
        }
    }
    for (const auto& s : seats_)
        counts_.add(s->p != nullptr && s->p->joined() ? party_counts::members_in_the_end
                                                      : party_counts::not_members_in_the_end);
}

void party_storm::before_close() {
    for (const auto& s : seats_) s->end();
}

void party_storm::audit() {
    if (counts_[party_counts::joins] == 0) complain("too quiet");
}

} // namespace kazoo::testkit
