// kazoo::set_partitioner in exact situations.
#include "set_partitioner_scene.hpp"

#include <kazoo/recipe/mutex.hpp>

#include <gmock/gmock.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kazoo::testkit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// -- the boundary -----------------------------------------------------------------------------------------------------

TEST(set_partitioner, C71_items_are_shared_out_one_boundary_after_the_last_change) {
    sharing_scene s;
    auto first = s.us.async_acquire();
    s.world.run_for(600ms);
    auto second = s.them.async_acquire();
    s.world.run_for(950ms);
    EXPECT_FALSE(first.ready());
    EXPECT_FALSE(second.ready());
    EXPECT_TRUE(s.is_soon([&] { return first.ready() && second.ready(); }, 100ms))
        << "kazoo for Python takes until the end of the second boundary";
    EXPECT_THAT(std::move(second).get().items(), ElementsAre("a", "c"));
    EXPECT_THAT(std::move(first).get().items(), ElementsAre("b", "d"));
}

TEST(set_partitioner, C71_a_broken_connection_begins_no_boundary) {
    sharing_scene s;
    auto asked = s.us.async_acquire();
    s.world.run_for(600ms);
    s.here.cut();
    s.world.run_for(350ms);
    EXPECT_FALSE(asked.ready());
    EXPECT_TRUE(s.is_soon([&] { return asked.ready(); }, 100ms));
}

TEST(set_partitioner, C71_nothing_is_shared_out_before_a_server_has_confirmed_the_members) {
    sharing_scene s;
    auto asked = s.us.async_acquire();
    s.world.run_for(600ms);
    s.here.refuse(true);
    s.here.cut();
    auto theirs = s.them.async_acquire();
    s.world.run_for(1100ms);
    EXPECT_FALSE(asked.ready());
    EXPECT_TRUE(theirs.ready());
    s.here.refuse(false);
    const partition mine = s.end(std::move(asked));
    EXPECT_THAT(mine.items(), ElementsAre("b", "d"));
}

TEST(set_partitioner, C71_the_boundary_counts_from_the_change_and_not_from_the_release) {
    sharing_scene s;
    for (const auto used : {600ms, 1500ms}) {
        std::optional<partition> mine = s.ours();
        auto theirs = s.them.async_acquire();
        ASSERT_TRUE(s.is_soon([&] { return mine->revoked().stop_requested(); }));
        s.world.run_for(used);
        mine.reset();
        auto again = s.us.async_acquire();
        if (used < 1s) {
            s.world.run_for(350ms);
            EXPECT_FALSE(again.ready());
        }
        EXPECT_TRUE(s.is_soon([&] { return again.ready(); }, 100ms));
        EXPECT_THAT(std::move(again).get().items(), ElementsAre("b", "d"));
        (void)s.end(std::move(theirs));
        (void)s.end(s.them.async_leave());
        s.world.run_for(2s);
    }
}

TEST(set_partitioner, C71_a_stop_ends_the_wait_at_once) {
    sharing_scene s({}, named("us", std::chrono::hours(10)));
    std::stop_source stop;
    auto stopped = s.us.async_acquire(stop.get_token());
    auto limited = s.them.async_acquire_for(700ms);
    s.world.run_for(500ms);
    stop.request_stop();
    EXPECT_TRUE(s.is_soon([&] { return stopped.ready(); }, 1ms));
    EXPECT_FALSE(std::move(stopped).get());
    s.world.run_for(210ms);
    ASSERT_TRUE(limited.ready());
    EXPECT_FALSE(std::move(limited).get());
    EXPECT_TRUE(s.is_soon([&] { return s.party().empty() && s.watches_at_the_server() == 0; }));
}

// -- taking -----------------------------------------------------------------------------------------------------------

TEST(set_partitioner, C66_what_somebody_keeps_is_tried_again_and_never_ours) {
    sharing_scene s({}, named("us", 0ms));
    mutex kept(s.other, "/s/locks/c");
    s.end(kept.async_lock());
    int created = 0;
    s.inside().on_write = [&](const sim_write& w) {
        const bool lock_made = w.write.type == proto::opcode::create || w.write.type == proto::opcode::create2;
        if (lock_made && s.below("/s/locks/a/").size() == 1 && w.write.error == errc{}) ++created;
    };
    auto asked = s.us.async_acquire();
    s.world.run_for(500ms);
    EXPECT_THAT(s.locks(), SizeIs(5)) << "in line";
    s.world.run_for(520ms);
    EXPECT_LT(created, 15) << "pauses grow";
    bool given_back = false;
    s.world.run_until([&] { return given_back = given_back || s.locks().size() == 1; }, 5s);
    EXPECT_TRUE(given_back);
    EXPECT_FALSE(asked.ready());
    EXPECT_EQ(s.us.state(), partition_state::allocating);
    EXPECT_TRUE(kept.holds());
    s.world.run_for(20s);
    EXPECT_FALSE(asked.ready());
    kept.unlock();
    EXPECT_TRUE(s.is_soon([&] { return asked.ready(); }, 2200ms)) << "within the longest pause";
    EXPECT_TRUE(std::move(asked).get().holds());
}

TEST(set_partitioner, C66_the_reaction_time_is_that_of_each_lock) {
    sharing_scene s({}, named("us", 0ms));
    std::vector<std::unique_ptr<mutex>> kept;
    for (const auto& item : letters) {
        kept.push_back(std::make_unique<mutex>(s.other, "/s/locks/" + item));
        s.end(kept.back()->async_lock());
    }
    auto asked = s.us.async_acquire();
    s.world.run_for(100ms);
    std::vector<std::string> waiting;
    for (const auto* n : s.locks()) waiting.emplace_back(n->path);
    ASSERT_THAT(waiting, SizeIs(8));
    for (const auto& one : kept) { // each of them in time
        s.world.run_for(700ms);
        one->unlock();
    }
    EXPECT_TRUE(s.is_soon([&] { return asked.ready(); }));
    const partition mine = std::move(asked).get();
    for (const auto* n : s.locks()) EXPECT_THAT(waiting, testing::Contains(n->path)) << "taken by the first try";
}

TEST(set_partitioner, C66_time_without_a_connection_is_no_reaction_time) {
    for (const auto without : {10ms, 30ms, 50ms, 70ms, 90ms, 900ms}) {
        set_partitioner_options o = named("us", 0ms);
        o.max_reaction_time = 200ms;
        sharing_scene s({}, o);
        mutex kept(s.other, "/s/locks/c");
        s.end(kept.async_lock());
        auto asked = s.us.async_acquire();
        s.world.run_for(100ms);
        std::vector<std::string> waiting;
        for (const auto* n : s.locks()) waiting.emplace_back(n->path);
        ASSERT_THAT(waiting, SizeIs(5));
        s.here.refuse(true);
        s.here.cut();
        s.world.run_for(without);
        s.here.refuse(false);
        ASSERT_TRUE(s.reaches(session_state::connected));
        s.world.run_for(150ms);
        kept.unlock();
        EXPECT_TRUE(s.is_soon([&] { return asked.ready(); }, 500ms));
        const partition mine = std::move(asked).get();
        for (const auto* n : s.locks()) EXPECT_THAT(waiting, testing::Contains(n->path)) << "taken by the first try";
    }
}

TEST(set_partitioner, what_was_taken_is_given_back_when_the_party_changes) {
    sharing_scene s({}, named("us", 0ms));
    mutex kept(s.other, "/s/locks/b");
    s.end(kept.async_lock());
    auto asked = s.us.async_acquire();
    s.world.run_for(300ms);
    ASSERT_THAT(s.locks(), SizeIs(5));
    s.other.create("/s/party/00000000000000000000000000000000-zoe", "", {.mode = create_mode::ephemeral});
    EXPECT_TRUE(s.is_soon([&] { return asked.ready(); })) << "b is not ours any more";
    EXPECT_THAT(std::move(asked).get().items(), ElementsAre("a", "c"));
}

TEST(set_partitioner, a_thousand_items_are_taken_in_few_round_trips) {
    scene s({.shortest_delay = 1ms, .longest_delay = 1ms});
    s.c.wait_connected();
    shares many;
    for (int i = 0; i < 1000; ++i) many.push_back(std::to_string(i));
    set_partitioner p(s.c, "/s", many, named("us", 0ms));
    auto asked = p.async_acquire();
    ASSERT_TRUE(s.finish(asked));
    std::optional<partition> mine = std::move(asked).get();
    EXPECT_THAT(mine->items(), SizeIs(1000));
    auto released = mine->async_release();
    ASSERT_TRUE(s.finish(released));
    EXPECT_TRUE(std::move(released).get());
    s.world.run_for(1s);
    const auto begun = s.world.now();
    auto again = p.async_acquire();
    ASSERT_TRUE(s.finish(again));
    EXPECT_LE(s.world.now() - begun, 50ms) << "one after the other they take two seconds";
    EXPECT_TRUE(std::move(again).get().holds());
}

// -- losing and giving up, at any moment ------------------------------------------------------------------------------

TEST(set_partitioner, C67_who_gives_up_at_any_moment_leaves_nothing) {
    int early = 0, late = 0;
    for (int delay = 0; delay < 80; ++delay) {
        sharing_scene s({}, named("us", 0ms));
        auto asked = s.us.async_acquire();
        s.world.run_for(std::chrono::microseconds(150 * delay));
        (asked.ready() ? late : early) += 1;
        asked.cancel();
        if (asked.ready()) (void)std::move(asked).result();
        auto left = s.us.async_leave();
        ASSERT_TRUE(s.finish(left)) << delay;
        s.world.run_for(10s);
        EXPECT_THAT(s.party(), IsEmpty()) << delay;
        EXPECT_THAT(s.locks(), IsEmpty()) << delay;
        EXPECT_EQ(s.watches_at_the_server(), 0u) << delay;
        EXPECT_EQ(s.us.state(), partition_state::idle) << delay;
    }
    EXPECT_GT(early, 0);
    EXPECT_GT(late, 0);
}

TEST(set_partitioner, C67_a_session_that_is_lost_at_any_moment_costs_time_alone) {
    for (int delay = 0; delay < 60; ++delay) {
        sharing_scene s({}, named("us", 0ms));
        auto asked = s.us.async_acquire();
        s.world.run_for(std::chrono::microseconds(200 * delay));
        s.world.expire_session(s.c.session_id());
        ASSERT_TRUE(s.finish(asked)) << delay;
        std::optional<partition> mine = std::move(asked).get();
        s.world.run_for(10s);
        if (!mine->holds()) { // it was lost behind the answer
            EXPECT_TRUE(mine->lost().stop_requested());
            EXPECT_EQ(s.us.state(), partition_state::failure);
            mine.reset();
            mine = s.ours();
        }
        s.world.run_for(10s);
        EXPECT_THAT(s.party(), SizeIs(1)) << delay;
        EXPECT_THAT(s.locks(), SizeIs(4)) << delay;
        EXPECT_TRUE(s.all_are_ours()) << delay;
        if (mine->revoked().stop_requested()) { // our own coming back
            mine.reset();
            mine = s.ours();
        }
        EXPECT_TRUE(mine->holds()) << delay;
        mine.reset();
        s.world.run_for(1s);
        EXPECT_THAT(s.locks(), IsEmpty()) << delay;
    }
}

TEST(set_partitioner, a_connection_that_breaks_at_any_moment_leaves_one_node_of_each_kind) {
    std::uint64_t landed = 0;
    for (const bool late : {false, true})
        for (int delay = 0; delay < 60; ++delay) {
            sharing_scene s({.seed = static_cast<std::uint64_t>(delay) + 1}, named("us", 0ms));
            s.here.late(late);
            auto asked = s.us.async_acquire();
            s.world.run_for(std::chrono::microseconds(200 * delay));
            s.here.cut();
            ASSERT_TRUE(s.finish(asked)) << delay;
            std::optional<partition> mine = std::move(asked).get();
            s.world.run_for(20s);
            landed += s.landed_late();
            EXPECT_TRUE(mine->holds()) << delay;
            EXPECT_THAT(s.party(), SizeIs(1)) << delay;
            EXPECT_THAT(s.locks(), SizeIs(4)) << delay;
            mine.reset();
            s.world.run_for(20s);
            EXPECT_THAT(s.locks(), IsEmpty()) << delay;
        }
    EXPECT_GT(landed, 0u);
}

TEST(set_partitioner, C72_connections_that_break_take_nothing_while_the_session_certainly_lives) {
    sharing_scene s;
    const partition mine = s.ours();
    for (int i = 0; i < 10; ++i) {
        s.here.cut();
        s.world.run_for(700ms);
        EXPECT_TRUE(mine.holds());
        EXPECT_FALSE(mine.revoked().stop_requested());
        EXPECT_EQ(s.us.state(), partition_state::acquired);
    }
}

TEST(set_partitioner, a_share_is_lost_before_anybody_else_can_have_it) {
    sharing_scene s;
    const partition mine = s.ours();
    auto theirs = s.them.async_acquire();
    s.here.refuse(true);
    s.here.cut();
    ASSERT_TRUE(s.world.run_until([&] { return !mine.holds(); }, 3s));
    EXPECT_FALSE(theirs.ready());
    EXPECT_TRUE(s.is_soon([&] {
        return mine.lost().stop_requested() && mine.revoked().stop_requested() &&
               s.us.state() == partition_state::failure;
    }));
    EXPECT_THAT(mine.items(), IsEmpty());
    const partition all = s.end(std::move(theirs));
    EXPECT_THAT(all.items(), SizeIs(4));
}

TEST(set_partitioner, a_share_without_items_hears_of_the_end_of_its_session) {
    scene s;
    s.c.wait_connected();
    set_partitioner p(s.c, "/s", {}, named("us", 0ms));
    auto asked = p.async_acquire();
    ASSERT_TRUE(s.finish(asked));
    const partition none = std::move(asked).get();
    EXPECT_TRUE(none.holds());
    s.world.expire_session(s.c.session_id());
    EXPECT_TRUE(s.world.run_until([&] { return none.revoked().stop_requested(); }, 10s));
    EXPECT_EQ(p.state(), partition_state::release);
}

/// Each may see a party that the other one has joined, or left, some time ago.
TEST(set_partitioner, servers_that_lag_let_nobody_have_what_somebody_has) {
    sharing_scene s({.followers = 2, .shortest_lag = 200ms, .longest_lag = 400ms}, named("us", 0ms));
    s.here.lead_to(1);
    s.there.lead_to(2);
    s.here.cut();
    s.there.cut();
    s.c.wait_connected();
    s.other.wait_connected();
    set_partitioner theirs(s.other, "/s", letters, named("them", 0ms));
    struct side {
        set_partitioner& p;
        std::optional<partition> mine{};
        future<partition> asked{};
        int shares = 0;
        void step() {
            if (mine && mine->revoked().stop_requested()) mine.reset();
            if (!mine && !asked.valid()) asked = p.async_acquire();
            if (!asked.valid() || !asked.ready()) return;
            mine.emplace(std::move(asked).get());
            ++shares;
        }
        std::vector<std::string> items() const {
            return mine && mine->holds() ? mine->items() : std::vector<std::string>();
        }
    } us{s.us}, them{theirs};
    const auto share_out = [&] {
        return s.world.run_until(
            [&] {
                us.step();
                them.step();
                shares all = us.items();
                const shares others = them.items();
                all.insert(all.end(), others.begin(), others.end());
                std::ranges::sort(all);
                EXPECT_EQ(std::ranges::adjacent_find(all), all.end()) << "held twice";
                return us.items().size() == 2 && them.items().size() == 2;
            },
            1min);
    };
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(share_out()) << i;
        const side& who = i % 2 == 0 ? us : them;
        auto left = who.p.async_leave();
        ASSERT_TRUE(s.finish(left));
        ASSERT_TRUE(s.world.run_until([&] { return who.mine->revoked().stop_requested(); }, 10s));
    }
    EXPECT_GT(us.shares + them.shares, 10) << "who has left has come back each time";
}

TEST(set_partitioner, who_cannot_come_back_to_the_party_is_told_so) {
    for (const auto boundary : {0ms, 1000ms})
        for (int delay = 0; delay < 40; ++delay) {
            sharing_scene s({}, named("us", boundary));
            mutex kept(s.other, "/s/locks/c");
            s.end(kept.async_lock());
            auto asked = s.us.async_acquire();
            ASSERT_TRUE(s.is_soon([&] { return s.party().size() == 1; }));
            s.world.run_for(std::chrono::microseconds(250 * delay));
            auto removed = s.other.async_remove(s.party().at(0)->path);
            auto closed = s.other.async_set_acl("/s/party", acls::read_unsafe());
            ASSERT_TRUE(s.finish(removed, closed));
            ASSERT_TRUE(s.finish(asked)) << delay;
            EXPECT_EQ(verdict_of(std::move(asked)).code, errc::no_auth) << delay;
            EXPECT_EQ(s.us.state(), partition_state::failure);
        }
}

// -- who else is there ------------------------------------------------------------------------------------------------

TEST(set_partitioner, C68_who_is_not_in_the_party_does_not_share_out) {
    sharing_scene s;
    auto asked = s.us.async_acquire();
    s.world.run_for(900ms);
    ASSERT_THAT(s.party(), SizeIs(1));
    s.other.remove(s.party().at(0)->path);
    s.world.run_for(900ms);
    EXPECT_FALSE(asked.ready());
    EXPECT_TRUE(s.is_soon([&] { return asked.ready(); }, 200ms));
    EXPECT_THAT(s.party(), SizeIs(1));
    EXPECT_THAT(std::move(asked).get().items(), SizeIs(4));
}

TEST(set_partitioner, members_of_python_do_not_say_what_set_they_have) {
    sharing_scene s({}, named("us", 0ms));
    s.other.create("/s/party/0123456789ab4def8123456789abcdef-python", "python", {.mode = create_mode::ephemeral});
    EXPECT_THAT(s.ours().items(), ElementsAre("b", "d"));
    const std::string member(s.party().at(1)->path);
    const std::string id = member.substr(member.rfind('/') + 1, 32);
    EXPECT_EQ(id[12], '8') << "a UUID of version 8, " << member;
    (void)s.end(s.us.async_leave());
    set_partitioner same(s.c, "/t", {"d", "c", "b", "a", "a"}, named("us", 0ms)),
        another(s.c, "/u", {"a"}, named("us", 0ms));
    const partition p = s.end(same.async_acquire()), q = s.end(another.async_acquire());
    const auto set_at = [&](std::string_view folder) {
        const std::string path(s.below(folder).at(0)->path);
        return path.substr(path.rfind('/') + 21, 12);
    };
    EXPECT_EQ(set_at("/t/party/"), id.substr(20)) << "the same set is told alike";
    EXPECT_NE(set_at("/u/party/"), id.substr(20));
}

TEST(set_partitioner, who_came_first_decides_what_is_shared_out) {
    sharing_scene s({}, named("us", 0ms));
    set_partitioner stranger(s.other, "/s", {"x", "y"}, named("stranger", 0ms));
    std::optional<partition> mine = s.ours();
    auto refused = stranger.async_acquire();
    ASSERT_TRUE(s.finish(refused));
    EXPECT_EQ(verdict_of(std::move(refused)), failed(errc::bad_arguments));
    EXPECT_TRUE(s.is_soon([&] { return s.party().size() == 1; })) << "it has left";
    EXPECT_TRUE(mine->revoked().stop_requested());
    mine.reset();
    mine = s.ours();
    EXPECT_THAT(mine->items(), SizeIs(4));
    mine.reset();
    (void)s.end(s.us.async_leave());
    const partition theirs = s.end(stranger.async_acquire());
    EXPECT_THAT(theirs.items(), ElementsAre("x", "y")) << "now it is the first one";
    auto ours = s.us.async_acquire();
    ASSERT_TRUE(s.finish(ours));
    EXPECT_EQ(verdict_of(std::move(ours)), failed(errc::bad_arguments));
}

} // namespace
} // namespace kazoo::testkit
