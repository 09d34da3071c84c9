// kazoo::party and shallow_party: what their headers promise, against a live server.
#include "shared/recipe/party_test.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <thread>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::code_of;
using kazoo::test::eventually;
using kazoo::testkit::fault_gate;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::SizeIs;

namespace {

using parties = test::party_test;

TEST_F(parties, A22_its_nodes_are_those_of_kazoo) {
    const client c = connect();
    party p(c, "/p", {.identifier = "who/what"});
    p.join();
    ASSERT_THAT(members_at(c), ElementsAre(MatchesRegex("[0-9a-f]{32}__party__")));
    const node n = c.get("/p/" + members_at(c)[0]);
    EXPECT_EQ(n.data, "who/what");
    EXPECT_EQ(n.stat.owner, c.session_id());
    EXPECT_EQ(c.get("/p").data, "");
    shallow_party s(c, "/s", {.identifier = "who-what"});
    s.join();
    ASSERT_THAT(nodes(c, "/s"), ElementsAre(MatchesRegex("[0-9a-f]{32}-who-what")));
    EXPECT_EQ(c.get("/s/" + nodes(c, "/s")[0]).data, "who-what");
}

TEST_F(parties, members_are_those_who_have_joined_and_not_left) {
    const client a = connect(), b = connect();
    party one(a, "/p", {.identifier = "one"}), two(b, "/p", {.identifier = "two"}),
        twin(b, "/p", {.identifier = "one"});
    EXPECT_THAT(one.members(), IsEmpty()) << "there is no path";
    EXPECT_EQ(one.size(), 0u);
    EXPECT_FALSE(one.joined());
    one.join();
    two.join();
    twin.join();
    EXPECT_TRUE(one.joined());
    EXPECT_EQ(one.state(), presence_state::joined);
    b.sync("/p");
    EXPECT_THAT(two.members(), ElementsAre("one", "one", "two"));
    EXPECT_EQ(two.size(), 3u);
    EXPECT_TRUE(twin.leave());
    EXPECT_FALSE(twin.joined());
    EXPECT_FALSE(twin.leave());
    EXPECT_THAT(two.members(), ElementsAre("one", "two"));
    EXPECT_EQ(one.identifier(), "one");
    EXPECT_EQ(one.path(), "/p");
    one.join();
    EXPECT_EQ(one.size(), 2u) << "it was one already";
}

TEST_F(parties, a_shallow_one_has_the_same_members) {
    const client a = connect(), b = connect();
    shallow_party one(a, "/p", {.identifier = "one"}), two(b, "/p", {.identifier = "two-2"}), nameless(b, "/p");
    EXPECT_THAT(one.members(), IsEmpty());
    one.join();
    two.join();
    nameless.join();
    EXPECT_THAT(nameless.members(), ElementsAre("", "one", "two-2"));
    EXPECT_EQ(nameless.size(), 3u);
    EXPECT_TRUE(one.leave());
    b.sync("/p");
    EXPECT_THAT(two.members(), ElementsAre("", "two-2"));
    EXPECT_THROW(shallow_party(a, "/p", {.identifier = "a/b"}), error_of<errc::bad_arguments>);
    EXPECT_THROW(shallow_party(a, "/p", {.identifier = std::string("a\0b", 3)}), error_of<errc::bad_arguments>);
    EXPECT_THROW(party(a, "/a/../b"), error_of<errc::invalid_path>);
}

TEST_F(parties, each_call_has_its_asynchronous_twin) {
    const client c = connect();
    party p(c, "/p", {.identifier = "us"});
    p.async_join().get_for(20s);
    EXPECT_EQ(p.async_size().get_for(20s), 1u);
    EXPECT_THAT(p.async_members().get_for(20s), ElementsAre("us"));
    EXPECT_TRUE(p.async_leave().get_for(20s));
    EXPECT_TRUE(p.async_join_for(20s).get());
    EXPECT_TRUE(p.join_for(20s));
    std::stop_source stop;
    EXPECT_TRUE(p.leave(stop.get_token()));
    p.join(stop.get_token());
    EXPECT_EQ(p.size(stop.get_token()), 1u);
    EXPECT_THAT(p.members(stop.get_token()), SizeIs(1));
}

TEST_F(parties, a_broken_connection_costs_nothing) {
    fault_gate gate(test::server().address());
    client_options o = quick();
    o.session_timeout = 20s; // a loaded machine may take its time
    const client c = connect_through(gate, o), other = connect();
    party p(c, "/p");
    p.join();
    const auto before = other.exists("/p/" + members_at(other).at(0))->created;
    gate.cut();
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::connected && gate.accepted() > 1; }));
    EXPECT_TRUE(p.joined());
    EXPECT_EQ(other.exists("/p/" + members_at(other).at(0))->created, before);
}

TEST_F(parties, C65_who_loses_its_session_joins_again_under_its_name) {
    const client c = connect(), other = connect();
    party p(c, "/p", {.identifier = "us"});
    p.join();
    const auto before = members_at(other);
    const session_id old = c.session_id();
    test::expire(c);
    ASSERT_TRUE(eventually([&] { return c.session_id() != old && p.joined(); }));
    other.sync("/p");
    EXPECT_EQ(members_at(other), before);
    EXPECT_EQ(other.exists("/p/" + before.at(0))->owner, c.session_id());
}

TEST_F(parties, C65_a_node_of_our_old_session_is_not_ours) {
    fault_gate gate(test::server().address());
    client_options longer = quick();
    longer.session_timeout = 6s;
    const client c = connect_through(gate, longer), other = connect();
    party p(c, "/p", {.identifier = "us"});
    p.join();
    const std::string node = "/p/" + members_at(other).at(0);
    const session_id old = c.session_id();
    // A node of that name that belongs to another session, as when the servers have not ended ours yet.
    const auto made_by_another = [&] {
        try {
            auto t = other.transaction();
            t.remove(node).create(node, "old", {.mode = create_mode::ephemeral}).commit();
            return true;
        } catch (const error&) {
            return false; // it is being replaced
        }
    };
    ASSERT_TRUE(made_by_another());
    ASSERT_TRUE(eventually([&] {
        other.sync(node);
        const auto n = other.get_if_exists(node);
        return n && n->stat.owner == c.session_id() && n->data == "us" && p.joined();
    }));
    EXPECT_EQ(c.session_id(), old);
    EXPECT_THAT(members_at(other), SizeIs(1));
}

TEST_F(parties, without_rejoins_who_loses_its_session_has_left) {
    const client c = connect(), other = connect();
    party p(c, "/p", {.rejoins = false});
    p.join();
    test::expire(c);
    ASSERT_TRUE(becomes(p, presence_state::left));
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::connected; }));
    c.sync("/p");
    EXPECT_THAT(members_at(c), IsEmpty());
    p.join();
    EXPECT_THAT(members_at(c), SizeIs(1));
    c.remove("/p/" + members_at(c).at(0));
    EXPECT_TRUE(becomes(p, presence_state::left)) << "and whose node is deleted";
}

TEST_F(parties, a_node_that_somebody_deletes_is_made_again) {
    const client c = connect(), other = connect();
    party p(c, "/p");
    p.join();
    const std::string node = "/p/" + members_at(other).at(0);
    const zxid first = other.exists(node)->created;
    other.remove(node);
    EXPECT_TRUE(eventually([&] {
        const auto n = other.exists(node);
        return n && n->created > first;
    }));
    EXPECT_TRUE(becomes_joined(p));
}

TEST_F(parties, data_that_somebody_changes_is_set_again) {
    const client c = connect(), other = connect();
    party p(c, "/p", {.identifier = "us"});
    p.join();
    const std::string node = "/p/" + members_at(other).at(0);
    other.set(node, "somebody else's");
    EXPECT_TRUE(eventually([&] { return other.get(node).data == "us"; }));
    EXPECT_TRUE(p.joined());
}

TEST_F(parties, a_path_that_vanished_is_made_again) {
    const client c = connect(), other = connect();
    party p(c, "/p");
    p.join();
    const std::string node = "/p/" + members_at(other).at(0);
    other.transaction().remove(node).remove("/p").commit();
    EXPECT_TRUE(eventually([&] { return other.exists(node).has_value(); }));
    EXPECT_TRUE(becomes_joined(p));
}

TEST_F(parties, a_lost_reply_costs_neither_a_second_node_nor_the_first) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate), other = connect();
    other.create("/p");
    party p(c, "/p");
    gate.pause(fault_gate::direction::to_client, true);
    auto joining = p.async_join();
    ASSERT_TRUE(eventually([&] { return members_at(other).size() == 1; }));
    const auto made = members_at(other);
    gate.cut();
    gate.pause(fault_gate::direction::to_client, false);
    std::move(joining).get_for(20s);
    EXPECT_EQ(members_at(other), made);
    gate.pause(fault_gate::direction::to_client, true);
    auto leaving = p.async_leave();
    ASSERT_TRUE(eventually([&] { return members_at(other).empty(); }));
    gate.cut();
    gate.pause(fault_gate::direction::to_client, false);
    EXPECT_TRUE(std::move(leaving).get_for(20s));
}

TEST_F(parties, who_gives_up_joining_leaves_no_node) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate), other = connect();
    const int watches = watches_at_the_server();
    party p(c, "/p");
    gate.hang(true);
    gate.cut();
    EXPECT_FALSE(p.join_for(50ms));
    std::stop_source stop;
    auto stopped = p.async_join(stop.get_token());
    auto cancelled = p.async_join();
    stop.request_stop();
    EXPECT_EQ(code_of(std::move(stopped).result_for(20s)), errc::cancelled);
    cancelled.cancel();
    EXPECT_EQ(code_of(std::move(cancelled).result()), errc::cancelled);
    EXPECT_THROW(p.join(stop.get_token()), error_of<errc::cancelled>);
    EXPECT_FALSE(p.join_for(20s, stop.get_token()));
    ASSERT_TRUE(becomes(p, presence_state::left));
    gate.hang(false);
    gate.cut();
    c.wait_connected(20s);
    c.sync("/p");
    EXPECT_THAT(members_at(other), IsEmpty());
    EXPECT_TRUE(eventually([&] { return watches_at_the_server() == watches; })) << watches_at_the_server();
}

TEST_F(parties, a_leave_ends_a_join_that_waits) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate), other = connect();
    party p(c, "/p");
    gate.hang(true);
    gate.cut();
    auto joining = p.async_join();
    auto leaving = p.async_leave();
    EXPECT_EQ(code_of(std::move(joining).result_for(20s)), errc::cancelled);
    gate.hang(false);
    gate.cut();
    (void)std::move(leaving).get_for(20s);
    other.sync("/p");
    EXPECT_THAT(members_at(other), IsEmpty());
    EXPECT_FALSE(p.joined());
}

TEST_F(parties, an_error_that_waiting_cannot_mend_comes_out_of_join) {
    const client c = connect();
    c.create("/p", "", {.acl = acls::read_unsafe()});
    party p(c, "/p");
    EXPECT_THROW(p.join(), error_of<errc::no_auth>);
    EXPECT_THROW((void)p.join_for(20s), error_of<errc::no_auth>);
    EXPECT_EQ(p.state(), presence_state::left);
    EXPECT_THAT(p.members(), IsEmpty());
}

TEST_F(parties, who_may_not_join_again_has_left_and_that_is_logged) {
    std::mutex mutex;
    std::string lines;
    client_options o = quick();
    o.log = {log_level::warn, [&](log_level, std::string_view line) {
                 const std::lock_guard lock(mutex);
                 lines += line;
             }};
    const client other = connect();
    const client c = connect(o);
    party p(c, "/p");
    p.join();
    other.set_acl("/p", acls::read_unsafe());
    test::expire(c);
    EXPECT_TRUE(becomes(p, presence_state::left));
    const std::lock_guard lock(mutex);
    EXPECT_THAT(lines, ::testing::HasSubstr("party"));
}

TEST_F(parties, C65_other_nodes_and_null_data_harm_nobody) {
    const client c = connect();
    c.create("/p");
    c.create("/p/README", "no member");
    c.create("/p/__party__", "");
    c.create(std::string("/p/") + an_id, null);
    c.create(std::string("/p/") + an_id + "__party__x", "");
    c.create("/p/0123456789ABCDEF0123456789ABCDEF__party__", "");
    c.create("/p/lock-0000000001", "");
    party p(c, "/p", {.identifier = "us"});
    p.join();
    EXPECT_THAT(p.members(), ElementsAre("us"));
    EXPECT_EQ(p.size(), 1u);
    c.create(std::string("/p/") + an_id + "__party__", null);
    EXPECT_THAT(p.members(), ElementsAre("", "us"));
    EXPECT_EQ(p.size(), 2u);
    shallow_party s(c, "/p", {.identifier = "shallow"});
    s.join();
    EXPECT_THAT(s.members(), ElementsAre("shallow"));
    c.create(std::string("/p/") + an_id + "-theirs", null);
    EXPECT_THAT(s.members(), ElementsAre("shallow", "theirs"));
    EXPECT_EQ(s.size(), 2u);
}

TEST_F(parties, a_member_that_may_not_be_read_has_no_name) {
    const client c = connect();
    party p(c, "/p", {.identifier = "us"}),
        hidden(c, "/p", {.identifier = "x", .acl = {{perms::write, "world", "anyone"}}});
    p.join();
    hidden.join();
    EXPECT_THAT(p.members(), ElementsAre("", "us"));
    EXPECT_EQ(p.size(), 2u);
    shallow_party s(c, "/s", {.identifier = "x", .acl = {{perms::write, "world", "anyone"}}});
    s.join();
    EXPECT_THAT(s.members(), ElementsAre("x"));
}

TEST_F(parties, close_ends_joins_and_who_has_joined_has_left) {
    const client c = connect(), other = connect();
    party p(c, "/p");
    p.join();
    c.close();
    EXPECT_FALSE(p.joined());
    EXPECT_EQ(p.state(), presence_state::left);
    EXPECT_EQ(code_of(p.async_join().result_for(20s)), errc::closed);
    other.sync("/p");
    EXPECT_THAT(members_at(other), IsEmpty());
}

TEST_F(parties, threads_that_share_an_object_are_one_member) {
    const client c = connect();
    party p(c, "/p");
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 8; ++i)
            threads.emplace_back([&] {
                for (int n = 0; n < 5; ++n) {
                    p.join();
                    EXPECT_EQ(p.size(), 1u);
                }
            });
    }
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 8; ++i)
            threads.emplace_back([&, i] {
                for (int n = 0; n < 5; ++n) {
                    if (i % 2 == 0)
                        (void)p.async_join().result();
                    else
                        (void)p.leave();
                }
            });
    }
    p.join();
    EXPECT_TRUE(eventually([&] { return p.size() == 1; }));
    p.leave();
    EXPECT_TRUE(eventually([&] { return p.size() == 0; }));
}

TEST_F(parties, who_is_destroyed_leaves) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate), other = connect();
    std::optional<party> p(std::in_place, c, "/p");
    p->join();
    ASSERT_THAT(members_at(other), SizeIs(1));
    p.reset();
    EXPECT_TRUE(eventually([&] { return members_at(other).empty(); }));
    p.emplace(c, "/p");
    gate.hang(true);
    gate.cut();
    auto joining = p->async_join();
    p.reset();
    EXPECT_EQ(code_of(std::move(joining).result_for(20s)), errc::cancelled);
}

TEST_F(parties, in_a_forked_child_nobody_has_joined) {
    const client c = connect();
    std::optional<party> p(std::in_place, c, "/p");
    p->join();
    const pid_t child = ::fork();
    if (child == 0) {
        const bool fine =
            !p->joined() && p->state() == presence_state::left && code_of(p->async_join().result()) == errc::forked &&
            code_of(p->async_leave().result()) == errc::forked && code_of(p->async_members().result()) == errc::forked;
        p.reset();
        ::_exit(fine ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(p->joined());
    EXPECT_EQ(p->size(), 1u);
}

} // namespace
