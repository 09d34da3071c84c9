// Containers and nodes with a time to live, alone and in transactions.
#include "backend.hpp"

#include <kazoo/kazoo.hpp>

#include <gmock/gmock.h>

using namespace kazoo;
using test::error_of_call;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

namespace {

class create_modes : public test::client_test {
  protected:
    bool goes(const client& c, const std::string& path) const {
        return test::eventually([&] { return !c.exists(path); });
    }
};

TEST_F(create_modes, a_mode_alone_is_enough) {
    const client c = connect();
    EXPECT_EQ(c.create("/a", "x", create_mode::ephemeral), "/a");
    EXPECT_EQ(c.get("/a").stat.owner, c.session_id());
    EXPECT_EQ(c.create_with_stat("/b", "x", create_mode::ephemeral).stat.owner, c.session_id());
    EXPECT_EQ(c.async_create("/s", "", create_mode::persistent_sequential).get(), "/s0000000002");
    EXPECT_EQ(c.async_create_with_stat("/s", "", create_mode::persistent_sequential).get().path, "/s0000000003");
    transaction t = c.transaction();
    t.create("/c", "", create_mode::ephemeral);
    t.commit();
    EXPECT_EQ(c.get("/c").stat.owner, c.session_id());
    EXPECT_EQ(c.transaction().create("/s", "", create_mode::persistent_sequential).commit().front().path,
              "/s0000000005");
}

TEST_F(create_modes, a_container_goes_when_its_last_child_has_gone) {
    const client c = connect();
    EXPECT_EQ(c.create("/box", "x", create_mode::container), "/box");
    const created_node other = c.create_with_stat("/other", "x", create_mode::container);
    EXPECT_EQ(other.path, "/other");
    EXPECT_EQ(other.stat, c.get("/other").stat);
    EXPECT_FALSE(other.stat.ephemeral());
    c.create("/box/child");
    c.remove("/box/child");
    EXPECT_TRUE(goes(c, "/box"));
    EXPECT_TRUE(c.exists("/other")) << "it never had a child";
}

TEST_F(create_modes, a_node_with_a_time_to_live_goes_unless_it_is_set_or_has_children) {
    const client c = connect();
    EXPECT_EQ(c.create("/kept", "", create_mode::ttl(1ms)), "/kept");
    c.create("/kept/child", "", create_mode::ttl(24h));
    EXPECT_EQ(c.create("/brief", "", create_mode::ttl(1ms)), "/brief");
    EXPECT_EQ(c.create("/n-", "", create_mode::sequential_ttl(1ms)), "/n-0000000002");
    const created_node lasting = c.create_with_stat("/lasting", "x", create_mode::ttl(24h));
    EXPECT_EQ(lasting.stat, c.get("/lasting").stat);
    EXPECT_FALSE(lasting.stat.ephemeral());
    EXPECT_TRUE(goes(c, "/brief"));
    EXPECT_TRUE(goes(c, "/n-0000000002"));
    EXPECT_TRUE(c.exists("/lasting"));
    EXPECT_TRUE(c.exists("/kept"));
    c.remove("/kept/child");
    EXPECT_TRUE(goes(c, "/kept"));
}

TEST_F(create_modes, transactions_make_containers_and_nodes_with_a_time_to_live) {
    const client c = connect();
    const auto made = c.transaction()
                          .create("/box", null, create_mode::container)
                          .create("/box/a", null, create_mode::ttl(1ms))
                          .create("/n-", "x", create_mode::sequential_ttl(24h))
                          .create("/plain", null)
                          .check("/plain", version{0})
                          .commit();
    ASSERT_EQ(made.size(), 5u);
    EXPECT_EQ(made[0].path, "/box");
    EXPECT_EQ(made[1].path, "/box/a");
    EXPECT_EQ(made[2].path, "/n-0000000001");
    EXPECT_EQ(made[2].stat, c.get("/n-0000000001").stat);
    EXPECT_TRUE(c.get("/plain").data.is_null());
    EXPECT_TRUE(goes(c, "/box/a"));
    EXPECT_TRUE(goes(c, "/box"));
}

TEST_F(create_modes, what_goes_by_itself_can_be_made_with_its_parents_and_protected) {
    const client c = connect();
    EXPECT_EQ(c.create("/p/box", "", {.mode = create_mode::container, .make_parents = true}), "/p/box");
    const std::string name = c.create("/p/n", "", {.mode = create_mode::ttl(24h), .protect = true});
    EXPECT_TRUE(c.exists(name));
}

TEST_F(create_modes, a_time_to_live_that_no_server_takes_is_refused_here) {
    const client c = connect();
    constexpr std::chrono::milliseconds longest{(std::int64_t{1} << 40) - 1};
    EXPECT_EQ(c.create("/longest", "", create_mode::ttl(longest)), "/longest");
    const auto refused = [&](create_mode mode, const char* why) {
        for (const bool careful : {false, true}) {
            try {
                c.create("/a", "", {.mode = mode, .make_parents = careful});
                ADD_FAILURE() << mode;
            } catch (const kazoo::error& e) {
                EXPECT_EQ(e.code(), errc::bad_arguments);
                EXPECT_EQ(e.outcome(), outcome::not_applied);
                EXPECT_THAT(e.what(), HasSubstr(why));
            }
        }
        try {
            c.transaction().create("/b").create("/a", "", mode).commit();
            ADD_FAILURE() << mode;
        } catch (const kazoo::error& e) {
            EXPECT_EQ(e.code(), errc::bad_arguments);
            EXPECT_EQ(e.path(), "/a");
            EXPECT_THAT(e.what(), HasSubstr(why));
        }
    };
    refused(create_mode::ttl(0s), "must be positive");
    refused(create_mode::sequential_ttl(-1s), "must be positive");
    refused(create_mode::ttl(longest + 1ms), "about 34 years");
    refused(create_mode::ttl(std::chrono::hours::max()), "about 34 years");
    EXPECT_FALSE(c.exists("/a"));
    EXPECT_FALSE(c.exists("/b"));
}

TEST_F(create_modes, make_no_path_that_is_none) {
    const client c = connect();
    EXPECT_EQ(error_of_call([&] { c.create("/a/../b", "", create_mode::ttl(1h)); }), errc::invalid_path);
    EXPECT_EQ(error_of_call([&] { c.create("/box/", "", create_mode::container); }), std::error_code());
    EXPECT_TRUE(c.exists("/box"));
}

} // namespace
