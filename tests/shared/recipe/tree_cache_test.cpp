// kazoo::tree_cache: what its header promises, against a live server.
#include "tree_cache_test.hpp"

#include <thread>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::eventually;
using kazoo::test::tree_caches;
using kazoo::test::tree_log;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::SizeIs;

namespace {

// -- loading and reading ----------------------------------------------------------------------------------------------

TEST_F(tree_caches, A17_holds_what_is_there) {
    const client c = connect();
    for (const char* path : {"/t", "/t/a", "/t/a/x", "/t/b"}) c.create(path, path);
    tree_cache cache(c, "/t");
    EXPECT_EQ(cache.state(), tree_state::latent);
    load(cache);
    EXPECT_EQ(cache.state(), tree_state::current);
    EXPECT_EQ(cache.stale(), std::nullopt);
    EXPECT_EQ(cache.size(), 4U);
    for (const char* path : {"/t", "/t/a", "/t/a/x", "/t/b"}) {
        const auto n = cache.get(path);
        ASSERT_TRUE(n) << path;
        EXPECT_EQ(n->path, path);
        EXPECT_EQ(n->data, path);
        EXPECT_EQ(n->stat, c.get(path).stat);
        EXPECT_FALSE(n->unreadable);
    }
    EXPECT_THAT(cache.children("/t"), Optional(ElementsAre("a", "b")));
    EXPECT_THAT(cache.children("t//a/"), Optional(ElementsAre("x")));
    EXPECT_THAT(cache.children("/t/b"), Optional(IsEmpty()));
}

TEST_F(tree_caches, A17_a_missing_node_is_nothing) {
    const client c = connect();
    c.create("/t");
    tree_cache cache(c, "/t");
    load(cache);
    EXPECT_EQ(cache.get("/t/none"), std::nullopt);
    EXPECT_EQ(cache.children("/t/none/below"), std::nullopt);
}

TEST_F(tree_caches, A17_starts_once) {
    const client c = connect();
    tree_cache cache(c, "/t");
    cache.start();
    EXPECT_THROW(cache.start(), error);
    cache.close();
    EXPECT_THROW(cache.start(), closed_error);
    tree_cache never(c, "/t");
    never.close();
    EXPECT_THROW(never.start(), closed_error);
}

TEST_F(tree_caches, bad_paths_and_patterns_are_refused_at_once) {
    const client c = connect();
    EXPECT_THROW(tree_cache(c, "/a/../b"), invalid_path_error);
    for (const char* pattern : {"", "/a", "a/", "a//b"})
        EXPECT_THROW(tree_cache(c, "/a", {.leave_out = {pattern}}), error) << pattern;
}

TEST_F(tree_caches, A17_closed_it_is_empty_and_silent) {
    const client c = connect();
    c.create("/t", "1");
    tree_cache cache(c, "/t");
    tree_log log(cache);
    load(cache);
    EXPECT_THAT(log.next(2), ElementsAre("node_added /t=1", "initialized"));
    auto other = c.add_watch("/t", watch_mode::persistent_recursive);
    cache.close();
    cache.close();
    EXPECT_EQ(cache.state(), tree_state::ended);
    EXPECT_EQ(cache.get("/t"), std::nullopt);
    EXPECT_EQ(cache.size(), 0U);
    EXPECT_THROW(cache.wait_initialized(20s), cancelled_error);
    c.set("/t", "2");
    EXPECT_EQ(other.next_for(20s).value().type, event_type::data_changed) << "watches of others stay";
    EXPECT_THAT(log.lines(), SizeIs(2));
}

TEST_F(tree_caches, closing_or_destroying_it_ends_its_watch) {
    const client c = connect();
    c.create("/t");
    const auto before = c.metrics().watches;
    {
        tree_cache cache(c, "/t");
        load(cache);
        EXPECT_GT(c.metrics().watches, before);
    }
    EXPECT_TRUE(eventually([&] {
        c.exists("/t");
        return c.metrics().watches == before;
    }));
}

// -- changes ----------------------------------------------------------------------------------------------------------

TEST_F(tree_caches, A17_tells_additions_updates_and_removals) {
    const client c = connect();
    c.create("/t", "");
    tree_cache cache(c, "/t");
    tree_log log(cache);
    load(cache);
    EXPECT_THAT(log.next(2), ElementsAre("node_added /t=", "initialized"));
    c.create("/t/a", "1");
    EXPECT_THAT(log.next(1), ElementsAre("node_added /t/a=1"));
    c.set("/t/a", "2");
    EXPECT_THAT(log.next(1), ElementsAre("node_updated /t/a=2"));
    EXPECT_EQ(cache.get("/t/a")->stat.data_version, version{1});
    c.remove("/t/a");
    EXPECT_THAT(log.next(1), ElementsAre("node_removed /t/a=2")) << "with what was last known";
    EXPECT_EQ(cache.get("/t/a"), std::nullopt);
    EXPECT_THAT(cache.children("/t"), Optional(IsEmpty()));
}

TEST_F(tree_caches, A17_parents_are_added_before_and_removed_after_their_children) {
    const client c = connect();
    c.create("/t");
    tree_cache cache(c, "/t");
    tree_log log(cache);
    load(cache);
    (void)log.next(2);
    for (const char* path : {"/t/a", "/t/a/b", "/t/a/b/c"}) c.create(path);
    EXPECT_THAT(log.next(3), ElementsAre("node_added /t/a=", "node_added /t/a/b=", "node_added /t/a/b/c="));
    c.remove_tree("/t/a");
    EXPECT_THAT(log.next(3), ElementsAre("node_removed /t/a/b/c=", "node_removed /t/a/b=", "node_removed /t/a="));
    EXPECT_EQ(cache.size(), 1U);
}

TEST_F(tree_caches, A17_a_root_that_is_deleted_and_made_again_is_removed_and_added) {
    const client c = connect();
    c.create("/t", "1");
    c.create("/t/a");
    tree_cache cache(c, "/t");
    tree_log log(cache);
    load(cache);
    (void)log.next(3);
    c.remove_tree("/t");
    EXPECT_THAT(log.next(2), ElementsAre("node_removed /t/a=", "node_removed /t=1"));
    EXPECT_EQ(cache.size(), 0U);
    EXPECT_EQ(cache.children("/t"), std::nullopt);
    c.create("/t", "2");
    c.create("/t/b");
    EXPECT_THAT(log.next(2), ElementsAre("node_added /t=2", "node_added /t/b="));
}

TEST_F(tree_caches, a_node_that_is_made_again_at_once_is_removed_with_all_below_it_and_added) {
    const client c = connect();
    for (const char* path : {"/t", "/t/a", "/t/a/x"}) c.create(path, "old");
    tree_cache cache(c, "/t");
    tree_log log(cache);
    load(cache);
    (void)log.next(4);
    c.transaction().remove("/t/a/x").remove("/t/a").create("/t/a", "new").create("/t/a/y", "new").commit();
    EXPECT_TRUE(log.comes("node_added /t/a/y=new"));
    EXPECT_THAT(log.next(4), ElementsAre("node_removed /t/a/x=old", "node_removed /t/a=old", "node_added /t/a=new",
                                         "node_added /t/a/y=new"));
}

// kazoo's order could be REMOVED, then ADDED of a node that is gone.
TEST_F(tree_caches, C78_changes_of_one_node_are_told_in_their_order) {
    const client c = connect();
    c.create("/t");
    tree_cache cache(c, "/t");
    tree_log log(cache);
    load(cache);
    for (int i = 0; i < 300; ++i) {
        c.async_create("/t/a", std::to_string(i)).detach();
        c.async_set("/t/a", "x").detach();
        c.async_remove("/t/a").detach();
    }
    c.create("/t/last");
    ASSERT_TRUE(log.comes("node_added /t/last="));
    EXPECT_TRUE(goes(cache, "/t/a"));
    bool there = false;
    for (const std::string& line : log.lines()) {
        if (line.find(" /t/a=") == std::string::npos) continue;
        const bool added = line.starts_with("node_added"), removed = line.starts_with("node_removed");
        EXPECT_EQ(there, !added) << line;
        there = !removed;
    }
    EXPECT_EQ(cache.size(), 2U);
}

TEST_F(tree_caches, changes_that_come_faster_than_they_are_read_end_with_the_truth) {
    const client c = connect();
    c.create("/t", "0");
    tree_cache cache(c, "/t");
    tree_log log(cache);
    load(cache);
    for (int i = 1; i <= 3000; ++i) c.async_set("/t", std::to_string(i)).detach();
    ASSERT_TRUE(log.comes("node_updated /t=3000"));
    EXPECT_TRUE(has(cache, "/t", "3000"));
    int last = -1;
    for (const std::string& line : log.lines()) {
        if (line == "initialized") continue;
        const int told = std::stoi(line.substr(line.rfind('=') + 1));
        EXPECT_GT(told, last) << "some may be told as one; none twice, none too late";
        last = told;
    }
}

TEST_F(tree_caches, C78_may_be_read_while_it_changes) {
    const client c = connect();
    c.create("/t");
    tree_cache cache(c, "/t");
    load(cache);
    std::jthread reader([&](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            const auto names = cache.children("/t").value();
            for (const std::string& name : names) {
                const auto n = cache.get("/t/" + name);
                EXPECT_TRUE(!n || n->data.empty());
            }
        }
    });
    for (int round = 0; round < 5; ++round) {
        for (int i = 0; i < 100; ++i) c.async_create("/t/" + std::to_string(i)).detach();
        EXPECT_TRUE(eventually([&] { return cache.size() == 101; }));
        for (int i = 0; i < 100; ++i) c.async_remove("/t/" + std::to_string(i)).detach();
        EXPECT_TRUE(eventually([&] { return cache.size() == 1; }));
    }
}

// -- roots and paths --------------------------------------------------------------------------------------------------

TEST_F(tree_caches, C78_a_missing_root_is_waited_for_and_never_made) {
    const client c = connect();
    tree_cache cache(c, "/t");
    tree_log log(cache);
    load(cache);
    EXPECT_THAT(log.next(1), ElementsAre("initialized"));
    EXPECT_EQ(cache.size(), 0U);
    EXPECT_EQ(cache.state(), tree_state::current);
    EXPECT_FALSE(c.exists("/t"));
    c.create("/t", "now");
    EXPECT_THAT(log.next(1), ElementsAre("node_added /t=now"));
}

// kazoo ignores removals there, and reads None for nodes that were made again.
TEST_F(tree_caches, C77_follows_the_root_of_all) {
    const client c = connect(); // its chroot is the server's "/"
    c.create("/a", "1");
    c.create("/a/b", "1");
    tree_cache cache(c, "/");
    tree_log log(cache);
    load(cache);
    EXPECT_THAT(log.next(4), ElementsAre("node_added /=", "node_added /a=1", "node_added /a/b=1", "initialized"));
    c.remove("/a/b");
    EXPECT_THAT(log.next(1), ElementsAre("node_removed /a/b=1"));
    c.create("/a/b", "2");
    EXPECT_THAT(log.next(1), ElementsAre("node_added /a/b=2"));
    EXPECT_THAT(cache.children("/"), Optional(ElementsAre("a")));
    c.remove_tree("/a");
    EXPECT_THAT(log.next(2), ElementsAre("node_removed /a/b=2", "node_removed /a=1"));

    const client whole(test::server().address(), quick()); // without a chroot
    tree_cache all(whole, "/", {.max_depth = 2});
    load(all);
    EXPECT_TRUE(all.get(root));
    whole.create(root + "/new", "x");
    EXPECT_TRUE(comes(all, root + "/new", "x"));
    whole.remove(root + "/new");
    EXPECT_TRUE(goes(all, root + "/new"));
}

// kazoo's cache of /e7 gave the node /e7/k1 for the path /e7k1.
TEST_F(tree_caches, C77_paths_outside_of_the_tree_are_refused) {
    const client c = connect();
    c.create("/e7");
    c.create("/e7/k1");
    tree_cache cache(c, "/e7");
    load(cache);
    for (const char* path : {"/e7k1", "/e", "/", "/other", "/e71/k1"}) {
        EXPECT_EQ(test::error_of_call([&] { (void)cache.get(path); }), errc::bad_arguments) << path;
        EXPECT_EQ(test::error_of_call([&] { (void)cache.children(path); }), errc::bad_arguments) << path;
    }
    EXPECT_TRUE(cache.get("/e7/k1"));
}

// -- what is kept -----------------------------------------------------------------------------------------------------

TEST_F(tree_caches, levels_may_be_limited) {
    const client c = connect();
    for (const char* path : {"/t", "/t/a", "/t/a/b", "/t/a/b/c"}) c.create(path);
    tree_cache cache(c, "/t", {.max_depth = 1}), alone(c, "/t", {.max_depth = 0});
    load(cache);
    load(alone);
    EXPECT_EQ(cache.size(), 2U);
    EXPECT_EQ(alone.size(), 1U);
    c.create("/t/a/new");
    c.create("/t/new");
    EXPECT_TRUE(comes(cache, "/t/new", ""));
    EXPECT_EQ(cache.size(), 3U);
    c.set("/t", "x");
    EXPECT_TRUE(comes(alone, "/t", "x"));
    EXPECT_EQ(alone.size(), 1U);
}

TEST_F(tree_caches, nodes_may_be_left_out) {
    const client c = connect();
    const std::vector<std::string> paths{"/t",        "/t/tmp-1",        "/t/tmp-1/x",     "/t/jobs",
                                         "/t/jobs/1", "/t/jobs/1/locks", "/t/jobs/1/data", "/t/locks"};
    for (const std::string& path : paths) c.create(path);
    tree_cache cache(c, "/t", {.leave_out = {"tmp-*", "jobs/?/locks"}});
    load(cache);
    c.create("/t/jobs/1/tmp-");
    c.create("/t/tmp-1/y");
    c.create("/t/jobs/2");
    c.create("/t/jobs/2/locks");
    c.create("/t/jobs/2/locks/z");
    c.create("/t/last");
    EXPECT_TRUE(comes(cache, "/t/last", ""));
    EXPECT_THAT(cache.children("/t"), Optional(ElementsAre("jobs", "last", "locks")));
    EXPECT_THAT(cache.children("/t/jobs/1"), Optional(ElementsAre("data")));
    EXPECT_THAT(cache.children("/t/jobs/2"), Optional(IsEmpty()));
}

TEST_F(tree_caches, data_may_be_left_out) {
    const client c = connect(), owner = connect();
    owner.add_auth("digest", "user:secret");
    c.create("/t", "data");
    owner.create("/t/mine", "secret", {.acl = acls::creator_all()});
    tree_cache cache(c, "/t", {.with_data = false});
    tree_log log(cache);
    load(cache);
    EXPECT_TRUE(cache.get("/t")->data.is_null());
    EXPECT_EQ(cache.get("/t")->stat.data_length, 4);
    const bool hidden = test::metadata_needs_permission(c);
    EXPECT_EQ(cache.get("/t/mine")->stat.data_length, hidden ? 0 : 6);
    EXPECT_THAT(log.faults(), SizeIs(hidden ? 1 : 0));
    c.set("/t", "more data");
    EXPECT_TRUE(eventually([&] { return cache.get("/t")->stat.data_length == 9; }));
    EXPECT_TRUE(eventually([&] { return log.saw("node_updated /t="); })) << "listeners have a line of their own";
}

// -- what may not be read ---------------------------------------------------------------------------------------------

// kazoo ignored such errors: the node was listed without data, and nobody was told.
TEST_F(tree_caches, C78_a_node_that_may_not_be_read_is_told_marked_and_not_forgotten) {
    const client c = connect(), owner = connect();
    owner.add_auth("digest", "user:secret");
    c.create("/t");
    owner.create("/t/mine", "secret", {.acl = acls::creator_all()});
    owner.create("/t/mine/below", "open");
    tree_cache cache(c, "/t");
    tree_log log(cache);
    load(cache);
    const auto hidden = cache.get("/t/mine");
    ASSERT_TRUE(hidden);
    EXPECT_EQ(hidden->unreadable, errc::no_auth);
    EXPECT_TRUE(hidden->data.is_null());
    EXPECT_EQ(hidden->stat.data_length, test::metadata_needs_permission(c) ? 0 : 6);
    EXPECT_THAT(cache.children("/t"), Optional(ElementsAre("mine")));
    EXPECT_THAT(log.next(3), ElementsAre("node_added /t=", "node_added /t/mine=", "initialized"));
    ASSERT_TRUE(eventually([&] { return !log.faults().empty(); }));
    EXPECT_EQ(log.faults()[0].path, "/t/mine");
    EXPECT_EQ(log.faults()[0].code, errc::no_auth);
    EXPECT_THROW(std::rethrow_exception(log.faults()[0].exception), no_auth_error);
    owner.set_acl("/t/mine", acls::open_unsafe()); // no event tells of that
    EXPECT_TRUE(comes(cache, "/t/mine", "secret"));
    EXPECT_TRUE(comes(cache, "/t/mine/below", "open"));
    EXPECT_FALSE(cache.get("/t/mine")->unreadable);
    EXPECT_THAT(log.faults(), SizeIs(1)) << "once, not at each try";
    owner.remove_tree("/t/mine");
    EXPECT_TRUE(goes(cache, "/t/mine"));
}

TEST_F(tree_caches, a_hidden_node_that_goes_is_removed) {
    const client c = connect(), owner = connect();
    owner.add_auth("digest", "user:secret");
    c.create("/t");
    owner.create("/t/mine", "secret", {.acl = acls::creator_all()});
    tree_cache cache(c, "/t");
    load(cache);
    EXPECT_TRUE(cache.get("/t/mine"));
    owner.remove("/t/mine"); // some servers tell that only to those who may read it
    EXPECT_TRUE(goes(cache, "/t/mine"));
}

} // namespace
