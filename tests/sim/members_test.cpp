// A client on an ensemble whose members are cut off from each other.
#include "scene.hpp"

namespace kazoo::testkit {
namespace {

simulation_options three_members(std::uint64_t seed = 1) {
    return {.seed = seed, .tick = 500ms, .min_session_timeout = 1000ms, .members = 3};
}

struct members_scene : scene {
    explicit members_scene(std::uint64_t seed = 1) : scene(three_members(seed)) {}
    std::size_t leader() const { return world.leader().value(); }
    std::size_t follower() const { return (leader() + 1) % 3; }
    void cut_off(std::size_t a, std::size_t b, bool on) {
        world.hold_members(a, b, on);
        world.hold_members(b, a, on);
    }
};

TEST(members, answer_a_client_wherever_it_is) {
    for (std::size_t member = 0; member < 3; ++member) {
        members_scene s(member + 1);
        s.here.lead_to(member);
        s.c.create("/a", "x");
        EXPECT_EQ(s.c.get("/a").data, "x");
        s.c.set("/a", "y");
        s.c.sync("/a");
        EXPECT_FALSE(s.c.exists("/none"));
    }
}

TEST(members, a_client_outlives_the_leader) {
    members_scene s;
    s.c.create("/a", "", {.mode = create_mode::ephemeral});
    const session_id id = s.c.session_id();
    s.world.stop_member(s.leader());
    ASSERT_TRUE(s.world.run_until([&] { return s.world.leader().has_value(); }, 10s));
    s.c.wait_connected();
    EXPECT_EQ(s.c.session_id(), id);
    EXPECT_TRUE(s.c.exists("/a"));
    EXPECT_FALSE(s.world.end_of(id));
}

TEST(members, end_the_session_of_a_client_whose_server_still_answers) {
    members_scene s;
    s.here.lead_to(s.follower());
    s.c.create("/a", "", {.mode = create_mode::ephemeral});
    const session_id id = s.c.session_id();
    s.cut_off(s.leader(), s.follower(), true);
    s.world.run_for(300ms);
    EXPECT_TRUE(s.c.exists("/a"));
    ASSERT_TRUE(s.world.run_until([&] { return s.world.end_of(id).has_value(); }, 10s));
}

TEST(members, a_write_waits_for_a_majority) {
    members_scene s;
    const std::size_t leader = s.leader();
    s.here.lead_to(leader);
    s.c.create("/a");
    for (const std::size_t each : {(leader + 1) % 3, (leader + 2) % 3}) s.world.hold_members(leader, each, true);
    auto writing = s.c.async_set("/a", "x");
    s.world.run_for(500ms);
    EXPECT_FALSE(writing.ready());
    EXPECT_EQ(s.c.state(), session_state::connected);
    for (const std::size_t each : {(leader + 1) % 3, (leader + 2) % 3}) s.world.hold_members(leader, each, false);
    ASSERT_TRUE(s.finish(writing));
    EXPECT_EQ(s.c.get("/a").data, "x");
}

TEST(members, a_paused_one_answers_when_it_goes_on) {
    members_scene s;
    s.here.lead_to(s.follower());
    s.c.create("/a");
    s.world.pause_member(s.follower(), true);
    auto reading = s.c.async_get("/a");
    s.world.run_for(500ms);
    EXPECT_FALSE(reading.ready());
    s.world.pause_member(s.follower(), false);
    EXPECT_TRUE(s.finish(reading));
}

TEST(members, a_seed_repeats_itself) {
    const auto hash = [](std::uint64_t seed) {
        members_scene s(seed);
        s.c.create("/a");
        s.world.disconnect_members(s.leader(), s.follower());
        s.world.run_for(5s);
        return s.world.trace_hash();
    };
    EXPECT_EQ(hash(3), hash(3));
    EXPECT_NE(hash(3), hash(4));
}

} // namespace
} // namespace kazoo::testkit
