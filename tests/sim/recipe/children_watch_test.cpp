// kazoo::children_watch in exact situations.
#include "watching_scene.hpp"

namespace kazoo::testkit {
namespace {

using testing::ElementsAre;

const std::vector<acl> unreadable{{perms::create | perms::write | perms::remove | perms::admin, "world", "anyone"}};

TEST(children_watch, tells_sorted_names_and_each_change) {
    watching_scene s;
    for (const char* p : {"/g", "/g/c", "/g/a", "/g/b"}) s.other.create(p);
    const children_watch w(s.c, "/g", s.told.children());
    ASSERT_TRUE(s.hears(1));
    s.other.create("/g/aa");
    ASSERT_TRUE(s.hears(2));
    s.other.remove("/g/c");
    ASSERT_TRUE(s.hears(3));
    EXPECT_THAT(s.told.calls, ElementsAre("a b c", "a aa b c children_changed", "a aa b children_changed"));
}

TEST(children_watch, C80_a_missing_node_is_told_and_its_children_when_it_is_made) {
    watching_scene s;
    const children_watch w(s.c, "/g", s.told.children());
    ASSERT_TRUE(s.hears(1));
    s.other.create("/g");
    ASSERT_TRUE(s.hears(2));
    s.other.create("/g/a");
    ASSERT_TRUE(s.hears(3));
    EXPECT_THAT(s.told.calls, ElementsAre("-", " created", "a children_changed"));
    EXPECT_TRUE(w.active());
}

TEST(children_watch, C80_goes_on_when_its_node_is_deleted_and_made_again) {
    watching_scene s;
    s.other.create("/g");
    const children_watch w(s.c, "/g", s.told.children());
    ASSERT_TRUE(s.hears(1));
    s.other.remove("/g");
    ASSERT_TRUE(s.hears(2));
    s.other.create("/g");
    ASSERT_TRUE(s.hears(3));
    EXPECT_THAT(s.told.calls, ElementsAre("", "- deleted", " created"));
}

TEST(children_watch, C80_until_deleted_says_that_it_is_over) {
    watching_scene s;
    s.other.create("/g");
    const children_watch w(s.c, "/g", s.told.children(), {.until_deleted = true});
    ASSERT_TRUE(s.hears(1));
    s.other.remove("/g");
    ASSERT_TRUE(s.hears(2));
    s.other.create("/g");
    s.world.run_for(10s);
    EXPECT_THAT(s.told.calls, ElementsAre("", "- deleted"));
    EXPECT_FALSE(w.active());
    EXPECT_EQ(s.watches_at_the_server(), 0u);
}

TEST(children_watch, C80_until_deleted_tells_of_a_node_that_is_missing_at_once) {
    watching_scene s;
    const children_watch w(s.c, "/g", s.told.children(), {.until_deleted = true});
    ASSERT_TRUE(s.hears(1));
    EXPECT_THAT(s.told.calls, ElementsAre("-"));
    EXPECT_TRUE(s.world.run_until([&] { return !w.active(); }, 1s));
    EXPECT_EQ(s.watches_at_the_server(), 0u);
}

TEST(children_watch, C80_a_mere_drop_ends_nothing_and_tells_nothing) {
    watching_scene s;
    s.other.create("/g");
    s.other.create("/g/a");
    const children_watch w(s.c, "/g", s.told.children(), {.until_deleted = true});
    ASSERT_TRUE(s.hears(1));
    for (int i = 0; i < 3; ++i) {
        s.here.cut();
        ASSERT_TRUE(s.reaches(session_state::suspended));
        ASSERT_TRUE(s.reaches(session_state::connected));
    }
    s.world.run_for(1s);
    EXPECT_EQ(s.told.calls.size(), 1u);
    s.other.create("/g/b");
    ASSERT_TRUE(s.hears(2));
    EXPECT_THAT(s.told.calls, ElementsAre("a", "a b children_changed"));
}

TEST(children_watch, in_a_new_session_only_what_is_different_is_told) {
    watching_scene s;
    for (const char* p : {"/g", "/g/b", "/g/a"}) s.other.create(p);
    const children_watch w(s.c, "/g", s.told.children());
    ASSERT_TRUE(s.hears(1));
    s.lose_session();
    s.world.run_for(1s);
    EXPECT_EQ(s.told.calls.size(), 1u);
    s.here.refuse(true);
    s.here.cut();
    ASSERT_TRUE(s.reaches(session_state::connecting));
    s.other.create("/g/c");
    s.here.refuse(false);
    ASSERT_TRUE(s.hears(2));
    EXPECT_THAT(s.told.calls, ElementsAre("a b", "a b c"));
}

TEST(children_watch, a_child_that_is_deleted_and_made_again_is_told_although_the_names_are_the_same) {
    watching_scene s;
    for (const char* p : {"/g", "/g/a"}) s.other.create(p);
    const children_watch w(s.c, "/g", s.told.children());
    ASSERT_TRUE(s.hears(1));
    s.here.refuse(true);
    s.here.cut();
    ASSERT_TRUE(s.reaches(session_state::suspended));
    s.other.remove("/g/a");
    s.other.create("/g/a");
    s.here.refuse(false);
    ASSERT_TRUE(s.hears(2));
    EXPECT_THAT(s.told.calls, ElementsAre("a", "a children_changed"));
}

TEST(children_watch, data_is_none_of_its_business) {
    watching_scene s;
    for (const char* p : {"/g", "/g/a"}) s.other.create(p);
    const children_watch w(s.c, "/g", s.told.children());
    ASSERT_TRUE(s.hears(1));
    s.other.set("/g", "x");
    s.other.set("/g/a", "x");
    s.world.run_for(10s);
    EXPECT_EQ(s.told.calls.size(), 1u);
}

TEST(children_watch, a_permission_that_is_missing_or_taken_away_is_told_once_and_it_is_over) {
    watching_scene s;
    s.other.create("/g");
    const children_watch w(s.c, "/g", s.told.children(), {.on_error = s.told.errors()});
    ASSERT_TRUE(s.hears(1));
    s.other.set_acl("/g", unreadable); // from here on no event comes
    s.other.create("/g/a");
    ASSERT_TRUE(s.hears(2, 2 * 3s)) << "two timeouts of the session";
    EXPECT_THAT(s.told.calls, ElementsAre("", "error -102"));
    EXPECT_TRUE(s.world.run_until([&] { return !w.active(); }, 1s));
    const children_watch late(s.c, "/g", s.told.children(), {.on_error = s.told.errors()});
    ASSERT_TRUE(s.hears(3));
    EXPECT_EQ(s.told.calls.back(), "error -102");
    EXPECT_EQ(s.watches_at_the_server(), 0u);
}

TEST(children_watch, a_stop_leaves_no_watch) {
    watching_scene s;
    s.other.create("/g");
    children_watch w(s.c, "/g", s.told.children());
    ASSERT_TRUE(s.hears(1));
    EXPECT_EQ(s.watches_at_the_server(), 1u);
    w.stop();
    s.other.create("/g/a");
    s.world.run_for(10s);
    EXPECT_EQ(s.told.calls.size(), 1u);
    EXPECT_EQ(s.watches_at_the_server(), 0u);
}

} // namespace
} // namespace kazoo::testkit
