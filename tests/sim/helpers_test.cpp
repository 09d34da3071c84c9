// Helpers of several requests, and what becomes of them when connections and sessions are lost at the worst moment.
#include "scene.hpp"

namespace kazoo::testkit {
namespace {

std::optional<std::string> plus_one(const node& n) { return std::to_string(std::stoi(n.data.str()) + 1); }

struct counter_scene : scene {
    counter_scene() {
        c.create("/n", "1");
        inside().on_write = [this](const sim_write& w) {
            if (w.write.error == errc{} && w.write.type == proto::opcode::set_data) {
                ++sets;
                if (on_set) inside().after(0ns, std::exchange(on_set, nullptr)); // the answer is under way
            }
        };
    }
    int sets = 0;
    std::function<void()> on_set; ///< at the next one
};

TEST(updates, C73_a_lost_reply_does_not_make_it_count_twice) {
    counter_scene s;
    s.on_set = [&] { s.here.cut(); };
    EXPECT_EQ(verdict_of(s.c.async_update("/n", plus_one)), failed(errc::connection_loss, outcome::unknown));
    EXPECT_EQ(s.c.get("/n").data, "2");
    EXPECT_EQ(s.sets, 1);
}

TEST(updates, C73_an_own_change_below_a_newer_one_is_not_taken_for_somebody_elses) {
    counter_scene s;
    const client other(simulation::addresses(), options_on(s.world.add_machine()));
    other.wait_connected();
    s.on_set = [&] {
        s.here.refuse(true);
        s.here.cut();
    };
    auto updating = s.c.async_update("/n", plus_one);
    s.world.run_for(100ms);
    other.set("/n", "10");
    s.here.refuse(false);
    EXPECT_EQ(verdict_of(std::move(updating)), failed(errc::connection_loss, outcome::unknown));
    EXPECT_EQ(s.c.get("/n").data, "10");
}

TEST(updates, a_lost_request_that_was_not_applied_is_sent_again) {
    counter_scene s;
    s.c.exists("/n");
    auto updating = s.c.async_update("/n", [&](const node& n) {
        s.here.silence(flow::to_server, true);
        return plus_one(n);
    });
    s.world.run_for(100ms);
    s.here.cut();
    s.here.silence(flow::to_server, false);
    EXPECT_EQ(std::move(updating).get().data, "2");
    EXPECT_EQ(s.sets, 1);
}

TEST(updates, after_a_lost_reply_a_change_of_somebody_else_is_known_by_its_data) {
    counter_scene s;
    const client other(simulation::addresses(), options_on(s.world.add_machine()));
    other.wait_connected();
    int tries = 0;
    auto updating = s.c.async_update("/n", [&](const node& n) {
        if (++tries == 1) s.here.silence(flow::to_server, true);
        return plus_one(n);
    });
    s.world.run_for(100ms);
    other.set("/n", "10");
    s.here.cut();
    s.here.silence(flow::to_server, false);
    EXPECT_EQ(std::move(updating).get().data, "11");
    EXPECT_EQ(tries, 2);
}

TEST(updates, go_on_in_the_next_session) {
    counter_scene s;
    int tries = 0;
    auto updating = s.c.async_update("/n", [&](const node& n) {
        if (++tries == 1) s.world.expire_session(s.c.session_id());
        return plus_one(n);
    });
    EXPECT_EQ(std::move(updating).get().data, "2");
}

TEST(trees, a_removal_goes_on_in_the_next_session) {
    scene s;
    s.c.create("/a");
    for (int i = 0; i < 20; ++i) s.c.create("/a/" + std::to_string(i));
    const session_id before = s.c.session_id();
    auto removing = s.c.async_remove_tree("/a");
    s.world.expire_session(before);
    std::move(removing).get();
    EXPECT_NE(s.c.session_id(), before);
    EXPECT_FALSE(s.c.exists("/a"));
}

TEST(trees, a_removal_that_is_cancelled_ends_and_sends_nothing_more) {
    scene s;
    s.c.create("/a");
    for (int i = 0; i < 20; ++i) s.c.create("/a/" + std::to_string(i));
    s.here.silence(flow::to_server, true);
    auto removing = s.c.async_remove_tree("/a");
    s.world.run_for(10ms);
    removing.cancel();
    EXPECT_EQ(verdict_of(std::move(removing)).code, errc::cancelled);
    s.here.silence(flow::to_server, false);
    s.world.run_for(5s);
    EXPECT_EQ(s.c.get_children("/a").size(), 20u);
}

TEST(trees, one_that_somebody_makes_again_behind_a_lost_removal_stays) {
    scene s;
    const client other(simulation::addresses(), options_on(s.world.add_machine()));
    s.c.create("/a");
    other.wait_connected();
    s.inside().on_write = [&](const sim_write& w) {
        if (w.write.type != proto::opcode::remove) return;
        s.inside().after(0ns, [&] {
            s.here.refuse(true);
            s.here.cut();
        });
    };
    auto removing = s.c.async_remove_tree("/a");
    s.world.run_for(100ms);
    other.create("/a", "new");
    s.here.refuse(false);
    std::move(removing).get();
    EXPECT_EQ(s.c.get("/a").data, "new");
}

TEST(trees, C35_with_another_version_of_its_top_nothing_is_removed) {
    scene s;
    s.c.create("/a");
    s.c.create("/a/1");
    EXPECT_EQ(verdict_of(s.c.async_remove_tree("/a", version{5})), failed(errc::bad_version));
    EXPECT_TRUE(s.c.exists("/a/1"));
}

TEST(trees, a_removal_that_ends_half_way_does_not_say_that_nothing_was_removed) {
    scene s;
    const std::vector<acl> no_removals{{perms::read | perms::admin, "world", "anyone"}};
    for (const char* path : {"/a", "/a/1", "/a/1/x", "/a/2"}) s.c.create(path);
    s.c.set_acl("/a/1", no_removals);
    EXPECT_EQ(verdict_of(s.c.async_remove_tree("/a")), failed(errc::no_auth, outcome::unknown));
    EXPECT_EQ(verdict_of(s.c.async_remove_tree("/a")), failed(errc::no_auth));
}

void calls_of_a_walk_come_every(std::chrono::microseconds pause) {
    scene s;
    std::vector<std::string> expected{"/a"};
    for (int i = 100; i < 300; ++i) expected.push_back("/a/" + std::to_string(i));
    for (const std::string& path : expected) s.c.create(path);
    tree_walk walk = s.c.walk("/a");
    std::vector<future<std::optional<tree_entry>>> calls;
    const std::function<void()> call = [&] {
        calls.push_back(walk.async_next());
        if (calls.size() < expected.size()) s.inside().after(pause, call);
    };
    call();
    ASSERT_TRUE(s.world.run_until([&] {
        return calls.size() == expected.size() && std::ranges::all_of(calls, [](const auto& f) { return f.ready(); });
    }));
    std::vector<std::string> met;
    for (auto& f : calls) met.push_back(std::move(f).get()->path);
    EXPECT_EQ(met, expected) << pause;
}

TEST(trees, calls_of_a_walk_that_come_while_others_end_are_served_in_their_order) {
    for (auto pause = 5us; pause < 200us; pause += 5us) calls_of_a_walk_come_every(pause);
}

TEST(trees, requests_are_as_many_as_nodes_and_round_trips_as_few_as_levels) {
    scene s({.shortest_delay = 10ms, .longest_delay = 10ms});
    s.c.create("/a");
    for (int i = 0; i < 100; ++i) s.c.create("/a/" + std::to_string(i));
    const auto before = s.world.now();
    EXPECT_EQ(s.c.remove_tree("/a"), 101u);
    // The top with its sync, its children, and the removals: three round trips of 20 ms.
    EXPECT_EQ((s.world.now() - before) / 20ms, 3);
}

TEST(retries, C29_neither_close_nor_a_stop_waits_for_a_pause) {
    scene s;
    s.c.wait_connected();
    const auto fails = [&] {
        return s.c.async_exists("/").then([](future<std::optional<node_stat>>) {
            throw_error(make_error_code(errc::throttled), outcome::not_applied, "try", {});
        });
    };
    retry_rules rules;
    rules.pauses = {.initial_delay = 1h, .max_delay = 1h};
    std::stop_source stop;
    auto stopped = async_retry(s.c, rules, fails).stop_on(stop.get_token());
    auto closed = async_retry(s.c, rules, fails);
    s.world.run_for(10min);
    EXPECT_FALSE(stopped.ready());
    stop.request_stop();
    EXPECT_TRUE(s.world.run_until([&] { return stopped.ready(); }, 1ms));
    EXPECT_FALSE(closed.ready());
    s.c.close();
    EXPECT_TRUE(s.finish(closed));
    EXPECT_EQ(verdict_of(std::move(stopped)).code, errc::cancelled);
    EXPECT_EQ(verdict_of(std::move(closed)).code, errc::closed);
}

TEST(retries, pauses_and_deadline_are_of_the_worlds_time) {
    scene s;
    s.c.wait_connected();
    int tries = 0;
    const retry_rules rules{.pauses = {.initial_delay = 1s, .max_delay = 1h, .factor = 2, .jitter = 0},
                            .deadline = 1min};
    const auto before = s.world.now();
    EXPECT_THROW(retry(s.c, rules,
                       [&] {
                           ++tries;
                           throw_error(make_error_code(errc::throttled), outcome::not_applied, "try", {});
                       }),
                 error);
    EXPECT_EQ(tries, 6); // at 0, 1, 3, 7, 15 and 31 s; the next one would be at 63 s
    EXPECT_EQ((s.world.now() - before) / 1s, 31);
}

TEST(remove_tree, tells_no_progress_behind_the_end_of_its_future_however_that_came) {
    for (const bool cancelled : {false, true}) {
        scene s;
        s.c.create("/t");
        for (int i = 0; i < 3000; ++i) s.c.async_create("/t/" + std::to_string(i)).detach();
        s.c.sync("/");
        int told = 0;
        auto removing = s.c.async_remove_tree("/t", version::any, [&](tree_progress) { ++told; });
        ASSERT_TRUE(s.world.run_until([&] { return told > 0; }));
        if (cancelled)
            std::move(removing).cancel();
        else
            EXPECT_EQ(std::move(removing).get(), 3001u);
        if (cancelled) s.world.run_for(1ms); // its function may be running
        const int told_before_the_end = told;
        s.world.run_for(10s);
        EXPECT_EQ(told, told_before_the_end);
    }
}

} // namespace
} // namespace kazoo::testkit
