// Many seeds of clients that change a few nodes and watch them: whether what was told last is what is there.
#include "sim/actor.hpp"
#include "sim/storm/crew.hpp"

#include <kazoo/kazoo.hpp>

#include <algorithm>
#include <functional>
#include <optional>
#include <stdexcept>

namespace kazoo::testkit {
namespace {

struct follower_things {
    enum what : std::uint8_t {
        writes,
        data_told,
        children_told,
        missing_told,
        told_with_event,
        told_without_event,
        followers_stopped,
        stopped_from_inside,
        functions_threw,
        existing_ended,
        sessions_changed,
        equal_in_the_end,
        count
    };
    static constexpr std::array<std::string_view, count> names{"writes",
                                                               "data told",
                                                               "children told",
                                                               "missing nodes told",
                                                               "told with an event",
                                                               "told without one",
                                                               "watches stopped",
                                                               "stopped from inside",
                                                               "functions that threw",
                                                               "watches of existing nodes that ended",
                                                               "told in a later session",
                                                               "equal in the end"};
};

class follower_crew final : public counting_crew<follower_things> {
  public:
    static constexpr std::string_view name = "followers";
    static constexpr storm_shape shape{.length = 10s, .faults = 16, .first_passing = 500ms, .longest_passing = 4s};

    using counting_crew::counting_crew;

    void stay(storm_client& c) override {
        c.inside->execute([this, &c] {
            change(c);
            come_and_go(c);
        });
    }
    void pass_by(storm_client& c) override {
        for (int i = 0; i < 4; ++i) watch(c);
    }
    void leave(storm_client& c) override {
        for (const auto& s : seats_)
            if (s->whose == &c) s->go();
    }
    std::vector<std::string> places() const override { return {own(0), own(1), own(2)}; }

    void on_forget() override { ++disks_; }
    std::vector<std::string> unsettled() const override;
    void stop_watching() override;

  private:
    using things = follower_things;
    enum class kind : std::uint8_t {
        data,
        existing,
        children,
        count
    };
    /// One object that watches, and what it was told.
    struct seat {
        storm_client* whose = nullptr;
        kind what{};
        std::string path;
        bool stops_itself = false, throws = false;
        std::function<void()> stop;
        std::function<bool()> active;
        std::uint64_t calls = 0, steps_back = 0;
        std::uint64_t born = 0; ///< on which of the server's disks
        std::string last;
        zxid newest{};
        session_id in{};
        int inside = 0;
        bool stopped = false;

        /// The object is destroyed.
        void go() {
            stopped = true;
            stop = nullptr;
            active = nullptr;
        }
    };

    actor change(storm_client&);
    actor come_and_go(storm_client&);
    void watch(storm_client&);
    watch_next hear(seat&, std::string text, zxid newest, bool there, bool caused);
    std::string own(std::uint64_t i) const { return at("/n" + std::to_string(i)); }
    std::string truth(const seat&) const;

    static constexpr std::uint64_t own_nodes = 3;
    std::vector<std::string> watched_; ///< nodes of its own, and of other crews
    std::vector<std::unique_ptr<seat>> seats_;
    std::uint64_t disks_ = 1;
};

/// Changes nodes and children at random.
actor follower_crew::change(storm_client& c) {
    const counted_here alive(actors());
    while (open() && c.c) {
        co_await pause_for(*c.inside, between(0ms, 150ms));
        if (!c.c) co_return;
        const std::string path = own(below(own_nodes));
        const std::string child = path + "/" + std::to_string(below(4));
        const auto what = below(6);
        counts_.add(things::writes);
        if (what < 2) c.c->async_set(path, std::to_string(below(1000))).detach();
        if (what == 2) c.c->async_create(child).detach();
        if (what == 3) c.c->async_remove(child).detach();
        if (what == 4) c.c->async_create(path, "new").detach();
        if (what == 5 && below(3) == 0) c.c->async_remove_tree(path).detach();
    }
}

/// Begins to watch and stops, again and again.
actor follower_crew::come_and_go(storm_client& c) {
    const counted_here alive(actors());
    while (open() && c.c) {
        watch(c);
        co_await pause_for(*c.inside, between(0ms, 2s));
        if (!c.c || !open()) co_return;
        seat& s = *seats_[below(seats_.size())];
        if (s.whose != &c || s.stopped || below(2) == 0) continue;
        s.stop();
        s.stopped = true;
        counts_.add(things::followers_stopped);
    }
}

watch_next follower_crew::hear(seat& s, std::string text, zxid newest, bool there, bool caused) {
    if (s.stopped) complain("called after a stop: " + s.path);
    if (s.inside > 0) complain("two calls at the same time: " + s.path);
    const counted_here here(s.inside);
    ++s.calls;
    // Transactions begin again when the server has lost its disk; something of the old one may still be under way then.
    if (there && newest < s.newest && ++s.steps_back > disks_ - s.born)
        complain(s.whose->name() + " is told something old of " + s.path);
    if (there) s.newest = newest;
    s.last = std::move(text);
    const session_id now = s.whose->c ? s.whose->c->session_id() : s.in;
    if (s.calls > 1 && now != s.in) counts_.add(things::sessions_changed);
    s.in = now;
    counts_.add(!there ? things::missing_told : s.what == kind::children ? things::children_told : things::data_told);
    counts_.add(caused ? things::told_with_event : things::told_without_event);
    if (!there && s.what == kind::existing) counts_.add(things::existing_ended);
    if (s.stops_itself && s.calls == 3) {
        s.stopped = true;
        counts_.add(things::stopped_from_inside);
        return watch_next::stop;
    }
    if (s.throws && below(4) == 0) {
        counts_.add(things::functions_threw);
        throw std::runtime_error("on purpose");
    }
    return watch_next::go_on;
}

void follower_crew::watch(storm_client& c) {
    if (watched_.empty()) watched_ = storm().places();
    seats_.push_back(std::make_unique<seat>());
    seat& s = *seats_.back();
    s.whose = &c;
    s.born = disks_;
    s.what = static_cast<kind>(below(static_cast<std::uint64_t>(kind::count)));
    s.path = watched_[below(watched_.size())];
    s.stops_itself = below(6) == 0;
    s.throws = below(4) == 0;
    const auto keep = [&s](auto object) {
        s.stop = [object] { object->stop(); };
        s.active = [object] { return object->active(); };
    };
    const auto data = [this, &s](const std::optional<kazoo::node>& n, const std::optional<watch_event>& e) {
        return hear(s, n ? n->data.str() + "@" + to_string(n->stat.modified) : "-", n ? n->stat.modified : zxid{},
                    n.has_value(), e.has_value());
    };
    const auto children = [this, &s](const std::optional<child_list>& l, const std::optional<watch_event>& e) {
        std::string text = l ? "" : "-";
        for (std::size_t i = 0; l && i < l->names.size(); ++i) text += std::string(l->names[i]) + " ";
        return hear(s, std::move(text), l ? l->stat.children_modified : zxid{}, l.has_value(), e.has_value());
    };
    if (s.what == kind::data) keep(std::make_shared<data_watch>(*c.c, s.path, data));
    if (s.what == kind::existing) keep(std::make_shared<existing_data_watch>(*c.c, s.path, data));
    if (s.what == kind::children) keep(std::make_shared<children_watch>(*c.c, s.path, children));
}

std::string follower_crew::truth(const seat& s) const {
    if (s.what == kind::children) return names_at(s.path);
    const auto* n = node(s.path);
    return n == nullptr ? "-" : n->data + "@" + to_string(static_cast<zxid>(n->stat().mzxid));
}

std::vector<std::string> follower_crew::unsettled() const {
    std::vector<std::string> lines;
    for (const auto& s : seats_) {
        if (s->stopped || !s->active()) continue;
        const std::string is = truth(*s);
        if (s->last != is)
            lines.push_back(s->whose->name() + " was told last of " + s->path + ": " + s->last + ", and there is " +
                            is);
    }
    return lines;
}

void follower_crew::stop_watching() {
    for (const auto& s : seats_) {
        if (!s->stopped && s->active() && s->last == truth(*s)) counts_.add(things::equal_in_the_end);
        s->go();
    }
}

const in_the_medley<follower_crew> follower_comes;

TEST(follower_storm, what_was_told_last_is_what_is_there) { run_crew<follower_crew>(with_checks ? 24 : 300); }

} // namespace
} // namespace kazoo::testkit
