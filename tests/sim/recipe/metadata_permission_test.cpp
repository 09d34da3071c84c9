// From ZooKeeper 3.8.4 and 3.9.2 on whoever may not read a node is not told its metadata either (ZOOKEEPER-2590). Seen
// on a server of 3.9.3; these are its rules.
#include "sim/scene.hpp"

#include <kazoo/recipe/barrier.hpp>
#include <kazoo/recipe/data_watch.hpp>
#include <kazoo/recipe/double_barrier.hpp>
#include <kazoo/recipe/mutex.hpp>
#include <kazoo/recipe/party.hpp>
#include <kazoo/recipe/tree_cache.hpp>

#include <optional>

namespace kazoo::testkit {
namespace {

const std::vector<acl> by_all_but_read{
    {perms::create | perms::write | perms::remove | perms::admin, "world", "anyone"}};

struct guarded_scene : scene {
    guarded_scene() : scene(simulation_options{.metadata_needs_permission = true}) {}
    client other{simulation::addresses(), options_on(world.add_machine())};
};

TEST(metadata_permission, the_rule_is_that_of_newer_servers) {
    guarded_scene s;
    s.other.create("/n", "x", {.acl = by_all_but_read});
    EXPECT_EQ(verdict_of(s.c.async_exists("/n")), failed(errc::no_auth));
}

TEST(metadata_permission, a_lock_is_waited_for_and_listed) {
    guarded_scene s;
    mutex theirs(s.other, "/lock", {.acl = by_all_but_read}), ours(s.c, "/lock");
    theirs.lock();
    auto locking = ours.async_lock();
    s.world.run_for(5s);
    EXPECT_FALSE(locking.ready());
    const auto all = ours.contenders();
    ASSERT_EQ(all.size(), 2u);
    EXPECT_TRUE(all[0].hidden);
    EXPECT_EQ(all[0].owner, session_id::none);
    theirs.unlock();
    EXPECT_TRUE(s.finish(locking));
}

TEST(metadata_permission, a_lock_may_be_held_by_a_node_that_its_holder_may_not_read) {
    guarded_scene s;
    mutex ours(s.c, "/lock", {.acl = by_all_but_read});
    ours.lock();
    s.world.run_for(30s);
    EXPECT_TRUE(ours.holds());
    ours.unlock();
    EXPECT_EQ(s.other.get_children("/lock").size(), 0u);
}

TEST(metadata_permission, one_that_is_taken_away_is_noticed_without_an_event) {
    guarded_scene s;
    s.c.create("/n", "x");
    std::optional<std::error_code> told;
    const data_watch w(s.c, "/n", [](const std::optional<node>&) {},
                       {.on_error = [&](const error& e) { told = e.code(); }});
    s.world.run_for(1s);
    s.other.set_acl("/n", by_all_but_read);
    EXPECT_TRUE(s.world.run_until([&] { return told.has_value(); }, 1min));
    EXPECT_EQ(told, make_error_code(errc::no_auth));
}

TEST(metadata_permission, a_tree_has_what_is_hidden_and_learns_the_rest_later) {
    guarded_scene s;
    s.other.create("/t");
    s.other.create("/t/mine", "secret", {.acl = by_all_but_read});
    s.other.create("/t/more", "", {.acl = by_all_but_read});
    tree_cache cache(s.c, "/t");
    cache.start();
    cache.wait_initialized(1min);
    ASSERT_TRUE(s.world.run_until([&] { return cache.get("/t/mine").has_value(); }, 1min));
    EXPECT_EQ(cache.get("/t/mine")->unreadable, errc::no_auth);
    EXPECT_EQ(cache.get("/t/mine")->stat.data_length, 0);
    s.other.set_acl("/t/mine", acls::open_unsafe());
    EXPECT_TRUE(s.world.run_until([&] { return cache.get("/t/mine")->data == "secret"; }, 1min));
    EXPECT_FALSE(cache.get("/t/mine")->unreadable);
    EXPECT_TRUE(cache.get("/t/more"));
    s.other.remove("/t/more");
    EXPECT_TRUE(s.world.run_until([&] { return !cache.get("/t/more"); }, 1min));
}

TEST(metadata_permission, a_barrier_keeps_who_may_not_read_it_until_it_is_gone) {
    guarded_scene s;
    s.other.create("/b", "", {.acl = by_all_but_read});
    barrier b(s.c, "/b");
    EXPECT_FALSE(b.wait_for(0s));
    auto waiting = b.async_wait();
    s.world.run_for(10s);
    EXPECT_FALSE(waiting.ready());
    s.other.remove("/b");
    EXPECT_TRUE(s.finish(waiting));
}

TEST(metadata_permission, members_of_a_double_barrier_meet_who_may_not_be_read) {
    guarded_scene s;
    s.other.add_auth("digest", "them:secret");
    double_barrier ours(s.c, "/d", 2), theirs(s.other, "/d", 2, {.acl = {{perms::all, "auth", ""}}});
    auto entering = ours.async_enter_for(1min), more = theirs.async_enter_for(1min);
    ASSERT_TRUE(s.finish(entering, more));
    EXPECT_TRUE(std::move(entering).get());
    EXPECT_TRUE(std::move(more).get());
    auto leaving = ours.async_leave(), too = theirs.async_leave();
    ASSERT_TRUE(s.finish(leaving, too));
    EXPECT_TRUE(std::move(leaving).get());
    EXPECT_TRUE(std::move(too).get());
}

TEST(metadata_permission, a_tree_without_data_learns_what_it_may_again) {
    guarded_scene s;
    s.other.create("/t");
    s.other.create("/t/mine", "secret", {.acl = by_all_but_read});
    tree_cache cache(s.c, "/t", {.with_data = false});
    cache.start();
    cache.wait_initialized(1min);
    ASSERT_EQ(cache.get("/t/mine")->unreadable, errc::no_auth);
    s.other.set_acl("/t/mine", acls::open_unsafe());
    EXPECT_TRUE(s.world.run_until([&] { return !cache.get("/t/mine")->unreadable; }, 1min));
    EXPECT_EQ(cache.get("/t/mine")->stat.data_length, 6);
}

TEST(metadata_permission, what_is_there_is_ensured) {
    guarded_scene s;
    const std::vector<acl> for_nobody{{perms::admin, "world", "anyone"}};
    s.other.create("/top");
    s.other.create("/top/n", "", {.acl = by_all_but_read});
    s.other.set_acl("/top", for_nobody);
    EXPECT_NO_THROW(s.c.ensure_path("/top/n"));
}

TEST(metadata_permission, a_member_whose_node_it_may_not_read_joins_and_leaves) {
    guarded_scene s;
    party p(s.c, "/p", {.identifier = "us", .acl = by_all_but_read});
    p.join();
    s.world.run_for(10s);
    EXPECT_TRUE(p.joined());
    s.other.remove("/p/" + std::string(*s.other.get_children("/p").begin()));
    EXPECT_TRUE(s.world.run_until([&] { return s.other.get_children("/p").size() == 1; }, 1min)) << "it comes back";
    s.world.expire_session(s.c.session_id());
    s.world.run_for(10s);
    EXPECT_TRUE(p.joined());
    p.leave();
    EXPECT_EQ(s.other.get_children("/p").size(), 0u);
}

} // namespace
} // namespace kazoo::testkit
