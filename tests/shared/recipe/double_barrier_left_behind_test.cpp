// kazoo::double_barrier where an open one was left behind, against a live server.
#include "shared/mutex_test.hpp"

#include <kazoo/recipe/double_barrier.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::eventually;
using ::testing::ElementsAre;

namespace {

class double_barriers_left_behind : public test::mutex_test {
  protected:
    std::vector<std::string> below(const client& c) const {
        c.sync("/d");
        return nodes(c, "/d");
    }
    bool has(const client& c, std::size_t n) const {
        return eventually([&] { return below(c).size() == n; });
    }
    /// One member is there.
    bool is_removed(const client& c) const {
        return eventually([&] {
            const auto all = below(c);
            return all.size() == 1 && all[0] != "ready";
        });
    }
};

TEST_F(double_barriers_left_behind, C64_an_open_barrier_that_was_left_behind_lets_nobody_in) {
    const client a = connect(), b = connect();
    a.create("/d");
    a.create("/d/ready");
    double_barrier one(a, "/d", 2), two(b, "/d", 2);
    EXPECT_FALSE(one.enter_for(200ms));
    auto entering = one.async_enter();
    ASSERT_TRUE(is_removed(b)) << "by the oldest one";
    EXPECT_FALSE(entering.ready());
    EXPECT_TRUE(two.enter_for(20s));
    EXPECT_TRUE(std::move(entering).get_for(20s));
}

TEST_F(double_barriers_left_behind, C64_one_that_cannot_be_removed_is_used_again) {
    const client a = connect(), b = connect();
    a.create("/d");
    a.create("/d/ready");
    a.create("/d/ready/child");
    double_barrier one(a, "/d", 2), two(b, "/d", 2);
    for (int round = 0; round < 2; ++round) {
        EXPECT_FALSE(one.enter_for(200ms));
        auto entering = one.async_enter();
        ASSERT_TRUE(has(b, 2));
        EXPECT_TRUE(two.enter_for(20s));
        EXPECT_TRUE(std::move(entering).get_for(20s));
        auto leaving = one.async_leave();
        EXPECT_TRUE(two.leave_for(20s));
        EXPECT_TRUE(std::move(leaving).get_for(20s));
        EXPECT_THAT(below(b), ElementsAre("ready"));
    }
}

TEST_F(double_barriers_left_behind, C64_members_that_may_not_be_written_remove_what_was_left_behind) {
    const client a = connect(), b = connect();
    a.create("/d");
    a.create("/d/ready");
    const std::vector<acl> nobody_writes{{perms::read, "world", "anyone"}};
    double_barrier one(a, "/d", 2, {.acl = nobody_writes}), two(b, "/d", 2, {.acl = nobody_writes});
    auto entering = one.async_enter();
    ASSERT_TRUE(is_removed(b));
    EXPECT_TRUE(two.enter_for(20s));
    EXPECT_TRUE(std::move(entering).get_for(20s));
}

TEST_F(double_barriers_left_behind, C64_one_that_may_not_be_removed_is_used_again) {
    const client a = connect(), b = connect();
    a.create("/d");
    a.create("/d/ready");
    const zxid made = a.exists("/d/ready")->created;
    const std::vector<acl> no_removal{{perms::read | perms::write | perms::create | perms::admin, "world", "anyone"}};
    a.set_acl("/d", no_removal);
    double_barrier one(a, "/d", 2), two(b, "/d", 2);
    auto entering = one.async_enter();
    ASSERT_TRUE(has(b, 2));
    EXPECT_TRUE(two.enter_for(20s));
    EXPECT_TRUE(std::move(entering).get_for(20s));
    EXPECT_EQ(b.exists("/d/ready")->created, made);
    a.set_acl("/d", acls::open_unsafe());
}

} // namespace
