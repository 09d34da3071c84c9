// What is granted goes by certainty, not by the session's own clock (session/certainty.hpp).
#include "scene.hpp"

#include <kazoo/recipe/mutex.hpp>

#include <optional>

namespace kazoo::testkit {
namespace {

using enum session_state;

constexpr auto T = 3s;

std::int64_t zxid_of(const scene& s) { return s.inside().server().zxid(); }

std::size_t nodes_below(const scene& s, std::string_view path) {
    const auto* n = s.inside().server().nodes().find(std::string(path));
    return n == nullptr ? 0 : n->children.size();
}

TEST(certainty, C50_a_lock_is_lost_when_certainty_ends_although_its_session_lives) {
    simulation_options patient;
    patient.tick = 20s;
    scene s(patient, T);
    s.c.wait_connected();
    mutex m(s.c, "/lock");
    m.lock();
    s.world.run_for(10s);
    const session_id ours = s.c.session_id();
    const auto lost = m.lost();
    ASSERT_TRUE(m.holds());

    s.here.refuse(true);
    s.here.cut();
    const auto cut = s.world.now();
    ASSERT_TRUE(s.world.run_until([&] { return !m.holds(); }, 10s));
    EXPECT_LT(s.world.now() - cut, T * 2 / 3 + 100ms);
    EXPECT_TRUE(s.world.run_until([&] { return lost.stop_requested(); }, 100ms));
    EXPECT_EQ(s.c.state(), suspended) << "the session itself is not over for us";

    s.here.refuse(false);
    ASSERT_TRUE(s.reaches(connected));
    EXPECT_EQ(s.c.session_id(), ours);
    s.world.run_for(5s);
    EXPECT_FALSE(m.holds()) << "it is final";
    EXPECT_EQ(nodes_below(s, "/lock"), 0U) << "and nobody is kept waiting for it";
    EXPECT_FALSE(m.async_unlock().get());
    m.lock();
    EXPECT_TRUE(m.holds());
}

TEST(certainty, a_short_cut_costs_nothing) {
    scene s({}, T);
    s.c.wait_connected();
    mutex m(s.c, "/lock");
    m.lock();
    for (int i = 0; i < 20; ++i) {
        s.world.run_for(700ms);
        s.here.cut();
        ASSERT_TRUE(s.reaches(suspended, 1s));
        ASSERT_TRUE(s.reaches(connected, 1s));
        ASSERT_TRUE(m.holds()) << i;
    }
    EXPECT_FALSE(m.lost().stop_requested());
}

TEST(certainty, by_the_sessions_clock_a_lock_outlasts_a_cut_that_certainty_does_not) {
    scene s({}, T);
    s.c.wait_connected();
    mutex m(s.c, "/lock", {.lost_when = loss::session_over});
    m.lock();
    s.world.run_for(10s);
    const auto before = zxid_of(s);
    s.world.run_for(10s);
    EXPECT_EQ(zxid_of(s), before) << "it asks the servers for nothing";

    s.here.refuse(true);
    s.here.cut();
    s.world.run_for(T * 9 / 10 - T / 3); // a ping may be a third old
    EXPECT_TRUE(m.holds());
    s.here.refuse(false);
    ASSERT_TRUE(s.reaches(connected));
    s.world.run_for(5s);
    EXPECT_TRUE(m.holds());
    EXPECT_FALSE(m.lost().stop_requested());

    const auto lost = m.lost();
    s.here.refuse(true);
    s.here.cut();
    ASSERT_TRUE(s.reaches(connecting));
    EXPECT_FALSE(m.holds());
    EXPECT_TRUE(s.world.run_until([&] { return lost.stop_requested(); }, 100ms));
}

TEST(certainty, the_servers_are_asked_while_an_object_exists_that_can_be_granted_something) {
    scene s({}, T);
    s.c.wait_connected();
    const auto transactions_in = [&](std::chrono::nanoseconds d) {
        const auto before = zxid_of(s);
        s.world.run_for(d);
        return zxid_of(s) - before;
    };
    EXPECT_EQ(transactions_in(10 * T), 0);
    std::optional<mutex> one(std::in_place, s.c, "/one"), two(std::in_place, s.c, "/two");
    const auto both = transactions_in(10 * T);
    EXPECT_GE(both, 20);
    EXPECT_LE(both, 31) << "for all objects of a client together, one every third of the timeout";
    one.reset();
    EXPECT_GE(transactions_in(10 * T), 20);
    two.reset();
    transactions_in(T); // what is under way
    EXPECT_EQ(transactions_in(10 * T), 0);
}

TEST(certainty, the_first_lock_of_an_old_session_waits_until_it_is_sure_and_then_lasts) {
    for (const auto age : {0ms, 1'000ms, 2'500ms, 2'900ms, 3'100ms, 20'000ms}) {
        scene s({}, T);
        s.c.wait_connected();
        s.world.run_for(age);
        mutex m(s.c, "/lock");
        const auto begun = s.world.now();
        m.lock();
        EXPECT_TRUE(m.holds());
        EXPECT_LT(s.world.now() - begun, T / 3 + 100ms) << age.count();
        if (age == 0ms) {
            EXPECT_LT(s.world.now() - begun, 100ms) << "a fresh session is certain";
        }
        for (int i = 0; i < 100; ++i) {
            s.world.run_for(50ms);
            ASSERT_TRUE(m.holds()) << "age " << age.count() << ", " << i;
        }
        EXPECT_FALSE(m.lost().stop_requested());
    }
}

TEST(certainty, a_wait_for_it_ends_at_the_deadline_and_leaves_no_node) {
    scene s({}, T);
    s.c.wait_connected();
    s.world.run_for(20s);
    mutex m(s.c, "/lock");
    EXPECT_FALSE(m.try_lock_for(300ms));
    EXPECT_TRUE(s.world.run_until([&] { return nodes_below(s, "/lock") == 0; }, 1s));
    EXPECT_TRUE(m.try_lock_for(3s));
}

} // namespace
} // namespace kazoo::testkit
