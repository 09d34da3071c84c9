// A real ensemble that is being killed, stopped and cut, and what a session and its lock notice of it.
#include "real/lock_holder.hpp"

#include <kazoo/testkit/ensemble.hpp>
#include <kazoo/testkit/fault_gate.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::enduring;
using kazoo::test::eventually;
using kazoo::test::lock_holder;
using kazoo::testkit::ensemble;
using kazoo::testkit::fault_gate;

namespace {

class fire : public ::testing::Test {
  protected:
    bool is_on(const client& c, std::size_t index) { return c.server() == zk_[index].address(); }
    bool is_on_another(const client& c, std::size_t index) {
        const std::string server = c.server();
        return !server.empty() && server != zk_[index].address();
    }
    /// Connected to this server; goes to the next ones when it fails.
    client connect_first_to(std::size_t index, client_options o) {
        std::string hosts = zk_[index].address();
        for (std::size_t i = 1; i < zk_.size(); ++i) hosts += ',' + zk_[(index + i) % zk_.size()].address();
        o.randomize_hosts = false;
        client c(hosts, std::move(o));
        c.wait_connected(30s);
        return c;
    }
    client rival() { return client(zk_.addresses(), lock_holder::with_timeout(enduring)); }
    std::size_t follower() const { return (zk_.wait_leader() + 1) % zk_.size(); }

    ensemble zk_;
};

TEST_F(fire, the_server_that_the_client_is_on_is_killed_and_restarted) {
    const std::size_t first = follower();
    const client c = connect_first_to(first, lock_holder::with_timeout(enduring));
    lock_holder held(c, rival());
    ASSERT_TRUE(is_on(c, first));
    zk_[first].kill();
    ASSERT_TRUE(eventually([&] { return is_on_another(c, first); }));
    zk_[first].start();
    zk_.wait_ready();
    held.expect_connection_lost_only();
}

TEST_F(fire, the_leader_is_killed) {
    const std::size_t leader = zk_.wait_leader();
    const client c = connect_first_to(leader, lock_holder::with_timeout(enduring));
    lock_holder held(c, rival());
    ASSERT_TRUE(is_on(c, leader));
    zk_[leader].kill();
    EXPECT_NE(zk_.wait_leader(), leader);
    held.expect_connection_lost_only();
}

TEST_F(fire, the_leader_is_killed_and_the_client_is_on_a_follower) {
    const std::size_t leader = zk_.wait_leader();
    const client c = connect_first_to(follower(), lock_holder::with_timeout(enduring));
    lock_holder held(c, rival());
    zk_[leader].kill(); // followers drop their clients when they have lost their leader
    EXPECT_NE(zk_.wait_leader(), leader);
    held.expect_connection_lost_only();
}

TEST_F(fire, the_follower_that_the_client_is_on_is_stopped) {
    const std::size_t stopped = follower();
    const client c = connect_first_to(stopped, lock_holder::with_timeout(12s));
    lock_holder held(c, connect_first_to(zk_.wait_leader(), lock_holder::with_timeout(enduring)));
    ASSERT_TRUE(is_on(c, stopped));
    zk_[stopped].pause();
    const client newcomer(zk_[stopped].address(), lock_holder::with_timeout(12s));
    ASSERT_TRUE(eventually([&] { return held.log().saw(session_state::suspended); })) << "after silence";
    ASSERT_TRUE(eventually([&] { return is_on_another(c, stopped); }));
    EXPECT_EQ(newcomer.state(), session_state::connecting) << "the kernel accepts, nobody answers";
    held.expect_connection_lost_only();
    zk_[stopped].resume();
    EXPECT_NO_THROW(newcomer.wait_connected(30s));
}

TEST_F(fire, a_quorum_lost_for_less_than_the_session_timeout) {
    const std::size_t survivor = zk_.wait_leader();
    const client c = connect_first_to(survivor, lock_holder::with_timeout(enduring));
    lock_holder held(c, rival());
    zk_[(survivor + 1) % 3].kill();
    zk_[(survivor + 2) % 3].kill();
    ASSERT_TRUE(eventually([&] { return held.log().saw(session_state::suspended); }));
    ASSERT_TRUE(eventually([&] { return zk_[survivor].mode().empty(); })) << "nobody serves";
    zk_[(survivor + 1) % 3].start();
    zk_.wait_ready();
    held.expect_connection_lost_only();
}

TEST_F(fire, C06_a_quorum_lost_for_longer_is_a_loss_that_no_server_needs_to_tell) {
    const std::size_t survivor = zk_.wait_leader();
    const client c = connect_first_to(survivor, lock_holder::with_timeout(2s));
    lock_holder held(c, rival());
    const auto in_touch = held.in_touch();
    zk_[(survivor + 1) % 3].kill();
    zk_[(survivor + 2) % 3].kill();
    held.expect_loss_announced(in_touch);
    EXPECT_EQ(zk_[survivor].mode(), "") << "there was a server to tell it";
    zk_[(survivor + 1) % 3].start();
    zk_[(survivor + 2) % 3].start();
    zk_.wait_ready();
    held.expect_new_session();
}

/// The victim reaches the ensemble through one gate for each server; the rival does not.
class burning_network : public fire {
  protected:
    burning_network() {
        for (std::size_t i = 0; i < zk_.size(); ++i) gates_.emplace_back(zk_[i].address());
    }
    client connect_through_gates(client_options o) const {
        std::string hosts;
        for (const fault_gate& gate : gates_) hosts += (hosts.empty() ? "" : ",") + gate.address();
        client c(hosts, std::move(o));
        c.wait_connected(30s);
        return c;
    }
    void drop_everything(bool on) {
        for (fault_gate& gate : gates_) {
            for (const auto way : {fault_gate::direction::to_server, fault_gate::direction::to_client}) {
                if (on) gate.drop(way);
                if (!on) gate.pass(way);
            }
        }
    }

    std::vector<fault_gate> gates_;
};

TEST_F(burning_network, connections_are_cut_and_refused_for_a_while) {
    const client c = connect_through_gates(lock_holder::with_timeout(enduring));
    lock_holder held(c, rival());
    for (fault_gate& gate : gates_) gate.refuse(true);
    for (fault_gate& gate : gates_) gate.cut();
    ASSERT_TRUE(eventually([&] { return held.log().saw(session_state::suspended); }));
    ASSERT_TRUE(eventually([&] { return !c.last_failures().empty(); }));
    EXPECT_EQ(c.server(), "");
    for (fault_gate& gate : gates_) gate.refuse(false);
    held.expect_connection_lost_only();
}

TEST_F(burning_network, C06_silence_for_longer_than_the_session_timeout) {
    const client c = connect_through_gates(lock_holder::with_timeout(2s));
    lock_holder held(c, rival());
    const auto in_touch = held.in_touch();
    drop_everything(true);
    held.expect_loss_announced(in_touch);
    drop_everything(false);
    held.expect_new_session();
}

} // namespace
