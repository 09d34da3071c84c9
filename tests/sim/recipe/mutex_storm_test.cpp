// Many seeds of contention for mutexes: what must be true.
#include "mutex_storm.hpp"

namespace kazoo::testkit {

namespace {

constexpr duration between_looks = 250ms;

/// How long a node may be there that belongs to no acquisition, while its client is connected. What lands late does so
/// within a timeout.
duration orphan_limit(const storm_client& c) { return c.timeout * 2 + std::chrono::seconds(2); }

std::vector<std::string> sites_of(const crew_storm& s) {
    if (s.seed % 2 == 0) return {s.top + "/locks/a"};
    return {s.top + "/locks/a", s.top + "/locks/deeper/b"};
}

const in_the_medley<mutex_crew> mutex_comes;

} // namespace

mutex_crew::mutex_crew(crew_storm& s) : station_crew(s), book_(s.inside(), sites_of(s), counts_) {}

void mutex_crew::on_forget() {
    book_.on_forget();
    stores_.clear();
    last_acquired_.clear();
}

void mutex_crew::on_write(const sim_write& w) {
    book_.on_write(w);
    take_complaints_of_book();
}

void mutex_crew::on_turn() {
    book_.look_for_lost_replies();
    for (std::size_t site = 0; site < book_.sites().size(); ++site) {
        std::vector<const mutex_station*> holders;
        for (const auto& s : stations())
            if (s->site == site && s->object && !s->who->inside->paused() && s->object->holds())
                holders.push_back(s.get());
        if (holders.size() < 2) continue;
        std::erase_if(holders, [&](const auto* s) { return book_.taken_away(s->object->check().path); });
        if (holders.size() < 2) continue;
        std::string who;
        for (const auto* s : holders) who += s->name() + " by " + s->object->check().path + ", ";
        complain(who + "hold the lock at once");
    }
    take_complaints_of_book();
}

/// A node of a living session in which nobody waits for the lock or holds it keeps everybody else from it. Its client
/// may know late that there is one, and can do nothing about it without a connection.
void mutex_crew::look_for_orphans() {
    if (settled_) return;
    inside().after(between_looks, [this] { look_for_orphans(); });
    for (const auto& c : storm().clients())
        for (std::size_t site = 0; site < book_.sites().size(); ++site) {
            std::uint64_t busy = 0;
            for (const auto& s : stations())
                if (s->who == c.get() && s->site == site) busy += s->busy;
            const bool able = c->c && c->c->state() == session_state::connected && !c->inside->paused();
            const auto key = std::pair(c->number, site);
            if (!able || book_.contending(static_cast<std::int64_t>(c->c->session_id()), book_.sites()[site]) <= busy) {
                orphaned_since_.erase(key);
                continue;
            }
            const time_point since = orphaned_since_.try_emplace(key, inside().now()).first->second;
            if (inside().now() - since <= orphan_limit(*c)) continue;
            complain(c->name() + " leaves a node at " + book_.sites()[site] + " that nobody waits or stands for");
            orphaned_since_[key] = never; // once
        }
}

void mutex_crew::take_complaints_of_book() {
    for (std::string& line : book_.take_complaints()) complain(std::move(line));
}

TEST(mutex_storm, every_promise_is_kept) { run_crew<mutex_crew>(with_checks ? 150 : 2000); }

} // namespace kazoo::testkit
