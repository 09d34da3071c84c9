// kazoo::election: what its header promises, against a live server.
#include "shared/mutex_test.hpp"

#include <kazoo/recipe/election.hpp>
#include <kazoo/recipe/mutex.hpp>
#include <kazoo/recipe/shared_mutex.hpp>

#include <optional>
#include <stdexcept>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::code_of;
using kazoo::test::eventually;
using kazoo::testkit::fault_gate;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace {

class elections : public test::mutex_test {
  protected:
    /// Until `is_over` is requested, as a leader's function waits.
    static void wait_for(std::stop_token is_over) {
        EXPECT_TRUE(eventually([&] { return is_over.stop_requested(); }));
    }
};

TEST_F(elections, A20_its_nodes_are_those_of_a_kazoo_lock) {
    const client c = connect();
    election e(c, "/lock", {.identifier = "who"});
    const leadership l = e.stand();
    const auto names = nodes(c);
    ASSERT_THAT(names, SizeIs(1));
    EXPECT_EQ(names[0].substr(32), "__lock__0000000000");
    const node n = c.get("/lock/" + names[0]);
    EXPECT_EQ(n.data, "who");
    EXPECT_EQ(n.stat.owner, c.session_id());
    EXPECT_EQ(n.stat.created, l.fencing_token());
    mutex m(c, "/lock");
    EXPECT_FALSE(m.try_lock()) << "one line with kazoo's Lock";
}

TEST_F(elections, one_leads_and_the_next_one_follows_when_it_resigns) {
    const client a = connect(), b = connect();
    election here(a, "/lock", {.identifier = "here"}), there(b, "/lock", {.identifier = "there"});
    EXPECT_FALSE(here.leader());
    EXPECT_THAT(here.contenders(), IsEmpty());
    leadership first = here.stand();
    EXPECT_TRUE(first.holds());
    EXPECT_FALSE(first.lost().stop_requested());
    EXPECT_FALSE(there.stand_for(0s)) << "waits for nobody";
    EXPECT_FALSE(there.stand_for(60ms));
    auto standing = there.async_stand();
    ASSERT_TRUE(has_nodes(a, 2));
    EXPECT_EQ(here.contenders()[1].identifier, "there");
    EXPECT_EQ(there.leader()->identifier, "here");
    EXPECT_FALSE(standing.ready());
    EXPECT_TRUE(first.async_resign().get());
    EXPECT_FALSE(first.holds());
    EXPECT_FALSE(first.async_resign().get());
    EXPECT_TRUE(first.lost().stop_requested()) << "it leads nothing";
    EXPECT_THROW((void)first.check(), error_of<errc::not_held>);
    EXPECT_EQ(first.fencing_token(), zxid::none);
    leadership second = std::move(standing).get_for(20s);
    EXPECT_TRUE(second.holds());
    EXPECT_EQ(here.leader()->identifier, "there");
    EXPECT_EQ(here.leader()->created, second.fencing_token());
    const leadership moved = std::move(second);
    EXPECT_TRUE(moved.holds());
    EXPECT_FALSE(second.holds()); // NOLINT(bugprone-use-after-move)
}

TEST_F(elections, what_is_written_by_a_leader_that_is_none_any_more_is_refused) {
    const client a = connect(), b = connect();
    election e(a, "/lock");
    a.create("/state");
    const leadership l = e.stand();
    a.transaction().check(l.check()).set("/state", "led").commit();
    b.remove("/lock/" + nodes(b)[0]);
    EXPECT_THROW(a.transaction().check(l.check()).set("/state", "not led").commit(), transaction_error);
    EXPECT_EQ(b.get("/state").data, "led");
}

// -- run() ------------------------------------------------------------------------------------------------------------

TEST_F(elections, run_resigns_when_the_function_returns) {
    const client a = connect();
    election e(a, "/lock");
    int turns = 0;
    e.run([&](leadership& l) {
        ++turns;
        EXPECT_TRUE(l.holds());
        EXPECT_FALSE(l.ending().stop_requested());
        EXPECT_THAT(nodes(a), SizeIs(1));
    });
    EXPECT_EQ(turns, 1);
    EXPECT_TRUE(becomes_empty(a));
    EXPECT_TRUE(e.run(std::stop_token(), [&](leadership& l) {
        l.resign();
        EXPECT_TRUE(l.ending().stop_requested()) << "it leads nothing any more";
    })) << "no loss: it stands once";
    EXPECT_TRUE(e.run(std::stop_token(), [&](leadership& l) { const leadership taken = std::move(l); }));
}

TEST_F(elections, C62_what_the_function_throws_comes_out_behind_the_resignation) {
    const client a = connect();
    election e(a, "/lock");
    EXPECT_THROW(e.run([](leadership&) { throw std::runtime_error("of the leader"); }), std::runtime_error);
    EXPECT_TRUE(becomes_empty(a));
    EXPECT_THROW(e.run([](leadership&) {
        throw_error(make_error_code(errc::cancelled), outcome::not_applied, "of the leader", "/", "");
    }),
                 cancelled_error)
        << "also what looks like our own";
    EXPECT_THROW(e.run([&](leadership& l) {
        test::expire(a);
        wait_for(l.lost());
        throw std::runtime_error("of a leader that has lost");
    }),
                 std::runtime_error);
    EXPECT_TRUE(becomes_empty(a));
}

TEST_F(elections, C62_a_leader_that_has_lost_is_told_and_stands_again) {
    const client a = connect(), b = connect();
    election e(a, "/lock"), rival(b, "/lock");
    int terms = 0;
    std::optional<leadership> between;
    e.run([&](leadership& l) {
        if (++terms == 2) return;
        auto standing = rival.async_stand();
        ASSERT_TRUE(has_nodes(b, 2));
        test::expire(a);
        wait_for(l.ending());
        EXPECT_FALSE(l.holds());
        between = std::move(standing).get_for(20s);
        EXPECT_TRUE(between->holds());
        between->resign();
    });
    EXPECT_EQ(terms, 2);
}

TEST_F(elections, C62_a_leader_that_has_lost_and_then_resigns_stands_again_too) {
    const client a = connect();
    election e(a, "/lock");
    int terms = 0;
    EXPECT_TRUE(e.run(std::stop_token(), [&](leadership& l) {
        if (++terms > 1) return;
        test::expire(a);
        wait_for(l.lost());
        l.resign();
        EXPECT_TRUE(l.ending().stop_requested());
    }));
    EXPECT_EQ(terms, 2);
}

TEST_F(elections, C62_a_stop_ends_a_wait_and_is_told_to_who_leads) {
    const client a = connect(), b = connect();
    election e(a, "/lock"), rival(b, "/lock");
    leadership first = rival.stand();
    std::stop_source waiting_stop;
    bool led = true, has_led = false;
    {
        const std::jthread waiting(
            [&] { led = e.run(waiting_stop.get_token(), [&](leadership&) { has_led = true; }); });
        EXPECT_TRUE(has_nodes(b, 2));
        waiting_stop.request_stop();
    }
    EXPECT_FALSE(led);
    EXPECT_FALSE(has_led);
    EXPECT_TRUE(has_nodes(b, 1));
    first.resign();

    std::stop_source leading_stop;
    EXPECT_TRUE(e.run(leading_stop.get_token(), [&](leadership& l) {
        const std::stop_token ending = l.ending();
        EXPECT_FALSE(ending.stop_requested());
        leading_stop.request_stop();
        EXPECT_TRUE(ending.stop_requested());
        EXPECT_TRUE(l.holds()) << "nothing is taken from it";
        EXPECT_FALSE(l.lost().stop_requested());
    })) << "it led to its end";
    EXPECT_TRUE(becomes_empty(b));
    EXPECT_FALSE(e.run(leading_stop.get_token(), [&](leadership&) { FAIL() << "it was told before"; }));
}

// -- what happens when ------------------------------------------------------------------------------------------------

TEST_F(elections, a_suspended_leader_still_leads_and_a_candidate_keeps_its_place) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate), other = connect();
    election e(c, "/lock");
    std::optional<leadership> l = e.stand();
    auto standing = e.async_stand();
    ASSERT_TRUE(has_nodes(other, 2));
    const auto before = nodes(other);
    gate.cut();
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::connected && gate.accepted() > 1; }));
    EXPECT_TRUE(l->holds());
    EXPECT_FALSE(l->lost().stop_requested());
    EXPECT_EQ(nodes(other), before);
    l.reset();
    EXPECT_TRUE(std::move(standing).get_for(20s).holds());
}

TEST_F(elections, a_lost_session_is_a_loss_for_the_leader_and_a_new_start_for_a_candidate) {
    const client a = connect(), b = connect();
    election e(a, "/lock"), other(b, "/lock");
    leadership l = e.stand();
    auto standing = other.async_stand();
    ASSERT_TRUE(has_nodes(a, 2));
    auto behind = e.async_stand();
    ASSERT_TRUE(has_nodes(a, 3));
    const auto before = nodes(a);
    test::expire(b);
    ASSERT_TRUE(eventually([&] {
        const auto now = nodes(a);
        return now.size() == 3 && now != before;
    }));
    test::expire(a);
    wait_for(l.lost());
    EXPECT_FALSE(l.holds());
    EXPECT_FALSE(behind.ready()) << "what was lost is not resigned yet";
    EXPECT_FALSE(l.async_resign().get());
    std::optional<leadership> next = std::move(standing).get_for(20s);
    EXPECT_TRUE(next->holds());
    next.reset();
    EXPECT_TRUE(std::move(behind).get_for(20s).holds()) << "what was lost is resigned";
}

TEST_F(elections, a_deleted_node_is_a_loss_or_a_new_start) {
    const client a = connect(), b = connect();
    const int watches = watches_at_the_server();
    election e(a, "/lock"), other(b, "/lock");
    const leadership l = e.stand();
    ASSERT_TRUE(is_watched(watches));
    auto standing = other.async_stand();
    ASSERT_TRUE(has_nodes(b, 2));
    const auto line = other.contenders();
    b.remove(line[1].path);
    b.remove(line[0].path);
    wait_for(l.lost());
    EXPECT_FALSE(l.holds());
    const leadership next = std::move(standing).get_for(20s);
    EXPECT_TRUE(next.holds());
    EXPECT_GT(next.fencing_token(), line[1].created) << "of a new node";
}

TEST_F(elections, a_path_that_vanished_is_made_again) {
    const client c = connect();
    election e(c, "/deep/lock");
    {
        const leadership l = e.stand();
        c.remove_tree("/deep");
        wait_for(l.lost());
    }
    EXPECT_TRUE(e.stand().holds());
}

TEST_F(elections, what_else_is_there_does_not_stand) {
    const client c = connect();
    c.create("/lock");
    for (const char* foreign : {"README", "0123456789abcdef0123456789abcdef", "__lock__", "x__lock__12"})
        c.create(std::string("/lock/") + foreign, null);
    election e(c, "/lock");
    EXPECT_FALSE(e.leader());
    const auto l = e.stand_for(20s);
    ASSERT_TRUE(l);
    EXPECT_THAT(e.contenders(), SizeIs(1));
    EXPECT_EQ(e.leader()->created, l->fencing_token());
    shared_mutex reader(c, "/lock");
    EXPECT_FALSE(reader.try_lock_shared()) << "a leader is one who writes";
    election other(c, "/read");
    shared_mutex reads(c, "/read");
    reads.lock_shared();
    EXPECT_FALSE(other.stand_for(0s)) << "who reads is waited for";
    EXPECT_TRUE(other.leader()->shared);
}

TEST_F(elections, close_ends_waits_and_a_destroyed_object_cancels_them) {
    const client a = connect(), b = connect();
    std::optional<election> e(std::in_place, b, "/lock");
    const leadership l = e->stand();
    auto standing = e->async_stand();
    ASSERT_TRUE(has_nodes(a, 2));
    e.reset();
    EXPECT_EQ(code_of(std::move(standing).result_for(20s)), errc::cancelled);
    EXPECT_TRUE(has_nodes(a, 1));
    EXPECT_TRUE(l.holds()) << "leaderships stay with their holders";
    election again(b, "/lock");
    auto closed = again.async_stand();
    ASSERT_TRUE(has_nodes(a, 2));
    b.close();
    EXPECT_EQ(code_of(std::move(closed).result_for(20s)), errc::closed);
    EXPECT_FALSE(l.holds());
    wait_for(l.lost());
    EXPECT_TRUE(becomes_empty(a));
}

TEST_F(elections, in_a_forked_child_nobody_leads) {
    const client c = connect();
    election e(c, "/lock");
    std::optional<leadership> l = e.stand();
    const pid_t child = ::fork();
    if (child == 0) {
        const bool fine = !l->holds() && code_of(e.async_stand().result()) == errc::forked &&
                          code_of(e.async_contenders().result()) == errc::forked;
        l.reset();
        ::_exit(fine ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(l->holds());
    EXPECT_THAT(nodes(c), SizeIs(1));
}

TEST_F(elections, who_gives_up_leaves_neither_node_nor_watch) {
    const client a = connect(), b = connect();
    election e(a, "/lock"), other(b, "/lock");
    const leadership l = other.stand_for(20s).value();
    ASSERT_TRUE(is_watched(0));
    const int watches = watches_at_the_server();
    std::stop_source stop;
    auto stopped = e.async_stand(stop.get_token());
    auto cancelled = e.async_stand();
    auto late = e.async_stand_for(1h);
    ASSERT_TRUE(has_nodes(b, 4));
    stop.request_stop();
    EXPECT_FALSE(std::move(stopped).get_for(20s));
    cancelled.cancel();
    EXPECT_EQ(code_of(std::move(cancelled).result()), errc::cancelled);
    {
        const auto dropped = std::move(late);
    }
    EXPECT_TRUE(has_nodes(b, 1));
    EXPECT_TRUE(eventually([&] { return watches_at_the_server() == watches; })) << watches_at_the_server();
    {
        auto dropped = other.async_stand();
    }
    EXPECT_TRUE(has_nodes(b, 1));
}

TEST_F(elections, an_error_that_waiting_cannot_mend_is_thrown) {
    const client c = connect();
    c.create("/lock", "", {.acl = acls::read_unsafe()});
    EXPECT_THROW((void)election(c, "/lock").stand(), error_of<errc::no_auth>);
    EXPECT_THROW(election(c, "/a/../b"), error_of<errc::invalid_path>);
}

} // namespace
