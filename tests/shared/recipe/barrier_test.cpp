// kazoo::barrier: what its header promises, against a live server.
#include "shared/mutex_test.hpp"

#include <kazoo/recipe/barrier.hpp>

#include <optional>
#include <thread>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::code_of;
using kazoo::test::eventually;
using kazoo::testkit::fault_gate;
using ::testing::IsEmpty;

namespace {

class barriers : public test::mutex_test {
  protected:
    /// Somebody waits, and the server knows.
    static bool waits(const future<bool>& f, int watches_before) {
        return eventually([&] { return watches_at_the_server() > watches_before; }) && !f.ready();
    }
};

TEST_F(barriers, A21_it_is_an_empty_node_that_stays) {
    const client c = connect();
    barrier b(c, "/a/b");
    EXPECT_TRUE(b.create());
    const node n = c.get("/a/b");
    EXPECT_EQ(n.data, "");
    EXPECT_FALSE(n.stat.ephemeral());
    EXPECT_FALSE(b.create()) << "it stands already";
    EXPECT_EQ(c.exists("/a/b")->created, n.stat.created);
    EXPECT_TRUE(b.remove());
    EXPECT_FALSE(b.remove()) << "there is none";
    EXPECT_FALSE(c.exists("/a/b"));
    EXPECT_TRUE(c.exists("/a"));
    EXPECT_EQ(b.path(), "/a/b");
    EXPECT_THROW(barrier(c, "/a/../b"), error_of<errc::invalid_path>);
}

TEST_F(barriers, A21_nobody_waits_where_there_is_none) {
    const client c = connect();
    barrier b(c, "/b");
    EXPECT_TRUE(b.wait());
    EXPECT_TRUE(b.wait_for(0s));
    EXPECT_TRUE(b.wait_until(std::chrono::steady_clock::now() + 20s));
    EXPECT_THAT(nodes(c, "/"), ::testing::Not(::testing::Contains("b"))) << "waiting makes nothing";
}

TEST_F(barriers, A21_who_waits_goes_on_when_it_is_removed) {
    const client c = connect(), other = connect();
    barrier b(c, "/b"), theirs(other, "/b");
    theirs.create();
    const int watches = watches_at_the_server();
    EXPECT_FALSE(b.wait_for(0s));
    EXPECT_FALSE(b.wait_for(20ms));
    EXPECT_FALSE(b.wait_until(std::chrono::steady_clock::now()));
    ASSERT_TRUE(eventually([&] { return watches_at_the_server() == watches; })) << "of those who have given up";
    auto waiting = b.async_wait();
    ASSERT_TRUE(waits(waiting, watches));
    EXPECT_TRUE(theirs.remove());
    EXPECT_TRUE(std::move(waiting).get_for(20s));
}

TEST_F(barriers, each_call_has_its_asynchronous_twin) {
    const client c = connect();
    barrier b(c, "/b");
    EXPECT_TRUE(b.async_create().get_for(20s));
    EXPECT_FALSE(b.async_wait_for(0s).get_for(20s));
    EXPECT_FALSE(b.async_wait_until(std::chrono::system_clock::now() + 10ms).get_for(20s));
    EXPECT_TRUE(b.async_remove().get_for(20s));
    std::stop_source stop;
    EXPECT_TRUE(b.async_wait(stop.get_token()).get_for(20s));
    EXPECT_TRUE(b.wait(stop.get_token()));
    EXPECT_TRUE(b.create(stop.get_token()));
    EXPECT_TRUE(b.remove(stop.get_token()));
}

TEST_F(barriers, one_that_is_put_up_again_is_another_one) {
    const client c = connect(), other = connect();
    other.create("/b");
    barrier b(c, "/b");
    const int watches = watches_at_the_server();
    auto waiting = b.async_wait();
    ASSERT_TRUE(waits(waiting, watches));
    other.transaction().remove("/b").create("/b").commit();
    EXPECT_TRUE(std::move(waiting).get_for(20s));
}

TEST_F(barriers, C63_a_removal_behind_a_broken_connection_is_noticed) {
    fault_gate gate(test::server().address());
    client_options o = quick();
    o.session_timeout = 20s; // a loaded machine may take its time
    const client c = connect_through(gate, o), other = connect();
    other.create("/b");
    barrier b(c, "/b");
    const int watches = watches_at_the_server();
    auto waiting = b.async_wait(), second = b.async_wait();
    ASSERT_TRUE(waits(waiting, watches));
    gate.cut();
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::connected && gate.accepted() > 1; }));
    EXPECT_FALSE(waiting.ready());
    gate.hang(true);
    gate.cut();
    other.remove("/b");
    gate.hang(false);
    gate.cut();
    EXPECT_TRUE(std::move(waiting).get_for(20s));
    EXPECT_TRUE(std::move(second).get_for(20s));
}

TEST_F(barriers, C63_one_that_was_put_up_again_behind_a_broken_connection_is_another_one) {
    fault_gate gate(test::server().address());
    client_options o = quick();
    o.session_timeout = 20s;
    const client c = connect_through(gate, o), other = connect();
    other.create("/b");
    barrier b(c, "/b");
    const int watches = watches_at_the_server();
    auto waiting = b.async_wait();
    ASSERT_TRUE(waits(waiting, watches));
    gate.hang(true);
    gate.cut();
    other.remove("/b");
    other.create("/b");
    gate.hang(false);
    gate.cut();
    EXPECT_TRUE(std::move(waiting).get_for(20s));
}

TEST_F(barriers, C63_who_waits_goes_on_in_the_next_session) {
    const client c = connect(), other = connect();
    other.create("/b");
    barrier b(c, "/b");
    const int watches = watches_at_the_server();
    auto waiting = b.async_wait();
    ASSERT_TRUE(waits(waiting, watches));
    const session_id old = c.session_id();
    test::expire(c);
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::connected && c.session_id() != old; }));
    EXPECT_FALSE(waiting.ready());
    EXPECT_TRUE(other.exists("/b")) << "it belongs to nobody";
    other.remove("/b");
    EXPECT_TRUE(std::move(waiting).get_for(20s));
}

TEST_F(barriers, who_may_not_read_it_learns_of_its_removal) {
    client_options o = quick();
    o.session_timeout = 4s; // in which it looks again
    const client c = connect(o), other = connect();
    barrier theirs(other, "/b", {.acl = {{perms::write, "world", "anyone"}}});
    EXPECT_TRUE(theirs.create());
    barrier b(c, "/b");
    auto waiting = b.async_wait();
    EXPECT_FALSE(b.wait_for(20ms));
    other.remove("/b");
    EXPECT_TRUE(std::move(waiting).get_for(60s));
}

TEST_F(barriers, who_gives_up_leaves_no_watch) {
    const client c = connect(), other = connect();
    other.create("/b");
    barrier b(c, "/b");
    const int watches = watches_at_the_server();
    std::stop_source stop;
    auto stopped = b.async_wait(stop.get_token()), cancelled = b.async_wait();
    auto late = b.async_wait_for(100ms);
    ASSERT_TRUE(waits(stopped, watches));
    stop.request_stop();
    EXPECT_FALSE(std::move(stopped).get_for(20s));
    EXPECT_FALSE(std::move(late).get_for(20s));
    cancelled.cancel();
    EXPECT_EQ(code_of(std::move(cancelled).result()), errc::cancelled);
    EXPECT_FALSE(b.wait_for(20s, stop.get_token()));
    EXPECT_TRUE(eventually([&] { return watches_at_the_server() == watches; })) << watches_at_the_server();
}

TEST_F(barriers, lost_replies_are_repeated) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate), other = connect();
    barrier b(c, "/b");
    gate.pause(fault_gate::direction::to_client, true);
    auto creating = b.async_create();
    ASSERT_TRUE(eventually([&] { return other.exists("/b").has_value(); }));
    gate.cut();
    gate.pause(fault_gate::direction::to_client, false);
    (void)std::move(creating).get_for(20s); // either answer
    EXPECT_TRUE(other.exists("/b"));
    gate.pause(fault_gate::direction::to_client, true);
    auto removing = b.async_remove();
    ASSERT_TRUE(eventually([&] { return !other.exists("/b"); }));
    gate.cut();
    gate.pause(fault_gate::direction::to_client, false);
    EXPECT_TRUE(std::move(removing).get_for(20s));
}

TEST_F(barriers, data_and_children_do_not_matter) {
    const client c = connect(), other = connect();
    other.create("/b", "text");
    barrier b(c, "/b");
    const int watches = watches_at_the_server();
    auto waiting = b.async_wait();
    ASSERT_TRUE(waits(waiting, watches));
    other.set("/b", "other text");
    other.create("/b/child");
    EXPECT_FALSE(b.create());
    EXPECT_THROW((void)b.remove(), error_of<errc::not_empty>);
    EXPECT_FALSE(waiting.ready());
    other.remove("/b/child");
    EXPECT_TRUE(b.remove());
    EXPECT_TRUE(std::move(waiting).get_for(20s));
}

TEST_F(barriers, close_and_destruction_end_those_who_wait) {
    const client c = connect(), other = connect();
    other.create("/b");
    barrier b(c, "/b");
    std::optional<barrier> gone(std::in_place, other, "/b");
    const int watches = watches_at_the_server();
    auto waiting = b.async_wait(), abandoned = gone->async_wait();
    ASSERT_TRUE(waits(waiting, watches));
    gone.reset();
    EXPECT_FALSE(std::move(abandoned).get_for(20s));
    c.close();
    EXPECT_EQ(code_of(std::move(waiting).result_for(20s)), errc::closed);
    EXPECT_EQ(code_of(b.async_create().result_for(20s)), errc::closed);
    EXPECT_TRUE(other.exists("/b"));
}

TEST_F(barriers, threads_may_share_an_object) {
    const client c = connect();
    barrier b(c, "/b");
    for (int round = 0; round < 5; ++round) {
        EXPECT_TRUE(b.create());
        const int watches = watches_at_the_server();
        {
            std::vector<std::jthread> threads;
            for (int i = 0; i < 8; ++i) threads.emplace_back([&] { EXPECT_TRUE(b.wait_for(60s)); });
            EXPECT_TRUE(eventually([&] { return watches_at_the_server() > watches; }));
            EXPECT_TRUE(b.remove());
        }
    }
}

} // namespace
