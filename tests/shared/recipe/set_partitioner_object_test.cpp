// kazoo::set_partitioner: objects, threads, callbacks and ends, against a live server.
#include "set_partitioner_test.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
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

class partitioner_objects : public test::partitioner_test {};

TEST_F(partitioner_objects, a_leave_ends_acquire_and_revokes_a_share) {
    const client c = connect();
    set_partitioner p(c, "/s", letters(), patient("us")), q(c, "/q", letters(), named("us"));
    EXPECT_FALSE(p.leave());
    auto first = p.async_acquire();
    ASSERT_TRUE(eventually([&] { return party(c).size() == 1; }));
    EXPECT_TRUE(p.leave() || party(c).empty());
    EXPECT_EQ(code_of(std::move(first).result_for(20s)), errc::cancelled);
    EXPECT_EQ(p.state(), partition_state::idle);
    const partition mine = q.acquire();
    std::stop_source never;
    EXPECT_TRUE(q.leave(never.get_token()));
    EXPECT_TRUE(eventually([&] { return mine.revoked().stop_requested(); }));
    EXPECT_TRUE(mine.holds());
    EXPECT_THAT(nodes(c, "/q/party"), IsEmpty());
}

TEST_F(partitioner_objects, close_ends_everything) {
    const client c = connect(), other = connect();
    set_partitioner p(c, "/s", letters(), named("us")), waiting(c, "/t", letters(), patient("us"));
    const partition mine = p.acquire();
    auto asked = waiting.async_acquire();
    c.close();
    EXPECT_EQ(code_of(std::move(asked).result_for(20s)), errc::closed);
    EXPECT_TRUE(eventually([&] { return mine.lost().stop_requested() && mine.revoked().stop_requested(); }));
    EXPECT_FALSE(mine.holds());
    EXPECT_EQ(code_of(p.async_acquire().result_for(20s)), errc::closed);
    other.sync("/s");
    EXPECT_THAT(party(other), IsEmpty());
    EXPECT_EQ(all_locks(other, letters()), 0u);
}

TEST_F(partitioner_objects, threads_that_share_an_object_are_one_member_and_take_turns) {
    const client c = connect();
    set_partitioner p(c, "/s", letters(), named("us"));
    std::atomic<int> inside = 0, turns = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&] {
                for (int n = 0; n < 3; ++n) {
                    const partition mine = p.acquire();
                    EXPECT_EQ(++inside, 1);
                    EXPECT_THAT(mine.items(), SizeIs(4));
                    ++turns;
                    --inside;
                }
            });
    }
    EXPECT_EQ(turns, 12);
    std::optional<partition> held = p.acquire();
    auto next = p.async_acquire();
    EXPECT_FALSE(p.acquire_for(50ms)) << "one thread alone waits for its own share, too";
    EXPECT_FALSE(next.ready());
    held.reset();
    EXPECT_TRUE(std::move(next).get_for(20s).holds());
    EXPECT_THAT(party(c), SizeIs(1));
}

TEST_F(partitioner_objects, who_is_destroyed_leaves_and_a_share_stays_with_its_holder) {
    const client c = connect();
    std::optional<set_partitioner> p(std::in_place, c, "/s", letters(), named("us"));
    std::optional<partition> mine = p->acquire();
    auto waiting = p->async_acquire();
    p.reset();
    EXPECT_EQ(code_of(std::move(waiting).result_for(20s)), errc::cancelled);
    EXPECT_TRUE(eventually([&] { return party(c).empty(); }));
    EXPECT_TRUE(eventually([&] { return mine->revoked().stop_requested(); }));
    EXPECT_TRUE(mine->holds());
    EXPECT_EQ(all_locks(c, letters()), 4u);
    mine.reset();
    EXPECT_TRUE(eventually([&] { return all_locks(c, letters()) == 0; }));
}

TEST_F(partitioner_objects, a_callback_of_its_own_token_may_release_it) {
    const client a = connect();
    set_partitioner p(a, "/s", letters(), named("us"));
    partition mine = p.acquire();
    std::atomic<bool> released = false;
    const auto release = [&] {
        mine.release();
        released = true;
    };
    const std::stop_callback on_revoked(mine.revoked(), release);
    a.create(std::string("/s/party/") + an_id + "-theirs", null);
    EXPECT_TRUE(eventually([&] { return released.load(); }));
    partition again = p.acquire();
    released = false;
    const auto release_again = [&] {
        again.release();
        released = true;
    };
    const std::stop_callback on_loss(again.revoked(), release_again);
    test::expire(a);
    EXPECT_TRUE(eventually([&] { return released.load(); }));
}

TEST_F(partitioner_objects, giving_back_does_not_wait_for_a_callback_that_hears_of_a_loss) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate);
    set_partitioner p(c, "/s", letters(), named("us"));
    std::optional<partition> mine = p.acquire();
    std::atomic<bool> called = false, given_back = false;
    bool did_not_wait = false;
    const auto wait_until_given_back = [&] {
        called = true;
        did_not_wait = eventually([&] { return given_back.load(); });
    };
    std::optional<std::stop_callback<decltype(wait_until_given_back)>> on_revoked(std::in_place, mine->revoked(),
                                                                                  wait_until_given_back);
    gate.hang(true); // certainty ends
    gate.cut();
    ASSERT_TRUE(eventually([&] { return called.load(); }));
    mine.reset();
    given_back = true;
    on_revoked.reset(); // waits for it
    EXPECT_TRUE(did_not_wait);
    gate.hang(false);
}

TEST_F(partitioner_objects, in_a_forked_child_nothing_is_held_asked_or_given_back) {
    const client c = connect();
    std::optional<set_partitioner> p(std::in_place, c, "/s", letters(), named("us"));
    set_partitioner q(c, "/q", letters(), named("us"));
    std::optional<partition> mine = p->acquire(), others = q.acquire();
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(20);
        bool fine = !mine->holds() && mine->items().empty() && p->state() == partition_state::idle &&
                    code_of(p->async_acquire().result()) == errc::forked &&
                    code_of(p->async_leave().result()) == errc::forked;
        const subscription listening = p->on_state([](partition_state) {});
        const set_partitioner made_here(c, "/s", letters());
        mine->release();
        fine = fine && !mine->holds() && code_of(others->async_release().result()) == errc::forked && !others->holds();
        mine.reset();
        p.reset();
        ::_exit(fine ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(mine->holds());
    EXPECT_TRUE(others->holds());
    EXPECT_EQ(all_locks(c, letters()), 4u);
}

TEST_F(partitioner_objects, states_are_told_in_their_order) {
    const client c = connect();
    set_partitioner p(c, "/s", letters(), named("us"));
    std::mutex mutex;
    std::vector<partition_state> heard;
    const auto last_heard = [&](partition_state s) {
        return eventually([&] {
            const std::lock_guard lock(mutex);
            return !heard.empty() && heard.back() == s;
        });
    };
    using enum partition_state;
    subscription listening = p.on_state([&](partition_state s) {
        const std::lock_guard lock(mutex);
        heard.push_back(s);
    });
    mutex_options by_session{.lost_when = loss::session_over};
    kazoo::mutex kept(c, "/s/locks/a", by_session);
    kept.lock();
    auto asked = p.async_acquire();
    ASSERT_TRUE(last_heard(allocating));
    kept.unlock();
    std::optional<partition> mine = std::move(asked).get_for(20s);
    ASSERT_TRUE(last_heard(acquired));
    c.create(std::string("/s/party/") + an_id + "-theirs", null);
    ASSERT_TRUE(last_heard(release));
    mine.reset();
    ASSERT_TRUE(last_heard(idle));
    EXPECT_THAT(heard, ElementsAre(allocating, acquired, release, idle));
    listening = {};
    mine = p.acquire();
    EXPECT_THAT(heard, SizeIs(4));
    EXPECT_EQ(to_string(failure), "failure");
}

TEST_F(partitioner_objects, each_call_has_its_asynchronous_twin) {
    const client c = connect();
    set_partitioner p(c, "/s", letters(), named("us"));
    std::stop_source never;
    EXPECT_TRUE(p.async_acquire().get_for(20s).async_release().get_for(20s));
    EXPECT_TRUE(p.async_acquire(never.get_token()).get_for(20s));
    EXPECT_TRUE(p.async_acquire_for(1h).get_for(20s));
    EXPECT_TRUE(p.async_acquire_until(std::chrono::steady_clock::now() + 1h).get_for(20s));
    EXPECT_TRUE(p.acquire(never.get_token()));
    EXPECT_TRUE(p.acquire_for(1h));
    EXPECT_TRUE(p.acquire_until(std::chrono::system_clock::now() + 1h));
    EXPECT_TRUE(p.acquire_for(std::chrono::hours::max()));
    EXPECT_TRUE(p.async_leave().get_for(20s));
    EXPECT_FALSE(p.leave());
}

} // namespace
