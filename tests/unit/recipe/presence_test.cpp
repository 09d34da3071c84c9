// A node of ours that is there for as long as we say.
#include "recipe/parts/presence.hpp"

#include <kazoo/kazoo.hpp>
#include <kazoo/path.hpp>
#include <kazoo/testkit/simulation.hpp>

#include <gmock/gmock.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kazoo::recipe {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// One who is there, and another one who looks.
struct two_clients {
    testkit::simulation world;
    testkit::machine here = world.add_machine(), there = world.add_machine();
    client zk{testkit::simulation::addresses(), on(here)}, other{testkit::simulation::addresses(), on(there)};

    struct member final : recipe_object {
        member(const client& c, presence_rules rules)
            : recipe_object(c, "member", "/f"), stays(*this, std::move(rules)) {}
        presence stays;
    };
    std::shared_ptr<member> m;
    std::vector<presence_state> states;
    ref<listener> listening;

    explicit two_clients(presence_rules rules = {.folder = "/f", .tail = "-me", .data = "mine"}) {
        zk.wait_connected();
        other.wait_connected();
        m = std::make_shared<member>(zk, std::move(rules));
        listening = m->stays.on_state("me", [this](presence_state s) { states.push_back(s); });
    }
    ~two_clients() {
        if (m) m->abandon();
        m.reset();
        world.run_for(1s);
    }
    static client_options on(const testkit::machine& where) {
        client_options o;
        o.loop = where.loop();
        o.session_timeout = 3s;
        o.operation_timeout = 20s;
        return o;
    }
    template <class T> T end(future<T> f) {
        EXPECT_TRUE(world.run_until([&] { return f.ready(); }, 1min));
        return std::move(f).get();
    }
    void join() { end(m->stays.join({})); }
    presence& stays() const { return m->stays; }
    std::vector<std::string> nodes() const {
        return other.exists("/f") ? std::vector<std::string>(other.get_children("/f")) : std::vector<std::string>();
    }
    std::string node() const { return path::join("/f", nodes().at(0)); }
    bool becomes(presence_state s) {
        return world.run_until([&] { return m->stays.state() == s; }, 1min);
    }
    bool nobody_is_left() {
        return world.run_until([&] { return nodes().empty(); }, 1min);
    }
};

TEST(presence, is_there_from_join_to_leave) {
    two_clients c;
    EXPECT_EQ(c.stays().state(), presence_state::left);
    c.join();
    EXPECT_TRUE(c.stays().joined());
    ASSERT_THAT(c.nodes(), SizeIs(1));
    EXPECT_THAT(c.nodes()[0], testing::MatchesRegex("[0-9a-f]{32}-me"));
    const node n = c.other.get(c.node());
    EXPECT_EQ(n.data, "mine");
    EXPECT_EQ(n.stat.owner, c.zk.session_id());
    c.join();
    EXPECT_THAT(c.nodes(), SizeIs(1)) << "it was there already";
    const auto first = c.nodes();
    EXPECT_TRUE(c.end(c.stays().leave()));
    EXPECT_THAT(c.nodes(), IsEmpty());
    EXPECT_FALSE(c.stays().joined());
    EXPECT_FALSE(c.end(c.stays().leave()));
    c.join();
    EXPECT_NE(c.nodes(), first) << "what may still come of the first stay is no matter of the second";
    c.world.run_for(1s);
    EXPECT_THAT(c.states, ElementsAre(presence_state::joining, presence_state::joined, presence_state::left,
                                      presence_state::joining, presence_state::joined));
}

TEST(presence, is_there_again_in_the_next_session_under_its_name) {
    two_clients c;
    c.join();
    const auto before = c.nodes();
    c.world.expire_session(c.zk.session_id());
    ASSERT_TRUE(c.becomes(presence_state::joining));
    ASSERT_TRUE(c.becomes(presence_state::joined));
    EXPECT_EQ(c.nodes(), before);
    EXPECT_EQ(c.other.exists(c.node())->owner, c.zk.session_id());
}

TEST(presence, is_there_again_when_somebody_has_deleted_it) {
    two_clients c;
    c.join();
    const auto before = c.nodes();
    c.other.remove(c.node());
    ASSERT_TRUE(c.world.run_until([&] { return c.states.size() >= 4; }, 1min));
    EXPECT_TRUE(c.stays().joined());
    EXPECT_EQ(c.nodes(), before);
    EXPECT_THAT(c.states, ElementsAre(presence_state::joining, presence_state::joined, presence_state::joining,
                                      presence_state::joined));
}

TEST(presence, C65_a_node_of_an_old_session_is_not_ours_and_is_replaced) {
    two_clients c;
    c.join();
    const auto before = c.nodes();
    const session_id old = c.zk.session_id();
    const zxid created = c.other.exists(c.node())->created;
    c.world.stop_server(); // whose sessions do not age meanwhile
    ASSERT_TRUE(c.world.run_until([&] { return c.zk.state() == session_state::connecting; }, 1min)) << "given up";
    EXPECT_FALSE(c.stays().joined());
    c.world.start_server();
    ASSERT_TRUE(c.becomes(presence_state::joined));
    EXPECT_THAT(c.world.sessions(), testing::Contains(old)) << "its node was there";
    EXPECT_EQ(c.nodes(), before);
    const auto now = c.other.exists(c.node());
    EXPECT_EQ(now->owner, c.zk.session_id());
    EXPECT_GT(now->created, created);
    c.world.run_for(20s);
    EXPECT_EQ(c.other.exists(c.node())->created, now->created) << "it stays when the old session ends";
}

TEST(presence, which_does_not_come_back_has_left_behind_a_loss) {
    two_clients c({.folder = "/f", .tail = "-me", .comes_back = false});
    c.join();
    c.world.expire_session(c.zk.session_id());
    ASSERT_TRUE(c.becomes(presence_state::left));
    c.world.run_for(10s);
    EXPECT_THAT(c.nodes(), IsEmpty());
    c.join();
    EXPECT_TRUE(c.stays().joined());
    c.other.remove(c.node());
    ASSERT_TRUE(c.becomes(presence_state::left));
    c.world.run_for(10s);
    EXPECT_THAT(c.nodes(), IsEmpty());
}

TEST(presence, which_does_not_come_back_outlives_losses_until_it_has_joined) {
    two_clients c({.folder = "/f", .tail = "-me", .comes_back = false});
    c.here.refuse(true);
    c.here.cut();
    auto joining = c.stays().join({});
    c.world.run_for(20s);
    EXPECT_EQ(c.stays().state(), presence_state::joining);
    c.here.refuse(false);
    c.end(std::move(joining));
    EXPECT_TRUE(c.stays().joined());
}

TEST(presence, of_one_session_has_left_with_it_also_if_it_was_never_there) {
    two_clients c({.folder = "/f", .tail = "-me", .comes_back = false, .one_session = true});
    c.other.create("/f");
    c.here.silence(testkit::flow::to_client, true);
    auto joining = c.stays().join({});
    ASSERT_TRUE(c.world.run_until([&] { return c.nodes().size() == 1; }, 1min));
    const auto first = c.nodes();
    c.world.expire_session(c.zk.session_id());
    c.here.cut();
    c.here.silence(testkit::flow::to_client, false);
    c.end(std::move(joining));
    EXPECT_TRUE(c.stays().joined());
    EXPECT_EQ(c.nodes().size(), 1u);
    EXPECT_NE(c.nodes(), first) << "what is there now has another name";
}

TEST(presence, has_the_data_that_was_said_last) {
    two_clients c;
    c.end(c.stays().set_data("first"));
    c.join();
    EXPECT_EQ(c.other.get(c.node()).data, "first");
    c.end(c.stays().set_data("second"));
    EXPECT_EQ(c.other.get(c.node()).data, "second");
    c.other.set(c.node(), "somebody else's");
    ASSERT_TRUE(c.world.run_until([&] { return c.other.get(c.node()).data == "second"; }, 1min));
    c.world.expire_session(c.zk.session_id());
    ASSERT_TRUE(c.becomes(presence_state::joining));
    ASSERT_TRUE(c.becomes(presence_state::joined));
    EXPECT_EQ(c.other.get(c.node()).data, "second");
    c.world.run_for(1min);
    EXPECT_EQ(c.other.exists(c.node())->data_version, version{0}) << "made with it, and left alone";
}

TEST(presence, whose_data_may_not_be_changed_stays_and_says_so) {
    two_clients c({.folder = "/f", .tail = "-me", .data = "mine", .acl = {{perms::read, "world", "anyone"}}});
    c.join();
    auto changing = c.stays().set_data("other");
    ASSERT_TRUE(c.world.run_until([&] { return changing.ready(); }, 1min));
    EXPECT_EQ(std::move(changing).result().error(), errc::no_auth);
    EXPECT_TRUE(c.stays().joined());
}

TEST(presence, who_gives_up_joining_leaves_unless_others_want_it) {
    two_clients c;
    c.here.refuse(true);
    c.here.cut();
    std::stop_source stop;
    auto given_up = c.stays().join(stop.get_token()), wanted = c.stays().join({});
    c.world.run_for(1s);
    stop.request_stop();
    EXPECT_EQ(std::move(given_up).result().error(), errc::cancelled);
    c.world.run_for(1s);
    EXPECT_EQ(c.stays().state(), presence_state::joining);
    wanted.cancel();
    ASSERT_TRUE(c.becomes(presence_state::left));
    EXPECT_FALSE(c.end(c.stays().join_within(1s, {})));
    ASSERT_TRUE(c.becomes(presence_state::left));
    c.here.refuse(false);
    c.world.run_for(20s);
    EXPECT_THAT(c.nodes(), IsEmpty());
}

TEST(presence, who_gives_up_a_later_join_ends_nothing) {
    two_clients c;
    c.join();
    c.here.refuse(true);
    c.here.cut();
    ASSERT_TRUE(c.becomes(presence_state::joining));
    EXPECT_FALSE(c.end(c.stays().join_within(1s, {})));
    c.here.refuse(false);
    EXPECT_TRUE(c.becomes(presence_state::joined));
}

TEST(presence, can_be_waited_for) {
    two_clients c;
    auto waiting = c.stays().wait_joined(never, {});
    c.world.run_for(1s);
    EXPECT_FALSE(waiting.ready());
    EXPECT_THAT(c.nodes(), IsEmpty());
    auto too_late = c.stays().wait_joined(c.m->deadline_in(1s), {});
    ASSERT_TRUE(c.world.run_until([&] { return too_late.ready(); }, 1min));
    EXPECT_EQ(std::move(too_late).result().error(), errc::operation_timeout);
    c.join();
    c.end(std::move(waiting));
}

TEST(presence, goes_with_its_object) {
    two_clients c;
    c.join();
    auto waiting = c.stays().wait_joined(never, {});
    c.m->abandon();
    c.m.reset();
    EXPECT_TRUE(c.nobody_is_left());
}

} // namespace
} // namespace kazoo::recipe
