// kazoo::tree_cache: what its header promises, against a live server.
#include "tree_cache_test.hpp"

#include <future>
#include <thread>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::eventually;
using kazoo::test::tree_log;
using kazoo::testkit::fault_gate;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

namespace {

class tree_caches : public test::tree_cache_test {};

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
    EXPECT_EQ(cache.get("/t/mine")->stat.data_length, 6) << "metadata needs no permission";
    EXPECT_THAT(log.faults(), IsEmpty());
    c.set("/t", "more data");
    EXPECT_TRUE(eventually([&] { return cache.get("/t")->stat.data_length == 9; }));
    EXPECT_TRUE(log.saw("node_updated /t="));
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
    EXPECT_EQ(hidden->stat.data_length, 6);
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

// -- listeners --------------------------------------------------------------------------------------------------------

TEST_F(tree_caches, A17_what_a_listener_throws_reaches_fault_listeners) {
    const client c = connect();
    c.create("/t");
    tree_cache cache(c, "/t");
    const auto thrower = cache.on_event([](const tree_event&) { throw std::runtime_error("mine"); });
    tree_log log(cache);
    load(cache);
    ASSERT_TRUE(eventually([&] { return log.faults().size() == 2; }));
    EXPECT_FALSE(log.faults()[0].code);
    EXPECT_THROW(std::rethrow_exception(log.faults()[0].exception), std::runtime_error);
    EXPECT_THAT(log.next(2), ElementsAre("node_added /t=", "initialized")) << "others are told";
}

TEST_F(tree_caches, C78_a_slow_listener_keeps_nobody_else_waiting) {
    struct threads final : executor {
        void execute(std::function<void()> work) override { std::thread(std::move(work)).detach(); }
    };
    client_options o = quick();
    o.callback_executor = std::make_shared<threads>();
    const client c = connect(o);
    c.create("/t");
    tree_cache cache(c, "/t");
    std::promise<void> go_on;
    std::atomic<int> slow{0};
    auto sleeper = cache.on_event([&, wait = go_on.get_future().share()](const tree_event&) {
        wait.get();
        ++slow;
    });
    tree_log log(cache);
    load(cache);
    for (int i = 0; i < 100; ++i) c.async_create("/t/" + std::to_string(i)).detach();
    EXPECT_THAT(log.next(102), SizeIs(102));
    EXPECT_EQ(cache.size(), 101U);
    EXPECT_EQ(slow, 0);
    go_on.set_value();
    EXPECT_TRUE(eventually([&] { return slow == 102; })) << "it hears all in the end";
}

TEST_F(tree_caches, a_subscription_ends_when_it_goes) {
    const client c = connect();
    c.create("/t");
    tree_cache cache(c, "/t");
    int calls = 0;
    {
        const auto listening = cache.on_event([&](const tree_event&) { ++calls; });
        load(cache);
    }
    const int then = calls; // nobody calls any more
    tree_log log(cache);
    c.create("/t/a");
    EXPECT_THAT(log.next(1), ElementsAre("node_added /t/a="));
    EXPECT_EQ(calls, then);
}

TEST_F(tree_caches, every_member_may_be_called_inside_a_listener) {
    const client c = connect();
    c.create("/t");
    tree_cache cache(c, "/t");
    std::atomic<bool> saw_it{false};
    const auto listening = cache.on_event([&](const tree_event& e) {
        if (e.type != tree_change::node_added) return;
        saw_it = cache.get(e.node.path).has_value() && cache.size() == 1;
        cache.close();
    });
    cache.start();
    EXPECT_TRUE(eventually([&] { return cache.state() == tree_state::ended; }));
    EXPECT_TRUE(saw_it);
}

// -- connections ------------------------------------------------------------------------------------------------------

TEST_F(tree_caches, A17_after_a_reconnect_only_differences_are_told) {
    const client other = connect();
    fault_gate gate(test::server().address());
    const client c = connect_through(gate);
    for (const char* path : {"/t", "/t/same", "/t/set", "/t/gone", "/t/gone/too", "/t/again"}) other.create(path, "1");
    tree_cache cache(c, "/t");
    tree_log log(cache);
    load(cache);
    (void)log.next(7);
    gate.refuse(true);
    gate.cut();
    ASSERT_THAT(log.next(1), ElementsAre("suspended"));
    EXPECT_EQ(cache.state(), tree_state::suspended);
    EXPECT_TRUE(cache.stale());
    EXPECT_TRUE(has(cache, "/t/set", "1")) << "what is held stays readable";
    other.set("/t/set", "2");
    other.remove_tree("/t/gone");
    other.remove("/t/again");
    other.create("/t/again", "2");
    other.create("/t/new", "2");
    gate.refuse(false);
    EXPECT_TRUE(comes(cache, "/t/new", "2"));
    EXPECT_TRUE(eventually([&] { return cache.state() == tree_state::current; }));
    EXPECT_EQ(cache.stale(), std::nullopt);
    const auto told = log.next(7);
    EXPECT_EQ(told[0], "reconnected");
    EXPECT_THAT(told, UnorderedElementsAre("reconnected", "node_updated /t/set=2", "node_removed /t/gone/too=1",
                                           "node_removed /t/gone=1", "node_removed /t/again=1", "node_added /t/again=2",
                                           "node_added /t/new=2"));
    other.set("/t/same", "3");
    EXPECT_THAT(log.next(1), ElementsAre("node_updated /t/same=3"));
}

TEST_F(tree_caches, A17_after_a_lost_session_initialized_is_told_again) {
    const client c = connect(), other = connect();
    c.create("/t", "1");
    tree_cache cache(c, "/t");
    tree_log log(cache);
    load(cache);
    (void)log.next(2);
    test::expire(c);
    ASSERT_TRUE(log.comes("lost"));
    other.create("/t/new", "2");
    EXPECT_TRUE(eventually([&] { return std::ranges::count(log.lines(), "initialized") == 2; }));
    EXPECT_TRUE(comes(cache, "/t/new", "2"));
    EXPECT_EQ(std::ranges::count(log.lines(), "node_added /t=1"), 1) << "what is the same is not told again";
    EXPECT_EQ(std::ranges::count(log.lines(), "reconnected"), 1);
}

// kazoo said INITIALIZED because a failed request counted as one that is done.
TEST_F(tree_caches, C78_is_initialized_only_when_everything_was_loaded) {
    fault_gate gate(test::server().address());
    const client other = connect();
    const client c = connect_through(gate);
    other.create("/t", "1");
    for (int i = 0; i < 50; ++i) other.create("/t/" + std::to_string(i), "1");
    gate.refuse(true);
    gate.cut();
    tree_cache cache(c, "/t");
    tree_log log(cache);
    cache.start();
    EXPECT_EQ(test::error_of_call([&] { cache.wait_initialized(300ms); }), errc::operation_timeout);
    EXPECT_EQ(cache.state(), tree_state::loading);
    EXPECT_TRUE(cache.stale());
    gate.refuse(false);
    cache.wait_initialized(20s);
    EXPECT_EQ(cache.size(), 51U);
    EXPECT_EQ(log.next(52).back(), "initialized");
}

TEST_F(tree_caches, waits_end_with_their_limits_with_the_cache_and_with_the_client) {
    fault_gate gate(test::server().address());
    client c = connect_through(gate);
    gate.refuse(true);
    gate.cut();
    tree_cache cache(c, "/t");
    EXPECT_THROW(cache.wait_initialized(1ms), timeout_error) << "nobody has started it";
    cache.start();
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(cache.wait_initialized(stop.get_token()), cancelled_error);
    auto waiting = cache.async_wait_initialized();
    cache.close();
    EXPECT_THROW(std::move(waiting).get_for(20s), cancelled_error);

    tree_cache second(c, "/t");
    second.start();
    auto ends = second.async_wait_initialized();
    c.close();
    EXPECT_THROW(std::move(ends).get_for(20s), closed_error);
    EXPECT_TRUE(eventually([&] { return second.state() == tree_state::ended; }));
}

TEST_F(tree_caches, A17_a_cache_of_a_closed_client_has_ended) {
    client c = connect();
    c.create("/t", "1");
    tree_cache cache(c, "/t");
    load(cache);
    c.close();
    EXPECT_TRUE(eventually([&] { return cache.state() == tree_state::ended; }));
    EXPECT_TRUE(has(cache, "/t", "1")) << "it keeps what it held";
    EXPECT_TRUE(cache.stale());
    tree_cache late(c, "/t");
    late.start();
    EXPECT_THROW(late.wait_initialized(20s), closed_error);
    EXPECT_EQ(late.state(), tree_state::ended);
}

} // namespace
