// kazoo::set_partitioner: what its header promises, against a live server.
#include "set_partitioner_test.hpp"

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::code_of;
using kazoo::test::eventually;
using kazoo::test::partitioner_member;
using kazoo::test::shares;
using kazoo::testkit::fault_gate;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::SizeIs;

namespace {

class partitioners : public test::partitioner_test {};

TEST_F(partitioners, A23_its_nodes_are_those_of_kazoo) {
    const client c = connect();
    set_partitioner p(c, "/s", {"b", "a"}, named("who-we are"));
    EXPECT_FALSE(c.exists("/s")) << "the constructor asks nobody anything";
    const partition mine = p.acquire();
    ASSERT_THAT(party(c), ElementsAre(MatchesRegex("[0-9a-f]{32}-who-we are")));
    const node member = c.get("/s/party/" + party(c)[0]);
    EXPECT_EQ(member.data, "who-we are");
    EXPECT_EQ(member.stat.owner, c.session_id());
    for (const std::string item : {"a", "b"}) {
        ASSERT_THAT(locks(c, item), ElementsAre(MatchesRegex("[0-9a-f]{32}__lock__0000000000")));
        const node lock = c.get("/s/locks/" + item + "/" + locks(c, item)[0]);
        EXPECT_EQ(lock.data, "");
        EXPECT_EQ(lock.stat.owner, c.session_id());
        EXPECT_EQ(mine.fencing_token(item), lock.stat.created);
        EXPECT_EQ(mine.check(item).path, root + "/s/locks/" + item + "/" + locks(c, item)[0]);
    }
    EXPECT_EQ(c.get("/s").data, "");
    EXPECT_EQ(p.path(), "/s");
    EXPECT_EQ(p.identifier(), "who-we are");
    EXPECT_THAT(p.items(), ElementsAre("a", "b"));
}

TEST_F(partitioners, one_member_gets_all_and_many_what_falls_to_them) {
    const client a = connect(), b = connect();
    std::deque<partitioner_member> members;
    members.emplace_back(a, "/s", shares{"d", "a", "c", "b", "a"}, named("one"));
    ASSERT_TRUE(share_out(members, letters()));
    EXPECT_THAT(members[0].mine->items(), ElementsAre("a", "b", "c", "d"));
    members.emplace_back(b, "/s", letters(), named("two"));
    ASSERT_TRUE(share_out(members, letters()));
    EXPECT_THAT(members[0].mine->items(), ElementsAre("a", "c")) << "as Python's kazoo does";
    EXPECT_THAT(members[1].mine->items(), ElementsAre("b", "d"));
    members.emplace_back(b, "/s", letters(), named("three"));
    ASSERT_TRUE(share_out(members, letters()));
    EXPECT_THAT(members[2].mine->items(), ElementsAre("b"));
    members.pop_front();
    ASSERT_TRUE(share_out(members, letters()));
    EXPECT_THAT(members[1].mine->items(), ElementsAre("a", "c"));
}

TEST_F(partitioners, where_there_are_more_members_than_items_some_get_none) {
    const client c = connect();
    std::deque<partitioner_member> members;
    members.emplace_back(c, "/s", shares{"only"}, named("1"));
    members.emplace_back(c, "/s", shares{"only"}, named("2"));
    ASSERT_TRUE(share_out(members, {"only"}));
    const partition& none = *members[1].mine;
    EXPECT_THAT(none.items(), IsEmpty());
    EXPECT_TRUE(none.holds());
    EXPECT_FALSE(none.lost().stop_requested());
    EXPECT_EQ(none.fencing_token("only"), zxid::none);
    EXPECT_THROW((void)none.check("only"), error_of<errc::not_held>);
    members.pop_front();
    ASSERT_TRUE(share_out(members, {"only"}));
    members.clear();
    members.emplace_back(c, "/s", shares{}, named("3"));
    EXPECT_TRUE(share_out(members, {}));
}

TEST_F(partitioners, who_comes_or_goes_revokes_and_takes_nothing_away) {
    const client a = connect(), b = connect();
    set_partitioner one(a, "/s", letters(), named("one"));
    std::optional<set_partitioner> two(std::in_place, b, "/s", letters(), named("two"));
    partition all = one.acquire();
    EXPECT_EQ(one.state(), partition_state::acquired);
    EXPECT_FALSE(all.revoked().stop_requested());
    auto asked = two->async_acquire();
    ASSERT_TRUE(eventually([&] { return all.revoked().stop_requested(); }));
    EXPECT_EQ(one.state(), partition_state::release);
    EXPECT_TRUE(all.holds());
    EXPECT_FALSE(all.lost().stop_requested());
    EXPECT_THAT(all.items(), SizeIs(4)) << "until it is given back";
    EXPECT_FALSE(asked.ready()) << "whatever the boundary, these are not given up";
    EXPECT_TRUE(all.async_release().get_for(20s));
    EXPECT_EQ(one.state(), partition_state::idle);
    const partition theirs = std::move(asked).get_for(20s);
    EXPECT_THAT(theirs.items(), ElementsAre("b", "d"));
    const partition ours = one.acquire();
    EXPECT_THAT(ours.items(), ElementsAre("a", "c"));
    EXPECT_TRUE(two->leave());
    EXPECT_TRUE(eventually([&] { return ours.revoked().stop_requested(); }));
    EXPECT_TRUE(eventually([&] { return theirs.revoked().stop_requested(); })) << "our own leaving, too";
    EXPECT_TRUE(theirs.holds());
}

TEST_F(partitioners, C70_what_is_not_ours_is_not_listed) {
    const client c = connect();
    set_partitioner p(c, "/s", letters(), named("us"));
    std::optional<partition> mine = p.acquire();
    partition moved = *std::move(mine);
    EXPECT_THAT(moved.items(), SizeIs(4));
    EXPECT_THAT(mine->items(), IsEmpty());
    EXPECT_FALSE(mine->holds());
    EXPECT_TRUE(mine->revoked().stop_requested());
    EXPECT_TRUE(mine->lost().stop_requested());
    EXPECT_THROW((void)mine->check("a"), error_of<errc::not_held>);
    mine->release();
    const std::stop_token revoked = moved.revoked();
    moved.release();
    EXPECT_FALSE(revoked.stop_requested()) << "never by our own release";
    EXPECT_THAT(moved.items(), IsEmpty());
    EXPECT_FALSE(moved.holds());
    EXPECT_TRUE(moved.revoked().stop_requested());
    EXPECT_EQ(moved.fencing_token("a"), zxid::none);
    EXPECT_THROW((void)moved.check("a"), error_of<errc::not_held>);
    EXPECT_FALSE(moved.async_release().get_for(20s));
    moved = p.acquire();
    test::expire(c);
    ASSERT_TRUE(eventually([&] { return !moved.holds(); }));
    EXPECT_THAT(moved.items(), IsEmpty());
}

TEST_F(partitioners, C72_a_broken_connection_takes_nothing) {
    fault_gate gate(test::server().address());
    client_options o = quick();
    o.session_timeout = 20s; // a loaded machine may take its time
    const client c = connect_through(gate, o), other = connect();
    set_partitioner p(c, "/s", letters(), named("us"));
    const partition mine = p.acquire();
    gate.cut();
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::connected && gate.accepted() > 1; }));
    c.sync("/s");
    EXPECT_TRUE(mine.holds());
    EXPECT_FALSE(mine.revoked().stop_requested());
    EXPECT_EQ(p.state(), partition_state::acquired);
    other.create(std::string("/s/party/") + an_id + "-theirs", "", {.mode = create_mode::ephemeral});
    EXPECT_TRUE(eventually([&] { return mine.revoked().stop_requested(); })) << "and the watch goes on";
}

TEST_F(partitioners, when_certainty_ends_the_share_is_lost_without_any_server) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate), other = connect();
    set_partitioner p(c, "/s", letters(), named("us"));
    const partition mine = p.acquire();
    gate.hang(true);
    gate.cut();
    ASSERT_TRUE(eventually([&] { return mine.lost().stop_requested() && mine.revoked().stop_requested(); }));
    EXPECT_FALSE(mine.holds());
    EXPECT_TRUE(eventually([&] { return p.state() == partition_state::failure; }));
    gate.hang(false);
    gate.cut();
    EXPECT_TRUE(eventually([&] { return all_locks(other, letters()) == 0; }));
    EXPECT_FALSE(mine.holds()) << "for good";
}

TEST_F(partitioners, who_loses_its_session_acquires_again_in_the_next_one) {
    const client c = connect(), other = connect();
    set_partitioner p(c, "/s", letters(), named("us"));
    std::optional<partition> mine = p.acquire();
    const session_id old = c.session_id();
    test::expire(c);
    ASSERT_TRUE(eventually([&] { return mine->lost().stop_requested() && mine->revoked().stop_requested(); }));
    EXPECT_TRUE(eventually([&] { return p.state() == partition_state::failure; }));
    mine.reset();
    EXPECT_EQ(p.state(), partition_state::failure) << "until the next acquire()";
    mine = p.acquire();
    EXPECT_TRUE(mine->holds());
    EXPECT_NE(c.session_id(), old);
    EXPECT_EQ(p.state(), partition_state::acquired);
    other.sync("/s");
    EXPECT_THAT(party(other), SizeIs(1));
    EXPECT_EQ(all_locks(other, letters()), 4u);
}

TEST_F(partitioners, C66_an_item_that_somebody_keeps_is_not_ours_and_the_others_are_given_back) {
    const client c = connect(), other = connect();
    mutex kept(other, "/s/locks/c");
    kept.lock();
    set_partitioner p(c, "/s", letters(), named("us"));
    auto asked = p.async_acquire();
    // Each try locks the others anew.
    zxid newest = zxid::none;
    for (int tries = 0; tries < 3; ++tries)
        ASSERT_TRUE(eventually([&] {
            for (const auto& name : locks(other, "a")) {
                const auto lock = other.exists("/s/locks/a/" + name);
                if (lock && lock->created > newest) return newest = lock->created, true;
            }
            return false;
        })) << tries;
    EXPECT_FALSE(asked.ready());
    EXPECT_EQ(p.state(), partition_state::allocating);
    EXPECT_TRUE(kept.holds());
    kept.unlock();
    const partition mine = std::move(asked).get_for(20s);
    EXPECT_THAT(mine.items(), SizeIs(4));
    EXPECT_TRUE(mine.holds());
}

TEST_F(partitioners, C67_who_gives_up_leaves_neither_node_nor_watch) {
    const client c = connect(), other = connect();
    other.ensure_path("/s/party");
    const int watches = watches_at_the_server();
    const auto is_gone = [&] {
        return eventually([&] { return party(other).empty() && all_locks(other, letters()) == 0; }) &&
               eventually([&] { return watches_at_the_server() == watches; });
    };
    set_partitioner slow(c, "/s", letters(), patient("us"));
    EXPECT_FALSE(slow.acquire_for(30ms)) << "within the boundary";
    EXPECT_FALSE(slow.acquire_for(0ms));
    EXPECT_FALSE(slow.acquire_until(std::chrono::steady_clock::now() + 10ms));
    EXPECT_TRUE(is_gone()) << watches_at_the_server();
    EXPECT_EQ(slow.state(), partition_state::idle);
    std::stop_source stop;
    auto stopped = slow.async_acquire(stop.get_token());
    ASSERT_TRUE(eventually([&] { return party(other).size() == 1; }));
    stop.request_stop();
    EXPECT_FALSE(std::move(stopped).get_for(20s));
    EXPECT_FALSE(slow.acquire(stop.get_token()));
    auto dropped = std::optional(slow.async_acquire());
    ASSERT_TRUE(eventually([&] { return party(other).size() == 1; }));
    dropped.reset();
    EXPECT_TRUE(is_gone()) << watches_at_the_server();

    mutex kept(other, "/s/locks/c", {.lost_when = loss::session_over});
    kept.lock(); // its own node is watched, too
    ASSERT_TRUE(is_watched(watches));
    set_partitioner quick(c, "/s", letters(), named("us"));
    for (int way = 0; way < 3; ++way) { // and while it has got some of them
        std::stop_source another;
        auto asked = way == 0 ? quick.async_acquire_for(std::chrono::hours(1), another.get_token())
                              : quick.async_acquire(another.get_token());
        ASSERT_TRUE(eventually([&] { return all_locks(other, letters()) == 5; }));
        if (way == 0) {
            another.request_stop();
            EXPECT_FALSE(std::move(asked).get_for(20s));
        } else if (way == 1) {
            asked.cancel();
            EXPECT_EQ(code_of(std::move(asked).result()), errc::cancelled);
        } else {
            (void)quick.leave();
            EXPECT_FALSE(std::move(asked).get_for(20s));
        }
        EXPECT_TRUE(eventually([&] { return party(other).empty() && all_locks(other, letters()) == 1; })) << way;
        EXPECT_TRUE(eventually([&] { return watches_at_the_server() == watches + 1; })) << watches_at_the_server();
    }
}

TEST_F(partitioners, a_lost_reply_costs_neither_a_second_node_nor_the_first) {
    fault_gate gate(test::server().address());
    client_options o = quick();
    o.session_timeout = 20s;
    const client c = connect_through(gate, o), other = connect();
    other.ensure_path("/s/party");
    for (const auto& i : letters()) other.ensure_path("/s/locks/" + i);
    set_partitioner p(c, "/s", letters(), named("us"));
    gate.pause(fault_gate::direction::to_client, true);
    auto asked = p.async_acquire();
    ASSERT_TRUE(eventually([&] { return party(other).size() == 1; }));
    gate.cut();
    gate.pause(fault_gate::direction::to_client, false);
    partition mine = std::move(asked).get_for(20s);
    EXPECT_TRUE(mine.holds());
    EXPECT_THAT(party(other), SizeIs(1));
    EXPECT_EQ(all_locks(other, letters()), 4u);
    gate.pause(fault_gate::direction::to_client, true);
    auto released = mine.async_release();
    ASSERT_TRUE(eventually([&] { return all_locks(other, letters()) == 0; }));
    gate.cut();
    gate.pause(fault_gate::direction::to_client, false);
    EXPECT_TRUE(std::move(released).get_for(20s));
}

TEST_F(partitioners, a_member_whose_node_is_deleted_is_one_again) {
    const client c = connect(), other = connect();
    set_partitioner p(c, "/s", letters(), named("us"));
    std::optional<partition> mine = p.acquire();
    const std::string node = "/s/party/" + party(other).at(0);
    other.remove(node);
    ASSERT_TRUE(eventually([&] { return mine->revoked().stop_requested(); }));
    EXPECT_TRUE(mine->holds());
    mine.reset();
    mine = p.acquire();
    EXPECT_TRUE(mine->holds());
    EXPECT_TRUE(other.exists(node));
}

TEST_F(partitioners, a_lock_that_somebody_deletes_loses_the_share) {
    const client c = connect(), other = connect();
    set_partitioner p(c, "/s", letters(), named("us"));
    std::optional<partition> mine = p.acquire();
    other.remove("/s/locks/b/" + locks(other, "b").at(0));
    ASSERT_TRUE(eventually([&] { return mine->lost().stop_requested() && mine->revoked().stop_requested(); }));
    EXPECT_FALSE(mine->holds());
    EXPECT_TRUE(eventually([&] { return p.state() == partition_state::failure; }));
    EXPECT_THROW((void)mine->check("a"), error_of<errc::not_held>);
    mine.reset();
    mine = p.acquire();
    EXPECT_TRUE(mine->holds());
}

TEST_F(partitioners, a_path_that_vanishes_is_made_again) {
    const client c = connect(), other = connect();
    set_partitioner p(c, "/s", letters(), named("us"));
    std::optional<partition> mine = p.acquire();
    other.remove_tree("/s/locks");
    ASSERT_TRUE(eventually([&] { return mine->lost().stop_requested(); }));
    mine.reset();
    mine = p.acquire();
    const std::string node = "/s/party/" + party(other).at(0);
    other.transaction().remove(node).remove("/s/party").commit();
    ASSERT_TRUE(eventually([&] { return mine->revoked().stop_requested(); }));
    EXPECT_TRUE(mine->holds());
    mine.reset();
    mine = p.acquire();
    EXPECT_TRUE(mine->holds());
    EXPECT_TRUE(other.exists(node));
}

TEST_F(partitioners, other_nodes_in_the_party_harm_nobody) {
    const client c = connect();
    c.ensure_path("/s/party");
    c.ensure_path("/s/locks/a/README");
    c.create("/s/party/README", null);
    c.create("/s/party/lock-0000000001", "");
    c.create(std::string("/s/party/") + an_id, "");
    c.create(std::string("/s/party/") + an_id + "__party__", "");
    c.create("/s/party/0123456789ABCDEF0123456789ABCDEF-x", "");
    set_partitioner p(c, "/s", letters(), named("us"));
    std::optional<partition> mine = p.acquire();
    EXPECT_THAT(mine->items(), SizeIs(4));
    c.create(std::string("/s/party/") + an_id + "-theirs", null);
    ASSERT_TRUE(eventually([&] { return mine->revoked().stop_requested(); }));
    mine.reset();
    mine = p.acquire();
    EXPECT_THAT(mine->items(), ElementsAre("b", "d")) << "that one is a member, of another library";
}

TEST_F(partitioners, C72_items_of_any_bytes_have_locks_of_their_own) {
    const client c = connect();
    const std::string nul("x\0y", 3), control("\x01\x7f\xc2\x85"), no_text("\xff\xc3");
    set_partitioner p(c, "/s",
                      {"plain", "a/b", "a%2Fb", "100%", "%", "", ".", "..", " ", "line\nbreak", nul, control, no_text,
                       "gr\xc3\xb6\xc3\x9f"
                       "e"},
                      named("us"));
    const partition mine = p.acquire();
    EXPECT_THAT(mine.items(), SizeIs(14));
    EXPECT_TRUE(mine.holds());
    EXPECT_THAT(c.get_children("/s/locks"),
                ::testing::UnorderedElementsAre("plain", "a%2Fb", "a%252Fb", "100%", "%25", "%", "%2E", "%2E%2E", " ",
                                                "line%0Abreak", "x%00y", "%01%7F%C2%85", "%FF%C3",
                                                "gr\xc3\xb6\xc3\x9f"
                                                "e"));
    EXPECT_EQ(mine.check("a/b").path.substr(0, root.size() + 15), root + "/s/locks/a%2Fb/");
    EXPECT_NE(mine.fencing_token(nul), zxid::none);
}

TEST_F(partitioners, bad_arguments_are_refused) {
    const client c = connect();
    EXPECT_THROW(set_partitioner(c, "/a/../b", {}), error_of<errc::invalid_path>);
    EXPECT_THROW(set_partitioner(c, "/s", {}, named("a/b")), error_of<errc::bad_arguments>);
    EXPECT_THROW(set_partitioner(c, "/s", {}, named(std::string("a\0b", 3))), error_of<errc::bad_arguments>);
    for (const auto never : {0ms, -1ms})
        EXPECT_THROW(set_partitioner(c, "/s", {}, {.max_reaction_time = never}), error_of<errc::bad_arguments>);
    const set_partitioner one(c, "/s", {}), two(c, "/s", {});
    EXPECT_FALSE(one.identifier().empty());
    EXPECT_NE(one.identifier(), two.identifier());
}

TEST_F(partitioners, an_error_that_waiting_cannot_mend_comes_out) {
    const client c = connect();
    c.ensure_path("/s/party");
    c.create("/s/locks", "", {.acl = acls::read_unsafe()});
    set_partitioner p(c, "/s", letters(), named("us"));
    EXPECT_THROW((void)p.acquire(), error_of<errc::no_auth>);
    EXPECT_EQ(p.state(), partition_state::failure);
    EXPECT_TRUE(eventually([&] { return party(c).empty(); }));
}

} // namespace
