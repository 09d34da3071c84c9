// kazoo::tree_cache in exact situations.
#include "watching_scene.hpp"

#include <kazoo/recipe/tree_cache.hpp>

#include <algorithm>
#include <memory>

namespace kazoo::testkit {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

/// A tree of nine nodes, and a cache of it whose events are lines: "node_added /t/a=1".
struct caching : watching_scene {
    explicit caching(const simulation_options& o = {}) : watching_scene(o) {
        for (const char* path : {"/t", "/t/a", "/t/a/x", "/t/a/x/1", "/t/a/y", "/t/b", "/t/c", "/t/c/z", "/t/d"})
            other.create(path, "1");
        make();
    }
    ~caching() {
        if (cache) cache->close();
        world.run_for(1s); // whoever hears it stands below
    }
    caching(const caching&) = delete;
    caching& operator=(const caching&) = delete;

    void make() {
        cache.emplace(c, "/t");
        const auto hear = [this](const tree_event& e) {
            std::string line(to_string(e.type));
            if (!e.node.path.empty()) line += " " + e.node.path + "=" + e.node.data.str();
            lines.push_back(std::move(line));
        };
        events = cache->on_event(hear);
        faults = cache->on_fault([this](const tree_fault& f) { fault_codes.push_back(f.code); });
    }
    void load() {
        cache->start();
        ASSERT_TRUE(becomes_current());
    }
    bool becomes_current(std::chrono::nanoseconds limit = 1min) {
        return world.run_until([&] { return cache->state() == tree_state::current; }, limit);
    }
    auto times(const std::string& line) const { return std::ranges::count(lines, line); }
    bool comes(const std::string& line) {
        return world.run_until([&] { return times(line) > 0; }, 1min);
    }
    /// Every node once, each behind its parent, and nothing else about nodes.
    bool each_was_added_once() const {
        std::vector<std::string> added;
        for (const std::string& line : lines) {
            if (line.starts_with("node_added ")) added.push_back(line.substr(11));
            if (line.starts_with("node_updated") || line.starts_with("node_removed")) return false;
        }
        const auto place = [&](const char* path) { return std::ranges::find(added, std::string(path) + "=1"); };
        const bool in_order = place("/t") < place("/t/a") && place("/t/a") < place("/t/a/x") &&
                              place("/t/a/x") < place("/t/a/x/1") && place("/t/c") < place("/t/c/z");
        std::ranges::sort(added);
        return in_order && added.size() == 9 && std::ranges::adjacent_find(added) == added.end();
    }

    std::optional<tree_cache> cache;
    std::vector<std::string> lines;
    std::vector<std::error_code> fault_codes;

  private:
    subscription events, faults;
};

// -- while it loads ---------------------------------------------------------------------------------------------------

/// Cuts behind each so many bytes of the load until there are none left to cut. A request that was lost was never
/// answered, an answer that was lost had been given.
void load_with_a_cut(flow way) {
    int cuts = 0;
    for (std::uint64_t bytes = 0;; bytes += 29) {
        caching s;
        s.here.cut_behind(way, bytes);
        s.cache->start();
        auto loaded = s.cache->async_wait_initialized();
        ASSERT_TRUE(s.finish(loaded)) << bytes;
        const bool was_cut = s.c.metrics().connections > 1;
        ASSERT_FALSE(std::move(loaded).result().error()) << bytes;
        ASSERT_EQ(s.cache->size(), 9U) << bytes;
        ASSERT_TRUE(s.becomes_current()) << bytes;
        s.other.create("/t/new", "2");
        ASSERT_TRUE(s.comes("node_added /t/new=2")) << bytes;
        std::erase(s.lines, "node_added /t/new=2");
        ASSERT_TRUE(s.each_was_added_once()) << bytes;
        ASSERT_EQ(s.times("initialized"), 1) << bytes;
        ASSERT_THAT(s.fault_codes, IsEmpty()) << bytes;
        if (!was_cut) break;
        ++cuts;
    }
    EXPECT_GT(cuts, 10);
}

TEST(tree_cache, a_request_of_the_load_that_is_lost_anywhere_is_made_again) { load_with_a_cut(flow::to_server); }

TEST(tree_cache, an_answer_of_the_load_that_is_lost_anywhere_is_asked_for_again) { load_with_a_cut(flow::to_client); }

TEST(tree_cache, a_session_that_is_lost_at_any_time_of_the_load_costs_a_load_in_the_next_one) {
    int lost_while_loading = 0;
    for (auto when = 0us; when < 30ms; when += 700us) {
        caching s;
        s.cache->start();
        s.world.run_for(when);
        if (s.cache->state() == tree_state::loading) ++lost_while_loading;
        const session_id old = s.c.session_id();
        s.world.expire_session(old);
        ASSERT_TRUE(
            s.world.run_until([&] { return s.c.session_id() != old && s.cache->state() == tree_state::current; }, 1min))
            << when;
        s.world.run_for(1s);
        EXPECT_TRUE(s.each_was_added_once()) << when;
        EXPECT_EQ(s.lines.back(), "initialized") << when;
        EXPECT_EQ(s.cache->size(), 9U) << when;
        EXPECT_THAT(s.fault_codes, IsEmpty()) << when;
        EXPECT_GT(s.watches_at_the_server(), 0U) << "in the new session, too";
    }
    EXPECT_GT(lost_while_loading, 3);
}

TEST(tree_cache, closed_at_any_time_of_the_load_it_leaves_no_watch_and_no_request_and_tells_nothing_more) {
    for (auto when = 0us; when < 30ms; when += 700us) {
        caching s;
        s.cache->start();
        auto loaded = s.cache->async_wait_initialized();
        s.world.run_for(when);
        const bool was_loaded = loaded.ready();
        s.cache->close();
        const auto told = s.lines.size();
        s.other.create("/t/e", "1");
        s.world.run_for(10s);
        EXPECT_EQ(s.lines.size(), told) << when;
        EXPECT_EQ(s.watches_at_the_server(), 0U) << when;
        EXPECT_EQ(s.c.metrics().in_flight, 0U) << when;
        EXPECT_EQ(s.c.metrics().watches, 0U) << when;
        EXPECT_EQ(s.cache->size(), 0U) << when;
        EXPECT_EQ(s.cache->state(), tree_state::ended) << when;
        EXPECT_THAT(s.fault_codes, IsEmpty()) << when;
        EXPECT_EQ(std::move(loaded).result().error(), was_loaded ? std::error_code() : errc::cancelled) << when;
    }
}

TEST(tree_cache, destroyed_at_any_time_of_the_load_it_leaves_no_watch) {
    for (auto when = 0us; when < 30ms; when += 700us) {
        caching s;
        s.cache->start();
        s.world.run_for(when);
        s.cache.reset();
        const auto told = s.lines.size();
        s.world.run_for(10s);
        EXPECT_EQ(s.lines.size(), told) << when;
        EXPECT_EQ(s.watches_at_the_server(), 0U) << when;
        EXPECT_EQ(s.c.metrics().in_flight, 0U) << when;
    }
}

TEST(tree_cache, a_client_that_is_closed_while_it_loads_ends_it_and_it_keeps_what_it_has) {
    for (auto when = 0us; when < 30ms; when += 700us) {
        caching s;
        s.cache->start();
        auto loaded = s.cache->async_wait_initialized();
        s.world.run_for(when);
        const bool was_loaded = loaded.ready();
        const auto held = s.cache->size();
        s.c.close();
        s.world.run_for(1s);
        EXPECT_EQ(s.cache->state(), tree_state::ended) << when;
        EXPECT_GE(s.cache->size(), held) << when;
        EXPECT_TRUE(s.cache->stale()) << when;
        EXPECT_THAT(s.fault_codes, IsEmpty()) << when;
        EXPECT_EQ(std::move(loaded).result().error(), was_loaded ? std::error_code() : errc::closed) << when;
    }
}

TEST(tree_cache, a_wait_that_is_cancelled_ends_at_once_and_the_load_goes_on) {
    caching s;
    s.here.silence(flow::to_client, true);
    s.cache->start();
    auto cancelled = s.cache->async_wait_initialized();
    s.world.run_for(100ms);
    cancelled.cancel();
    EXPECT_EQ(verdict_of(std::move(cancelled)), failed(errc::cancelled));
    std::stop_source stop;
    s.inside().after(300ms, [&] { stop.request_stop(); });
    EXPECT_THROW(s.cache->wait_initialized(stop.get_token()), error_of<errc::cancelled>);
    EXPECT_THROW(s.cache->wait_initialized(100ms), error_of<errc::operation_timeout>);
    EXPECT_EQ(s.cache->state(), tree_state::loading);
    s.here.silence(flow::to_client, false);
    s.cache->wait_initialized(10s);
    s.world.run_for(1s);
    EXPECT_TRUE(s.each_was_added_once());
}

TEST(tree_cache, a_pause_while_it_loads_that_costs_the_session_costs_no_node) {
    for (auto when = 0us; when < 20ms; when += 3ms) {
        caching s;
        s.cache->start();
        s.world.run_for(when);
        s.here.pause(true);
        s.world.run_for(10s); // the session's timeout is 3 s
        s.other.create("/t/new", "2");
        s.here.pause(false);
        ASSERT_TRUE(s.comes("node_added /t/new=2")) << when;
        ASSERT_TRUE(s.becomes_current()) << when;
        EXPECT_EQ(s.cache->size(), 10U) << when;
        EXPECT_EQ(s.c.metrics().sessions, 2U) << when;
    }
}

// -- changes ----------------------------------------------------------------------------------------------------------

/// The read behind an event: neither its request nor its answer may be missed.
TEST(tree_cache, a_cut_anywhere_behind_a_change_costs_no_change_and_tells_it_once) {
    for (const flow way : {flow::to_server, flow::to_client}) {
        int cuts = 0;
        for (std::uint64_t bytes = 0; bytes < 200; bytes += 7) {
            caching s;
            s.load();
            s.here.cut_behind(way, bytes);
            s.other.set("/t/b", "2");
            s.other.remove("/t/d");
            s.other.create("/t/e", "2");
            s.world.run_for(2s);
            if (s.c.metrics().connections > 1) ++cuts;
            ASSERT_TRUE(s.becomes_current()) << bytes;
            EXPECT_EQ(s.times("node_updated /t/b=2"), 1) << bytes;
            EXPECT_EQ(s.times("node_removed /t/d=1"), 1) << bytes;
            EXPECT_EQ(s.times("node_added /t/e=2"), 1) << bytes;
            EXPECT_EQ(s.cache->size(), 9U) << bytes;
        }
        EXPECT_GT(cuts, 10);
    }
}

/// Makes so many nodes, a thousand in a transaction.
void make_many(const client& by, const std::string& below, int count) {
    for (int i = 0; i < count;) {
        auto t = by.transaction();
        for (const int end = i + 1000; i < end; ++i) t.create(below + std::to_string(i));
        t.commit();
    }
}

TEST(tree_cache, changes_that_come_faster_than_they_are_read_are_told_as_one) {
    caching s;
    s.load();
    const auto reads = [&] {
        for (const auto& o : s.c.metrics().operations)
            if (o.name == "get") return o.succeeded;
        return std::uint64_t{0};
    };
    const auto before = reads();
    for (int i = 1; i <= 10'000; ++i) s.other.async_set("/t/b", std::to_string(i)).detach();
    ASSERT_TRUE(s.comes("node_updated /t/b=10000"));
    EXPECT_EQ(s.times("node_updated /t/b=10000"), 1);
    EXPECT_LT(reads() - before, 1000U);
    EXPECT_LE(s.lines.size() - 10, reads() - before);
}

TEST(tree_cache, changes_that_come_faster_than_they_are_fetched_are_made_good_by_comparing_everything) {
    caching s;
    s.other.create("/large", std::string(1'047'000, 'x'));
    (void)s.c.get("/large"); // from now on there is room to read much at once
    s.load();
    EXPECT_EQ(s.cache->stale(), std::nullopt);
    s.here.pause(true); // and the session lives on: nobody has to come back
    constexpr int more = 150'000;
    make_many(s.other, "/t/d/", more); // each is an event, and 65,536 of them may wait
    s.here.pause(false);
    std::size_t stale = 0;
    const auto look = [&] {
        stale += s.cache->stale() ? 1 : 0;
        return s.cache->size() == 9 + more && s.cache->state() == tree_state::current;
    };
    ASSERT_TRUE(s.world.run_until(look, 1min)) << s.cache->size() << ' ' << s.cache->state();
    EXPECT_EQ(s.c.metrics().connections, 1U);
    EXPECT_GT(stale, 0U) << "it is known that something was missed";
    EXPECT_TRUE(s.world.run_until([&] { return s.lines.size() >= 9U + 1 + more; }, 10min));
    s.world.run_for(1s);
    EXPECT_EQ(s.times("suspended"), 0);
    EXPECT_EQ(s.times("initialized"), 1);
    EXPECT_EQ(s.lines.size(), 9U + 1 + more) << "each was told once";
}

TEST(tree_cache, a_new_session_costs_a_sync_and_a_look_at_each_node) {
    caching s;
    s.load();
    const auto asked = [&](std::string_view what) {
        for (const auto& o : s.c.metrics().operations)
            if (o.name == what) return o.succeeded + o.failed;
        return std::uint64_t{0};
    };
    const auto gets = asked("get"), lists = asked("get_children"), looks = asked("exists"), syncs = asked("sync");
    s.lose_session();
    ASSERT_TRUE(s.becomes_current());
    EXPECT_EQ(asked("sync") - syncs, 1U);
    EXPECT_EQ(asked("exists") - looks, 9U);
    EXPECT_EQ(asked("get"), gets);
    EXPECT_EQ(asked("get_children"), lists);
    EXPECT_EQ(asked("add_watch"), 1U) << "it is set again by the session itself";
}

TEST(tree_cache, what_servers_hide_from_us_leaves_no_request_behind_when_it_is_closed) {
    caching s;
    const std::vector<acl> unreadable{{perms::create | perms::write | perms::remove | perms::admin, "world", "anyone"}};
    s.other.set_acl("/t/a", unreadable);
    s.load();
    s.world.run_for(1min);
    EXPECT_THAT(s.fault_codes, ElementsAre(make_error_code(errc::no_auth)));
    s.cache->close();
    s.world.run_for(1s);
    const auto asked = s.c.metrics().operations;
    s.world.run_for(1min);
    EXPECT_EQ(s.c.metrics().operations, asked);
    EXPECT_EQ(s.watches_at_the_server(), 0U);
}

TEST(tree_cache, in_a_new_session_a_server_that_lags_is_not_believed) {
    simulation_options o;
    o.followers = 1;
    o.shortest_lag = o.longest_lag = 1h;
    caching s(o);
    s.here.lead_to(0);
    s.here.cut();
    s.load();
    s.other.set("/t/b", "2");
    ASSERT_TRUE(s.comes("node_updated /t/b=2"));
    s.lose_session(); // the new one has seen nothing of any server when its connection breaks
    s.here.lead_to(1);
    s.here.cut();
    s.world.run_for(10s);
    ASSERT_TRUE(s.becomes_current());
    EXPECT_GT(s.inside().late_reads(), 0U);
    EXPECT_EQ(s.cache->get("/t/b").value().data, "2");
    EXPECT_EQ(s.cache->size(), 9U);
    EXPECT_EQ(s.times("node_updated /t/b=2"), 1);
    EXPECT_EQ(s.times("node_updated /t/b=1"), 0);
    EXPECT_THAT(s.lines, testing::Not(Contains(testing::StartsWith("node_removed"))));
}

} // namespace
} // namespace kazoo::testkit
