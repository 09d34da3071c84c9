// kazoo::double_barrier where one round follows another, with members who miss the end of the last one.
#include "sim/scene.hpp"

#include "recipe/barrier/members.hpp"

#include <kazoo/recipe/double_barrier.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace kazoo::testkit {
namespace {

/// Members with a machine each, and another client that looks after the path.
struct crowd : scene {
    struct one {
        machine there;
        client zk;
        double_barrier b;
        one(simulation& world, std::size_t wanted, const std::vector<acl>& a)
            : there(world.add_machine()),
              zk(simulation::addresses(), options_on(there)),
              b(zk, "/d", wanted, {.acl = a}) {
            zk.wait_connected();
        }
    };
    std::vector<std::unique_ptr<one>> all;

    crowd(std::uint64_t seed, std::size_t members, std::size_t wanted, const std::vector<acl>& a = {})
        : scene({.seed = seed}) {
        c.wait_connected();
        c.create("/d");
        for (std::size_t i = 0; i < members; ++i) all.push_back(std::make_unique<one>(world, wanted, a));
    }
    one& operator[](std::size_t i) const { return *all[i]; }
    std::size_t members() const {
        std::size_t n = 0;
        for (const auto* node : inside().server().nodes().sorted())
            n += node->path.starts_with("/d/") && recipe::is_member_name(node->name()) ? 1 : 0;
        return n;
    }
    std::string first_member() const {
        for (const auto* node : inside().server().nodes().sorted())
            if (node->path.starts_with("/d/") && recipe::is_member_name(node->name())) return std::string(node->path);
        return {};
    }
    bool has(std::size_t n, std::chrono::nanoseconds limit = 1min) {
        return world.run_until([&] { return members() == n; }, limit);
    }
    bool is_open() const { return last_let_in() != 0; }
    /// Who is older is inside; 0: it is closed.
    std::int64_t last_let_in() const {
        const auto* ready = inside().server().nodes().find("/d/ready");
        return ready == nullptr ? 0 : ready->mzxid;
    }
    /// The server has ended its session, and it knows.
    void expire(std::size_t i) { ASSERT_TRUE(world.expire_session(all[i]->zk.session_id())); }
};

/// It has been let in with two others, who have gone, and does not know it yet. One that comes late has seen it, and
/// asks to be let in, too; before that arrives the first one loses its session and begins anew. `asked`: grows if the
/// late one had not been let in before.
void comes_late_beside_one_that_begins_anew(std::uint64_t seed, bool it_knows_of_its_node, int& asked) {
    crowd s(seed, 4, 3);
    if (!it_knows_of_its_node) s[0].there.silence(flow::to_client, true);
    auto first = s[0].b.async_enter();
    ASSERT_TRUE(s.has(1));
    s.world.run_for(50ms);
    s[0].there.silence(flow::to_client, true);
    auto second = s[1].b.async_enter(), third = s[2].b.async_enter();
    ASSERT_TRUE(s.finish(second, third));
    const std::int64_t opening = s.last_let_in();
    s.expire(1);
    s.expire(2);
    ASSERT_TRUE(s.has(1));
    auto late = s[3].b.async_enter();
    ASSERT_TRUE(s.has(2));
    s.world.run_for(std::chrono::microseconds(seed * 50)); // it has looked, and is about to ask
    s[3].there.silence(flow::to_server, true);
    s.world.run_for(20ms);
    if (s.last_let_in() != opening) return;
    ++asked;
    s.expire(0);
    s[0].there.cut(); // and with it what it was not told yet
    s[0].there.silence(flow::to_client, false);
    s.world.run_for(500ms);
    s[3].there.silence(flow::to_server, false);
    s.world.run_for(20s);
    ASSERT_TRUE(s.has(2));
    EXPECT_FALSE(first.ready() || late.ready()) << "they are two";
    EXPECT_FALSE(s.is_open());
    auto again = s[1].b.async_enter();
    ASSERT_TRUE(s.finish(first, late, again));
    EXPECT_TRUE(std::move(first).get() && std::move(late).get() && std::move(again).get());
}

void comes_late_at_many_moments(bool it_knows_of_its_node) {
    int asked = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        SCOPED_TRACE(seed);
        comes_late_beside_one_that_begins_anew(seed, it_knows_of_its_node, asked);
    }
    EXPECT_GT(asked, 0);
    EXPECT_LT(asked, 200) << "also when it had just been let in";
}

TEST(double_barrier, C64_who_comes_late_is_not_let_in_by_one_that_begins_anew) { comes_late_at_many_moments(true); }

TEST(double_barrier, C64_who_comes_late_is_not_let_in_by_one_that_never_knew_that_it_was_there) {
    comes_late_at_many_moments(false);
}

/// All have died inside but one, who leaves, and hears nothing while the next two begin.
TEST(double_barrier, C64_who_leaves_is_not_kept_by_those_who_find_it_left_behind) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        SCOPED_TRACE(seed);
        crowd s(seed, 4, 2);
        auto first = s[0].b.async_enter(), second = s[1].b.async_enter();
        ASSERT_TRUE(s.finish(first, second));
        s.expire(0);
        ASSERT_TRUE(s.world.run_until([&] { return !s[0].b.inside(); }, 1min));
        auto leaving = s[0].b.async_leave();
        s.world.run_for(1s);
        ASSERT_FALSE(leaving.ready()) << "one is inside";
        s[0].there.silence(flow::to_client, true);
        s.expire(1);
        ASSERT_TRUE(s.has(0));
        ASSERT_TRUE(s.is_open());
        auto third = s[2].b.async_enter(), fourth = s[3].b.async_enter();
        ASSERT_TRUE(s.finish(third, fourth));
        s[0].there.silence(flow::to_client, false);
        s.world.run_for(10s);
        ASSERT_TRUE(leaving.ready());
        EXPECT_TRUE(std::move(leaving).get());
        EXPECT_TRUE(s[2].b.inside() && s[3].b.inside());
        auto more = s[2].b.async_leave(), last = s[3].b.async_leave();
        ASSERT_TRUE(s.finish(more, last));
        EXPECT_FALSE(s.is_open());
    }
}

/// One of the next two is slow to say what it has found.
TEST(double_barrier, C64_what_was_left_behind_is_cleared_away_once) {
    for (std::uint64_t seed = 1; seed <= 80; ++seed) {
        SCOPED_TRACE(seed);
        crowd s(seed, 2, 2);
        s.c.create("/d/ready");
        auto first = s[0].b.async_enter(), second = s[1].b.async_enter();
        ASSERT_TRUE(s.has(2));
        s.world.run_for(std::chrono::microseconds(seed * 50));
        s[1].there.silence(flow::to_server, true);
        s.world.run_for(100ms);
        s[1].there.silence(flow::to_server, false);
        ASSERT_TRUE(s.finish(first, second));
        s.world.run_for(1s);
        EXPECT_TRUE(s.is_open());
        EXPECT_TRUE(s[0].b.inside() && s[1].b.inside());
        auto leaving = s[0].b.async_leave(), last = s[1].b.async_leave();
        ASSERT_TRUE(s.finish(leaving, last));
        EXPECT_FALSE(s.is_open());
    }
}

/// It is there longer, and does nothing.
void comes_beside(const std::string& member) {
    crowd s(1, 1, 2);
    s.c.create("/d/ready");
    s.c.create("/d/" + member, "", create_mode::ephemeral);
    auto entering = s[0].b.async_enter();
    ASSERT_TRUE(s.world.run_until([&] { return entering.ready(); }, 1s));
    const auto ready = s.c.exists("/d/ready");
    EXPECT_EQ(ready->created, ready->modified) << "another one";
}

TEST(double_barrier, C64_nobody_waits_for_kazoos_members_to_clear_away) {
    comes_beside("0123456789ab4def8123456789abcdef");
}

TEST(double_barrier, C64_nobody_waits_for_curators_members_to_clear_away) {
    comes_beside("01234567-89ab-cdef-0123-456789abcdef");
}

const std::vector<acl> nobody_writes{{perms::read, "world", "anyone"}};

TEST(double_barrier, C64_members_that_may_not_be_written_clear_away_what_was_left_behind) {
    crowd s(1, 2, 2, nobody_writes);
    s.c.create("/d/ready");
    auto first = s[0].b.async_enter();
    ASSERT_TRUE(s.has(1));
    s.world.run_for(100ms);
    EXPECT_FALSE(s.is_open());
    auto second = s[1].b.async_enter();
    EXPECT_TRUE(s.world.run_until([&] { return first.ready() && second.ready(); }, 500ms));
}

/// Limits that are shorter than a session's timeout.
TEST(double_barrier, C64_members_that_give_up_early_and_try_again_meet_behind_what_was_left) {
    crowd s(1, 2, 2, nobody_writes);
    s.c.create("/d/ready");
    bool entered = false;
    auto first = s[0].b.async_enter_for(1s);
    s.world.run_for(500ms);
    auto second = s[1].b.async_enter_for(1s);
    for (int i = 0; i < 20 && !entered; ++i) {
        s.world.run_for(500ms);
        entered = s[0].b.inside() && s[1].b.inside();
        if (!s[0].b.inside() && first.ready()) first = s[0].b.async_enter_for(1s);
        if (!s[1].b.inside() && second.ready()) second = s[1].b.async_enter_for(1s);
    }
    EXPECT_TRUE(entered);
}

/// It waits behind an older one meanwhile.
TEST(double_barrier, C64_who_clears_away_may_have_had_its_node_written_by_others) {
    crowd s(1, 2, 2);
    s.c.create("/d/ready");
    const std::string older = "/d/0123456789ab0def8123456789abcdef";
    s.c.create(older);
    auto first = s[0].b.async_enter();
    ASSERT_TRUE(s.has(2));
    s.world.run_for(50ms);
    for (const std::string_view name : s.c.get_children("/d"))
        if (recipe::is_member_name(name)) s.c.set("/d/" + std::string(name), "by others");
    s.world.run_for(50ms);
    s.c.remove(older);
    EXPECT_TRUE(s.world.run_until([&] { return !s.is_open(); }, 500ms));
    auto second = s[1].b.async_enter();
    EXPECT_TRUE(s.world.run_until([&] { return first.ready() && second.ready(); }, 500ms));
}

/// Nobody may delete below the path.
TEST(double_barrier, C64_what_may_not_be_removed_is_used_again_at_once) {
    crowd s(1, 3, 3);
    s.c.create("/d/ready");
    const std::vector<acl> no_removal{{perms::read | perms::write | perms::create, "world", "anyone"}};
    s.c.set_acl("/d", no_removal);
    auto first = s[0].b.async_enter();
    ASSERT_TRUE(s.has(1));
    s.world.run_for(100ms);
    auto second = s[1].b.async_enter();
    ASSERT_TRUE(s.has(2));
    s.world.run_for(100ms);
    const std::int64_t before = s.last_let_in();
    auto third = s[2].b.async_enter();
    EXPECT_TRUE(s.world.run_until([&] { return first.ready() && second.ready() && third.ready(); }, 500ms));
    EXPECT_GT(s.last_let_in(), before);
}

/// The oldest has no connection.
TEST(double_barrier, C64_the_oldest_keeps_the_others_waiting_until_its_session_is_over_and_no_longer) {
    crowd s(1, 3, 2);
    s.c.create("/d/ready");
    s[0].there.silence(flow::to_client, true);
    auto oldest = s[0].b.async_enter();
    ASSERT_TRUE(s.has(1));
    s.world.run_for(50ms);
    auto second = s[1].b.async_enter(), third = s[2].b.async_enter();
    ASSERT_TRUE(s.has(3));
    const std::int64_t before = s.last_let_in();
    s.world.run_for(1s);
    EXPECT_FALSE(second.ready() || third.ready());
    EXPECT_EQ(s.last_let_in(), before);
    s.expire(0);
    EXPECT_TRUE(s.world.run_until([&] { return second.ready() && third.ready(); }, 500ms));
}

/// A create of ours that a broken connection has held back, and one that has made our node meanwhile. Our connection
/// breaks again, somebody deletes our node, and the first create is carried out.
struct made_twice : crowd {
    future<bool> entering;
    std::string name;
    explicit made_twice(std::uint64_t seed) : crowd(seed, 3, 2) {
        s0().there.late(true);
        s0().there.silence(flow::to_server, true);
        entering = s0().b.async_enter();
        world.run_for(20ms);
        s0().there.cut();
        s0().there.silence(flow::to_server, false);
        EXPECT_TRUE(has(1));
        world.run_for(50ms);
        name = first_member();
    }
    one& s0() const { return *all[0]; }
    bool there() const { return inside().server().nodes().find(name) != nullptr; }
    void deleted_without_our_knowledge() {
        s0().there.refuse(true);
        s0().there.cut();
        c.remove(name);
    }
    /// It was made again.
    bool comes_back() {
        return world.run_until([&] { return there(); }, 1500ms);
    }
    void reconnect() {
        s0().there.refuse(false);
        world.run_for(700ms);
    }
};

TEST(double_barrier, C64_nobody_enters_with_a_node_that_was_made_when_its_first_one_was_gone) {
    int made_again = 0;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        SCOPED_TRACE(seed);
        made_twice s(seed);
        ASSERT_FALSE(s.entering.ready());
        s.deleted_without_our_knowledge();
        auto second = s[1].b.async_enter(), third = s[2].b.async_enter();
        ASSERT_TRUE(s.world.run_until([&] { return second.ready() && third.ready(); }, 300ms));
        if (s.there()) continue; // it counted
        if (!s.comes_back()) continue;
        ++made_again;
        s.reconnect();
        ASSERT_TRUE(s.finish(s.entering)) << "somebody is inside";
        auto leaving = s[1].b.async_leave(), more = s[2].b.async_leave();
        s.world.run_for(5s);
        ASSERT_TRUE(s[0].b.inside());
        EXPECT_FALSE(leaving.ready() || more.ready()) << "we are inside";
        EXPECT_FALSE(s.there());
    }
    EXPECT_GT(made_again, 0);
}

TEST(double_barrier, C64_who_is_inside_and_whose_node_was_deleted_has_lost_although_it_was_made_again) {
    int made_again = 0;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        SCOPED_TRACE(seed);
        made_twice s(seed);
        auto second = s[1].b.async_enter();
        ASSERT_TRUE(s.finish(s.entering, second));
        const auto lost = s[0].b.lost();
        s.deleted_without_our_knowledge();
        if (!s.comes_back()) continue;
        ++made_again;
        s.reconnect();
        s.world.run_for(5s);
        EXPECT_TRUE(lost.stop_requested());
        EXPECT_FALSE(s[0].b.inside());
    }
    EXPECT_GT(made_again, 0);
}

/// The create was answered, and the connection breaks ahead of the next answer.
TEST(double_barrier, C64_a_node_that_was_deleted_before_we_looked_is_made_under_another_name) {
    constexpr std::uint64_t length_of_the_answer = 4 + 16 + 4 + 35 + 68;
    for (const bool answered : {false, true}) {
        crowd s(1, 1, 2);
        s[0].there.cut_behind(flow::to_client, length_of_the_answer - (answered ? 0 : 1));
        auto entering = s[0].b.async_enter();
        ASSERT_TRUE(s.has(1));
        s[0].there.refuse(true);
        s.world.run_for(100ms);
        const std::string first = s.first_member();
        s.c.remove(first);
        s[0].there.refuse(false);
        ASSERT_TRUE(s.has(1));
        s.world.run_for(1s);
        EXPECT_EQ(s.first_member() != first, answered);
    }
}

} // namespace
} // namespace kazoo::testkit
