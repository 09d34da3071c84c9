// kazoo::party in exact situations.
#include "sim/scene.hpp"

#include <kazoo/recipe/party.hpp>

#include <gmock/gmock.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kazoo::testkit {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

/// One who joins, and one who looks. The folder is there from the beginning.
struct party_scene : scene {
    machine there = world.add_machine();
    client other{simulation::addresses(), options_on(there)};
    party us, others{other, "/p"};
    int made = 0;              ///< nodes of members
    std::size_t fewest = 1000; ///< behind any write since that was set

    explicit party_scene(const simulation_options& o = {}, party_options options = {.identifier = "us"})
        : scene(o), us(c, "/p", std::move(options)) {
        c.wait_connected();
        other.wait_connected();
        other.create("/p");
        inside().on_write = [this](const sim_write&) {
            const std::size_t now = nodes().size();
            made += now > std::exchange(seen_, now) ? 1 : 0;
            fewest = std::min(fewest, now);
        };
    }
    std::vector<const server::znode*> nodes() const {
        std::vector<const server::znode*> found;
        for (const auto* n : inside().server().nodes().sorted())
            if (n->path.starts_with("/p/")) found.push_back(n);
        return found;
    }
    std::string only_node() const { return nodes().size() == 1 ? std::string(nodes()[0]->path) : "none or several"; }
    bool is_ours(const server::znode* n) const { return n->owner.value == static_cast<std::int64_t>(c.session_id()); }
    bool becomes(presence_state s, std::chrono::nanoseconds limit = 1min) {
        return world.run_until([&] { return us.state() == s; }, limit);
    }
    /// The client gives its session up while the server still has it, and its node.
    void lose_session_early() {
        world.stop_server(); // whose sessions do not age meanwhile
        ASSERT_TRUE(reaches(session_state::connecting));
        world.start_server();
    }
    std::uint64_t landed_late() const { return inside().machines().front()->faults.late; }

  private:
    std::size_t seen_ = 0;
};

TEST(party, a_create_whose_reply_was_lost_is_known_to_be_ours) {
    party_scene s;
    s.here.silence(flow::to_client, true);
    auto joining = s.us.async_join();
    ASSERT_TRUE(s.world.run_until([&] { return s.made == 1; }, 1s));
    EXPECT_FALSE(s.us.joined());
    s.here.cut();
    s.here.silence(flow::to_client, false);
    ASSERT_TRUE(s.finish(joining));
    EXPECT_TRUE(s.us.joined());
    EXPECT_EQ(s.made, 1);
    EXPECT_TRUE(s.is_ours(s.nodes().at(0)));
    EXPECT_EQ(s.nodes().at(0)->version, 0) << "its data was right";
    EXPECT_TRUE(s.us.leave());
    s.world.run_for(10s);
    EXPECT_THAT(s.nodes(), IsEmpty());
    EXPECT_EQ(s.made, 1);
}

TEST(party, a_create_that_did_not_arrive_is_sent_again) {
    party_scene s;
    s.here.silence(flow::to_server, true);
    auto joining = s.us.async_join();
    s.world.run_for(100ms);
    s.here.cut();
    s.here.silence(flow::to_server, false);
    EXPECT_EQ(s.made, 0);
    ASSERT_TRUE(s.finish(joining));
    EXPECT_TRUE(s.us.joined());
    EXPECT_EQ(s.made, 1);
}

/// A request of a lost connection is carried out when we have come back, beside newer ones.
TEST(party, a_create_that_is_carried_out_late_leaves_nobody_behind) {
    int landed_behind_leave = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        party_scene s({.seed = seed});
        s.here.late(true);
        s.here.silence(flow::to_server, true);
        auto joining = s.us.async_join();
        s.world.run_for(30ms);
        s.here.cut();
        s.here.silence(flow::to_server, false);
        s.world.run_until([&] { return s.us.joined(); }, std::chrono::milliseconds(seed * 5));
        auto leaving = s.us.async_leave();
        ASSERT_TRUE(s.finish(joining, leaving)) << seed;
        const int before = s.made;
        s.world.run_for(20s);
        EXPECT_THAT(s.nodes(), IsEmpty()) << seed;
        EXPECT_EQ(s.us.state(), presence_state::left) << seed;
        landed_behind_leave += s.made > before;
    }
    EXPECT_GT(landed_behind_leave, 0);
}

TEST(party, a_create_that_is_carried_out_late_makes_no_second_member) {
    std::uint64_t landed = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        party_scene s({.seed = seed});
        s.here.late(true);
        s.here.silence(flow::to_server, true);
        auto joining = s.us.async_join();
        s.world.run_for(30ms);
        s.here.cut();
        s.here.silence(flow::to_server, false);
        ASSERT_TRUE(s.finish(joining)) << seed;
        s.world.run_for(20s);
        EXPECT_TRUE(s.us.joined()) << seed;
        EXPECT_EQ(s.nodes().size(), 1u) << seed;
        landed += s.landed_late();
    }
    EXPECT_GT(landed, 0u);
}

TEST(party, who_leaves_while_the_create_is_under_way_has_left) {
    int made = 0, not_made = 0, had_joined = 0;
    for (int delay = 0; delay < 60; ++delay) {
        party_scene s;
        auto joining = s.us.async_join();
        s.world.run_for(std::chrono::microseconds(100 * delay));
        had_joined += joining.ready();
        auto leaving = s.us.async_leave();
        ASSERT_TRUE(s.finish(joining, leaving)) << delay;
        EXPECT_FALSE(s.us.joined()) << delay;
        EXPECT_THAT(s.nodes(), IsEmpty()) << "when leave() has returned; " << delay;
        (s.made == 0 ? not_made : made) += 1;
        EXPECT_EQ(std::move(leaving).get(), s.made == 1) << delay;
        s.world.run_for(10s);
        EXPECT_THAT(s.nodes(), IsEmpty()) << delay;
        EXPECT_LE(s.made, 1) << delay;
    }
    EXPECT_GT(made, 0);
    EXPECT_GT(not_made, 0);
    EXPECT_GT(had_joined, 0);
    EXPECT_LT(had_joined, 60);
}

TEST(party, a_leave_whose_reply_was_lost_repeats_itself) {
    party_scene s;
    s.us.join();
    s.here.silence(flow::to_client, true);
    auto leaving = s.us.async_leave();
    ASSERT_TRUE(s.world.run_until([&] { return s.nodes().empty(); }, 1s));
    s.here.cut();
    s.here.silence(flow::to_client, false);
    ASSERT_TRUE(s.finish(leaving));
    EXPECT_TRUE(std::move(leaving).get());
}

TEST(party, who_leaves_without_a_connection_is_gone_as_soon_as_there_is_one) {
    party_scene s;
    s.us.join();
    s.here.refuse(true);
    s.here.cut();
    auto leaving = s.us.async_leave();
    s.world.run_for(1s);
    EXPECT_FALSE(s.us.joined());
    EXPECT_FALSE(leaving.ready());
    s.here.refuse(false);
    ASSERT_TRUE(s.finish(leaving));
    EXPECT_TRUE(std::move(leaving).get());
    EXPECT_THAT(s.nodes(), IsEmpty());
}

TEST(party, a_later_leave_waits_for_what_an_earlier_one_removes) {
    for (const bool dropped : {false, true}) {
        party_scene s;
        s.us.join();
        s.here.refuse(true);
        s.here.cut();
        auto first = s.us.async_leave();
        s.world.run_for(1s);
        if (dropped) first.cancel();
        auto second = s.us.async_leave();
        s.world.run_for(1s);
        EXPECT_FALSE(second.ready()) << "our node is there";
        s.here.refuse(false);
        ASSERT_TRUE(s.finish(second));
        EXPECT_THAT(s.nodes(), IsEmpty());
        EXPECT_FALSE(std::move(second).get());
        EXPECT_EQ(std::move(first).result().has_value(), !dropped);
    }
}

TEST(party, who_leaves_while_the_session_is_lost_is_gone_when_that_returns) {
    party_scene s;
    s.us.join();
    const session_id old = s.c.session_id();
    s.world.stop_server(); // whose sessions do not age meanwhile
    auto leaving = s.us.async_leave();
    ASSERT_TRUE(s.reaches(session_state::connecting)) << "given up";
    s.world.start_server();
    ASSERT_TRUE(s.finish(leaving));
    EXPECT_THAT(s.nodes(), IsEmpty());
    EXPECT_THAT(s.world.sessions(), Contains(old)) << "its node was there";
    EXPECT_TRUE(std::move(leaving).get());
}

TEST(party, who_may_not_join_again_removes_the_node_of_its_old_session) {
    party_scene s;
    s.us.join();
    const session_id old = s.c.session_id();
    const std::vector<acl> no_creating{{perms::read | perms::remove, "world", "anyone"}};
    s.other.set_acl("/p", no_creating);
    s.lose_session_early();
    ASSERT_TRUE(s.becomes(presence_state::left));
    auto leaving = s.us.async_leave();
    ASSERT_TRUE(s.finish(leaving));
    EXPECT_THAT(s.nodes(), IsEmpty());
    EXPECT_THAT(s.world.sessions(), Contains(old)) << "its node was there";
}

TEST(party, a_full_queue_where_the_folder_is_made_is_waited_for) {
    party_scene s;
    client_options o = options_on(s.there);
    o.max_waiting_requests = 2;
    const client narrow(simulation::addresses(), o);
    narrow.wait_connected();
    party p(narrow, "/new/folder");
    bool asked = false;
    s.inside().on_write = [&](const sim_write& w) { asked = asked || w.write.error == errc::no_node; };
    auto joining = p.async_join();
    ASSERT_TRUE(s.world.run_until([&] { return asked; }, 1s));
    s.there.silence(flow::to_client, true);
    s.there.silence(flow::to_server, true);
    const auto unanswered = narrow.async_exists("/");
    s.world.run_for(700ms); // nothing more is handed to a server that keeps us waiting
    const auto first = narrow.async_exists("/"), second = narrow.async_exists("/");
    EXPECT_EQ(verdict_of(narrow.async_exists("/")), failed(errc::queue_full));
    s.there.silence(flow::to_client, false);
    s.world.run_for(50ms);
    EXPECT_FALSE(first.ready()) << "the queue is full";
    s.there.silence(flow::to_server, false);
    ASSERT_TRUE(s.finish(joining));
    EXPECT_EQ(verdict_of(std::move(joining)), verdict{});
    EXPECT_TRUE(p.joined());
}

TEST(party, a_cut_costs_nothing) {
    party_scene s;
    s.us.join();
    const auto node = s.nodes().at(0)->czxid;
    s.here.refuse(true);
    s.here.cut();
    s.world.run_for(1s);
    EXPECT_TRUE(s.us.joined());
    s.here.refuse(false);
    s.world.run_for(10s);
    EXPECT_TRUE(s.us.joined());
    EXPECT_EQ(s.nodes().at(0)->czxid, node);
}

TEST(party, joined_is_over_with_the_session_without_any_server) {
    party_scene s;
    s.us.join();
    std::vector<presence_state> states;
    const subscription listening = s.us.on_state([&](presence_state p) { states.push_back(p); });
    s.world.stop_server();
    const auto begun = s.world.now();
    ASSERT_TRUE(s.world.run_until([&] { return !s.us.joined(); }, 1min));
    EXPECT_LE(s.world.now() - begun, 3s);
    EXPECT_EQ(s.us.state(), presence_state::joining);
    s.world.run_for(10s);
    s.world.start_server();
    ASSERT_TRUE(s.becomes(presence_state::joined));
    s.world.run_for(1s);
    EXPECT_THAT(states, ElementsAre(presence_state::joining, presence_state::joined));
}

TEST(party, who_was_paused_knows_that_its_session_is_over_before_anything_runs) {
    party_scene s;
    s.us.join();
    s.here.pause(true);
    s.world.run_for(10s);
    EXPECT_THAT(s.nodes(), IsEmpty());
    EXPECT_FALSE(s.us.joined());
    s.here.pause(false);
    EXPECT_TRUE(s.becomes(presence_state::joined));
    EXPECT_TRUE(s.is_ours(s.nodes().at(0)));
}

TEST(party, a_lost_session_is_followed_by_the_same_name_in_the_next_one) {
    party_scene s;
    s.us.join();
    const std::string before = s.only_node();
    s.world.expire_session(s.c.session_id());
    EXPECT_THAT(s.nodes(), IsEmpty());
    ASSERT_TRUE(s.becomes(presence_state::joining));
    ASSERT_TRUE(s.becomes(presence_state::joined));
    EXPECT_EQ(s.only_node(), before);
    EXPECT_TRUE(s.is_ours(s.nodes().at(0)));
}

TEST(party, C65_a_node_of_our_old_session_is_replaced_in_one_step) {
    party_scene s;
    s.us.join();
    const std::string before = s.only_node();
    const session_id old = s.c.session_id();
    s.lose_session_early();
    EXPECT_FALSE(s.us.joined());
    s.fewest = 1000;
    ASSERT_TRUE(s.becomes(presence_state::joined));
    EXPECT_THAT(s.world.sessions(), Contains(old)) << "its node was there";
    EXPECT_EQ(s.only_node(), before);
    EXPECT_TRUE(s.is_ours(s.nodes().at(0)));
    s.world.run_for(20s);
    EXPECT_THAT(s.world.sessions(), testing::Not(Contains(old)));
    EXPECT_TRUE(s.us.joined());
    EXPECT_EQ(s.only_node(), before);
    EXPECT_EQ(s.fewest, 1u) << "those who look see no moment without us";
}

TEST(party, C65_a_replacement_whose_reply_was_lost_is_known_to_be_ours) {
    party_scene s;
    s.us.join();
    const auto first = s.nodes().at(0)->czxid;
    s.lose_session_early();
    ASSERT_TRUE(s.world.run_until([&] { return s.nodes().at(0)->czxid != first; }, 1min));
    s.here.cut();
    EXPECT_FALSE(s.us.joined());
    const auto second = s.nodes().at(0)->czxid;
    ASSERT_TRUE(s.becomes(presence_state::joined));
    s.world.run_for(20s);
    EXPECT_EQ(s.nodes().at(0)->czxid, second);
    EXPECT_TRUE(s.us.joined());
}

TEST(party, C65_where_the_old_node_may_not_be_removed_its_end_is_waited_for) {
    party_scene s;
    const std::vector<acl> no_removing{{perms::read | perms::create, "world", "anyone"}};
    s.other.set_acl("/p", no_removing);
    s.us.join();
    const session_id old = s.c.session_id();
    s.lose_session_early();
    ASSERT_TRUE(s.reaches(session_state::connected));
    s.world.run_for(1s);
    EXPECT_EQ(s.us.state(), presence_state::joining) << "it is not ours";
    EXPECT_EQ(s.nodes().size(), 1u);
    ASSERT_TRUE(s.becomes(presence_state::joined));
    EXPECT_THAT(s.world.sessions(), testing::Not(Contains(old)));
    EXPECT_TRUE(s.is_ours(s.nodes().at(0)));
}

TEST(party, a_node_that_somebody_deletes_is_made_again) {
    party_scene s;
    s.us.join();
    const std::string before = s.only_node();
    s.other.remove(before);
    ASSERT_TRUE(s.world.run_until([&] { return s.made == 2 && s.us.joined(); }, 1s));
    EXPECT_EQ(s.only_node(), before);
}

TEST(party, a_deletion_that_no_server_tells_of_is_noticed) {
    party_scene s({}, {.identifier = "us", .acl = {{perms::write, "world", "anyone"}}}); // we may not read our own node
    s.us.join();
    s.other.remove(s.only_node());
    ASSERT_TRUE(s.world.run_until([&] { return s.made == 2; }, 7s));
    EXPECT_TRUE(s.becomes(presence_state::joined, 1s));
}

TEST(party, who_joins_behind_a_pause_that_cost_the_session_is_a_member_when_that_returns) {
    for (const bool rejoins : {true, false})
        for (const auto wait : {-1us, 0us, 1us, 100us, 1000us, 3000us}) { // -1: it is called during the pause
            party_scene s({}, {.identifier = "us", .rejoins = rejoins});
            s.us.join();
            s.here.pause(true);
            s.world.run_for(10s);
            ASSERT_THAT(s.nodes(), IsEmpty());
            std::optional<future<void>> joining;
            if (wait < 0us) joining = s.us.async_join();
            s.here.pause(false);
            if (wait > 0us) s.world.run_for(wait);
            if (!joining) joining = s.us.async_join();
            ASSERT_TRUE(s.finish(*joining)) << rejoins << wait.count();
            EXPECT_TRUE(s.us.joined()) << rejoins << wait.count();
            EXPECT_EQ(verdict_of(*std::move(joining)), verdict{}) << rejoins << wait.count();
            EXPECT_TRUE(s.nodes().size() == 1 && s.is_ours(s.nodes()[0])) << rejoins << wait.count();
        }
}

TEST(party, without_rejoins_a_loss_is_the_end) {
    party_scene s({}, {.identifier = "us", .rejoins = false});
    s.us.join();
    s.world.expire_session(s.c.session_id());
    ASSERT_TRUE(s.becomes(presence_state::left));
    ASSERT_TRUE(s.reaches(session_state::connected));
    s.world.run_for(10s);
    EXPECT_THAT(s.nodes(), IsEmpty());
    EXPECT_FALSE(s.us.joined());
    s.us.join();
    EXPECT_TRUE(s.us.joined());
}

TEST(party, a_folder_that_vanished_is_made_again) {
    party_scene s;
    s.us.join();
    const std::string before = s.only_node();
    s.other.transaction().remove(before).remove("/p").commit();
    ASSERT_TRUE(s.world.run_until([&] { return s.made == 2 && s.us.joined(); }, 5s));
    EXPECT_EQ(s.only_node(), before);
}

TEST(party, a_close_ends_everything) {
    party_scene s;
    s.us.join();
    party again(s.c, "/p");
    s.here.silence(flow::to_client, true);
    auto joining = again.async_join();
    s.world.run_for(10ms);
    s.c.close();
    EXPECT_EQ(verdict_of(std::move(joining)).code, errc::closed) << "it waited";
    s.here.silence(flow::to_client, false);
    s.world.run_for(1s);
    EXPECT_FALSE(s.us.joined());
    EXPECT_EQ(s.us.state(), presence_state::left);
    EXPECT_EQ(again.state(), presence_state::left);
    EXPECT_EQ(verdict_of(again.async_join()).code, errc::closed);
    EXPECT_THAT(s.nodes(), IsEmpty());
}

TEST(party, who_is_destroyed_leaves_whatever_is_under_way) {
    for (int delay = 0; delay < 40; ++delay) {
        party_scene s;
        std::optional<party> p(std::in_place, s.c, "/p");
        auto joining = p->async_join();
        s.world.run_for(std::chrono::microseconds(100 * delay));
        if (delay % 4 == 0) s.here.cut();
        p.reset();
        ASSERT_TRUE(s.finish(joining)) << delay;
        s.world.run_for(20s);
        EXPECT_THAT(s.nodes(), IsEmpty()) << delay;
        EXPECT_EQ(s.inside().server().watches(), server::watch_counts{}) << delay;
    }
}

TEST(party, who_gives_up_joining_leaves_neither_node_nor_watch) {
    for (int delay = 0; delay < 40; ++delay) {
        party_scene s;
        auto joining = s.us.async_join_for(std::chrono::microseconds(100 * delay));
        ASSERT_TRUE(s.finish(joining)) << delay;
        const bool joined = std::move(joining).get();
        s.world.run_for(5s);
        EXPECT_EQ(s.us.joined(), joined) << delay;
        EXPECT_EQ(s.nodes().size(), joined ? 1u : 0u) << delay;
        EXPECT_EQ(s.inside().server().watches().data, joined ? 1u : 0u) << delay;
    }
}

TEST(party, on_change_tells_who_is_there_over_sessions_and_of_a_folder_that_is_made) {
    party_scene s;
    s.other.remove("/p");
    std::vector<std::string> told;
    const auto hears = [&](const char* who) {
        return s.world.run_until([&] { return !told.empty() && told.back() == who; }, 1min);
    };
    const party_watch watch = s.others.on_change([&](const std::vector<std::string>& who) {
        std::string all;
        for (const auto& w : who) all += w + " ";
        told.push_back(std::move(all));
    });
    ASSERT_TRUE(hears(""));
    s.us.join();
    ASSERT_TRUE(hears("us "));
    party third(s.c, "/p", {.identifier = "third"});
    third.join();
    ASSERT_TRUE(hears("third us "));
    s.world.expire_session(s.other.session_id());
    s.us.leave();
    ASSERT_TRUE(hears("third "));
}

} // namespace
} // namespace kazoo::testkit
