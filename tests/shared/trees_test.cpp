// Helpers that take several requests: trees, updates, children with what they hold.
#include "backend.hpp"

#include <kazoo/kazoo.hpp>

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

using namespace kazoo;
using test::error_of_call;
using ::testing::ElementsAre;
using namespace std::chrono_literals;

namespace {

class trees : public test::client_test {};
class updates : public test::client_test {};
class children : public test::client_test {};

/// A node with so many children, each of which has as many.
std::size_t plant(const client& c, const std::string& top, int children) {
    c.ensure_path(top);
    std::vector<future<std::string>> made;
    for (int i = 0; i < children; ++i) {
        const std::string child = top + "/" + std::to_string(i);
        made.push_back(c.async_create(child, "c"));
        for (int k = 0; k < children; ++k) made.push_back(c.async_create(child + "/" + std::to_string(k), "g"));
    }
    for (auto& f : made) std::move(f).get();
    return 1 + made.size();
}

// -- remove_tree ------------------------------------------------------------------------------------------------------

TEST_F(trees, a_tree_is_removed_with_all_that_is_below_and_nothing_else) {
    const client c = connect();
    const std::size_t nodes = plant(c, "/a/tree", 30);
    plant(c, "/a/tree2", 2);
    EXPECT_EQ(c.remove_tree("/a/tree"), nodes);
    EXPECT_FALSE(c.exists("/a/tree"));
    EXPECT_EQ(c.get_children("/a"), std::vector<std::string>{"tree2"});
    EXPECT_EQ(c.get_children("/a/tree2").size(), 2u);
}

TEST_F(trees, C35_the_root_is_refused_however_it_is_spelled) {
    const client c = connect();
    const client whole(test::server().address(), quick());
    const client below = c.chroot("/app");
    c.create("/app");
    c.create("/app/a");
    for (const char* spelled : {"/", "//", "///", ""})
        for (const client& each : {c, whole, below}) {
            EXPECT_EQ(error_of_call([&] { each.remove_tree(spelled); }), errc::invalid_path) << '"' << spelled << '"';
            EXPECT_EQ(each.async_remove_tree(spelled).result().error(), errc::invalid_path) << '"' << spelled << '"';
        }
    EXPECT_TRUE(c.exists("/app/a"));
    EXPECT_EQ(below.remove_tree("//a//"), 1u);
    EXPECT_TRUE(c.exists("/app"));
}

TEST_F(trees, a_tree_that_is_not_there_is_no_error) { EXPECT_EQ(connect().remove_tree("/none"), 0u); }

TEST_F(trees, C35_the_version_of_the_top_is_honoured_before_anything_is_removed) {
    const client c = connect();
    plant(c, "/a", 2);
    const node_stat now = c.set("/a", "x");
    EXPECT_EQ(error_of_call([&] { c.remove_tree("/a", version{0}); }), errc::bad_version);
    EXPECT_EQ(c.get_children("/a").size(), 2u);
    EXPECT_EQ(c.remove_tree("/a", now.data_version), 7u);
}

TEST_F(trees, C35_children_that_come_meanwhile_are_removed_too) {
    const client c = connect();
    const client other = connect();
    int added_at_all = 0;
    // Progress is told beside the removal, which may be over before: again, until somebody came in time.
    for (int i = 0; i < 100 && added_at_all == 0; ++i) {
        plant(c, "/a", 20);
        std::atomic<int> added = 0;
        // Whenever the first progress is told somebody adds more; as long as the top is there.
        const auto removed = c.remove_tree("/a", version::any, [&](tree_progress) {
            if (added < 5 && !error_of_call([&] { other.create("/a/late" + std::to_string(added)); })) ++added;
        });
        EXPECT_EQ(removed, 421u + static_cast<std::size_t>(added));
        EXPECT_FALSE(c.exists("/a"));
        added_at_all = added;
    }
    EXPECT_GT(added_at_all, 0);
}

TEST_F(trees, progress_is_told_and_never_after_the_call_has_returned) {
    const client c = connect();
    const std::size_t nodes = plant(c, "/a", 10);
    {
        tree_progress last;
        bool grows = true;
        c.remove_tree("/a", version::any, [&](tree_progress p) {
            grows = grows && p.found >= last.found && p.done >= last.done && p.done <= p.found;
            last = p;
        });
        EXPECT_TRUE(grows);
        EXPECT_LE(last.found, nodes);
    }
    plant(c, "/b", 3);
    tree_progress last;
    auto removing = c.async_remove_tree("/b", version::any, [&](tree_progress p) { last = p; });
    auto seen = std::move(removing).then([&](future<std::size_t> done) {
        EXPECT_EQ(std::move(done).get(), 13u);
        return last;
    });
    EXPECT_EQ(std::move(seen).get().done, 13u);
}

TEST_F(trees, a_node_that_may_not_be_removed_ends_it_with_its_error) {
    const client c = connect();
    c.create("/a");
    c.create("/a/open");
    c.create("/a/shut");
    c.create("/a/shut/child");
    const std::vector<acl> no_removals{{perms::read | perms::admin, "world", "anyone"}};
    c.set_acl("/a/shut", no_removals);
    const auto r = c.async_remove_tree("/a").result();
    EXPECT_EQ(r.error(), errc::no_auth);
    EXPECT_EQ(r.outcome(), outcome::unknown); // what else there was has gone
    EXPECT_FALSE(c.exists("/a/open"));
    EXPECT_TRUE(c.exists("/a/shut/child"));
    c.set_acl("/a/shut", {});
}

TEST_F(trees, a_removal_goes_on_over_a_lost_connection) {
    kazoo::testkit::fault_gate gate(test::server().address());
    const client c = connect_through(gate);
    plant(c, "/a", 25);
    auto removing = c.async_remove_tree("/a");
    gate.cut();
    std::move(removing).get_for(20s);
    EXPECT_FALSE(c.exists("/a"));
}

// -- copy_tree --------------------------------------------------------------------------------------------------------

TEST_F(trees, a_copy_has_the_same_names_data_and_acls) {
    const client c = connect();
    plant(c, "/a", 20);
    c.set("/a/3", null);
    const std::vector<acl> careful{{perms::all, "world", "anyone"}, {perms::read, "ip", "10.1.2.3"}};
    c.set_acl("/a/7/7", careful);
    c.create("/a/0/mine", "", {.mode = create_mode::ephemeral});
    EXPECT_EQ(c.copy_tree("/a/", "/b"), 421u);
    tree_walk one = c.walk("/a");
    tree_walk other = c.walk("/b");
    while (const auto entry = one.next()) {
        if (entry->path == "/a/0/mine") continue;
        const auto copy = other.next();
        ASSERT_TRUE(copy);
        EXPECT_EQ(copy->path, "/b" + entry->path.substr(2));
        EXPECT_EQ(copy->data, entry->data);
        EXPECT_EQ(c.get_acl(copy->path).entries, c.get_acl(entry->path).entries);
    }
    EXPECT_FALSE(other.next());
}

TEST_F(trees, a_copy_goes_only_where_nothing_is) {
    const client c = connect();
    plant(c, "/a", 2);
    c.create("/b");
    EXPECT_EQ(error_of_call([&] { c.copy_tree("/a", "/b"); }), errc::node_exists);
    EXPECT_EQ(error_of_call([&] { c.copy_tree("/a", "/a/0/copy"); }), errc::bad_arguments);
    EXPECT_EQ(error_of_call([&] { c.copy_tree("/a", "/a"); }), errc::bad_arguments);
    EXPECT_EQ(error_of_call([&] { c.copy_tree("/", "/a"); }), errc::bad_arguments);
    EXPECT_EQ(error_of_call([&] { c.copy_tree("/none", "/c"); }), errc::no_node);
    const auto no_parent = c.async_copy_tree("/a", "/none/c").result();
    EXPECT_EQ(no_parent.error(), errc::no_node);
    EXPECT_EQ(no_parent.outcome(), outcome::not_applied);
    EXPECT_TRUE(c.get_children("/b").empty());
}

TEST_F(trees, a_copy_goes_on_over_a_lost_connection) {
    kazoo::testkit::fault_gate gate(test::server().address());
    const client c = connect_through(gate);
    const std::size_t nodes = plant(c, "/a", 25);
    std::atomic<bool> cut = false;
    const auto copied = c.copy_tree("/a", "/b", [&](tree_progress p) {
        if (p.done > 50 && !cut.exchange(true)) gate.cut();
    });
    EXPECT_TRUE(cut);
    EXPECT_EQ(copied, nodes);
    EXPECT_EQ(c.remove_tree("/b"), nodes);
}

// -- walk -------------------------------------------------------------------------------------------------------------

TEST_F(trees, a_walk_meets_every_node_ahead_of_what_is_below_it_and_in_order) {
    const client c = connect();
    c.create("/a", "top");
    for (int i = 0; i < 100; ++i) {
        const std::string child = "/a/" + std::to_string(100 + i);
        c.create(child, std::to_string(i));
        if (i % 10 == 0) c.create(child + "/x", "deep");
    }
    tree_walk walk = c.walk("//a/");
    std::vector<std::string> met;
    while (const auto entry = walk.next()) {
        met.push_back(entry->path);
        EXPECT_EQ(entry->stat, c.get(entry->path).stat);
        EXPECT_EQ(entry->depth, static_cast<std::size_t>(std::ranges::count(entry->path, '/')) - 1);
    }
    EXPECT_EQ(met.size(), 111u);
    EXPECT_TRUE(std::ranges::is_sorted(met));
    EXPECT_FALSE(walk.next());
    EXPECT_FALSE(walk.async_next().get());
}

TEST_F(trees, a_walk_marks_what_it_may_not_read_and_goes_on) {
    const client c = connect();
    c.create("/a");
    for (const char* path : {"/a/1", "/a/2", "/a/3"}) c.create(path);
    const std::vector<acl> unreadable{{perms::admin, "world", "anyone"}};
    c.set_acl("/a/2", unreadable);
    std::vector<std::error_code> met;
    tree_walk walk = c.walk("/a");
    while (const auto entry = walk.next()) met.push_back(entry->unreadable);
    const std::error_code good;
    EXPECT_THAT(met, ElementsAre(good, good, make_error_code(errc::no_auth), good));
    tree_walk nothing = c.walk("/none");
    EXPECT_EQ(error_of_call([&] { nothing.next(); }), errc::no_node);
    tree_walk strange = c.walk("/a/../b");
    EXPECT_EQ(error_of_call([&] { strange.next(); }), errc::invalid_path);
}

TEST_F(trees, a_walk_that_was_stopped_goes_on_where_it_was) {
    const client c = connect();
    for (const char* path : {"/a", "/a/1", "/a/2"}) c.create(path);
    tree_walk walk = c.walk("/a");
    EXPECT_EQ(walk.next()->path, "/a");
    std::stop_source stop;
    stop.request_stop();
    std::vector<std::string> met;
    try { // it may have come before it was given up
        met.push_back(walk.next(stop.get_token())->path);
    } catch (const cancelled_error&) {
    }
    auto first = walk.async_next();
    auto second = walk.async_next();
    const auto later = std::move(second).get();
    met.push_back(std::move(first).get()->path);
    if (later) met.push_back(later->path);
    EXPECT_EQ(met, (std::vector<std::string>{"/a/1", "/a/2"}));
}

TEST_F(trees, a_walk_loses_nothing_that_was_read_ahead_for_calls_that_were_given_up) {
    const client c = connect();
    std::vector<std::string> expected{"/a"};
    for (char last = 'a'; last <= 'z'; ++last) expected.push_back(std::string("/a/") + last);
    for (const std::string& path : expected) c.create(path);
    tree_walk walk = c.walk("/a");
    std::stop_source stopped;
    stopped.request_stop();
    std::vector<std::string> met;
    for (bool more = true; more;) {
        try { // it may have come before it was given up
            if (const auto entry = walk.next(stopped.get_token())) met.push_back(entry->path);
        } catch (const cancelled_error&) {
        }
        const auto entry = walk.next();
        more = entry.has_value();
        if (more) met.push_back(entry->path);
    }
    EXPECT_EQ(met, expected);
}

TEST_F(trees, a_walk_serves_many_calls_that_overlap_in_their_order) {
    const client c = connect();
    std::vector<std::string> expected{"/a"};
    for (int i = 100; i < 200; ++i) expected.push_back("/a/" + std::to_string(i));
    for (const std::string& path : expected) c.create(path);
    tree_walk walk = c.walk("/a");
    std::vector<future<std::optional<tree_entry>>> calls;
    for (std::size_t i = 0; i < expected.size() + 20; ++i) calls.push_back(walk.async_next());
    std::vector<std::string> met;
    std::size_t ends = 0;
    for (auto& call : calls) {
        const auto entry = std::move(call).get();
        if (entry)
            met.push_back(entry->path);
        else
            ++ends;
    }
    EXPECT_EQ(met, expected);
    EXPECT_EQ(ends, 20u);
}

TEST_F(trees, a_copy_of_one_node_is_that_node_and_nothing_below_it) {
    const client c = connect();
    c.create("/one", "x");
    c.create("/one-more", "y");
    EXPECT_EQ(c.copy_tree("/one", "/two"), 1u);
    EXPECT_EQ(c.get("/two").data, "x");
    EXPECT_EQ(c.get("/two").stat.num_children, 0);
    EXPECT_THROW(c.copy_tree("/one", "/two"), node_exists_error);
    EXPECT_THROW(c.copy_tree("/none", "/three"), no_node_error);
    EXPECT_FALSE(c.exists("/three"));
}

// -- bulk -------------------------------------------------------------------------------------------------------------

TEST_F(trees, a_bulk_of_operations_tells_how_many_succeeded_and_the_first_error) {
    const client c = connect();
    c.create("/a");
    std::size_t answered = 0, in_order = 0;
    const auto make = [&](std::size_t i) { return c.async_create("/a/" + std::to_string(i % 900)); };
    const auto done = bulk(1000, make, [&](std::size_t i, const result<std::string>&) { in_order += i == in_order; },
                           {.window = 7, .progress = [&](std::size_t n) { answered = n; }});
    EXPECT_EQ(done.succeeded, 900u);
    EXPECT_EQ(done.failed, 100u);
    EXPECT_EQ(done.first_at, 900u);
    EXPECT_EQ(::testing::PrintToString(done),
              "900 succeeded, 100 failed, number 900 first: " + done.first->error().message());
    EXPECT_EQ(error_of_call([&] { done.rethrow(); }), errc::node_exists);
    EXPECT_EQ(answered, 1000u);
    EXPECT_EQ(in_order, 1000u);
    const bulk_options few{.window = 2};
    EXPECT_EQ(bulk(3, make, few).failed, 3u);
    bulk(0, make).rethrow();
}

TEST_F(trees, a_bulk_never_has_more_under_way_than_its_window_and_can_end_with_the_first_failure) {
    const client c = connect();
    std::size_t begun = 0, answered = 0, most = 0;
    const auto fails = [&](std::size_t) {
        most = std::max(most, ++begun - answered);
        return c.async_get("/none");
    };
    const auto take = [&](std::size_t, const result<node>&) { ++answered; };
    EXPECT_EQ(bulk(100, fails, take, {.window = 5}).failed, 100u);
    EXPECT_EQ(most, 5u);
    begun = answered = 0;
    const auto ended = bulk(100, fails, take, {.window = 5, .goes_on = false});
    EXPECT_EQ(ended.failed, 5u);
    EXPECT_EQ(begun, 5u);
    EXPECT_EQ(ended.first_at, 0u);
}

TEST_F(trees, a_bulk_that_is_refused_whole_says_so_of_each) {
    const client c = connect();
    c.close();
    const auto done = bulk(600, [&](std::size_t i) { return c.async_create("/" + std::to_string(i)); });
    EXPECT_EQ(done.succeeded, 0u);
    EXPECT_EQ(done.failed, 600u);
    EXPECT_EQ(done.first_at, 0u);
    ASSERT_TRUE(done.first);
    EXPECT_EQ(done.first->error(), errc::closed);
    EXPECT_EQ(done.first->outcome(), outcome::not_applied);
}

TEST_F(trees, a_stop_ends_a_bulk) {
    const client nobody("127.0.0.1:1", quick());
    std::stop_source stop;
    const std::jthread later([&] { stop.request_stop(); });
    const auto ask = [&](std::size_t) { return nobody.async_get("/a"); };
    EXPECT_EQ(error_of_call([&] { bulk(1000, ask, {}, stop.get_token()); }), errc::cancelled);
}

// -- update -----------------------------------------------------------------------------------------------------------

std::optional<std::string> plus_one(const node& n) { return std::to_string(std::stoi(n.data.str()) + 1); }

TEST_F(updates, what_f_computes_is_set) {
    const client c = connect();
    c.create("/n", "1");
    const node left = c.update("/n", plus_one);
    EXPECT_EQ(left.data, "2");
    EXPECT_EQ(left.stat, c.get("/n").stat);
    EXPECT_EQ(c.async_update("/n", plus_one).get().data, "3");
    EXPECT_EQ(c.get("/n").data, "3");
}

TEST_F(updates, nothing_from_f_leaves_the_node_as_it_is) {
    const client c = connect();
    c.create("/n", "1");
    const auto nothing = [](const node&) -> std::optional<std::string> { return {}; };
    EXPECT_EQ(c.update("/n", nothing).data, "1");
    EXPECT_EQ(c.async_update("/n", nothing).get().data, "1");
    EXPECT_EQ(c.get("/n").stat.data_version, version{0});
}

TEST_F(updates, a_change_in_between_makes_it_compute_again) {
    const client c = connect();
    c.create("/n", "1");
    int calls = 0;
    const node left = c.update("/n", [&](const node& n) {
        if (++calls == 1) c.set("/n", "10");
        return plus_one(n);
    });
    EXPECT_EQ(left.data, "11");
    EXPECT_EQ(calls, 2);
}

TEST_F(updates, many_at_once_lose_nothing) {
    const client c = connect();
    const client other = connect();
    c.create("/n", "0");
    std::vector<future<node>> all;
    for (int i = 0; i < 20; ++i) all.push_back((i % 2 == 0 ? c : other).async_update("/n", plus_one));
    for (auto& f : all) std::move(f).get();
    EXPECT_EQ(c.get("/n").data, "20");
}

TEST_F(updates, what_f_throws_comes_out_and_nothing_is_set) {
    const client c = connect();
    c.create("/n", "x");
    EXPECT_THROW(c.update("/n", plus_one), std::invalid_argument);
    EXPECT_THROW(c.async_update("/n", plus_one).get(), std::invalid_argument);
    EXPECT_EQ(c.get("/n").stat.data_version, version{0});
    EXPECT_EQ(error_of_call([&] { c.update("/none", plus_one); }), errc::no_node);
}

TEST_F(updates, f_may_block_and_may_be_given_inside_a_callback) {
    const client c = connect();
    c.create("/n", "1");
    c.create("/m", "5");
    const auto from_the_other = [&](const node&) -> std::optional<std::string> { return c.get("/m").data.str(); };
    EXPECT_EQ(c.async_update("/n", from_the_other).get().data, "5");
    auto inside = c.async_get("/m").then([&](future<node>) { return c.update("/n", plus_one).data.str(); });
    EXPECT_EQ(std::move(inside).get(), "6");
}

// -- set_or_create, children_with_data, ensure_chroot -----------------------------------------------------------------

TEST_F(children, set_or_create_does_the_one_or_the_other) {
    const client c = connect();
    EXPECT_EQ(c.set_or_create("/n", "1").data_version, version{0});
    EXPECT_EQ(c.set_or_create("/n", "2").data_version, version{1});
    EXPECT_EQ(c.get("/n").data, "2");
    c.set_or_create("/n", null);
    EXPECT_TRUE(c.get("/n").data.is_null());
    EXPECT_EQ(error_of_call([&] { c.set_or_create("/no/parent", ""); }), errc::no_node);
    c.set_or_create("/no/parent", "x", {.make_parents = true});
    EXPECT_EQ(c.get("/no/parent").data, "x");
    c.set_or_create("/shut", "", {.acl = acls::read_unsafe()});
    EXPECT_EQ(error_of_call([&] { c.set_or_create("/shut", ""); }), errc::no_auth);
    for (const auto mode : {create_mode::ephemeral, create_mode::persistent_sequential})
        EXPECT_EQ(error_of_call([&] { c.set_or_create("/e", "", {.mode = mode}); }), errc::bad_arguments);
}

TEST_F(children, come_with_their_data_in_the_order_of_their_names) {
    const client c = connect();
    c.create("/p");
    std::vector<future<std::string>> made;
    for (int i = 0; i < 600; ++i) {
        char name[16];
        std::snprintf(name, sizeof name, "/p/%04d", 599 - i);
        made.push_back(c.async_create(name, std::to_string(599 - i)));
    }
    for (auto& f : made) std::move(f).get();
    const auto all = c.children_with_data("/p");
    ASSERT_EQ(all.size(), 600u);
    for (std::size_t i = 0; i < all.size(); ++i) {
        EXPECT_EQ(all[i].data, std::to_string(i));
        EXPECT_EQ(std::stoul(all[i].name), i);
    }
    EXPECT_EQ(all[7].stat, c.get("/p/0007").stat);
    EXPECT_TRUE(c.children_with_data("/p/0007").empty());
    EXPECT_EQ(error_of_call([&] { (void)c.children_with_data("/none"); }), errc::no_node);
}

TEST_F(children, C36_a_chroot_of_several_levels_is_made) {
    const client c = connect();
    const client deep = c.chroot("/a/b/c");
    EXPECT_FALSE(deep.ensure_chroot());
    EXPECT_TRUE(deep.ensure_chroot());
    EXPECT_EQ(deep.create("/n"), "/n");
    EXPECT_TRUE(c.exists("/a/b/c/n"));
    EXPECT_TRUE(client(test::server().address(), quick()).ensure_chroot());
}

} // namespace
