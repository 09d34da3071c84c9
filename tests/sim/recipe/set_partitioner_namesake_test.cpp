// kazoo::set_partitioner and members of its own name, which may be dead.
#include "set_partitioner_scene.hpp"

#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <utility>

namespace kazoo::testkit {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

TEST(partitioner_namesakes, C69_a_namesake_that_stays_is_an_error_after_some_timeouts_of_the_session) {
    for (const bool we_came_first : {false, true}) {
        sharing_scene s({}, named("us", 0ms));
        const auto theirs = [&] {
            s.other.create("/s/party/00000000000040008000000000000000-us", "us", {.mode = create_mode::ephemeral});
        };
        std::optional<partition> mine;
        if (we_came_first) mine = s.ours();
        theirs();
        s.world.run_for(100ms);
        mine.reset();
        const auto begun = s.world.now();
        auto asked = s.us.async_acquire();
        ASSERT_TRUE(s.finish(asked));
        const auto took = s.world.now() - begun;
        EXPECT_GE(took, we_came_first ? 12s : 6s);
        EXPECT_LE(took, we_came_first ? 12100ms : 6100ms);
        try {
            (void)std::move(asked).get();
            ADD_FAILURE() << "it was acquired";
        } catch (const error& e) {
            EXPECT_EQ(e.code(), errc::bad_arguments);
            EXPECT_THAT(e.what(), HasSubstr("\"us\""));
        }
        EXPECT_EQ(s.us.state(), partition_state::failure);
    }
}

TEST(partitioner_namesakes, C69_a_namesake_that_goes_in_time_is_none) {
    sharing_scene s({}, named("us", 0ms));
    s.other.create("/s/party/00000000000040008000000000000000-us", "us", {.mode = create_mode::ephemeral});
    auto asked = s.us.async_acquire();
    s.world.run_for(5900ms);
    EXPECT_FALSE(asked.ready());
    s.world.expire_session(s.other.session_id());
    EXPECT_TRUE(s.is_soon([&] { return asked.ready(); }));
    EXPECT_THAT(std::move(asked).get().items(), SizeIs(4));
}

/// One that was killed, and is started again with the same name on another machine.
struct restarted_scene : sharing_scene {
    explicit restarted_scene(shares old_set = letters, const simulation_options& o = {})
        : sharing_scene(o, named("us", 0ms)), old_self(other, "/s", std::move(old_set), named("us", 0ms)) {
        old_share = end(old_self.async_acquire());
    }
    void kill() {
        there.refuse(true);
        there.cut();
    }
    set_partitioner old_self;
    std::optional<partition> old_share;
};

TEST(partitioner_namesakes, C69_who_was_started_again_waits_until_the_servers_have_ended_its_old_session) {
    for (const shares& old_set : {letters, shares{"x"}})
        for (int moment = 0; moment < 10; ++moment) {
            restarted_scene s(old_set, {.tick = 2s});
            s.world.run_for(moment * 217ms);
            s.kill();
            auto asked = s.us.async_acquire();
            ASSERT_TRUE(s.finish(asked));
            const auto mine = std::move(asked).result();
            ASSERT_EQ(mine.error(), std::error_code()) << moment << ", a set of " << old_set.size();
            EXPECT_THAT(mine->items(), SizeIs(4));
        }
}

TEST(partitioner_namesakes, C69_nobody_is_refused_while_no_server_says_that_the_other_one_is_there) {
    restarted_scene s;
    s.world.run_for(1s);
    s.kill();
    auto asked = s.us.async_acquire();
    s.world.run_for(500ms);
    s.world.stop_server(); // sessions do not age
    s.world.run_for(30s);
    ASSERT_FALSE(asked.ready());
    s.world.start_server();
    ASSERT_TRUE(s.finish(asked));
    const auto mine = std::move(asked).result();
    ASSERT_EQ(mine.error(), std::error_code());
    EXPECT_THAT(mine->items(), SizeIs(4));
}

TEST(partitioner_namesakes, C69_one_that_is_started_again_and_again_does_not_drive_out_who_was_there) {
    sharing_scene s({}, named("us", 0ms));
    std::optional<partition> mine = s.ours();
    future<partition> asked;
    std::string last;
    for (int i = 0; i < 20; ++i) {
        const std::string id = std::string(i < 10 ? "0" : "") + std::to_string(i) + "000000000040008000000000000000";
        const std::string next = "/s/party/" + id + "-us";
        s.other.create(next, "us", {.mode = create_mode::ephemeral});
        if (!last.empty()) s.other.remove(last);
        last = next;
        if (mine) {
            ASSERT_TRUE(s.is_soon([&] { return mine->revoked().stop_requested(); }));
            mine.reset();
            asked = s.us.async_acquire();
        }
        s.world.run_for(3s);
    }
    EXPECT_FALSE(asked.ready());
    s.other.remove(last);
    ASSERT_TRUE(s.finish(asked));
    EXPECT_THAT(std::move(asked).get().items(), SizeIs(4));
}

} // namespace
} // namespace kazoo::testkit
