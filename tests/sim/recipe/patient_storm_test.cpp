// Many seeds of those who wait until lists of children have settled: whether each list was there for so long, and
// whether its change was told.
#include "sim/storm/stations.hpp"

#include <kazoo/recipe/patient_children_watch.hpp>

#include <algorithm>
#include <optional>

namespace kazoo::testkit {
namespace {

struct patient_things {
    enum what : std::uint8_t {
        writes,
        settled,
        empty,
        changed,
        missing,
        not_in_time,
        cancelled,
        given_up,
        closed,
        equal_in_the_end,
        count
    };
    static constexpr std::array<std::string_view, count> names{
        "writes",          "lists that settled", "empty ones",
        "changes told",    "missing nodes",      "not settled in time",
        "cancelled",       "given up",           "ended by close or destruction",
        "equal in the end"};
};

struct patient_station : station_of<patient_children_watch> {
    duration boundary{};
    std::string last; ///< list that settled
};

class patient_crew final : public station_crew<patient_things, patient_station> {
  public:
    static constexpr std::string_view name = "patient_children_watch";
    static constexpr storm_shape shape{.length = 10s, .faults = 16, .first_passing = 500ms, .longest_passing = 4s};

    using station_crew::station_crew;

    void stay(storm_client& c) override {
        c.inside->execute([this, &c] { change(c); });
        for (int i = 0; i < 3; ++i) add(c);
    }
    void pass_by(storm_client& c) override { add(c); }
    std::vector<std::string> places() const override { return {folder(0), folder(1)}; }

    void on_write(const sim_write&) override;
    void on_forget() override {
        ++disks_;
        history_.clear();
    }
    std::vector<std::string> unsettled() const override;
    void stop_watching() override;
    void audit() override {
        if (waiting_ > 0) complain(std::to_string(waiting_) + " wait for lists that nobody can give them");
    }

  private:
    using things = patient_things;
    /// What a folder held, and since when.
    struct state {
        std::string text;
        time_point since;
    };

    void add(storm_client&);
    actor change(storm_client&);
    actor work(patient_station&) override;
    void judge(patient_station&, const child_list&, time_point called, int disks);
    void judge_change(const patient_station&, const child_list&, int disks);
    std::string folder(std::uint64_t i) const { return at("/groups/" + std::to_string(i)); }

    std::vector<std::string> watched_;                              ///< folders of its own, and of other crews
    std::map<std::pair<std::string, std::int64_t>, state> history_; ///< by folder and the newest change of its list
    int disks_ = 1;
    int waiting_ = 0; ///< coroutines that end with their object
};

void patient_crew::add(storm_client& c) {
    if (watched_.empty()) watched_ = storm().places();
    const duration boundary = between(10ms, 700ms);
    const std::string& path = watched_[below(watched_.size())];
    add_station(c, std::make_unique<patient_children_watch>(*c.c, path, boundary), 1).boundary = boundary;
}

/// Members come and go one behind the other, with pauses in which their list may settle.
actor patient_crew::change(storm_client& c) {
    const counted_here alive(actors());
    while (open() && c.c) {
        co_await pause_for(*c.inside, below(4) == 0 ? between(200ms, 2s) : between(0ms, 100ms));
        if (!c.c) co_return;
        const std::string path = folder(below(2));
        const std::string member = path + "/" + std::to_string(below(5));
        counts_.add(things::writes);
        switch (below(8)) {
        case 0: c.c->async_remove_tree(path).detach(); break;
        case 1:
        case 2:
        case 3: c.c->async_remove(member).detach(); break;
        default: c.c->async_create(member, "", {.make_parents = true}).detach();
        }
    }
}

actor patient_crew::work(patient_station& s) {
    const counted_here alive(waiting_);
    sim_machine& machine = *s.who->inside;
    for (;;) {
        co_await pause_for(machine, between(0ms, 300ms));
        if (!s.object) co_return;
        const time_point called = inside().now();
        const int disks = disks_;
        std::optional<settled_children> list;
        try {
            switch (open() ? below(5) : 4) {
            case 0: {
                auto asked = s.object->async_settle_for(between(1ms, 1s));
                list = co_await std::move(asked);
                if (!list) counts_.add(things::not_in_time);
                break;
            }
            case 1: {
                auto asked = s.object->async_settle(stop_later(s));
                list = co_await std::move(asked);
                break;
            }
            case 2: { // nobody waits for it any more
                auto asked = s.object->async_settle();
                co_await pause_for(machine, between(0ms, 500ms));
                if (!asked.ready()) {
                    counts_.add(things::given_up);
                    continue;
                }
                list = co_await std::move(asked);
                break;
            }
            default: {
                auto asked = s.object->async_settle();
                list = co_await std::move(asked);
            }
            }
            if (!list || !s.object) continue;
            judge(s, list->children, called, disks);
            co_await std::move(list->changed);
            counts_.add(things::changed);
            judge_change(s, list->children, disks);
        } catch (const error& e) {
            if (!s.object || e.code() == errc::closed) {
                counts_.add(things::closed);
                co_return;
            }
            if (e.code() == errc::no_node) {
                counts_.add(things::missing);
                s.last = "-";
            } else if (e.code() == errc::cancelled) {
                counts_.add(things::cancelled);
            } else {
                complain(s.who->name() + ": " + e.what());
            }
        }
    }
}

void patient_crew::judge(patient_station& s, const child_list& list, time_point called, int disks) {
    s.last.clear();
    for (const std::string_view each : list.names) s.last += std::string(each) + " ";
    counts_.add(list.names.empty() ? things::empty : things::settled);
    if (disks != disks_) return;
    const std::string& path = s.object->path();
    const auto was = history_.find({path, static_cast<std::int64_t>(list.stat.children_modified)});
    if (was == history_.end() || was->second.text != s.last)
        return complain(s.who->name() + " was given what was never at " + path + ": " + s.last);
    if (inside().now() < std::max(called, was->second.since) + s.boundary)
        complain(s.who->name() + " was given what had not settled at " + path + ": " + s.last);
}

void patient_crew::judge_change(const patient_station& s, const child_list& list, int disks) {
    if (!s.object || disks != disks_) return;
    const auto* n = node(s.object->path());
    if (n != nullptr && n->pzxid == static_cast<std::int64_t>(list.stat.children_modified))
        complain(s.who->name() + " was told of a change at " + s.object->path() + ", and there was none");
}

void patient_crew::on_write(const sim_write&) {
    for (const std::string& path : watched_)
        if (const auto* n = node(path); n != nullptr && !history_.contains({path, n->pzxid}))
            history_.emplace(std::pair(path, n->pzxid), state{names_at(path), inside().now()});
}

std::vector<std::string> patient_crew::unsettled() const {
    std::vector<std::string> lines;
    for (const auto& s : stations()) {
        if (!s->object) continue;
        if (const std::string is = names_at(s->object->path()); s->last != is)
            lines.push_back(s->who->name() + " was given last of " + s->object->path() + ": " + s->last +
                            ", and there is " + is);
    }
    return lines;
}

void patient_crew::stop_watching() {
    for (const auto& s : stations()) {
        if (s->object && s->last == names_at(s->object->path())) counts_.add(things::equal_in_the_end);
        s->object.reset();
    }
}

const in_the_medley<patient_crew> patient_comes;

TEST(patient_storm, C71_lists_that_settled_were_there_for_the_boundary_and_their_change_is_told) {
    run_crew<patient_crew>(with_checks ? 24 : 300);
}

} // namespace
} // namespace kazoo::testkit
