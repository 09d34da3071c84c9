// Operations on nodes, as a user sees them.
#include "backend.hpp"

#include <kazoo/kazoo.hpp>

#include <gmock/gmock.h>

using namespace kazoo;
using test::error_of_call;
using ::testing::ElementsAre;
using namespace std::chrono_literals;

namespace {

class nodes : public test::client_test {};

TEST_F(nodes, create_get_set_remove) {
    const client c = connect();
    EXPECT_EQ(c.create("/a", "one"), "/a");
    node n = c.get("/a");
    EXPECT_EQ(n.data, "one");
    EXPECT_EQ(n.stat.data_version, version{0});
    EXPECT_EQ(n.stat.data_length, 3);
    const node_stat changed = c.set("/a", "two", n.stat.data_version);
    EXPECT_EQ(changed.data_version, version{1});
    EXPECT_EQ(c.get("/a").stat, changed);
    EXPECT_EQ(error_of_call([&] { c.set("/a", "three", version{0}); }), errc::bad_version);
    EXPECT_EQ(error_of_call([&] { c.remove("/a", version{0}); }), errc::bad_version);
    c.remove("/a", version{1});
    EXPECT_EQ(error_of_call([&] { c.get("/a"); }), errc::no_node);
}

TEST_F(nodes, L120_null_and_empty_data_stay_apart) {
    const client c = connect();
    c.create("/null", null);
    c.create("/empty", "");
    EXPECT_TRUE(c.get("/null").data.is_null());
    EXPECT_FALSE(c.get("/empty").data.is_null());
    c.set("/empty", null);
    EXPECT_TRUE(c.get("/empty").data.is_null());
}

TEST_F(nodes, L038_names_may_be_any_unicode_that_the_server_takes) {
    const client c = connect();
    EXPECT_EQ(c.create("/größe-日本", "ü"), "/größe-日本");
    EXPECT_EQ(c.get_children("/"), std::vector<std::string>{"größe-日本"});
    EXPECT_EQ(c.get("/größe-日本").data, "ü");
}

TEST_F(nodes, create_modes) {
    const client c = connect();
    EXPECT_EQ(c.create("/s", "", {.mode = create_mode::persistent_sequential}), "/s0000000000");
    EXPECT_EQ(c.create("/e", "", {.mode = create_mode::ephemeral}), "/e");
    EXPECT_EQ(c.get("/e").stat.owner, c.session_id());
    EXPECT_EQ(c.create("/x", "", {.mode = create_mode::ephemeral_sequential}), "/x0000000002");
    EXPECT_EQ(error_of_call([&] { c.create("/e/child"); }), errc::no_children_for_ephemerals);
    EXPECT_EQ(error_of_call([&] { c.create("/e"); }), errc::node_exists);
    EXPECT_EQ(error_of_call([&] { c.create("/no/parent"); }), errc::no_node);
}

TEST_F(nodes, L105_L151_sequential_nodes_without_a_name) {
    const client c = connect();
    c.create("/q");
    EXPECT_EQ(c.create("/q/", "", {.mode = create_mode::persistent_sequential}), "/q/0000000000");
    EXPECT_EQ(c.create("/", "", {.mode = create_mode::persistent_sequential}), "/0000000001");
}

TEST_F(nodes, L194_create_with_stat_tells_what_get_tells) {
    const client c = connect();
    const created_node made = c.create_with_stat("/a", "xyz");
    EXPECT_EQ(made.path, "/a");
    EXPECT_EQ(made.stat, c.get("/a").stat);
}

TEST_F(nodes, L093_make_parents_makes_what_is_missing_once) {
    const client c = connect();
    EXPECT_EQ(c.create("/a/b/c", "x", {.make_parents = true}), "/a/b/c");
    EXPECT_EQ(c.get("/a/b").data, "");
    EXPECT_EQ(error_of_call([&] { c.create("/a/b/c", "y", {.make_parents = true}); }), errc::node_exists);
    EXPECT_EQ(c.create("/d/e/n-", "", {.mode = create_mode::ephemeral_sequential, .make_parents = true}),
              "/d/e/n-0000000000");
}

TEST_F(nodes, C38_parents_get_their_own_acl) {
    const client c = connect();
    c.create("/a/b/leaf", "", {.acl = acls::read_unsafe(), .make_parents = true});
    EXPECT_EQ(c.get_acl("/a/b/leaf").entries, (std::vector<acl>{{perms::read, "world", "anyone"}}));
    EXPECT_EQ(c.get_acl("/a/b").entries, (std::vector<acl>{{perms::all, "world", "anyone"}}));
}

TEST_F(nodes, protected_names_carry_a_random_id) {
    const client c = connect();
    const std::string a = c.create("/n-", "", {.mode = create_mode::ephemeral_sequential, .protect = true});
    const std::string b = c.create("/n-", "", {.mode = create_mode::ephemeral_sequential, .protect = true});
    ASSERT_EQ(a.size(), 1 + 32 + std::string("n-0000000000").size());
    EXPECT_EQ(a.find_first_not_of("0123456789abcdef", 1), 33u);
    EXPECT_NE(a.substr(0, 33), b.substr(0, 33));
    EXPECT_TRUE(a.ends_with("n-0000000000") && b.ends_with("n-0000000001"));
}

TEST_F(nodes, ensure_path_tells_whether_it_was_there) {
    const client c = connect();
    EXPECT_FALSE(c.ensure_path("/a/b/c"));
    EXPECT_TRUE(c.ensure_path("/a/b/c"));
    EXPECT_TRUE(c.exists("/a/b/c"));
}

TEST_F(nodes, ensure_path_of_what_is_there_needs_no_right_to_create) {
    const client c = connect();
    c.create("/a");
    c.create("/a/b");
    const std::vector<acl> no_create{{perms::read | perms::remove | perms::admin, "world", "anyone"}};
    c.set_acl("/a", no_create);
    EXPECT_TRUE(c.ensure_path("/a/b"));
    EXPECT_EQ(error_of_call([&] { c.ensure_path("/a/c"); }), errc::no_auth);
}

TEST_F(nodes, C36_ensure_path_makes_a_chroot_of_several_levels) {
    const client c(test::server().address() + root + "/deep/er", quick());
    EXPECT_EQ(error_of_call([&] { c.create("/x"); }), errc::no_node);
    EXPECT_FALSE(c.ensure_path("/"));
    EXPECT_EQ(c.create("/x"), "/x");
}

TEST_F(nodes, exists_children_and_the_questions_that_do_not_throw) {
    const client c = connect();
    EXPECT_FALSE(c.exists("/a"));
    EXPECT_FALSE(c.get_if_exists("/a"));
    EXPECT_FALSE(c.remove_if_exists("/a"));
    c.create("/a", "v");
    c.create("/a/b");
    EXPECT_EQ(c.get_if_exists("/a")->data, "v");
    const child_list children = c.get_children_with_stat("/a");
    EXPECT_EQ(children.names, std::vector<std::string>{"b"});
    EXPECT_EQ(children.stat, *c.exists("/a"));
    EXPECT_EQ(children.stat.num_children, 1);
    EXPECT_EQ(error_of_call([&] { c.remove("/a"); }), errc::not_empty);
    EXPECT_TRUE(c.remove_if_exists("/a/b"));
    EXPECT_TRUE(c.get_children("/a").empty());
    EXPECT_EQ(error_of_call([&] { c.get_children("/none"); }), errc::no_node);
}

TEST_F(nodes, long_lists_of_children_stay_what_they_were_while_more_is_read) {
    std::optional<client> c(connect());
    std::vector<std::string> expected;
    auto creates = c->transaction();
    creates.create("/a", "data");
    for (int i = 1000; i < 3000; ++i) {
        expected.push_back("child-" + std::to_string(i));
        creates.create("/a/" + expected.back());
    }
    creates.commit();
    std::vector<future<child_names>> asked;
    for (int i = 0; i < 10; ++i) {
        asked.push_back(c->async_get_children("/a"));
        c->async_get("/a").detach();
    }
    std::vector<child_names> held;
    for (auto& a : asked) held.push_back(std::move(a).get());
    held.push_back(c->get_children_with_stat("/a").names);
    held.push_back(c->watch_children("/a").value.names);
    for (auto& r : c->multi_read().get_children("/a").get("/a").get_children("/a").run())
        if (r.index() == 2) held.push_back(std::get<child_names>(r));
    EXPECT_EQ(held.size(), 14U);
    for (int i = 0; i < 10; ++i) c->create("/a/more", "", {.mode = create_mode::persistent_sequential});
    EXPECT_EQ(c->get_children("/a").size(), 2010U);
    c.reset();
    for (child_names& names : held) {
        names.sort();
        EXPECT_EQ(names, expected);
    }
}

TEST_F(nodes, acls_are_read_and_set_with_their_own_version) {
    const client c = connect();
    c.create("/a");
    const std::vector<acl> wanted{{perms::read | perms::write, "world", "anyone"}, {perms::all, "ip", "127.0.0.1"}};
    const node_stat changed = c.set_acl("/a", wanted, acl_version{0});
    EXPECT_EQ(changed.acl_version, acl_version{1});
    const acl_list now = c.get_acl("/a");
    EXPECT_EQ(now.entries, wanted);
    EXPECT_EQ(now.stat.acl_version, acl_version{1});
    EXPECT_EQ(error_of_call([&] { c.set_acl("/a", wanted, acl_version{0}); }), errc::bad_version);
    const std::vector<acl> nonsense{{perms::all, "no-such-scheme", "x"}};
    EXPECT_EQ(error_of_call([&] { c.create("/b", "", {.acl = nonsense}); }), errc::invalid_acl);
}

TEST_F(nodes, C32_an_empty_acl_is_the_open_one_everywhere) {
    const client c = connect();
    const std::vector<acl> open{{perms::all, "world", "anyone"}}, none;
    c.create("/blocking", "", {.acl = none});
    c.async_create("/async", "", {.acl = none}).get();
    c.transaction().create("/multi", "", {.acl = none}).commit();
    for (const char* path : {"/blocking", "/async", "/multi"}) EXPECT_EQ(c.get_acl(path).entries, open) << path;
}

TEST_F(nodes, sync_takes_any_path) {
    const client c = connect();
    c.sync("/");
    c.sync("/missing");
}

TEST_F(nodes, bad_paths_are_refused_before_they_are_sent) {
    const client c = connect();
    try {
        c.get("/a/../b");
        FAIL();
    } catch (const invalid_path_error& e) {
        EXPECT_EQ(e.path(), "/a/../b");
        EXPECT_NE(std::string(e.what()).find("a part \"..\""), std::string::npos) << e.what();
        EXPECT_EQ(e.outcome(), outcome::not_applied);
    }
    EXPECT_EQ(error_of_call([&] { c.create(std::string_view("/a\0b", 4)); }), errc::invalid_path);
    EXPECT_EQ(error_of_call([&] { c.get(""); }), errc::invalid_path);
    EXPECT_EQ(error_of_call([&] { c.transaction().create("/ok").check("/./x", version::any).commit(); }),
              errc::invalid_path);
    EXPECT_EQ(c.create("relative"), "/relative");
}

TEST_F(nodes, a_request_above_the_limit_is_refused_here_and_the_connection_lives) {
    const client c = connect();
    const auto before = c.session_id();
    const std::string big(2 << 20, 'x');
    EXPECT_EQ(error_of_call([&] { c.create("/big", big); }), errc::too_large);
    c.create("/half", std::string_view(big).substr(0, 512 * 1024));
    EXPECT_EQ(c.get("/half").data.size(), 512u * 1024);
    EXPECT_EQ(c.session_id(), before);
}

TEST_F(nodes, C12_a_reply_above_the_limit_fails_that_operation_only) {
    client_options o = quick();
    o.max_reply_bytes = 10'000;
    const client c = connect(o);
    c.create("/big", std::string(20'000, 'x'));
    auto before = c.async_exists("/big");
    auto big = c.async_get("/big");
    auto behind = c.async_exists("/big");
    EXPECT_TRUE(std::move(before).get());
    EXPECT_EQ(std::move(big).result().error(), errc::too_large);
    EXPECT_TRUE(std::move(behind).get());
    EXPECT_EQ(c.state(), session_state::connected);
}

TEST_F(nodes, chroot_is_invisible_in_results_events_and_errors) {
    const client c = connect();
    c.create("/app");
    const client app = c.chroot("/app");
    EXPECT_EQ(app.create("/a", "1"), "/a");
    EXPECT_EQ(c.get("/app/a").data, "1");
    EXPECT_EQ(app.session_id(), c.session_id());
    auto changed = app.watch("/a").changed;
    auto stream = app.add_watch("/", watch_mode::persistent_recursive);
    c.set("/app/a", "2");
    EXPECT_EQ(std::move(changed).get_for(10s).path, "/a");
    EXPECT_EQ(stream.next_for(10s)->path, "/a");
    try {
        app.get("/missing");
        FAIL();
    } catch (const no_node_error& e) {
        EXPECT_EQ(e.path(), "/missing");
    }
    const auto results = app.transaction().create("/b").set("/a", "3").commit();
    EXPECT_EQ(results[0].path, "/b");
    EXPECT_EQ(app.chroot("/").root(), app.root());
    EXPECT_THROW(app.chroot("/../x"), invalid_path_error);
}

TEST_F(nodes, null_data_of_a_transaction_is_null_when_it_is_committed) {
    const client c = connect();
    c.create("/was-full", "x");
    c.transaction().create("/null", null).create("/empty", "").set("/was-full", null).commit();
    EXPECT_TRUE(c.get("/null").data.is_null());
    EXPECT_FALSE(c.get("/empty").data.is_null());
    EXPECT_TRUE(c.get("/was-full").data.is_null());
}

TEST_F(nodes, transactions_are_all_or_nothing) {
    const client c = connect();
    const auto made = c.transaction()
                          .create("/a", "1")
                          .create("/a/s-", "", {.mode = create_mode::persistent_sequential})
                          .set("/a", "2", version{0})
                          .check("/a", version{1})
                          .remove("/a/s-0000000000")
                          .commit();
    ASSERT_EQ(made.size(), 5u);
    EXPECT_EQ(made[0].path, "/a");
    EXPECT_EQ(made[1].path, "/a/s-0000000000");
    EXPECT_EQ(made[2].stat->data_version, version{1});
    EXPECT_EQ(c.get("/a").data, "2");
    EXPECT_TRUE(c.get_children("/a").empty());
    EXPECT_TRUE(c.transaction().commit().empty());
}

TEST_F(nodes, C34_a_failed_transaction_says_which_operation_failed_and_why) {
    const client c = connect();
    c.create("/there");
    try {
        c.transaction().create("/x").create("/there").set("/y", null).commit();
        FAIL();
    } catch (const transaction_error& e) {
        EXPECT_EQ(e.failed_index(), 1u);
        EXPECT_EQ(e.code(), errc::node_exists);
        EXPECT_EQ(e.path(), "/there");
        EXPECT_EQ(e.outcome(), outcome::not_applied);
        ASSERT_EQ(e.codes().size(), 3u);
        EXPECT_EQ(e.codes()[0], errc::rolled_back);
        EXPECT_EQ(e.codes()[2], errc::runtime_inconsistency);
    }
    EXPECT_FALSE(c.exists("/x"));
    auto t = c.transaction();
    t.remove("/none");
    EXPECT_EQ(t.async_commit().result().error(), errc::no_node);
}

TEST_F(nodes, a_transaction_refuses_creates_that_take_several_requests) {
    const client c = connect();
    EXPECT_EQ(error_of_call([&] { c.transaction().create("/a/b", "", {.make_parents = true}).commit(); }),
              errc::bad_arguments);
    EXPECT_EQ(error_of_call([&] { c.transaction().create("/a", "", {.protect = true}).commit(); }),
              errc::bad_arguments);
}

TEST_F(nodes, C33_a_transaction_keeps_the_slash_of_a_sequential_path) {
    const client c = connect();
    c.create("/q");
    const auto made = c.transaction().create("/q/", "", {.mode = create_mode::persistent_sequential}).commit();
    EXPECT_EQ(made[0].path, "/q/0000000000");
}

TEST_F(nodes, multi_read_answers_each_read_for_itself) {
    const client c = connect();
    c.create("/a", "v");
    c.create("/a/b");
    const auto found = c.multi_read().get("/a").get("/none").get_children("/a").run();
    ASSERT_EQ(found.size(), 3u);
    EXPECT_EQ(std::get<node>(found[0]).data, "v");
    EXPECT_EQ(std::get<std::error_code>(found[1]), errc::no_node);
    EXPECT_THAT(std::get<child_names>(found[2]), ElementsAre("b"));
}

TEST_F(nodes, requests_are_applied_in_the_order_of_the_calls) {
    const client c = connect();
    c.create("/n", "");
    std::vector<future<node_stat>> writes;
    for (int i = 0; i < 200; ++i) writes.push_back(c.async_set("/n", std::to_string(i), version{i}));
    for (auto& w : writes) std::move(w).get();
    EXPECT_EQ(c.get("/n").data, "199");
}

} // namespace
