// kazoo::lease in exact situations: lost replies, late requests, clocks.
#include "sim/scene.hpp"

#include <kazoo/recipe/lease.hpp>

#include <optional>
#include <string>

namespace kazoo::testkit {
namespace {

struct lease_scene : scene {
    lease_scene() {
        other.wait_connected();
        c.create("/job");
    }
    std::string record() const {
        const auto* n = inside().server().nodes().find("/job/lease_holder");
        return n == nullptr ? "" : std::string(n->data);
    }
    machine elsewhere = world.add_machine();
    client other{simulation::addresses(), options_on(elsewhere)};
};

TEST(leases, C82_ends_by_the_clock_and_not_by_the_session) {
    lease_scene s;
    const auto l = lease::try_obtain(s.c, "/job", 10min, {.identifier = "us"});
    ASSERT_TRUE(l);
    s.here.pause(true); // as if it had died
    s.world.run_for(9min + 55s);
    EXPECT_FALSE(lease::try_obtain(s.other, "/job", 10min, {.identifier = "them"}));
    s.world.run_for(10s);
    EXPECT_TRUE(lease::try_obtain(s.other, "/job", 10min, {.identifier = "them"}));
    s.here.pause(false);
    EXPECT_FALSE(l->holds());
}

TEST(leases, a_clock_that_goes_wrong_is_what_it_rests_on) {
    lease_scene s;
    s.elsewhere.set_clock_error(9min);
    const auto l = lease::try_obtain(s.c, "/job", 10min, {.identifier = "us"});
    ASSERT_TRUE(l);
    EXPECT_FALSE(lease::try_obtain(s.other, "/job", 10min, {.identifier = "them"}));
    s.elsewhere.set_clock_error(11min);
    EXPECT_TRUE(lease::try_obtain(s.other, "/job", 10min, {.identifier = "them"}));
    EXPECT_TRUE(l->holds()) << "as the page says";
}

TEST(leases, one_whose_reply_was_lost_is_obtained_once) {
    for (const bool late : {false, true}) {
        for (std::uint64_t after = 0; after < 40; ++after) {
            lease_scene s;
            s.here.late(late);
            auto asked = lease::async_try_obtain(s.c, "/job", 1h, {.identifier = "us"});
            s.world.run_for(std::chrono::microseconds(250 * after));
            s.here.cut();
            ASSERT_TRUE(s.finish(asked));
            const auto l = std::move(asked).get();
            ASSERT_TRUE(l) << after;
            s.world.run_for(20s);
            const auto* n = s.inside().server().nodes().find("/job/lease_holder");
            ASSERT_NE(n, nullptr) << after;
            EXPECT_EQ(n->version, 0) << after;
            EXPECT_TRUE(l->holds());
            EXPECT_EQ(s.inside().server().nodes().find("/job")->children.size(), 1u) << after;
        }
    }
}

} // namespace
} // namespace kazoo::testkit
