// kazoo::semaphore in exact situations: what becomes of the transaction that makes a permit.
#include "sim/scene.hpp"

#include <kazoo/recipe/semaphore.hpp>

#include <algorithm>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

namespace kazoo::testkit {
namespace {

struct pool_scene : scene {
    explicit pool_scene() {
        c.wait_connected();
        {
            (void)pool.acquire();
        } // the path and the line are there from now on
        EXPECT_TRUE(world.run_until([&] { return permits() == 0; }, 10s));
        inside().on_write = [this](const sim_write& w) {
            const std::size_t before = std::exchange(seen, permits());
            if (w.write.type == proto::opcode::set_data) when_resized = seen;
            if (w.write.type != proto::opcode::multi) return; // certainty asks in that way too
            refused += w.write.error != errc{};
            if (seen <= before) return;
            ++made;
            if (on_made) std::exchange(on_made, nullptr)();
        };
    }
    std::size_t below(std::string_view folder) const {
        return static_cast<std::size_t>(std::ranges::count_if(
            inside().server().nodes().sorted(), [&](const auto* n) { return n->path.starts_with(folder); }));
    }
    std::size_t permits() const { return below("/pool/"); }
    std::size_t in_line() const { return below("/pool-__lock__/"); }
    bool nothing_is_left() {
        return world.run_until([&] { return permits() == 0 && in_line() == 0; }, 1min);
    }

    semaphore pool{c, "/pool", 1};
    std::size_t seen = 0, when_resized = 0;
    int made = 0, refused = 0;
    std::function<void()> on_made; ///< at the next one
};

TEST(semaphore, a_permit_whose_reply_was_lost_is_known_to_be_ours) {
    pool_scene s;
    s.on_made = [&] { s.inside().after(0ns, [&] { s.here.cut(); }); };
    auto acquiring = s.pool.async_acquire();
    ASSERT_TRUE(s.finish(acquiring));
    permit p = std::move(acquiring).get();
    EXPECT_TRUE(p.holds());
    EXPECT_EQ(s.refused, 1) << "it was asked again";
    EXPECT_EQ(s.made, 1);
    EXPECT_EQ(s.permits(), 1u);
    EXPECT_EQ(s.in_line(), 0u);
    EXPECT_TRUE(p.async_release().get());
    EXPECT_TRUE(s.nothing_is_left());
}

TEST(semaphore, a_transaction_that_did_not_arrive_is_sent_again) {
    pool_scene s;
    auto acquiring = s.pool.async_acquire();
    ASSERT_TRUE(s.world.run_until([&] { return s.in_line() == 1; }, 10s));
    s.here.silence(flow::to_server, true);
    s.world.run_for(100ms);
    EXPECT_EQ(s.made, 0);
    s.here.cut();
    s.here.silence(flow::to_server, false);
    ASSERT_TRUE(s.finish(acquiring));
    const permit p = std::move(acquiring).get();
    EXPECT_TRUE(p.holds());
    EXPECT_EQ(s.made, 1);
    EXPECT_EQ(s.refused, 0);
    EXPECT_EQ(s.permits(), 1u);
}

TEST(semaphore, who_gives_up_while_the_answer_is_under_way_leaves_no_permit) {
    pool_scene s;
    s.on_made = [&] { s.here.silence(flow::to_client, true); };
    auto acquiring = s.pool.async_acquire();
    ASSERT_TRUE(s.world.run_until([&] { return s.made == 1; }, 10s));
    EXPECT_EQ(s.permits(), 1u);
    acquiring.cancel();
    EXPECT_EQ(verdict_of(std::move(acquiring)).code, errc::cancelled);
    s.here.silence(flow::to_client, false);
    EXPECT_TRUE(s.nothing_is_left());
}

/// A request of a lost connection is carried out when we have come back, beside newer ones.
TEST(semaphore, a_transaction_that_is_applied_late_makes_no_second_permit) {
    for (std::uint64_t delay = 0; delay < 20; ++delay) {
        pool_scene s;
        s.here.late(true);
        auto acquiring = s.pool.async_acquire();
        ASSERT_TRUE(s.world.run_until([&] { return s.in_line() == 1; }, 10s));
        s.world.run_for(std::chrono::microseconds(200 * delay));
        s.here.cut();
        ASSERT_TRUE(s.finish(acquiring)) << delay;
        std::optional<permit> p = std::move(acquiring).get();
        EXPECT_TRUE(p->holds()) << delay;
        s.world.run_for(10s);
        EXPECT_EQ(s.permits(), 1u) << delay;
        EXPECT_TRUE(p->holds()) << delay;
        p.reset();
        s.world.run_for(10s);
        EXPECT_EQ(s.permits(), 0u) << delay;
        EXPECT_EQ(s.in_line(), 0u) << delay;
    }
}

TEST(semaphore, a_number_that_changes_between_the_look_and_the_permit_counts) {
    int refused = 0;
    for (std::uint64_t delay = 0; delay < 40; ++delay) {
        pool_scene s;
        const client other(simulation::addresses(), options_on(s.world.add_machine()));
        semaphore theirs(other, "/pool", 1);
        other.wait_connected();
        s.pool.resize(2);
        permit held = s.pool.acquire();
        auto acquiring = s.pool.async_acquire();
        ASSERT_TRUE(s.world.run_until([&] { return s.in_line() == 1; }, 10s));
        s.world.run_for(std::chrono::microseconds(100 * delay));
        theirs.resize(1);
        s.world.run_for(5s);
        EXPECT_EQ(s.permits(), s.when_resized) << "none was made by the old number; " << delay;
        refused += s.refused;
        held.release();
        ASSERT_TRUE(s.finish(acquiring)) << delay;
        EXPECT_TRUE(std::move(acquiring).get().holds()) << delay;
    }
    EXPECT_GT(refused, 0) << "some came between the two";
}

TEST(semaphore, a_session_that_is_lost_while_it_waits_costs_the_place_and_nothing_else) {
    pool_scene s;
    const client other(simulation::addresses(), options_on(s.world.add_machine()));
    semaphore theirs(other, "/pool", 1);
    permit held = theirs.acquire();
    auto acquiring = s.pool.async_acquire();
    ASSERT_TRUE(s.world.run_until([&] { return s.in_line() == 1; }, 10s));
    s.world.expire_session(s.c.session_id());
    s.world.run_for(5s);
    EXPECT_EQ(s.in_line(), 1u) << "in the next session";
    held.release();
    ASSERT_TRUE(s.finish(acquiring));
    EXPECT_TRUE(std::move(acquiring).get().holds());
}

} // namespace
} // namespace kazoo::testkit
