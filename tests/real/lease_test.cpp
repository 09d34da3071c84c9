// A lock is never taken away from somebody who is still certain of it: real servers, and the network between them
// broken. A follower that is cut off from its leader answers pings for syncLimit ticks, here far longer than a session
// lives.
#include "real/lease_trial.hpp"
#include "real/three_servers.hpp"
#include "testing/wait_until.hpp"

#include <gtest/gtest.h>

#include <iostream>
#include <memory>
#include <thread>

using namespace std::chrono_literals;
using kazoo::test::lease::trial;
using kazoo::testkit::ensemble;
using kazoo::testkit::ensemble_options;
using kazoo::testkit::wait_until;

using kazoo::test::follower;
using kazoo::test::leader;
using kazoo::test::other;

namespace {

constexpr auto lease_tick = 200ms;
constexpr auto session_timeout = 3000ms;

class lease : public ::testing::Test {
  protected:
    void holders_at(std::size_t server) {
        holders_ =
            std::make_unique<trial>(zk_, server, other, trial::crowd{.timeouts = {session_timeout}, .staying = 12});
        ASSERT_TRUE(holders_->all_hold_beyond_the_first_timeout());
    }

    void expect_certainty_to_end_before_every_session() {
        ASSERT_TRUE(wait_until([&] { return holders_->all_expired(); }));
        const auto seen = holders_->verdict(session_timeout);
        std::cout << seen << '\n';
        ASSERT_EQ(seen.violations, 0u) << seen;
        EXPECT_TRUE(wait_until([&] { return holders_->all_heard_of_their_loss(); }));
    }

    ensemble zk_{ensemble_options{.each = {.tick = lease_tick, .config = {"syncLimit=100"}}, .gated = true}};
    std::unique_ptr<trial> holders_;
};

TEST_F(lease, no_deletion_before_the_end_of_certainty_when_a_follower_is_cut_off) {
    holders_at(follower);
    zk_.hold(follower, leader);
    zk_.hold(leader, follower);
    expect_certainty_to_end_before_every_session();
}

TEST_F(lease, no_deletion_before_the_end_of_certainty_when_a_follower_hears_its_leader_and_is_not_heard) {
    holders_at(follower);
    zk_.hold(follower, leader);
    expect_certainty_to_end_before_every_session();
}

// What was asked while it was deaf is answered when it is mute: a proof from answers alone would count it.
TEST_F(lease, no_deletion_before_the_end_of_certainty_when_a_follower_is_deaf_and_then_mute) {
    holders_at(follower);
    zk_.hold(leader, follower);
    std::this_thread::sleep_for(session_timeout / 4);
    zk_.hold(follower, leader);
    zk_.hold(leader, follower, false);
    expect_certainty_to_end_before_every_session();
}

TEST_F(lease, no_deletion_before_the_end_of_certainty_when_the_leader_has_lost_its_quorum) {
    holders_at(leader);
    zk_.isolate(leader);
    for (const std::size_t i : {follower, other}) zk_[i].kill();
    for (const std::size_t i : {follower, other}) zk_[i].start();
    expect_certainty_to_end_before_every_session();
    EXPECT_EQ(zk_[leader].mode(), "leader") << "it has not noticed";
}

TEST_F(lease, no_deletion_before_the_end_of_certainty_when_the_leader_was_stopped) {
    holders_at(follower);
    zk_[leader].pause();
    std::this_thread::sleep_for(session_timeout + 2 * lease_tick);
    zk_.hold(leader, follower); // its pings could come before it looks at the time
    zk_[leader].resume();
    expect_certainty_to_end_before_every_session();
}

} // namespace
