// kazoo::election in exact situations: what becomes of a leader and a candidate while nobody is reached.
#include "sim/scene.hpp"

#include <kazoo/recipe/election.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace kazoo::testkit {
namespace {

struct election_scene : scene {
    election_scene() {
        c.wait_connected();
        other.wait_connected();
        (void)c.async_create("/e");
    }
    std::size_t standing() const {
        return static_cast<std::size_t>(std::ranges::count_if(
            inside().server().nodes().sorted(), [](const auto* n) { return n->path.starts_with("/e/"); }));
    }
    leadership elected(future<leadership> f) {
        EXPECT_TRUE(finish(f));
        return std::move(f).get();
    }

    machine there = world.add_machine();
    client other{simulation::addresses(), options_on(there)};
    election ours{c, "/e"}, theirs{other, "/e"};
};

TEST(election, a_leader_without_a_server_knows_that_it_has_lost_before_anybody_else_leads) {
    election_scene s;
    const leadership l = s.elected(s.ours.async_stand());
    auto standing = s.theirs.async_stand();
    ASSERT_TRUE(s.world.run_until([&] { return s.standing() == 2; }, 10s));
    s.here.silence(flow::to_server, true);
    s.here.silence(flow::to_client, true);
    bool both = false;
    ASSERT_TRUE(s.world.run_until(
        [&] {
            both = both || (l.holds() && standing.ready());
            return standing.ready();
        },
        1min));
    EXPECT_FALSE(both);
    EXPECT_FALSE(l.holds());
    EXPECT_TRUE(l.lost().stop_requested());
    EXPECT_TRUE(std::move(standing).get().holds());
}

TEST(election, a_candidate_whose_reply_was_lost_stands_once) {
    election_scene s;
    std::optional<leadership> first = s.elected(s.theirs.async_stand());
    s.inside().on_write = [&](const sim_write& w) {
        if (w.write.type == proto::opcode::create2 && s.standing() == 2) s.inside().after(0ns, [&] { s.here.cut(); });
    };
    auto standing = s.ours.async_stand();
    s.world.run_for(2s);
    s.inside().on_write = nullptr;
    EXPECT_EQ(s.standing(), 2u);
    first.reset();
    const leadership l = s.elected(std::move(standing));
    EXPECT_TRUE(l.holds());
    s.world.run_for(10s);
    EXPECT_EQ(s.standing(), 1u);
    EXPECT_TRUE(l.holds());
}

TEST(election, a_resignation_that_did_not_arrive_repeats_itself) {
    election_scene s;
    leadership l = s.elected(s.ours.async_stand());
    auto standing = s.theirs.async_stand();
    s.here.silence(flow::to_server, true);
    auto resigning = l.async_resign();
    EXPECT_FALSE(l.holds()) << "at once";
    s.world.run_for(100ms);
    EXPECT_FALSE(standing.ready());
    s.here.cut();
    s.here.silence(flow::to_server, false);
    ASSERT_TRUE(s.finish(resigning, standing));
    EXPECT_TRUE(std::move(resigning).get());
    EXPECT_TRUE(std::move(standing).get().holds());
}

TEST(election, who_gives_up_while_its_node_is_made_leaves_none) {
    election_scene s;
    const leadership first = s.elected(s.theirs.async_stand());
    s.here.silence(flow::to_client, true);
    auto standing = s.ours.async_stand();
    ASSERT_TRUE(s.world.run_until([&] { return s.standing() == 2; }, 10s));
    standing.cancel();
    EXPECT_EQ(verdict_of(std::move(standing)).code, errc::cancelled);
    s.here.silence(flow::to_client, false);
    EXPECT_TRUE(s.world.run_until([&] { return s.standing() == 1; }, 1min));
    EXPECT_TRUE(first.holds());
}

} // namespace
} // namespace kazoo::testkit
