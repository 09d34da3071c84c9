// Who goes round and looks after what servers do not tell.
#include "recipe/parts/patrol.hpp"

#include <kazoo/kazoo.hpp>
#include <kazoo/testkit/simulation.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace kazoo::recipe {
namespace {

using namespace std::chrono_literals;

/// A client with a session of 10 s, and lookouts of its nodes. What the test does, it does between turns of the loop.
struct round_of_nodes {
    testkit::simulation world;
    testkit::machine machine = world.add_machine();
    client zk{testkit::simulation::addresses(), [this] {
                  client_options o;
                  o.loop = machine.loop();
                  o.session_timeout = 10s;
                  return o;
              }()};

    round_of_nodes() { zk.wait_connected(); }
    core& owner() const { return client_access::core_of(zk); }

    struct post {
        post(const round_of_nodes& r, const std::string& path) : out(r.owner(), path, sight::of::data) {
            std::optional<node_stat> now = r.zk.exists(path);
            auto watch = now ? r.zk.watch(path).changed : r.zk.watch_exists(path).changed;
            out.watch(sight(sight::of::data, now), std::move(watch));
        }
        bool called() { return out.change().valid() && out.change().ready(); }
        lookout out;
    };
    std::unique_ptr<post> watch(const std::string& path) const { return std::make_unique<post>(*this, path); }
    std::uint64_t looks() const {
        for (const auto& o : zk.metrics().operations)
            if (o.name == "exists") return o.succeeded;
        return 0;
    }
};

TEST(patrol, is_one_for_each_client_and_goes_with_its_last_lookout) {
    round_of_nodes r;
    std::weak_ptr<patrol> first;
    {
        const auto a = r.watch("/a"), b = r.watch("/b");
        const auto p = patrol::of(r.owner());
        EXPECT_EQ(p, patrol::of(r.owner()));
        first = p;
    }
    r.world.run_for(30s);
    EXPECT_TRUE(first.expired());
    const auto before = r.looks();
    r.world.run_for(1min);
    EXPECT_EQ(r.looks(), before) << "nobody goes round";
}

TEST(patrol, looks_after_each_once_in_a_timeout) {
    round_of_nodes r;
    std::vector<std::unique_ptr<round_of_nodes::post>> posts;
    for (const char* path : {"/a", "/b", "/c", "/d"}) posts.push_back(r.watch(path));
    r.world.run_for(20s); // the first pause was for one of them
    const auto before = r.looks();
    r.world.run_for(100s);
    EXPECT_GE(r.looks() - before, 39U);
    EXPECT_LE(r.looks() - before, 40U) << "four of them, ten timeouts";
    for (const auto& p : posts) EXPECT_FALSE(p->called()) << "nothing is new";
}

TEST(patrol, many_are_looked_after_in_turn_and_at_most_a_hundred_in_a_second) {
    round_of_nodes r;
    std::vector<std::unique_ptr<round_of_nodes::post>> posts;
    for (int i = 0; i < 5000; ++i) posts.push_back(r.watch("/" + std::to_string(i)));
    r.world.run_for(20s); // what was begun at another pace
    const auto before = r.looks();
    r.world.run_for(10s);
    EXPECT_GT(r.looks() - before, 500U);
    EXPECT_LE(r.looks() - before, 1000U);
}

TEST(patrol, whoever_waits_for_what_has_changed_without_an_event_is_called) {
    round_of_nodes r;
    const auto same = r.watch("/same"), changed = r.watch("/changed");
    changed->out.watch(sight(sight::of::data, node_stat{}), r.zk.watch_exists("/changed").changed); // it was there
    ASSERT_TRUE(r.world.run_until([&] { return changed->called(); }, 20s));
    EXPECT_EQ(changed->out.what_came().error(), errc::cancelled);
    EXPECT_FALSE(same->called());
}

TEST(patrol, a_lookout_that_goes_while_it_is_asked_for_hears_nothing) {
    round_of_nodes r;
    auto one = r.watch("/one");
    const auto other = r.watch("/other");
    r.machine.silence(testkit::flow::to_client, true); // the answer is under way for long
    r.world.run_for(6s);
    one.reset();
    r.machine.silence(testkit::flow::to_client, false);
    const auto before = r.looks();
    r.world.run_for(1min);
    EXPECT_GT(r.looks(), before) << "it goes on";
    EXPECT_FALSE(other->called());
}

TEST(patrol, a_lost_session_does_not_end_it) {
    round_of_nodes r;
    const auto a = r.watch("/a");
    r.world.expire_session(r.zk.session_id());
    r.world.run_for(20s);
    EXPECT_TRUE(a->called()) << "its watch is gone with the session";
    const auto before = r.looks();
    r.world.run_for(1min);
    EXPECT_GE(r.looks() - before, 5U);
}

TEST(patrol, ends_with_its_client) {
    auto r = std::make_unique<round_of_nodes>();
    const auto a = r->watch("/a");
    r->zk.close();
    r->world.run_for(1min);
    EXPECT_EQ(r->zk.metrics().in_flight, 0U);
    EXPECT_TRUE(a->called());
}

} // namespace
} // namespace kazoo::recipe
