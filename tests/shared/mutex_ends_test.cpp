// kazoo::mutex: what its header promises of losses and ends, against a live server.
#include "mutex_test.hpp"

#include <atomic>
#include <mutex>
#include <optional>
#include <thread>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::code_of;
using kazoo::test::eventually;
using kazoo::test::state_log;
using kazoo::testkit::fault_gate;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace {

class mutex_ends : public test::mutex_test {};

// -- losing it --------------------------------------------------------------------------------------------------------

TEST_F(mutex_ends, C50_a_lost_session_says_so) {
    const client a = connect(), b = connect();
    mutex m(a, "/lock"), other(b, "/lock");
    m.lock();
    const std::stop_token lost = m.lost();
    EXPECT_FALSE(lost.stop_requested());
    auto waiting = other.async_lock();
    test::expire(a);
    ASSERT_TRUE(eventually([&] { return lost.stop_requested(); }));
    EXPECT_FALSE(m.holds());
    std::move(waiting).get_for(20s);
    EXPECT_TRUE(other.holds());
    EXPECT_FALSE(m.async_unlock().get()) << "there was nothing to release any more";
    EXPECT_TRUE(other.holds()) << "and nobody else's was released";
}

TEST_F(mutex_ends, a_suspended_session_still_holds) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate), other = connect();
    state_log log(c);
    const int watches = watches_at_the_server();
    mutex m(c, "/lock"), rival(other, "/lock");
    m.lock();
    ASSERT_TRUE(is_watched(watches));
    const std::stop_token lost = m.lost();
    gate.cut();
    ASSERT_TRUE(eventually([&] { return log.saw(session_state::suspended); }));
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::connected; }));
    EXPECT_TRUE(m.holds());
    EXPECT_FALSE(lost.stop_requested());
    EXPECT_FALSE(rival.try_lock());
    // The watch of the own node has survived too.
    other.remove(m.check().path.substr(root.size()));
    EXPECT_TRUE(eventually([&] { return lost.stop_requested(); }));
}

TEST_F(mutex_ends, a_waiter_keeps_its_place_over_a_cut) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate), other = connect();
    mutex m(c, "/lock"), holder(other, "/lock");
    holder.lock();
    auto waiting = m.async_lock();
    ASSERT_TRUE(has_nodes(other, 2));
    const auto before = nodes(other);
    gate.cut();
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::connected && gate.accepted() > 1; }));
    EXPECT_THAT(nodes(other), ::testing::UnorderedElementsAreArray(before));
    holder.unlock();
    std::move(waiting).get_for(20s);
    EXPECT_TRUE(m.holds());
}

TEST_F(mutex_ends, C51_a_waiter_whose_session_is_lost_starts_over_in_the_new_one) {
    const client a = connect(), b = connect();
    mutex holder(a, "/lock"), m(b, "/lock");
    holder.lock();
    auto waiting = m.async_lock();
    ASSERT_TRUE(has_nodes(a, 2));
    const session_id old = b.session_id();
    test::expire(b);
    ASSERT_TRUE(eventually([&] { return b.state() == session_state::connected && b.session_id() != old; }));
    ASSERT_TRUE(has_nodes(a, 2));
    holder.unlock();
    std::move(waiting).get_for(20s);
    EXPECT_TRUE(m.holds());
    EXPECT_EQ(m.contenders().at(0).owner, b.session_id());
}

TEST_F(mutex_ends, C53_a_lost_reply_makes_one_node) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate), other = connect();
    c.create("/lock");
    mutex m(c, "/lock");
    gate.drop(fault_gate::direction::to_client);
    auto waiting = m.async_lock();
    ASSERT_TRUE(has_nodes(other, 1)) << "it was applied, and its reply is lost";
    const auto made = nodes(other);
    gate.pass(fault_gate::direction::to_client);
    gate.cut();
    std::move(waiting).get_for(20s);
    EXPECT_TRUE(m.holds());
    EXPECT_EQ(nodes(other), made);
}

TEST_F(mutex_ends, C52_a_node_whose_reply_was_lost_is_removed_when_nobody_waits_for_it) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate), other = connect();
    c.create("/lock");
    mutex m(c, "/lock");
    gate.drop(fault_gate::direction::to_client);
    auto waiting = m.async_lock();
    ASSERT_TRUE(has_nodes(other, 1));
    waiting.cancel();
    gate.pass(fault_gate::direction::to_client);
    gate.cut();
    EXPECT_TRUE(becomes_empty(other));
    EXPECT_EQ(c.exists("/lock")->num_children, 0);
}

TEST_F(mutex_ends, C52_an_unlock_that_was_lost_is_repeated) {
    using enum fault_gate::direction;
    for (const auto way : {to_server, to_client}) {
        fault_gate gate(test::server().address());
        const client c = connect_through(gate), other = connect();
        mutex m(c, "/lock");
        m.lock();
        gate.drop(way);
        auto unlocked = m.async_unlock();
        EXPECT_FALSE(m.holds());
        EXPECT_TRUE(has_nodes(other, way == to_client ? 0 : 1)) << "it is applied, or it never arrives";
        gate.pass(way);
        gate.cut();
        EXPECT_TRUE(std::move(unlocked).get_for(20s));
        EXPECT_THAT(nodes(other), IsEmpty());
    }
}

TEST_F(mutex_ends, a_node_deleted_by_somebody_is_noticed) {
    const client a = connect(), b = connect();
    mutex holder(a, "/lock"), m(b, "/lock");
    holder.lock();
    auto waiting = m.async_lock();
    ASSERT_TRUE(has_nodes(a, 2));
    const std::string own = m.contenders().at(1).path;
    a.remove(own);
    holder.unlock();
    std::move(waiting).get_for(20s); // it started over
    EXPECT_TRUE(m.holds());
    const std::stop_token lost = m.lost();
    a.remove(m.contenders().at(0).path);
    ASSERT_TRUE(eventually([&] { return lost.stop_requested(); }));
    EXPECT_FALSE(m.holds());
    m.unlock();
    EXPECT_TRUE(m.try_lock());
}

TEST_F(mutex_ends, a_set_on_the_holders_node_is_no_loss) {
    const client a = connect(), b = connect();
    const int watches = watches_at_the_server();
    mutex m(a, "/lock");
    m.lock();
    const std::string own = m.contenders().at(0).path;
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(is_watched(watches));
        b.set(own, "touched");
        EXPECT_FALSE(m.lost().stop_requested());
        EXPECT_TRUE(m.holds());
    }
    ASSERT_TRUE(is_watched(watches));
    const std::stop_token lost = m.lost();
    b.remove(own);
    EXPECT_TRUE(eventually([&] { return lost.stop_requested(); }));
}

TEST_F(mutex_ends, a_vanished_parent_is_made_again) {
    const client a = connect(), b = connect();
    mutex m(a, "/x/lock");
    m.lock();
    const std::stop_token lost = m.lost();
    b.transaction().remove(m.contenders().at(0).path).remove("/x/lock").remove("/x").commit();
    ASSERT_TRUE(eventually([&] { return lost.stop_requested(); }));
    m.unlock();
    m.lock();
    EXPECT_TRUE(m.holds());
    EXPECT_THAT(nodes(a, "/x/lock"), SizeIs(1));
}

TEST_F(mutex_ends, what_was_lost_must_be_unlocked_before_the_object_is_locked_again) {
    const client a = connect(), b = connect();
    mutex m(a, "/lock");
    m.lock();
    const std::stop_token lost = m.lost();
    auto second = m.async_lock();
    ASSERT_TRUE(has_nodes(b, 2));
    b.remove(m.contenders().at(0).path);
    ASSERT_TRUE(eventually([&] { return lost.stop_requested(); }));
    EXPECT_FALSE(m.try_lock()) << "whoever locked it has not unlocked it";
    EXPECT_FALSE(second.ready());
    m.unlock();
    std::move(second).get_for(20s);
    EXPECT_TRUE(m.holds());
    EXPECT_FALSE(m.lost().stop_requested());
}

// -- ends -------------------------------------------------------------------------------------------------------------

TEST_F(mutex_ends, closing_the_client_ends_waits_and_gives_the_lock_up) {
    client a = connect();
    const client b = connect();
    mutex holder(b, "/other"), held(a, "/lock"), waiting(a, "/other");
    holder.lock();
    held.lock();
    const std::stop_token lost = held.lost();
    auto wait = waiting.async_lock();
    ASSERT_TRUE(eventually([&] { return nodes(b, "/other").size() == 2; }));
    a.close();
    EXPECT_EQ(code_of(std::move(wait).result_for(20s)), errc::closed);
    EXPECT_TRUE(eventually([&] { return lost.stop_requested(); }));
    EXPECT_FALSE(held.holds());
    EXPECT_TRUE(becomes_empty(b));
    EXPECT_EQ(code_of(held.async_lock().result()), errc::closed);
    held.unlock();
}

TEST_F(mutex_ends, destroying_it_ends_waits_and_unlocks) {
    const client a = connect(), b = connect();
    mutex holder(b, "/other");
    holder.lock();
    std::optional<mutex> held(std::in_place, a, "/lock"), waiting(std::in_place, a, "/other");
    const int watches = watches_at_the_server();
    held->lock();
    ASSERT_TRUE(is_watched(watches));
    const std::stop_token lost = held->lost();
    auto wait = waiting->async_lock();
    ASSERT_TRUE(eventually([&] { return nodes(b, "/other").size() == 2; }));
    waiting.reset();
    EXPECT_EQ(code_of(std::move(wait).result_for(20s)), errc::cancelled);
    held.reset();
    EXPECT_TRUE(becomes_empty(b));
    EXPECT_TRUE(eventually([&] { return nodes(b, "/other").size() == 1; }));
    EXPECT_FALSE(lost.stop_requested()) << "our own doing is no loss";
    EXPECT_EQ(a.state(), session_state::connected);
}

TEST_F(mutex_ends, unlocking_is_no_loss) {
    const client c = connect();
    mutex m(c, "/lock");
    EXPECT_TRUE(m.lost().stop_requested()) << "not locked";
    const int watches = watches_at_the_server();
    for (int i = 0; i < 10; ++i) {
        m.lock();
        ASSERT_TRUE(is_watched(watches));
        const std::stop_token lost = m.lost();
        EXPECT_FALSE(lost.stop_requested());
        EXPECT_TRUE(m.async_unlock().get());
        ASSERT_TRUE(eventually([&] { return watches_at_the_server() == watches; })) << "its event has come";
        c.exists("/"); // and what it may have caused on the loop is behind us
        EXPECT_FALSE(lost.stop_requested());
    }
}

TEST_F(mutex_ends, a_transaction_can_depend_on_it) {
    const client c = connect();
    mutex m(c.chroot("/app"), "/lock");
    EXPECT_THROW((void)m.check(), error_of<errc::not_held>);
    m.lock();
    c.transaction().check(m.check()).create("/written").commit();
    const node_check stale = m.check();
    EXPECT_TRUE(m.async_unlock().get());
    try {
        c.transaction().check(stale).create("/late").commit();
        FAIL() << "the lock is gone";
    } catch (const transaction_error& e) {
        EXPECT_EQ(e.failed_index(), 0U);
        EXPECT_EQ(e.code(), errc::no_node);
    }
    EXPECT_FALSE(c.exists("/late"));
}

TEST_F(mutex_ends, a_callback_may_wait_for_it) {
    const client c = connect();
    mutex m(c, "/lock");
    auto done = c.async_exists("/").then([&](auto) {
        const std::lock_guard lock(m);
        return m.holds();
    });
    EXPECT_TRUE(std::move(done).get_for(20s));
}

TEST_F(mutex_ends, the_object_keeps_the_session_alive) {
    const client b = connect();
    std::optional<client> a(connect());
    mutex m(*a, "/lock");
    m.lock();
    a.reset();
    EXPECT_TRUE(m.holds());
    EXPECT_THAT(nodes(b), SizeIs(1));
    EXPECT_TRUE(m.async_unlock().get());
}

TEST_F(mutex_ends, an_error_that_waiting_cannot_mend_is_thrown) {
    const client c = connect();
    c.create("/fixed", "", {.acl = acls::read_unsafe()});
    mutex m(c, "/fixed/lock");
    EXPECT_THROW(m.lock(), error_of<errc::no_auth>);
    EXPECT_THROW((void)m.try_lock(), error_of<errc::no_auth>);
    c.create("/mortal", "", {.mode = create_mode::ephemeral});
    mutex n(c, "/mortal");
    EXPECT_THROW(n.lock(), error_of<errc::no_children_for_ephemerals>);
}

TEST_F(mutex_ends, many_threads_and_clients_exclude_each_other) {
    const client a = connect(), b = connect();
    mutex one(a, "/lock"), two(b, "/lock");
    int inside = 0, turns = 0; // guarded by the lock under test
    const auto work = [&](mutex& m) {
        for (int i = 0; i < 10; ++i) {
            const std::lock_guard lock(m);
            EXPECT_EQ(++inside, 1);
            ++turns;
            --inside;
        }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back(work, std::ref(one));
        threads.emplace_back(work, std::ref(two));
    }
    for (auto& t : threads) t.join();
    EXPECT_EQ(turns, 60);
    EXPECT_TRUE(becomes_empty(a));
}

} // namespace
