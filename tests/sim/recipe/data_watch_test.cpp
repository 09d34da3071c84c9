// kazoo::data_watch and existing_data_watch in exact situations.
#include "watching_scene.hpp"

#include <functional>
#include <memory>
#include <stdexcept>
#include <vector>

namespace kazoo::testkit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::vector<acl> unreadable{{perms::create | perms::write | perms::remove | perms::admin, "world", "anyone"}};

/// Work in the order in which it comes, which runs when the test says so.
struct manual_executor final : executor {
    void execute(std::function<void()> work) override { waiting.push_back(std::move(work)); }
    bool run_one() {
        if (waiting.empty()) return false;
        const auto work = std::move(waiting.front());
        waiting.erase(waiting.begin());
        work();
        return true;
    }
    std::vector<std::function<void()>> waiting;
};

/// Runs what clients leave behind when they go: declared ahead of them.
struct runs_the_rest {
    simulation& world;
    manual_executor& work;
    ~runs_the_rest() {
        do world.run_for(10s);
        while (work.run_one());
    }
};

TEST(data_watch, tells_what_is_there_and_each_change_with_its_cause) {
    watching_scene s;
    s.other.create("/n", "a");
    const data_watch w(s.c, "/n", s.told.data());
    ASSERT_TRUE(s.hears(1));
    s.other.set("/n", "b");
    ASSERT_TRUE(s.hears(2));
    s.other.remove("/n");
    ASSERT_TRUE(s.hears(3));
    s.other.create("/n", "c");
    ASSERT_TRUE(s.hears(4));
    EXPECT_THAT(s.told.calls, ElementsAre("a", "b data_changed", "- deleted", "c created"));
}

TEST(data_watch, C79_the_constructor_waits_for_nobody_and_throws_for_a_bad_path_alone) {
    watching_scene s;
    s.here.refuse(true);
    s.here.cut();
    const auto begun = s.world.now();
    const data_watch w(s.c, "/n", s.told.data());
    EXPECT_EQ(s.world.now(), begun);
    EXPECT_TRUE(w.active());
    EXPECT_THAT(s.told.calls, IsEmpty());
    EXPECT_THROW((void)data_watch(s.c, "/a/../b", s.told.data()), error_of<errc::invalid_path>);
    s.here.refuse(false);
    ASSERT_TRUE(s.hears(1));
    EXPECT_THAT(s.told.calls, ElementsAre("-"));
}

TEST(data_watch, C79_a_function_that_throws_is_called_once_for_each_change_and_that_is_logged) {
    simulation world;
    std::vector<std::string> lines;
    auto o = options_on(world.add_machine());
    o.log = {log_level::warn, [&](log_level, std::string_view line) { lines.emplace_back(line); }};
    const client c(simulation::addresses(), o);
    std::vector<std::string> calls;
    const data_watch w(c, "/n", [&](const std::optional<node>& n, const std::optional<watch_event>&) {
        calls.push_back(n ? n->data.str() : "-");
        throw std::invalid_argument("a type error, say");
    });
    ASSERT_TRUE(world.run_until([&] { return calls.size() == 1; }, 1min));
    c.create("/n", "x");
    ASSERT_TRUE(world.run_until([&] { return calls.size() == 2; }, 1min));
    world.run_for(10s);
    EXPECT_THAT(calls, ElementsAre("-", "x"));
    EXPECT_THAT(lines, testing::Contains(HasSubstr("the function of data_watch /n threw: a type error, say")));
    EXPECT_TRUE(w.active());
}

TEST(data_watch, a_change_made_while_the_connection_was_down_is_told_once) {
    watching_scene s;
    s.other.create("/n", "a");
    const data_watch w(s.c, "/n", s.told.data());
    ASSERT_TRUE(s.hears(1));
    s.here.refuse(true);
    s.here.cut();
    ASSERT_TRUE(s.reaches(session_state::suspended));
    for (const char* data : {"b", "c", "d"}) s.other.set("/n", data);
    s.here.refuse(false);
    ASSERT_TRUE(s.hears(2));
    s.here.cut();
    s.world.run_for(10s);
    EXPECT_THAT(s.told.calls, ElementsAre("a", "d data_changed"));
}

TEST(data_watch, in_a_new_session_only_what_is_different_is_told_and_no_event_is_named) {
    watching_scene s;
    s.other.create("/n", "a");
    const data_watch w(s.c, "/n", s.told.data());
    ASSERT_TRUE(s.hears(1));
    s.lose_session();
    s.world.run_for(1s);
    EXPECT_EQ(s.told.calls.size(), 1u);
    s.other.set("/n", "b");
    ASSERT_TRUE(s.hears(2));
    s.here.refuse(true);
    s.here.cut();
    ASSERT_TRUE(s.reaches(session_state::connecting));
    s.other.set("/n", "c");
    s.here.refuse(false);
    ASSERT_TRUE(s.hears(3));
    EXPECT_THAT(s.told.calls, ElementsAre("a", "b data_changed", "c"));
}

TEST(data_watch, in_a_new_session_a_server_that_lags_is_not_believed) {
    simulation_options o;
    o.followers = 1;
    o.shortest_lag = o.longest_lag = 1h;
    watching_scene s(o);
    s.other.create("/n", "a");
    s.here.lead_to(0);
    s.here.cut();
    const data_watch w(s.c, "/n", s.told.data());
    ASSERT_TRUE(s.hears(1));
    s.other.set("/n", "b");
    ASSERT_TRUE(s.hears(2));
    s.lose_session();  // the new one has seen nothing of any server when its connection breaks
    s.here.lead_to(1); // that server has not heard of "b", perhaps not even of "a"
    s.here.cut();
    s.world.run_for(10s);
    EXPECT_GT(s.inside().late_reads(), 0u);
    EXPECT_THAT(s.told.calls, ElementsAre("a", "b data_changed"));
}

TEST(data_watch, the_same_data_again_is_told_and_a_new_acl_is_not) {
    watching_scene s;
    s.other.create("/n", "a");
    const data_watch w(s.c, "/n", s.told.data());
    ASSERT_TRUE(s.hears(1));
    s.other.set("/n", "a");
    ASSERT_TRUE(s.hears(2));
    s.other.set_acl("/n", acls::read_unsafe());
    s.world.run_for(20s);
    EXPECT_THAT(s.told.calls, ElementsAre("a", "a data_changed"));
}

TEST(data_watch, a_node_that_may_not_be_read_is_told_once_and_it_is_over) {
    watching_scene s;
    s.other.create("/n", "a", {.acl = unreadable});
    const data_watch w(s.c, "/n", s.told.data(), {.on_error = s.told.errors()});
    ASSERT_TRUE(s.hears(1));
    EXPECT_TRUE(s.world.run_until([&] { return !w.active(); }, 1s));
    s.other.set_acl("/n", acls::open_unsafe());
    s.other.set("/n", "b");
    s.world.run_for(20s);
    EXPECT_THAT(s.told.calls, ElementsAre("error -102"));
    EXPECT_EQ(s.watches_at_the_server(), 0u);
}

TEST(data_watch, C79_without_on_error_the_end_is_logged) {
    simulation world;
    std::vector<std::string> lines;
    auto o = options_on(world.add_machine());
    o.log = {log_level::warn, [&](log_level, std::string_view line) { lines.emplace_back(line); }};
    const client c(simulation::addresses(), o);
    c.create("/n", "a", {.acl = unreadable});
    const data_watch w(c, "/n", [](const std::optional<node>&) {});
    ASSERT_TRUE(world.run_until([&] { return !w.active(); }, 10s));
    EXPECT_THAT(lines, testing::Contains(HasSubstr("data_watch \"/n\": not permitted")));
}

/// No event comes in any of these: the servers filter them.
TEST(data_watch, a_permission_that_is_taken_away_later_is_noticed) {
    watching_scene s;
    s.other.create("/n", "a");
    const data_watch w(s.c, "/n", s.told.data(), {.on_error = s.told.errors()});
    ASSERT_TRUE(s.hears(1));
    s.other.set_acl("/n", unreadable);
    s.other.set("/n", "b");
    ASSERT_TRUE(s.hears(2, 2 * 3s)) << "two timeouts of the session";
    EXPECT_THAT(s.told.calls, ElementsAre("a", "error -102"));
}

TEST(data_watch, a_node_that_is_made_unreadable_is_noticed) {
    watching_scene s;
    const data_watch w(s.c, "/n", s.told.data(), {.on_error = s.told.errors()});
    ASSERT_TRUE(s.hears(1));
    s.other.create("/n", "a", {.acl = unreadable});
    ASSERT_TRUE(s.hears(2, 2 * 3s));
    EXPECT_THAT(s.told.calls, ElementsAre("-", "error -102"));
}

TEST(data_watch, a_node_that_was_unreadable_when_it_was_deleted_is_told_as_deleted) {
    watching_scene s;
    s.other.create("/n", "a");
    const data_watch w(s.c, "/n", s.told.data(), {.on_error = s.told.errors()});
    ASSERT_TRUE(s.hears(1));
    s.other.set_acl("/n", unreadable);
    s.other.remove("/n");
    ASSERT_TRUE(s.hears(2, 2 * 3s));
    EXPECT_THAT(s.told.calls, ElementsAre("a", "-"));
}

TEST(data_watch, a_stop_is_synchronous_and_leaves_no_watch) {
    watching_scene s;
    data_watch w(s.c, "/n", s.told.data());
    ASSERT_TRUE(s.hears(1));
    EXPECT_EQ(s.watches_at_the_server(), 1u);
    w.stop();
    EXPECT_FALSE(w.active());
    s.other.create("/n", "a");
    s.world.run_for(10s);
    EXPECT_THAT(s.told.calls, ElementsAre("-"));
    EXPECT_EQ(s.watches_at_the_server(), 0u);
    w.stop();
}

TEST(data_watch, a_stop_before_the_first_answer_leaves_no_watch) {
    watching_scene s;
    s.other.create("/n", "a");
    data_watch w(s.c, "/n", s.told.data());
    w.stop();
    s.world.run_for(10s);
    EXPECT_THAT(s.told.calls, IsEmpty());
    EXPECT_EQ(s.watches_at_the_server(), 0u);
}

TEST(data_watch, a_function_that_says_stop_is_never_called_again) {
    watching_scene s;
    const auto held = std::make_shared<int>();
    int calls = 0;
    const data_watch w(s.c, "/n", [held, &calls](const std::optional<node>&) {
        ++calls;
        return watch_next::stop;
    });
    ASSERT_TRUE(s.world.run_until([&] { return calls == 1; }, 1min));
    s.other.create("/n", "a");
    s.world.run_for(10s);
    EXPECT_EQ(calls, 1);
    EXPECT_FALSE(w.active());
    EXPECT_EQ(held.use_count(), 1) << "the function is destroyed";
    EXPECT_EQ(s.watches_at_the_server(), 0u);
}

TEST(data_watch, a_function_may_stop_or_destroy_its_own_object) {
    watching_scene s;
    int calls = 0;
    std::optional<data_watch> w;
    w.emplace(s.c, "/n", [&](const std::optional<node>&) {
        ++calls;
        w.reset();
    });
    ASSERT_TRUE(s.world.run_until([&] { return calls == 1; }, 1min));
    s.other.create("/n", "a");
    s.world.run_for(10s);
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(s.watches_at_the_server(), 0u);
}

TEST(data_watch, can_be_moved) {
    watching_scene s;
    std::vector<data_watch> all;
    all.emplace_back(s.c, "/n", s.told.data());
    all.emplace_back(s.c, "/m", [](const std::optional<node>&) {});
    ASSERT_TRUE(s.hears(1));
    EXPECT_EQ(all[0].path(), "/n");
    all[0] = std::move(all[1]);
    s.other.create("/n", "a");
    s.world.run_for(1s);
    EXPECT_EQ(s.told.calls.size(), 1u) << "it was replaced";
    EXPECT_EQ(all[0].path(), "/m");
    EXPECT_TRUE(all[0].active());
    EXPECT_FALSE(all[1].active());
}

TEST(data_watch, close_ends_it_in_silence) {
    watching_scene s;
    const data_watch w(s.c, "/n", s.told.data(), {.on_error = s.told.errors()});
    ASSERT_TRUE(s.hears(1));
    s.c.close();
    s.other.create("/n", "a");
    s.world.run_for(10s);
    EXPECT_THAT(s.told.calls, ElementsAre("-"));
    EXPECT_FALSE(w.active());
    const data_watch late(s.c, "/n", s.told.data(), {.on_error = s.told.errors()});
    s.world.run_for(1s);
    EXPECT_FALSE(late.active());
    EXPECT_EQ(s.told.calls.size(), 1u);
}

TEST(data_watch, the_newest_state_waits_for_a_slow_function_and_no_queue_grows) {
    simulation world;
    auto o = options_on(world.add_machine());
    const auto by_hand = std::make_shared<manual_executor>();
    o.callback_executor = by_hand;
    const runs_the_rest at_the_end{world, *by_hand};
    const client c(simulation::addresses(), o), other(simulation::addresses(), options_on(world.add_machine()));
    c.wait_connected();
    other.create("/n", "0");
    told_log told;
    const data_watch w(c, "/n", told.data());
    world.run_for(1s);
    for (int i = 1; i <= 100; ++i) {
        other.set("/n", std::to_string(i));
        world.run_for(10ms);
    }
    EXPECT_EQ(by_hand->waiting.size(), 1u);
    ASSERT_TRUE(by_hand->run_one());
    EXPECT_THAT(told.calls, ElementsAre("100 data_changed"));
    EXPECT_FALSE(by_hand->run_one());
}

TEST(data_watch, C79_a_slow_function_delays_no_other_callback) {
    simulation world;
    auto o = options_on(world.add_machine());
    const auto pool = std::make_shared<manual_executor>();
    o.callback_executor = pool;
    const runs_the_rest at_the_end{world, *pool};
    const client c(simulation::addresses(), o);
    c.wait_connected();
    c.create("/n", "0");
    int slow = 0, others = 0;
    const data_watch w(c, "/n", [&](const std::optional<node>&) {
        ++slow;
        // Another thread of the pool works on while this one is in here.
        auto then = c.async_exists("/n").then([&](auto f) {
            (void)std::move(f).get();
            ++others;
        });
        world.run_for(1s);
        while (pool->run_one()) {
        }
        EXPECT_EQ(others, 2) << "a continuation, and the function of another object";
    });
    const data_watch beside(c, "/n", [&](const std::optional<node>&) { ++others; });
    world.run_for(1s);
    ASSERT_TRUE(pool->run_one());
    EXPECT_EQ(slow, 1);
}

TEST(data_watch, a_function_may_make_blocking_calls_but_not_wait_for_what_its_thread_would_run) {
    watching_scene s;
    std::vector<std::string> seen;
    const data_watch w(s.c, "/n", [&](const std::optional<node>&) {
        seen.push_back(s.c.exists("/n") ? "there" : "missing");
        auto never = s.c.async_exists("/n").then([](auto f) { return std::move(f).get().has_value(); });
        EXPECT_THROW(std::move(never).get(), error_of<errc::would_deadlock>);
    });
    ASSERT_TRUE(s.world.run_until([&] { return seen.size() == 1; }, 1min));
    EXPECT_THAT(seen, ElementsAre("missing"));
}

TEST(data_watch, paths_are_relative_to_the_chroot_in_events_too) {
    watching_scene s;
    s.other.ensure_path("/app");
    const client below = s.c.chroot("/app");
    std::vector<std::string> paths;
    const data_watch w(below, "/n", [&](const std::optional<node>&, const std::optional<watch_event>& e) {
        paths.push_back(e ? e->path : "");
    });
    ASSERT_TRUE(s.world.run_until([&] { return paths.size() == 1; }, 1min));
    s.other.create("/app/n");
    ASSERT_TRUE(s.world.run_until([&] { return paths.size() == 2; }, 1min));
    EXPECT_THAT(paths, ElementsAre("", "/n"));
}

// -- existing_data_watch ----------------------------------------------------------------------------------------------

TEST(existing_data_watch, A16_a_missing_node_is_told_once_and_nothing_stays) {
    watching_scene s;
    const existing_data_watch w(s.c, "/n", s.told.data());
    ASSERT_TRUE(s.hears(1));
    EXPECT_EQ(s.watches_at_the_server(), 0u);
    s.other.create("/n", "a");
    s.world.run_for(10s);
    EXPECT_THAT(s.told.calls, ElementsAre("-"));
    EXPECT_FALSE(w.active());
}

TEST(existing_data_watch, A16_follows_changes_until_the_node_is_deleted) {
    watching_scene s;
    s.other.create("/n", "a");
    const existing_data_watch w(s.c, "/n", s.told.data());
    ASSERT_TRUE(s.hears(1));
    s.other.set("/n", "b");
    ASSERT_TRUE(s.hears(2));
    s.other.remove("/n");
    ASSERT_TRUE(s.hears(3));
    s.other.create("/n", "c");
    s.world.run_for(10s);
    EXPECT_THAT(s.told.calls, ElementsAre("a", "b data_changed", "- deleted"));
    EXPECT_FALSE(w.active());
    EXPECT_EQ(s.watches_at_the_server(), 0u);
}

TEST(existing_data_watch, a_deletion_during_a_lost_session_is_told) {
    watching_scene s;
    s.other.create("/n", "a");
    const existing_data_watch w(s.c, "/n", s.told.data());
    ASSERT_TRUE(s.hears(1));
    s.here.refuse(true);
    s.here.cut();
    ASSERT_TRUE(s.reaches(session_state::connecting));
    s.other.remove("/n");
    s.here.refuse(false);
    ASSERT_TRUE(s.hears(2));
    EXPECT_THAT(s.told.calls, ElementsAre("a", "-"));
    EXPECT_TRUE(s.world.run_until([&] { return !w.active(); }, 1s));
    EXPECT_EQ(s.watches_at_the_server(), 0u);
}

} // namespace
} // namespace kazoo::testkit
