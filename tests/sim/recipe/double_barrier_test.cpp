// kazoo::double_barrier in exact situations.
#include "sim/scene.hpp"

#include "recipe/barrier/members.hpp"

#include <kazoo/recipe/double_barrier.hpp>

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace kazoo::testkit {
namespace {

using testing::Contains;
using testing::IsEmpty;

/// One whose connection and session are disturbed, and another one. Two are wanted.
struct two_members : scene {
    machine there = world.add_machine();
    client other{simulation::addresses(), options_on(there)};
    double_barrier us{c, "/d", 2}, them{other, "/d", 2};
    std::size_t most = 0; ///< members at once, behind any write
    int opened = 0;       ///< how often it was

    explicit two_members(const simulation_options& o = {}) : scene(o) {
        c.wait_connected();
        other.wait_connected();
        other.create("/d");
        inside().on_write = [this](const sim_write&) {
            most = std::max(most, members());
            const bool now = is_open();
            opened += now && !std::exchange(was_open_, now) ? 1 : 0;
            was_open_ = now;
        };
    }
    std::size_t members() const { return names().size(); }
    std::vector<std::string> names() const {
        std::vector<std::string> found;
        for (const auto* node : inside().server().nodes().sorted())
            if (node->path.starts_with("/d/") && recipe::is_member_name(node->name())) found.emplace_back(node->name());
        return found;
    }
    bool is_open() const { return inside().server().nodes().find("/d/ready") != nullptr; }
    bool has(std::size_t n, std::chrono::nanoseconds limit = 1min) {
        return world.run_until([&] { return members() == n; }, limit);
    }
    /// They wait, and nothing more happens.
    future<bool> they_wait() {
        auto entering = them.async_enter();
        EXPECT_TRUE(has(1));
        world.run_for(50ms);
        return entering;
    }
    /// Both are inside.
    void enter() {
        auto entering = us.async_enter(), more = them.async_enter();
        ASSERT_TRUE(finish(entering, more));
        ASSERT_TRUE(us.inside() && them.inside());
    }
    void leave() {
        auto leaving = us.async_leave(), more = them.async_leave();
        ASSERT_TRUE(finish(leaving, more));
        EXPECT_TRUE(std::move(leaving).get());
        EXPECT_TRUE(std::move(more).get());
    }
    /// The client gives its session up while the server still has it, and its node.
    void lose_session_early() {
        world.stop_server(); // whose sessions do not age meanwhile
        ASSERT_TRUE(reaches(session_state::connecting));
        world.start_server();
    }
    std::uint64_t landed_late() const { return inside().machines().front()->faults.late; }

  private:
    bool was_open_ = false;
};

TEST(double_barrier, an_opening_whose_reply_was_lost_lets_in) {
    two_members s;
    auto more = s.they_wait();
    auto entering = s.us.async_enter();
    ASSERT_TRUE(s.has(2));
    s.here.silence(flow::to_client, true);
    s.world.run_until([&] { return s.is_open(); }, 100ms);
    s.here.cut();
    s.here.silence(flow::to_client, false);
    ASSERT_TRUE(s.finish(entering, more));
    EXPECT_TRUE(s.us.inside() && s.them.inside());
    EXPECT_EQ(s.opened, 1);
    EXPECT_EQ(s.most, 2u);
    s.leave();
    EXPECT_FALSE(s.is_open());
}

/// The word of both comes at once: that our node has gone, and that it is open now.
TEST(double_barrier, an_opening_behind_the_end_of_our_node_does_not_let_in) {
    two_members s;
    auto entering = s.us.async_enter();
    ASSERT_TRUE(s.world.run_until([&] { return s.inside().server().watches().data == 1; }, 1s));
    s.here.silence(flow::to_server, true); // with our look, which is under way
    s.world.run_for(20ms);
    s.here.silence(flow::to_client, true);
    s.other.remove("/d/" + s.names().front());
    double_barrier more{s.other, "/d", 2};
    auto one = s.them.async_enter(), another = more.async_enter();
    ASSERT_TRUE(s.finish(one, another));
    s.here.silence(flow::to_server, false);
    s.world.run_for(20ms);
    s.here.silence(flow::to_client, false);
    ASSERT_TRUE(s.finish(entering));
    EXPECT_TRUE(std::move(entering).get());
    EXPECT_EQ(s.members(), 3u) << "with another node, which was let in late";
    EXPECT_TRUE(s.us.inside());
}

TEST(double_barrier, an_opening_that_did_not_arrive_is_sent_again) {
    two_members s;
    auto more = s.they_wait();
    auto entering = s.us.async_enter();
    ASSERT_TRUE(s.has(2));
    s.here.silence(flow::to_server, true);
    s.world.run_for(100ms);
    ASSERT_FALSE(s.is_open());
    s.here.cut();
    s.here.silence(flow::to_server, false);
    ASSERT_TRUE(s.finish(entering, more));
    EXPECT_EQ(s.opened, 1);
}

/// A request of a lost connection is carried out when we have come back, beside newer ones: here, when the round that
/// it opened is over, and one of us waits for the next.
TEST(double_barrier, an_opening_that_is_carried_out_late_opens_nothing) {
    std::uint64_t landed = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        two_members s({.seed = seed});
        s.here.late(true);
        auto more = s.they_wait();
        auto entering = s.us.async_enter();
        ASSERT_TRUE(s.has(2)) << seed;
        s.world.run_for(std::chrono::microseconds(seed * 50)); // it has looked, and is about to open it
        s.here.silence(flow::to_server, true);
        s.world.run_for(20ms);
        s.here.cut();
        s.here.silence(flow::to_server, false);
        ASSERT_TRUE(s.finish(entering, more)) << seed;
        s.leave();
        auto waiting = s.us.async_enter();
        s.world.run_for(10s);
        EXPECT_FALSE(waiting.ready()) << seed;
        EXPECT_FALSE(s.is_open()) << seed;
        landed += s.landed_late();
    }
    EXPECT_GT(landed, 0u);
}

TEST(double_barrier, a_create_that_is_carried_out_late_leaves_nobody_behind) {
    std::uint64_t landed = 0;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        two_members s({.seed = seed});
        s.here.late(true);
        s.here.silence(flow::to_server, true);
        auto entering = s.us.async_enter_for(std::chrono::milliseconds(30 + seed * 5));
        s.world.run_for(20ms);
        s.here.cut();
        s.here.silence(flow::to_server, false);
        ASSERT_TRUE(s.finish(entering)) << seed;
        EXPECT_FALSE(std::move(entering).get()) << seed;
        s.world.run_for(20s);
        EXPECT_EQ(s.members(), 0u) << seed;
        landed += s.landed_late();
    }
    EXPECT_GT(landed, 0u);
}

TEST(double_barrier, a_create_that_is_carried_out_late_is_no_member_beside_the_next_one) {
    std::uint64_t landed = 0;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        two_members s({.seed = seed});
        s.here.late(true);
        s.here.silence(flow::to_server, true);
        auto given_up = s.us.async_enter_for(std::chrono::milliseconds(30 + seed * 5));
        s.world.run_for(20ms);
        s.here.cut();
        s.here.silence(flow::to_server, false);
        ASSERT_TRUE(s.finish(given_up)) << seed;
        EXPECT_FALSE(std::move(given_up).get()) << seed;
        auto entering = s.us.async_enter();
        s.world.run_for(40s);
        EXPECT_FALSE(entering.ready()) << seed;
        EXPECT_EQ(s.opened, 0) << seed;
        EXPECT_EQ(s.members(), 1u) << seed;
        landed += s.landed_late();
        auto more = s.them.async_enter();
        ASSERT_TRUE(s.finish(entering, more)) << seed;
    }
    EXPECT_GT(landed, 0u);
}

/// The end of a round is carried out twice: once late, in the middle of the next round.
TEST(double_barrier, an_end_that_is_carried_out_late_closes_nothing) {
    std::uint64_t landed = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        two_members s({.seed = seed});
        s.enter();
        s.here.late(true);
        EXPECT_FALSE(s.them.leave_for(0s));
        ASSERT_TRUE(s.has(1)) << seed;
        auto leaving = s.us.async_leave();
        s.world.run_for(std::chrono::microseconds(seed * 50)); // it has looked, and is about to go
        s.here.silence(flow::to_server, true);
        s.world.run_for(20ms);
        s.here.cut();
        s.here.silence(flow::to_server, false);
        ASSERT_TRUE(s.finish(leaving)) << seed;
        EXPECT_TRUE(std::move(leaving).get()) << seed;
        s.enter();
        s.world.run_for(10s);
        EXPECT_TRUE(s.is_open()) << seed;
        EXPECT_EQ(s.members(), 2u) << seed;
        EXPECT_TRUE(s.us.inside()) << seed;
        landed += s.landed_late();
    }
    EXPECT_GT(landed, 0u);
}

TEST(double_barrier, an_end_whose_reply_was_lost_is_known) {
    two_members s;
    s.enter();
    EXPECT_FALSE(s.them.leave_for(0s));
    ASSERT_TRUE(s.has(1));
    s.here.silence(flow::to_client, true);
    auto leaving = s.us.async_leave();
    s.world.run_until([&] { return !s.is_open(); }, 1s);
    s.here.cut();
    s.here.silence(flow::to_client, false);
    ASSERT_TRUE(s.finish(leaving));
    EXPECT_TRUE(std::move(leaving).get());
    EXPECT_EQ(s.members(), 0u);
    EXPECT_FALSE(s.is_open());
}

TEST(double_barrier, C64_who_loses_its_session_early_is_never_there_twice) {
    two_members s;
    auto entering = s.us.async_enter();
    ASSERT_TRUE(s.has(1));
    const session_id old = s.c.session_id();
    s.lose_session_early();
    ASSERT_TRUE(s.world.run_until([&] { return s.c.session_id() != old && s.members() == 1; }, 1min));
    EXPECT_THAT(s.world.sessions(), Contains(old)) << "its node was there";
    s.world.run_for(20s);
    EXPECT_EQ(s.most, 1u);
    EXPECT_FALSE(entering.ready() || s.is_open());
    auto more = s.them.async_enter();
    ASSERT_TRUE(s.finish(entering, more));
    s.leave();
}

TEST(double_barrier, C64_who_enters_again_behind_a_loss_is_never_there_twice) {
    two_members s;
    s.enter();
    s.lose_session_early();
    EXPECT_FALSE(s.us.inside());
    auto again = s.us.async_enter();
    ASSERT_TRUE(s.finish(again));
    EXPECT_TRUE(s.us.inside()) << "they are still inside";
    s.world.run_for(20s);
    EXPECT_EQ(s.most, 2u);
    EXPECT_EQ(s.opened, 1);
    s.leave();
}

/// The other one has left, and waits for the next round, before we have heard that this one is over.
TEST(double_barrier, C64_who_is_in_the_next_round_already_keeps_nobody_in_this_one) {
    int in_the_next = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        two_members s({.seed = seed});
        s.enter();
        auto leaving = s.us.async_leave(), more = s.them.async_leave();
        ASSERT_TRUE(s.has(1)) << seed;
        s.here.silence(flow::to_client, true);
        s.world.run_until([&] { return more.ready(); }, 1s);
        if (leaving.ready() || !more.ready()) continue; // we are the last one to go
        auto next = s.them.async_enter();
        ASSERT_TRUE(s.has(1)) << seed;
        in_the_next += !leaving.ready();
        s.here.silence(flow::to_client, false);
        s.here.cut();
        ASSERT_TRUE(s.finish(leaving)) << seed;
        EXPECT_TRUE(std::move(leaving).get()) << seed;
        EXPECT_FALSE(next.ready()) << seed;
        auto entering = s.us.async_enter();
        ASSERT_TRUE(s.finish(entering, next)) << seed;
    }
    EXPECT_GT(in_the_next, 0);
}

TEST(double_barrier, C64_who_sees_the_opening_late_enters_although_the_others_leave) {
    two_members s;
    auto entering = s.us.async_enter();
    ASSERT_TRUE(s.has(1));
    s.here.silence(flow::to_client, true);
    auto more = s.them.async_enter();
    ASSERT_TRUE(s.finish(more));
    auto leaving = s.them.async_leave();
    s.world.run_for(1s);
    EXPECT_FALSE(leaving.ready()) << "we have been let in";
    s.here.cut();
    s.here.silence(flow::to_client, false);
    ASSERT_TRUE(s.finish(entering));
    EXPECT_TRUE(s.us.inside());
    EXPECT_FALSE(leaving.ready());
    auto ours = s.us.async_leave();
    ASSERT_TRUE(s.finish(leaving, ours));
}

/// Whom we wait for first vanishes while others are inside.
TEST(double_barrier, C64_leaving_goes_on_whoever_vanishes) {
    int first_vanished = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        two_members s({.seed = seed});
        machine third = s.world.add_machine();
        const client more(simulation::addresses(), options_on(third));
        double_barrier three(more, "/d", 2);
        s.enter();
        EXPECT_TRUE(three.enter_for(1s)) << seed;
        auto leaving = s.us.async_leave();
        s.world.run_for(1s);
        first_vanished += s.members() == 2; // we have gone, and wait for the first one
        s.world.expire_session(s.other.session_id());
        s.world.run_for(10s);
        EXPECT_FALSE(leaving.ready()) << seed << ": one is inside";
        auto last = three.async_leave();
        ASSERT_TRUE(s.finish(leaving, last)) << seed;
        EXPECT_TRUE(std::move(leaving).get() && std::move(last).get()) << seed;
    }
    EXPECT_GT(first_vanished, 0);
}

TEST(double_barrier, C64_when_all_have_died_inside_the_next_ones_begin_anew) {
    two_members s;
    s.enter();
    s.world.expire_session(s.c.session_id());
    s.world.expire_session(s.other.session_id());
    ASSERT_TRUE(s.has(0));
    EXPECT_TRUE(s.is_open());
    s.world.run_for(1s);
    auto entering = s.us.async_enter();
    s.world.run_for(10s);
    EXPECT_FALSE(entering.ready());
    EXPECT_FALSE(s.is_open());
    auto more = s.them.async_enter();
    ASSERT_TRUE(s.finish(entering, more));
    s.leave();
}

/// The event comes from one server; the connection breaks, and the next one has not heard of the opening yet.
TEST(double_barrier, C64_an_event_may_be_ahead_of_the_server_that_answers_next) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        two_members s({.seed = seed, .followers = 2, .longest_lag = 1500ms});
        auto entering = s.us.async_enter();
        ASSERT_TRUE(s.has(1)) << seed;
        s.world.run_for(2s);
        const auto watches = s.c.metrics().watches;
        auto more = s.them.async_enter();
        ASSERT_TRUE(s.world.run_until([&] { return s.c.metrics().watches < watches; }, 1min)) << seed;
        s.here.cut();
        ASSERT_TRUE(s.finish(entering, more)) << seed;
        EXPECT_FALSE(s.us.leave_for(3s)) << seed << ": they are inside";
        EXPECT_TRUE(s.them.inside()) << seed;
    }
}

TEST(double_barrier, C64_a_server_that_lags_lets_nobody_out) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        two_members s({.seed = seed, .followers = 2, .longest_lag = 1500ms});
        s.enter();
        s.world.expire_session(s.c.session_id());
        ASSERT_TRUE(s.world.run_until([&] { return !s.us.inside(); }, 1min)) << seed;
        auto leaving = s.us.async_leave();
        s.world.run_for(std::chrono::seconds(1 + seed % 5));
        EXPECT_FALSE(leaving.ready()) << seed << ": the other one is inside";
        auto more = s.them.async_leave();
        ASSERT_TRUE(s.finish(leaving, more)) << seed;
    }
}

/// The second of two calls on one object looks a moment later, when the first one has entered.
TEST(double_barrier, who_enters_twice_at_once_enters_once) {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        two_members s({.seed = seed});
        auto more = s.they_wait();
        auto first = s.us.async_enter();
        s.world.run_for(std::chrono::microseconds(seed * 50));
        auto second = s.us.async_enter();
        ASSERT_TRUE(s.world.run_until([&] { return first.ready() || second.ready(); }, 1min)) << seed;
        const auto lost = s.us.lost();
        ASSERT_TRUE(s.finish(first, second, more)) << seed;
        EXPECT_TRUE(std::move(first).get() && std::move(second).get()) << seed;
        s.leave();
        s.world.run_for(1s);
        EXPECT_FALSE(lost.stop_requested()) << seed;
    }
}

/// It begins anew, with another node, and may be let in by those who are still inside.
TEST(double_barrier, who_leaves_is_not_inside_with_the_same_node_whoever_else_was_about_to_enter) {
    int were_about_to = 0;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        two_members s({.seed = seed});
        auto more = s.they_wait();
        auto first = s.us.async_enter();
        s.world.run_for(std::chrono::microseconds(seed * 50));
        auto second = s.us.async_enter();
        ASSERT_TRUE(s.world.run_until([&] { return first.ready() || second.ready(); }, 1min)) << seed;
        were_about_to += !(first.ready() && second.ready());
        const auto names = s.names();
        auto leaving = s.us.async_leave(); // they are inside, so it waits
        ASSERT_TRUE(s.finish(first, second)) << seed;
        s.world.run_for(50ms);
        EXPECT_FALSE(s.us.inside() && s.names() == names) << seed;
    }
    EXPECT_GT(were_about_to, 0);
}

/// One call waits, and another one leaves at once and takes their node away: it begins again.
TEST(double_barrier, who_waits_to_enter_goes_on_when_another_call_leaves) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        two_members s({.seed = seed});
        auto more = s.they_wait();
        auto first = s.us.async_enter();
        s.world.run_for(std::chrono::microseconds(seed * 50));
        auto second = s.us.async_enter();
        ASSERT_TRUE(s.world.run_until([&] { return first.ready() || second.ready(); }, 1min)) << seed;
        std::stop_source now;
        now.request_stop();
        auto leaving = s.us.async_leave(now.get_token());
        ASSERT_TRUE(s.finish(leaving)) << seed;
        ASSERT_TRUE(s.finish(first, second)) << seed << ": they are inside";
        EXPECT_TRUE(std::move(first).get()) << seed;
        EXPECT_TRUE(std::move(second).get()) << seed;
    }
}

TEST(double_barrier, C64_who_looks_once_is_not_told_of_others_who_have_left) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        two_members s({.seed = seed, .followers = 2, .longest_lag = 1500ms});
        s.enter();
        EXPECT_FALSE(s.them.leave_for(0s)) << seed;
        ASSERT_TRUE(s.has(1)) << seed;
        EXPECT_TRUE(s.us.leave_for(0s)) << seed;
    }
}

/// Whoever came last should open it. If that one does not, those who wait do.
TEST(double_barrier, nobody_rests_on_those_who_should_have_opened_it) {
    two_members s;
    auto entering = s.us.async_enter();
    ASSERT_TRUE(s.has(1));
    s.other.create("/d/0123456789abcdef0123456789abcdef", "", create_mode::ephemeral); // and does nothing
    ASSERT_TRUE(s.world.run_until([&] { return entering.ready(); }, 7s));
    EXPECT_TRUE(std::move(entering).get());
}

} // namespace
} // namespace kazoo::testkit
