// kazoo::shared_mutex: what its header promises, against a live server.
#include "shared/mutex_test.hpp"

#include <kazoo/recipe/shared_mutex.hpp>

#include <atomic>
#include <mutex>
#include <shared_mutex>
#include <thread>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::code_of;
using kazoo::test::eventually;
using kazoo::testkit::fault_gate;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace {

class shared_mutexes : public test::mutex_test {};

TEST_F(shared_mutexes, A18_its_nodes_are_those_of_kazoo) {
    const client c = connect();
    shared_mutex m(c, "/lock", {.identifier = "who"});
    m.lock_shared();
    auto writing = m.async_lock();
    ASSERT_TRUE(has_nodes(c, 2));
    const auto all = m.contenders();
    ASSERT_THAT(all, SizeIs(2));
    EXPECT_EQ(all[0].path.substr(6 + 32), "__rlock__0000000000");
    EXPECT_EQ(all[1].path.substr(6 + 32), "__lock__0000000001");
    EXPECT_TRUE(all[0].shared);
    EXPECT_FALSE(all[1].shared);
    EXPECT_EQ(c.get(all[0].path).data, "who");
    EXPECT_EQ(all[0].created, m.fencing_token_shared());
    writing.cancel();
}

TEST_F(shared_mutexes, readers_are_together_and_a_writer_is_alone) {
    const client a = connect(), b = connect(), c = connect();
    shared_mutex one(a, "/lock"), two(b, "/lock"), writer(c, "/lock");
    one.lock_shared();
    two.lock_shared();
    EXPECT_TRUE(one.holds_shared());
    EXPECT_TRUE(two.holds_shared());
    EXPECT_FALSE(one.holds());
    EXPECT_FALSE(writer.try_lock());
    auto writing = writer.async_lock();
    ASSERT_TRUE(has_nodes(a, 3));
    one.unlock_shared();
    EXPECT_TRUE(has_nodes(a, 2));
    EXPECT_FALSE(writing.ready());
    two.unlock_shared();
    std::move(writing).get_for(20s);
    EXPECT_TRUE(writer.holds());
    EXPECT_FALSE(one.try_lock_shared());
    EXPECT_FALSE(one.try_lock_shared_for(60ms));
    auto reading = one.async_lock_shared(), reading_too = two.async_lock_shared();
    ASSERT_TRUE(has_nodes(a, 3));
    writer.unlock();
    std::move(reading).get_for(20s);
    std::move(reading_too).get_for(20s);
    EXPECT_TRUE(one.holds_shared());
    EXPECT_TRUE(two.holds_shared());
    EXPECT_TRUE(one.async_unlock_shared().get());
    EXPECT_FALSE(one.async_unlock_shared().get());
    EXPECT_TRUE(two.async_unlock_shared().get());
    EXPECT_THAT(nodes(a), IsEmpty());
}

TEST_F(shared_mutexes, L212_a_reader_does_not_wait_for_a_writer_behind_it) {
    const client a = connect(), b = connect(), c = connect();
    shared_mutex first(a, "/lock"), reader(b, "/lock"), writer(c, "/lock"), late(b, "/lock");
    first.lock();
    auto reading = reader.async_lock_shared();
    ASSERT_TRUE(has_nodes(a, 2));
    auto writing = writer.async_lock();
    ASSERT_TRUE(has_nodes(a, 3));
    auto reading_late = late.async_lock_shared();
    ASSERT_TRUE(has_nodes(a, 4));
    first.unlock();
    std::move(reading).get_for(20s);
    EXPECT_FALSE(writing.ready());
    EXPECT_FALSE(reading_late.ready()) << "who comes behind a writer does not overtake it";
    reader.unlock_shared();
    std::move(writing).get_for(20s);
    EXPECT_FALSE(reading_late.ready());
    writer.unlock();
    std::move(reading_late).get_for(20s);
}

TEST_F(shared_mutexes, threads_that_share_an_object_are_served_in_the_order_of_their_calls) {
    const client c = connect();
    shared_mutex m(c, "/lock");
    m.lock();
    auto r1 = m.async_lock_shared(), r2 = m.async_lock_shared();
    auto w = m.async_lock();
    auto r3 = m.async_lock_shared();
    ASSERT_TRUE(has_nodes(c, 5));
    m.unlock();
    std::move(r1).get_for(20s);
    std::move(r2).get_for(20s);
    EXPECT_FALSE(w.ready());
    m.unlock_shared();
    EXPECT_TRUE(m.holds_shared()) << "each has a node of its own";
    EXPECT_FALSE(w.ready());
    m.unlock_shared();
    EXPECT_FALSE(m.holds_shared());
    std::move(w).get_for(20s);
    EXPECT_FALSE(r3.ready());
    m.unlock();
    std::move(r3).get_for(20s);
    EXPECT_TRUE(m.holds_shared());
    m.unlock_shared();
    EXPECT_TRUE(becomes_empty(c));
}

TEST_F(shared_mutexes, many_readers_of_one_object_hold_at_once) {
    const client c = connect();
    shared_mutex m(c, "/lock");
    std::vector<future<void>> readers;
    for (int i = 0; i < 40; ++i) readers.push_back(m.async_lock_shared());
    for (auto& r : readers) std::move(r).get_for(20s);
    EXPECT_TRUE(has_nodes(c, 40));
    auto writing = m.async_lock();
    ASSERT_TRUE(has_nodes(c, 41));
    for (int i = 0; i < 40; ++i) m.unlock_shared();
    std::move(writing).get_for(20s);
}

TEST_F(shared_mutexes, the_standard_library_locks_it) {
    const client a = connect(), b = connect();
    std::atomic<int> reading{0}, writing{0}, most{0};
    const auto work = [&](const client& c, bool writes) {
        shared_mutex m(c, "/lock");
        for (int i = 0; i < 5; ++i) {
            if (writes) {
                const std::unique_lock lock(m);
                EXPECT_EQ(++writing, 1);
                EXPECT_EQ(reading, 0);
                --writing;
            } else {
                const std::shared_lock lock(m);
                most = std::max<int>(most, ++reading);
                EXPECT_EQ(writing, 0);
                --reading;
            }
        }
    };
    std::jthread one(work, a, true), two(work, b, false), three(work, a, false);
    work(b, true);
    shared_mutex held(a, "/other"), wanted(b, "/other");
    const std::lock_guard guard(held);
    const std::shared_lock timed(wanted, 50ms);
    EXPECT_FALSE(timed.owns_lock());
    EXPECT_FALSE(wanted.try_lock_shared_until(std::chrono::system_clock::now() + 50ms));
}

TEST_F(shared_mutexes, who_gives_up_leaves_neither_node_nor_watch) {
    const client a = connect(), b = connect();
    const int watches = watches_at_the_server();
    shared_mutex writer(a, "/lock"), m(b, "/lock");
    writer.lock();
    std::stop_source stop;
    auto stopped = m.async_lock_shared(stop.get_token());
    auto cancelled = m.async_lock_shared();
    ASSERT_TRUE(has_nodes(a, 3));
    stop.request_stop();
    EXPECT_FALSE(std::move(stopped).get_for(20s));
    cancelled.cancel();
    EXPECT_EQ(code_of(std::move(cancelled).result()), errc::cancelled);
    EXPECT_FALSE(m.try_lock_shared_for(60ms));
    EXPECT_TRUE(has_nodes(a, 1));
    EXPECT_TRUE(writer.async_unlock().get());
    EXPECT_TRUE(eventually([&] { return watches_at_the_server() == watches; })) << watches_at_the_server();
}

TEST_F(shared_mutexes, a_lost_session_is_a_loss_of_all_shared_holds) {
    const client a = connect(), b = connect();
    shared_mutex m(a, "/lock"), other(b, "/lock");
    m.lock_shared();
    m.lock_shared();
    const std::stop_token lost = m.lost_shared();
    EXPECT_FALSE(lost.stop_requested());
    auto writing = other.async_lock();
    ASSERT_TRUE(has_nodes(b, 3));
    test::expire(a);
    ASSERT_TRUE(eventually([&] { return lost.stop_requested(); }));
    EXPECT_FALSE(m.holds_shared());
    std::move(writing).get_for(20s);
    auto next = m.async_lock_shared();
    other.unlock();
    EXPECT_TRUE(becomes_empty(b)) << "what was lost must be unlocked first, by all who held it";
    m.unlock_shared();
    EXPECT_FALSE(next.ready());
    m.unlock_shared();
    std::move(next).get_for(20s);
    EXPECT_TRUE(m.holds_shared());
    EXPECT_FALSE(m.lost_shared().stop_requested());
}

TEST_F(shared_mutexes, a_deleted_node_is_a_loss_of_all_shared_holds) {
    const client a = connect(), b = connect();
    const int watches = watches_at_the_server();
    shared_mutex m(a, "/lock"), other(b, "/lock");
    m.lock_shared();
    m.lock_shared();
    ASSERT_TRUE(eventually([&] { return watches_at_the_server() == watches + 2; }));
    const std::stop_token lost = m.lost_shared();
    b.remove(m.contenders()[0].path);
    EXPECT_TRUE(eventually([&] { return lost.stop_requested(); }));
    EXPECT_FALSE(m.holds_shared());
    EXPECT_THROW(b.transaction().check(m.check()).commit(), error_of<errc::not_held>);
    m.unlock_shared();
    EXPECT_FALSE(m.holds_shared()) << "the other one has been told that it is over";
    m.unlock_shared();
    EXPECT_TRUE(becomes_empty(b));
    EXPECT_TRUE(m.try_lock());
    EXPECT_TRUE(m.lost_shared().stop_requested());
}

TEST_F(shared_mutexes, a_suspended_session_still_holds_and_a_waiter_keeps_its_place) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate), other = connect();
    shared_mutex m(c, "/lock"), rival(other, "/lock");
    m.lock_shared();
    const std::stop_token lost = m.lost_shared();
    auto waiting = rival.async_lock();
    ASSERT_TRUE(has_nodes(other, 2));
    gate.cut();
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::connected && gate.accepted() > 1; }));
    EXPECT_TRUE(m.holds_shared());
    EXPECT_FALSE(lost.stop_requested());
    EXPECT_FALSE(waiting.ready());
    m.unlock_shared();
    std::move(waiting).get_for(20s);
    auto reading = m.async_lock_shared();
    ASSERT_TRUE(has_nodes(other, 2));
    const auto before = nodes(other);
    gate.cut();
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::connected && gate.accepted() > 2; }));
    EXPECT_EQ(nodes(other), before);
    rival.unlock();
    std::move(reading).get_for(20s);
}

TEST_F(shared_mutexes, a_write_that_depends_on_a_shared_hold_is_applied_only_while_it_is_ours) {
    const client c = connect();
    shared_mutex m(c, "/lock");
    c.create("/data", "1");
    EXPECT_THROW(m.check_shared(), error_of<errc::not_held>);
    m.lock_shared();
    const node_check ours = m.check_shared();
    c.transaction().check(ours).set("/data", "2").commit();
    EXPECT_TRUE(m.async_unlock_shared().get());
    EXPECT_THROW(c.transaction().check(ours).set("/data", "3").commit(), transaction_error);
    EXPECT_EQ(c.get("/data").data, "2");
}

TEST_F(shared_mutexes, foreign_nodes_in_the_folder_are_not_looked_at) {
    const client c = connect();
    c.create("/lock");
    c.create("/lock/lease_holder", null);
    c.create("/lock/__rlock__x", "garbage");
    c.create("/lock/_c_0f-lock-", "", {.mode = create_mode::ephemeral_sequential});
    shared_mutex m(c, "/lock"), polite(c, "/lock", {.extra_lock_patterns = {"-lock-"}});
    EXPECT_FALSE(polite.try_lock_shared());
    EXPECT_TRUE(m.try_lock_shared());
    m.unlock_shared();
    EXPECT_TRUE(m.try_lock());
}

TEST_F(shared_mutexes, a_waiter_whose_node_or_folder_is_deleted_starts_over) {
    const client a = connect(), b = connect();
    shared_mutex writer(a, "/lock"), m(b, "/lock");
    writer.lock();
    auto reading = m.async_lock_shared();
    ASSERT_TRUE(has_nodes(a, 2));
    const std::string old = m.contenders()[1].path;
    a.remove(old);
    writer.unlock();
    std::move(reading).get_for(20s);
    EXPECT_TRUE(m.holds_shared());
    m.unlock_shared();
    ASSERT_TRUE(becomes_empty(a));
    a.remove("/lock");
    m.lock_shared();
    EXPECT_TRUE(m.holds_shared());
}

TEST_F(shared_mutexes, close_ends_waits_and_gives_up_what_is_held) {
    const client a = connect(), b = connect();
    shared_mutex m(b, "/lock"), writer(a, "/lock");
    m.lock_shared();
    const std::stop_token lost = m.lost_shared();
    auto waiting = m.async_lock();
    ASSERT_TRUE(has_nodes(a, 2));
    b.close();
    EXPECT_EQ(code_of(std::move(waiting).result_for(20s)), errc::closed);
    EXPECT_FALSE(m.holds_shared());
    EXPECT_TRUE(eventually([&] { return lost.stop_requested(); }));
    EXPECT_TRUE(becomes_empty(a));
    EXPECT_TRUE(writer.try_lock());
}

TEST_F(shared_mutexes, a_destroyed_object_cancels_and_unlocks) {
    const client a = connect(), b = connect();
    future<void> waiting;
    {
        shared_mutex m(b, "/lock");
        m.lock_shared();
        m.lock_shared();
        waiting = m.async_lock();
        ASSERT_TRUE(has_nodes(a, 3));
    }
    EXPECT_EQ(code_of(std::move(waiting).result_for(20s)), errc::cancelled);
    EXPECT_TRUE(becomes_empty(a));
}

TEST_F(shared_mutexes, bad_paths_and_patterns_are_refused_at_once) {
    const client c = connect();
    EXPECT_THROW(shared_mutex(c, "/a/../b"), error_of<errc::invalid_path>);
    EXPECT_THROW(shared_mutex(c, "/a", {.extra_lock_patterns = {"x/y"}}), error_of<errc::bad_arguments>);
}

} // namespace
