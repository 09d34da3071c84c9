// The root of a handle is "/" to whoever uses that handle, wherever its path comes up.
#include "backend.hpp"

#include <kazoo/kazoo.hpp>

using namespace kazoo;
using namespace std::chrono_literals;

namespace {

class chroots : public test::client_test {
  protected:
    client app() const { return connect().chroot("/app"); }
};

TEST_F(chroots, the_root_is_created_as_a_slash) {
    const client c = app();
    EXPECT_EQ(c.create("/", "x"), "/");
    c.remove("/");
    for (const bool make_parents : {false, true})
        EXPECT_THROW(c.create("", "x", {.make_parents = make_parents}), error_of<errc::invalid_path>);
    const created_node made = c.create_with_stat("/", "x");
    EXPECT_EQ(made.path, "/");
    EXPECT_EQ(made.stat.data_length, 1);
    EXPECT_EQ(connect().get("/app").data, "x");
}

TEST_F(chroots, a_transaction_calls_the_root_a_slash) {
    const client c = app();
    const auto results = c.transaction().create("/", "x").set("/", "y").check("/", version{1}).commit();
    for (const transaction_result& r : results) EXPECT_EQ(r.path, "/");
    try {
        c.transaction().create("/a").create("/").commit();
        FAIL();
    } catch (const transaction_error& e) {
        EXPECT_EQ(e.failed_index(), 1u);
        EXPECT_EQ(e.path(), "/");
    }
}

TEST_F(chroots, events_of_the_root_have_a_slash) {
    const client c = app();
    auto created = c.watch_exists("/").changed;
    c.create("/");
    EXPECT_EQ(std::move(created).get_for(10s).path, "/");
    auto stream = c.add_watch("/", watch_mode::persistent_recursive);
    c.set("/", "1");
    EXPECT_EQ(stream.next_for(10s)->path, "/");
    c.create("/a");
    EXPECT_EQ(stream.next_for(10s)->path, "/a");
}

TEST_F(chroots, sequential_and_protected_nodes_directly_below_the_root) {
    const client c = app();
    c.create("/");
    EXPECT_EQ(c.create("/", "", {.mode = create_mode::persistent_sequential}), "/0000000000");
    const std::string made = c.create("/", "", {.mode = create_mode::persistent_sequential, .protect = true});
    EXPECT_TRUE(made.starts_with("/") && made.ends_with("0000000001") && made.size() == 1 + 32 + 10) << made;
    EXPECT_TRUE(c.exists(made));
}

TEST_F(chroots, a_protected_root_has_no_name_to_be_found_by) {
    const client c = connect();
    for (const client& handle : {c, c.chroot("/app")}) {
        try {
            handle.create("/", "", {.protect = true});
            FAIL();
        } catch (const invalid_path_error& e) {
            EXPECT_EQ(e.outcome(), outcome::not_applied);
        }
    }
    EXPECT_TRUE(c.get_children("/").empty());
}

// -- nodes that were made before something failed ---------------------------------------------------------------------

class half_done : public test::client_test {
  protected:
    template <class Call> static std::pair<std::error_code, outcome> failure_of(Call call) {
        try {
            call();
        } catch (const kazoo::error& e) {
            return {e.code(), e.outcome()};
        }
        ADD_FAILURE() << "it did not fail";
        return {};
    }
    const std::vector<acl> read_only{{perms::read | perms::admin, "world", "anyone"}};
    static constexpr std::error_code (*code)(errc) = &make_error_code;
};

TEST_F(half_done, an_ensure_path_that_made_something_does_not_say_not_applied) {
    const client c = connect();
    EXPECT_EQ(failure_of([&] { c.ensure_path("/p/q/r", read_only); }),
              std::pair(code(errc::no_auth), outcome::unknown));
    EXPECT_TRUE(c.exists("/p"));
    EXPECT_EQ(failure_of([&] { c.ensure_path("/p/q/r", read_only); }),
              std::pair(code(errc::no_auth), outcome::not_applied))
        << "this time it made nothing";
}

TEST_F(half_done, a_create_whose_parents_were_made_does_not_say_not_applied) {
    const client c = connect();
    const create_options o{.acl = read_only, .make_parents = true, .parent_acl = read_only};
    EXPECT_EQ(failure_of([&] { c.create("/m/n/o", "", o); }), std::pair(code(errc::no_auth), outcome::unknown));
    EXPECT_TRUE(c.exists("/m"));
    EXPECT_EQ(failure_of([&] { c.create("/m/n/o", "", o); }), std::pair(code(errc::no_auth), outcome::not_applied));
    EXPECT_EQ(failure_of([&] { c.create("/k/l", "", o); }), std::pair(code(errc::no_auth), outcome::unknown))
        << "all parents are there, the node itself is refused";
    EXPECT_TRUE(c.exists("/k"));
    const std::vector<acl> bad{{perms::all, "no such scheme", "x"}};
    EXPECT_EQ(failure_of([&] { c.create("/x/y", "", {.acl = bad, .make_parents = true}); }).second,
              c.exists("/x") ? outcome::unknown : outcome::not_applied);
}

} // namespace
