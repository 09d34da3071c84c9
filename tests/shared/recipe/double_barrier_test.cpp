// kazoo::double_barrier: what its header promises, against a live server.
#include "shared/mutex_test.hpp"

#include <kazoo/recipe/double_barrier.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::code_of;
using kazoo::test::eventually;
using kazoo::testkit::fault_gate;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::SizeIs;

namespace {

class double_barriers : public test::mutex_test {
  protected:
    std::vector<std::string> below(const client& c) const {
        c.sync("/d");
        auto all = nodes(c, "/d");
        std::ranges::sort(all);
        return all;
    }
    bool has(const client& c, std::size_t n) const {
        return eventually([&] { return below(c).size() == n; });
    }
    static constexpr const char* an_id = "0123456789abcdef0123456789abcdef";
    static constexpr const char* a_uuid = "01234567-89ab-cdef-0123-456789abcdef";
};

TEST_F(double_barriers, A21_its_nodes_are_those_of_kazoo) {
    const client c = connect();
    double_barrier b(c, "/d", 1, {.identifier = "who"});
    EXPECT_FALSE(b.inside());
    EXPECT_TRUE(b.enter());
    EXPECT_TRUE(b.inside());
    ASSERT_THAT(below(c), ElementsAre(MatchesRegex("[0-9a-f]{32}"), "ready"));
    const node member = c.get("/d/" + below(c)[0]), ready = c.get("/d/ready");
    EXPECT_EQ(member.data, "who");
    EXPECT_EQ(member.stat.owner, c.session_id());
    EXPECT_EQ(ready.data, "");
    EXPECT_FALSE(ready.stat.ephemeral());
    EXPECT_EQ(c.get("/d").data, "");
    EXPECT_TRUE(b.enter()) << "we are inside";
    EXPECT_TRUE(b.leave());
    EXPECT_FALSE(b.inside());
    EXPECT_THAT(below(c), IsEmpty());
    EXPECT_EQ(b.path(), "/d");
    EXPECT_THROW(double_barrier(c, "/d", 0), error_of<errc::bad_arguments>);
    EXPECT_THROW(double_barrier(c, "/a/../d", 1), error_of<errc::invalid_path>);
}

TEST_F(double_barriers, A21_all_enter_together_and_leave_together_again_and_again) {
    const client a = connect(), b = connect(), c = connect();
    double_barrier one(a, "/d", 3), two(b, "/d", 3), three(c, "/d", 3);
    for (int round = 0; round < 3; ++round) {
        auto first = one.async_enter(), second = two.async_enter();
        ASSERT_TRUE(has(c, 2));
        EXPECT_FALSE(first.ready() || second.ready());
        EXPECT_TRUE(three.enter_for(20s));
        EXPECT_TRUE(std::move(first).get_for(20s));
        EXPECT_TRUE(std::move(second).get_for(20s));
        auto leaving = one.async_leave(), more = two.async_leave();
        EXPECT_FALSE(leaving.ready() || more.ready()) << "the third one is inside";
        EXPECT_TRUE(three.leave_for(20s));
        EXPECT_TRUE(std::move(leaving).get_for(20s));
        EXPECT_TRUE(std::move(more).get_for(20s));
        EXPECT_THAT(below(c), IsEmpty());
    }
}

/// The others may have left it to that one to go last: then what says that it is open stays, and lets nobody in.
TEST_F(double_barriers, A21_who_gives_up_leaving_may_leave_again_and_the_next_round_is_one) {
    const client a = connect(), b = connect(), c = connect();
    double_barrier one(a, "/d", 3), two(b, "/d", 3), three(c, "/d", 3);
    for (int round = 0; round < 3; ++round) {
        auto first = one.async_enter(), second = two.async_enter();
        ASSERT_TRUE(eventually([&] { return !c.exists("/d/ready") && below(c).size() == 2; })) << "cleared away";
        EXPECT_FALSE(first.ready() || second.ready());
        EXPECT_TRUE(three.enter_for(20s));
        EXPECT_TRUE(std::move(first).get_for(20s));
        EXPECT_TRUE(std::move(second).get_for(20s));
        auto leaving = one.async_leave();
        EXPECT_FALSE(two.leave_for(50ms)) << "the third one is inside";
        EXPECT_FALSE(leaving.ready());
        auto more = two.async_leave();
        EXPECT_TRUE(three.leave_for(20s));
        EXPECT_TRUE(std::move(leaving).get_for(20s));
        EXPECT_TRUE(std::move(more).get_for(20s));
        EXPECT_THAT(below(c), AnyOf(IsEmpty(), ElementsAre("ready")));
    }
}

TEST_F(double_barriers, each_call_has_its_asynchronous_twin) {
    const client c = connect();
    double_barrier b(c, "/d", 1);
    EXPECT_TRUE(b.async_enter().get_for(20s));
    EXPECT_TRUE(b.async_leave().get_for(20s));
    EXPECT_TRUE(b.async_enter_for(20s).get_for(20s));
    EXPECT_TRUE(b.async_leave_for(20s).get_for(20s));
    EXPECT_TRUE(b.async_enter_until(std::chrono::system_clock::now() + 20s).get_for(20s));
    EXPECT_TRUE(b.async_leave_until(std::chrono::steady_clock::now() + 20s).get_for(20s));
    EXPECT_TRUE(b.enter_until(std::chrono::steady_clock::now() + 20s));
    EXPECT_TRUE(b.leave_until(std::chrono::steady_clock::now() + 20s));
    std::stop_source stop;
    EXPECT_TRUE(b.enter(stop.get_token()));
    EXPECT_TRUE(b.leave(stop.get_token()));
}

TEST_F(double_barriers, a_look_is_enough_for_the_last_one_to_come_and_to_leave) {
    const client a = connect(), b = connect();
    double_barrier one(a, "/d", 2), two(b, "/d", 2);
    EXPECT_FALSE(one.enter_for(0s));
    EXPECT_TRUE(has(b, 0));
    auto entering = one.async_enter();
    ASSERT_TRUE(has(b, 1));
    EXPECT_TRUE(two.enter_for(0s));
    EXPECT_TRUE(std::move(entering).get_for(20s));
    EXPECT_FALSE(one.leave_for(0s));
    EXPECT_TRUE(two.leave_for(20s));
    EXPECT_TRUE(one.leave_for(0s)) << "the rest has gone meanwhile";
}

TEST_F(double_barriers, leave_is_for_those_who_have_entered) {
    const client c = connect();
    double_barrier b(c, "/d", 1);
    EXPECT_THROW(b.leave(), error_of<errc::not_held>);
    b.enter();
    b.leave();
    EXPECT_THROW((void)b.leave_for(20s), error_of<errc::not_held>);
}

TEST_F(double_barriers, who_gives_up_entering_leaves_neither_node_nor_watch) {
    const client c = connect(), other = connect();
    other.create("/d");
    const int watches = watches_at_the_server();
    double_barrier b(c, "/d", 2);
    EXPECT_FALSE(b.enter_for(50ms));
    std::stop_source stop;
    auto stopped = b.async_enter(stop.get_token());
    ASSERT_TRUE(has(other, 1));
    stop.request_stop();
    EXPECT_FALSE(std::move(stopped).get_for(20s));
    auto cancelled = b.async_enter();
    ASSERT_TRUE(has(other, 1));
    cancelled.cancel();
    EXPECT_EQ(code_of(std::move(cancelled).result()), errc::cancelled);
    EXPECT_FALSE(b.enter_for(20s, stop.get_token()));
    EXPECT_FALSE(b.inside());
    EXPECT_TRUE(has(other, 0));
    EXPECT_TRUE(eventually([&] { return watches_at_the_server() == watches; })) << watches_at_the_server();
    double_barrier alone(other, "/d", 2);
    EXPECT_FALSE(alone.enter_for(50ms)) << "those who gave up do not count";
}

TEST_F(double_barriers, who_gives_up_leaving_is_not_inside_and_may_ask_again) {
    const client a = connect(), b = connect();
    double_barrier one(a, "/d", 2), two(b, "/d", 2);
    auto entering = one.async_enter();
    EXPECT_TRUE(two.enter_for(20s));
    EXPECT_TRUE(std::move(entering).get_for(20s));
    std::stop_source stop;
    auto leaving = one.async_leave(stop.get_token());
    stop.request_stop();
    EXPECT_FALSE(std::move(leaving).get_for(20s));
    EXPECT_FALSE(one.inside());
    EXPECT_TRUE(has(b, 2)) << "the other one, and that it is open";
    auto again = one.async_leave();
    EXPECT_TRUE(two.leave_for(20s));
    EXPECT_TRUE(std::move(again).get_for(20s));
    EXPECT_THAT(below(b), IsEmpty());
}

TEST_F(double_barriers, whoever_comes_while_somebody_is_inside_enters) {
    const client a = connect(), b = connect(), c = connect();
    double_barrier one(a, "/d", 2), two(b, "/d", 2), late(c, "/d", 2), later(c, "/d", 2);
    auto entering = one.async_enter();
    EXPECT_TRUE(two.enter_for(20s));
    EXPECT_TRUE(std::move(entering).get_for(20s));
    EXPECT_TRUE(late.enter_for(20s));
    EXPECT_FALSE(one.leave_for(0s));
    EXPECT_FALSE(two.leave_for(0s));
    EXPECT_TRUE(has(c, 2));
    EXPECT_TRUE(later.enter_for(20s)) << "one is inside that came late itself";
    EXPECT_FALSE(one.leave_for(20ms));
    EXPECT_FALSE(late.leave_for(0s));
    EXPECT_TRUE(later.leave_for(20s));
    EXPECT_TRUE(one.leave_for(20s));
    EXPECT_TRUE(late.leave_for(20s));
    EXPECT_THAT(below(c), IsEmpty());
}

TEST_F(double_barriers, A21_kazoos_members_are_told_from_ours) {
    const client c = connect();
    double_barrier b(c, "/d", 2);
    for (int i = 0; i < 40; ++i) {
        auto entering = b.async_enter();
        ASSERT_TRUE(has(c, 1));
        EXPECT_THAT(below(c), ElementsAre(MatchesRegex("[0-9a-f]{12}[0-35-9a-f][0-9a-f]{19}")));
        entering.cancel();
        ASSERT_TRUE(has(c, 0));
    }
}

TEST_F(double_barriers, C64_what_is_no_member_does_not_count) {
    const client a = connect(), b = connect();
    a.create("/d");
    for (const char* name : {"README", "0123456789ABCDEF0123456789ABCDEF", "ready2", "lock-0000000001",
                             "01234567-89ab-cdef-0123-456789abcdeg", "0123456789abcdef0123456789abcdef0"})
        a.create(std::string("/d/") + name, null);
    double_barrier one(a, "/d", 3), two(b, "/d", 3);
    EXPECT_FALSE(one.enter_for(200ms));
    a.create(std::string("/d/") + an_id, null, create_mode::ephemeral);
    auto entering = one.async_enter();
    a.create(std::string("/d/") + a_uuid, null, create_mode::ephemeral);
    EXPECT_TRUE(two.enter_for(20s)) << "these do: they are kazoo's and Curator's";
    EXPECT_TRUE(std::move(entering).get_for(20s));
    EXPECT_FALSE(two.leave_for(50ms));
    a.remove(std::string("/d/") + an_id);
    a.remove(std::string("/d/") + a_uuid);
    EXPECT_TRUE(one.leave_for(20s));
    EXPECT_TRUE(two.leave_for(20s));
    EXPECT_THAT(below(a), SizeIs(6));
}

TEST_F(double_barriers, members_that_may_not_be_read_count) {
    const client a = connect(), b = connect();
    const std::vector<acl> hidden{{perms::write, "world", "anyone"}};
    double_barrier one(a, "/d", 2, {.acl = hidden}), two(b, "/d", 2, {.acl = hidden});
    auto entering = one.async_enter();
    EXPECT_TRUE(two.enter_for(20s));
    EXPECT_TRUE(std::move(entering).get_for(20s));
}

TEST_F(double_barriers, C64_broken_connections_cost_nothing) {
    fault_gate gate(test::server().address());
    client_options o = quick();
    o.session_timeout = 20s; // a loaded machine may take its time
    const client c = connect_through(gate, o), other = connect();
    double_barrier b(c, "/d", 2), theirs(other, "/d", 2);
    auto entering = b.async_enter();
    ASSERT_TRUE(has(other, 1));
    gate.hang(true);
    gate.cut();
    EXPECT_TRUE(theirs.enter_for(20s)) << "our node is there";
    gate.hang(false);
    gate.cut();
    EXPECT_TRUE(std::move(entering).get_for(20s));
    gate.hang(true);
    gate.cut();
    EXPECT_TRUE(b.inside());
    auto leaving = b.async_leave();
    EXPECT_FALSE(theirs.leave_for(50ms));
    gate.hang(false);
    gate.cut();
    EXPECT_TRUE(std::move(leaving).get_for(20s));
    EXPECT_TRUE(theirs.leave_for(20s));
}

TEST_F(double_barriers, C64_who_came_in_time_enters_although_the_others_leave) {
    fault_gate gate(test::server().address());
    client_options o = quick();
    o.session_timeout = 20s;
    const client c = connect_through(gate, o), other = connect();
    double_barrier slow(c, "/d", 2), fast(other, "/d", 2);
    auto entering = slow.async_enter();
    ASSERT_TRUE(has(other, 1));
    gate.hang(true);
    gate.cut();
    EXPECT_TRUE(fast.enter_for(20s));
    EXPECT_FALSE(fast.leave_for(50ms));
    auto leaving = fast.async_leave();
    gate.hang(false);
    gate.cut();
    EXPECT_TRUE(std::move(entering).get_for(20s));
    EXPECT_FALSE(leaving.ready());
    EXPECT_TRUE(slow.leave_for(20s));
    EXPECT_TRUE(std::move(leaving).get_for(20s));
}

TEST_F(double_barriers, C64_who_loses_its_session_while_it_waits_is_there_once) {
    const client c = connect(), other = connect(), third = connect();
    double_barrier b(c, "/d", 3), theirs(other, "/d", 3), last(third, "/d", 3);
    auto entering = b.async_enter();
    ASSERT_TRUE(has(other, 1));
    const session_id old = c.session_id();
    test::expire(c);
    ASSERT_TRUE(eventually([&] {
        const auto members = below(other);
        if (members.size() != 1) return false;
        const auto there = other.exists("/d/" + members[0]);
        return there && there->owner != old;
    }));
    EXPECT_FALSE(theirs.enter_for(200ms)) << "we are one, and they are one";
    auto more = theirs.async_enter();
    EXPECT_TRUE(last.enter_for(20s));
    EXPECT_TRUE(std::move(more).get_for(20s));
    EXPECT_TRUE(std::move(entering).get_for(20s));
}

TEST_F(double_barriers, C64_who_loses_its_session_inside_is_gone_for_the_others_and_still_waits_for_them) {
    const client c = connect(), other = connect();
    double_barrier b(c, "/d", 2), theirs(other, "/d", 2);
    auto entering = b.async_enter();
    EXPECT_TRUE(theirs.enter_for(20s));
    EXPECT_TRUE(std::move(entering).get_for(20s));
    const std::stop_token lost = b.lost();
    EXPECT_FALSE(lost.stop_requested());
    const session_id old = c.session_id();
    test::expire(c);
    EXPECT_TRUE(eventually([&] { return lost.stop_requested(); }));
    EXPECT_FALSE(b.inside());
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::connected && c.session_id() != old; }));
    EXPECT_TRUE(has(other, 2)) << "theirs, and that it is open";
    auto leaving = b.async_leave();
    EXPECT_FALSE(b.leave_for(50ms));
    EXPECT_TRUE(theirs.leave_for(20s)) << "nobody else is there";
    EXPECT_TRUE(std::move(leaving).get_for(20s));
    EXPECT_THAT(below(other), IsEmpty());
}

TEST_F(double_barriers, C64_who_loses_its_session_inside_may_enter_anew) {
    const client c = connect(), other = connect();
    double_barrier b(c, "/d", 2), theirs(other, "/d", 2);
    auto entering = b.async_enter();
    EXPECT_TRUE(theirs.enter_for(20s));
    EXPECT_TRUE(std::move(entering).get_for(20s));
    test::expire(c);
    ASSERT_TRUE(eventually([&] { return !b.inside(); }));
    EXPECT_TRUE(b.enter_for(20s)) << "somebody is inside";
    EXPECT_TRUE(b.inside());
    EXPECT_TRUE(has(other, 3));
}

TEST_F(double_barriers, a_node_that_somebody_deletes) {
    const client c = connect(), other = connect();
    double_barrier b(c, "/d", 2), theirs(other, "/d", 2);
    auto entering = b.async_enter();
    ASSERT_TRUE(has(other, 1));
    const std::string first = below(other)[0];
    other.remove("/d/" + first);
    std::vector<std::string> now;
    ASSERT_TRUE(eventually([&] {
        now = below(other);
        return now.size() == 1 && now[0] != first;
    })) << "is made again while we wait, under another name";
    const std::string node = "/d/" + now[0];
    EXPECT_TRUE(theirs.enter_for(20s));
    EXPECT_TRUE(std::move(entering).get_for(20s));
    const std::stop_token lost = b.lost();
    other.remove(node);
    EXPECT_TRUE(eventually([&] { return lost.stop_requested() && !b.inside(); })) << "and is a loss inside";
    EXPECT_TRUE(theirs.leave_for(20s));
    EXPECT_TRUE(b.leave_for(20s));
}

TEST_F(double_barriers, a_path_that_vanished_is_made_again) {
    const client c = connect(), other = connect();
    double_barrier b(c, "/d", 2), theirs(other, "/d", 2);
    auto entering = b.async_enter();
    ASSERT_TRUE(has(other, 1));
    const std::string node = "/d/" + below(other)[0];
    other.transaction().remove(node).remove("/d").commit();
    EXPECT_TRUE(theirs.enter_for(20s));
    EXPECT_TRUE(std::move(entering).get_for(20s));
}

TEST_F(double_barriers, a_lost_reply_makes_no_second_member) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate), other = connect();
    other.create("/d");
    double_barrier b(c, "/d", 2), theirs(other, "/d", 2);
    gate.pause(fault_gate::direction::to_client, true);
    auto entering = b.async_enter();
    ASSERT_TRUE(has(other, 1));
    const auto made = below(other);
    gate.cut();
    gate.pause(fault_gate::direction::to_client, false);
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::connected; }));
    c.sync("/d");
    EXPECT_EQ(below(other), made);
    EXPECT_FALSE(entering.ready());
    EXPECT_TRUE(theirs.enter_for(20s));
    EXPECT_TRUE(std::move(entering).get_for(20s));
}

TEST_F(double_barriers, an_error_that_waiting_cannot_mend_comes_out) {
    const client c = connect();
    c.create("/d", "", {.acl = acls::read_unsafe()});
    double_barrier b(c, "/d", 1);
    EXPECT_THROW(b.enter(), error_of<errc::no_auth>);
    EXPECT_THROW((void)b.enter_for(20s), error_of<errc::no_auth>);
    EXPECT_FALSE(b.inside());
}

TEST_F(double_barriers, close_ends_those_who_wait) {
    const client c = connect(), other = connect(), third = connect();
    double_barrier b(c, "/d", 2), inside(third, "/e", 1);
    auto entering = b.async_enter();
    ASSERT_TRUE(has(other, 1));
    c.close();
    EXPECT_EQ(code_of(std::move(entering).result_for(20s)), errc::closed);
    EXPECT_EQ(code_of(b.async_enter().result_for(20s)), errc::closed);
    EXPECT_TRUE(has(other, 0));
    inside.enter();
    third.close();
    EXPECT_FALSE(inside.inside());
    EXPECT_EQ(code_of(inside.async_leave().result_for(20s)), errc::closed);
}

TEST_F(double_barriers, threads_that_share_an_object_are_one_member) {
    const client c = connect(), other = connect();
    double_barrier b(c, "/d", 2), theirs(other, "/d", 2);
    std::atomic<int> inside = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) threads.emplace_back([&] { inside += b.enter_for(60s) ? 1 : 0; });
    ASSERT_TRUE(has(other, 1));
    auto more = theirs.async_enter();
    threads.clear();
    EXPECT_EQ(inside, 8);
    EXPECT_TRUE(std::move(more).get_for(20s));
    std::vector<future<bool>> leaving;
    for (int i = 0; i < 8; ++i) leaving.push_back(b.async_leave());
    EXPECT_TRUE(theirs.leave_for(20s));
    for (auto& l : leaving) EXPECT_TRUE(std::move(l).get_for(20s));
}

TEST_F(double_barriers, who_is_destroyed_leaves) {
    const client c = connect(), other = connect();
    std::optional<double_barrier> b(std::in_place, c, "/d", 2), waiting(std::in_place, c, "/e", 2);
    double_barrier theirs(other, "/d", 2);
    auto entering = b->async_enter();
    EXPECT_TRUE(theirs.enter_for(20s));
    EXPECT_TRUE(std::move(entering).get_for(20s));
    auto abandoned = waiting->async_enter();
    waiting.reset();
    EXPECT_FALSE(std::move(abandoned).get_for(20s));
    auto leaving = b->async_leave();
    b.reset();
    EXPECT_FALSE(std::move(leaving).get_for(20s));
    EXPECT_TRUE(theirs.leave_for(20s));
    EXPECT_TRUE(has(other, 0));
}

TEST_F(double_barriers, in_a_forked_child_nobody_is_inside) {
    const client c = connect();
    std::optional<double_barrier> b(std::in_place, c, "/d", 1);
    b->enter();
    const pid_t child = ::fork();
    if (child == 0) {
        const bool fine = !b->inside() && b->lost().stop_requested() &&
                          code_of(b->async_enter().result()) == errc::forked &&
                          code_of(b->async_leave().result()) == errc::forked;
        b.reset();
        ::_exit(fine ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(b->inside());
    EXPECT_TRUE(b->leave());
}

} // namespace
