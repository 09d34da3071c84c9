// kazoo::semaphore: what its header promises, against a live server.
#include "shared/mutex_test.hpp"

#include <kazoo/recipe/semaphore.hpp>

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::code_of;
using kazoo::test::eventually;
using kazoo::testkit::fault_gate;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace {

class semaphores : public test::mutex_test {
  protected:
    static constexpr const char* line = "/pool-__lock__";
};

TEST_F(semaphores, A19_its_nodes_are_those_of_kazoo) {
    const client c = connect();
    semaphore s(c, "/pool", 3, {.identifier = "who"});
    const permit p = s.acquire();
    EXPECT_EQ(c.get("/pool").data, "3");
    EXPECT_EQ(c.exists("/pool")->data_version, version{0}) << "made with its number in one request (C61)";
    const auto names = nodes(c, "/pool");
    ASSERT_THAT(names, SizeIs(1));
    EXPECT_THAT(names[0], SizeIs(32));
    EXPECT_EQ(names[0].find_first_not_of("0123456789abcdef"), std::string::npos);
    const node n = c.get("/pool/" + names[0]);
    EXPECT_EQ(n.data, "who");
    EXPECT_EQ(n.stat.owner, c.session_id());
    EXPECT_EQ(n.stat.created, p.fencing_token());
    EXPECT_THAT(nodes(c, line), IsEmpty()) << "nobody waits";
}

TEST_F(semaphores, lets_so_many_through_and_no_more) {
    const client a = connect(), b = connect();
    semaphore here(a, "/pool", 2), there(b, "/pool", 2);
    permit one = here.acquire();
    permit two = there.acquire();
    EXPECT_TRUE(one.holds());
    EXPECT_TRUE(two.holds());
    EXPECT_LT(one.fencing_token(), two.fencing_token());
    EXPECT_FALSE(here.try_acquire());
    EXPECT_FALSE(there.try_acquire_for(60ms));
    auto third = here.async_acquire();
    ASSERT_TRUE(eventually([&] { return nodes(a, line).size() == 1; }));
    EXPECT_FALSE(third.ready());
    EXPECT_TRUE(two.async_release().get());
    EXPECT_FALSE(two.holds());
    EXPECT_FALSE(two.async_release().get());
    const permit three = std::move(third).get_for(20s);
    EXPECT_TRUE(three.holds());
    EXPECT_THAT(here.holders(), SizeIs(2));
}

TEST_F(semaphores, those_who_wait_are_served_in_their_order_and_watch_the_permits_one_at_a_time) {
    const client a = connect(), b = connect();
    semaphore s(a, "/pool", 1), other(b, "/pool", 1);
    std::optional<permit> p = s.acquire();
    const int watches = watches_at_the_server();
    auto first = other.async_acquire();
    ASSERT_TRUE(eventually([&] { return nodes(a, line).size() == 1; }));
    auto second = s.async_acquire();
    ASSERT_TRUE(eventually([&] { return nodes(a, line).size() == 2; }));
    // The first watches number and permits, the second the first one's place; the permit's own node is watched too.
    EXPECT_TRUE(eventually([&] { return watches_at_the_server() <= watches + 4; })) << watches_at_the_server();
    p.reset();
    std::optional<permit> next = std::move(first).get_for(20s);
    EXPECT_FALSE(second.ready());
    next.reset();
    const permit last = std::move(second).get_for(20s);
    EXPECT_TRUE(last.holds());
}

TEST_F(semaphores, C60_a_stop_ends_a_wait_wherever_in_the_line) {
    const client a = connect(), b = connect();
    const int watches = watches_at_the_server();
    semaphore s(a, "/pool", 1), other(b, "/pool", 1);
    permit held = s.acquire();
    std::stop_source first_stop, second_stop;
    auto first = other.async_acquire(first_stop.get_token());
    ASSERT_TRUE(eventually([&] { return nodes(a, line).size() == 1; }));
    auto second = s.async_acquire(second_stop.get_token());
    auto cancelled = other.async_acquire();
    ASSERT_TRUE(eventually([&] { return nodes(a, line).size() == 3; }));
    second_stop.request_stop(); // behind another one
    EXPECT_FALSE(std::move(second).get_for(20s));
    first_stop.request_stop(); // for a permit
    EXPECT_FALSE(std::move(first).get_for(20s));
    cancelled.cancel();
    EXPECT_EQ(code_of(std::move(cancelled).result()), errc::cancelled);
    EXPECT_FALSE(other.try_acquire_for(60ms));
    EXPECT_TRUE(eventually([&] { return nodes(a, line).empty(); }));
    EXPECT_TRUE(held.async_release().get());
    EXPECT_TRUE(eventually([&] { return watches_at_the_server() == watches; })) << watches_at_the_server();
    std::stop_source never;
    EXPECT_TRUE(s.acquire(never.get_token()));
}

TEST_F(semaphores, C61_only_permits_count_as_permits) {
    const client c = connect();
    c.create("/pool", "1");
    c.create("/pool/README", "not a permit");
    c.create("/pool/0123456789ABCDEF0123456789ABCDEF", null);
    semaphore s(c, "/pool", 1);
    const auto p = s.try_acquire();
    EXPECT_TRUE(p);
    EXPECT_THAT(s.holders(), SizeIs(1));
    c.create("/pool/0123456789abcdef0123456789abcdef", null, {.mode = create_mode::ephemeral});
    EXPECT_THAT(s.holders(), SizeIs(2)) << "null data is no reason to fail";
}

TEST_F(semaphores, another_number_is_refused_and_both_are_named) {
    const client c = connect();
    semaphore s(c, "/pool", 2), other(c, "/pool", 5);
    const permit p = s.acquire();
    try {
        (void)other.acquire();
        FAIL() << "it was not refused";
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::bad_arguments);
        EXPECT_THAT(e.what(), ::testing::HasSubstr("5 permits"));
        EXPECT_THAT(e.what(), ::testing::HasSubstr("have 2"));
    }
    EXPECT_THAT(nodes(c, line), IsEmpty());
}

TEST_F(semaphores, what_is_no_number_is_left_alone) {
    const client c = connect();
    for (const char* foreign : {"", "hello", "3 apples", "99999999999999999999999"}) {
        c.set_or_create("/pool", foreign);
        semaphore s(c, "/pool", 1);
        auto p = s.try_acquire();
        EXPECT_TRUE(p) << foreign;
        EXPECT_FALSE(s.try_acquire()) << "its own number counts";
        EXPECT_EQ(c.get("/pool").data, foreign);
        EXPECT_TRUE(p->async_release().get());
    }
}

TEST_F(semaphores, a_resize_lets_in_those_who_wait_and_takes_no_permit_away) {
    const client a = connect(), b = connect();
    semaphore s(a, "/pool", 1), other(b, "/pool", 1);
    permit one = s.acquire();
    auto waiting = other.async_acquire(), waiting_too = other.async_acquire();
    ASSERT_TRUE(eventually([&] { return nodes(a, line).size() == 2; }));
    s.resize(3);
    permit two = std::move(waiting).get_for(20s);
    permit three = std::move(waiting_too).get_for(20s);
    EXPECT_TRUE(one.holds() && two.holds() && three.holds());
    other.resize(1);
    EXPECT_TRUE(one.holds() && two.holds() && three.holds());
    EXPECT_TRUE(one.async_release().get());
    EXPECT_TRUE(two.async_release().get());
    EXPECT_FALSE(s.try_acquire());
    EXPECT_TRUE(three.async_release().get());
    EXPECT_TRUE(s.try_acquire());
    EXPECT_THROW(s.resize(0), error_of<errc::bad_arguments>);
    EXPECT_THROW(semaphore(a, "/pool", 0), error_of<errc::bad_arguments>);
    EXPECT_THROW(semaphore(a, "/a/../b", 1), error_of<errc::invalid_path>);
}

TEST_F(semaphores, many_threads_of_two_clients_are_never_more_than_the_number) {
    const client a = connect(), b = connect();
    semaphore here(a, "/pool", 3), there(b, "/pool", 3);
    std::atomic<int> inside{0}, most{0}, turns{0};
    const auto work = [&](semaphore& s) {
        for (int i = 0; i < 5; ++i) {
            const permit p = s.acquire();
            const int now = ++inside;
            EXPECT_LE(now, 3);
            for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
            }
            ++turns;
            --inside;
        }
    };
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 10; ++i) threads.emplace_back([&, i] { work(i % 2 == 0 ? here : there); });
    }
    EXPECT_EQ(turns, 50);
    EXPECT_TRUE(eventually([&] { return nodes(a, "/pool").empty() && nodes(a, line).empty(); }));
}

TEST_F(semaphores, a_lost_session_is_a_loss_and_frees_a_permit) {
    const client a = connect(), b = connect();
    semaphore s(a, "/pool", 1), other(b, "/pool", 1);
    permit p = s.acquire();
    const std::stop_token lost = p.lost();
    auto waiting = other.async_acquire();
    ASSERT_TRUE(eventually([&] { return nodes(b, line).size() == 1; }));
    test::expire(a);
    ASSERT_TRUE(eventually([&] { return lost.stop_requested(); }));
    EXPECT_FALSE(p.holds());
    const permit next = std::move(waiting).get_for(20s);
    EXPECT_TRUE(next.holds());
    EXPECT_FALSE(p.async_release().get());
    EXPECT_TRUE(next.holds());
}

TEST_F(semaphores, who_waits_and_loses_its_session_starts_over) {
    const client a = connect(), b = connect();
    semaphore s(a, "/pool", 1), other(b, "/pool", 1);
    std::optional<permit> p = s.acquire();
    auto waiting = other.async_acquire();
    ASSERT_TRUE(eventually([&] { return nodes(a, line).size() == 1; }));
    const auto before = nodes(a, line);
    test::expire(b);
    ASSERT_TRUE(eventually([&] {
        const auto now = nodes(a, line);
        return now.size() == 1 && now != before;
    }));
    p.reset();
    EXPECT_TRUE(std::move(waiting).get_for(20s).holds());
}

TEST_F(semaphores, a_suspended_session_still_holds_and_who_waits_keeps_its_place) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate), other = connect();
    semaphore s(c, "/pool", 1), rival(other, "/pool", 1);
    std::optional<permit> p = s.acquire();
    auto waiting = s.async_acquire();
    ASSERT_TRUE(eventually([&] { return nodes(other, line).size() == 1; }));
    const auto before = nodes(other, line);
    gate.cut();
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::connected && gate.accepted() > 1; }));
    EXPECT_TRUE(p->holds());
    EXPECT_FALSE(p->lost().stop_requested());
    EXPECT_EQ(nodes(other, line), before);
    p.reset();
    EXPECT_TRUE(std::move(waiting).get_for(20s).holds());
}

TEST_F(semaphores, a_deleted_node_is_a_loss_or_a_new_start) {
    const client a = connect(), b = connect();
    const int watches = watches_at_the_server();
    semaphore s(a, "/pool", 1), other(b, "/pool", 1);
    const permit p = s.acquire();
    ASSERT_TRUE(is_watched(watches));
    auto waiting = other.async_acquire();
    ASSERT_TRUE(eventually([&] { return nodes(b, line).size() == 1; }));
    b.remove(std::string(line) + "/" + nodes(b, line)[0]);
    const std::stop_token lost = p.lost();
    b.remove("/pool/" + nodes(b, "/pool")[0]);
    EXPECT_TRUE(eventually([&] { return lost.stop_requested(); }));
    EXPECT_FALSE(p.holds());
    EXPECT_TRUE(std::move(waiting).get_for(20s).holds());
}

TEST_F(semaphores, a_path_that_vanished_is_made_again) {
    const client c = connect();
    semaphore s(c, "/pool", 1);
    std::optional<permit> p = s.acquire();
    p.reset();
    ASSERT_TRUE(eventually([&] { return nodes(c, "/pool").empty(); }));
    c.remove("/pool");
    p = s.acquire();
    EXPECT_TRUE(p->holds());
    EXPECT_EQ(c.get("/pool").data, "1");
}

TEST_F(semaphores, close_ends_waits_and_a_destroyed_object_cancels_them) {
    const client a = connect(), b = connect();
    std::optional<semaphore> s(std::in_place, b, "/pool", 1);
    const permit p = s->acquire();
    auto waiting = s->async_acquire();
    ASSERT_TRUE(eventually([&] { return nodes(a, line).size() == 1; }));
    s.reset();
    EXPECT_EQ(code_of(std::move(waiting).result_for(20s)), errc::cancelled);
    EXPECT_TRUE(eventually([&] { return nodes(a, line).empty(); }));
    EXPECT_TRUE(p.holds()) << "permits stay with their holders";
    semaphore again(b, "/pool", 1);
    auto closed = again.async_acquire();
    ASSERT_TRUE(eventually([&] { return nodes(a, line).size() == 1; }));
    b.close();
    EXPECT_EQ(code_of(std::move(closed).result_for(20s)), errc::closed);
    EXPECT_FALSE(p.holds());
    EXPECT_TRUE(eventually([&] { return nodes(a, "/pool").empty() && nodes(a, line).empty(); }));
}

TEST_F(semaphores, a_dropped_answer_gives_its_permit_back) {
    const client c = connect();
    semaphore s(c, "/pool", 1);
    {
        auto dropped = s.async_acquire();
    }
    {
        (void)s.async_acquire().get();
    }
    EXPECT_TRUE(eventually([&] { return s.try_acquire().has_value(); }));
}

TEST_F(semaphores, an_error_that_waiting_cannot_mend_is_thrown) {
    const client c = connect();
    c.create("/pool", "1", {.acl = acls::read_unsafe()});
    EXPECT_THROW((void)semaphore(c, "/pool", 1).acquire(), error_of<errc::no_auth>) << "no permit may be made";
    // Places can be made there and not removed, as by the transaction that makes a permit.
    const std::vector<acl> no_removing{{perms::read | perms::create, "world", "anyone"}};
    c.create("/line-__lock__", "", {.acl = no_removing});
    EXPECT_THROW((void)semaphore(c, "/line", 1).acquire(), error_of<errc::no_auth>);
    c.close(); // the place goes with its session: nobody may remove it
}

} // namespace
