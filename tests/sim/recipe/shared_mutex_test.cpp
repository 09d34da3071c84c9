// kazoo::shared_mutex in exact situations.
#include "sim/scene.hpp"

#include <kazoo/recipe/shared_mutex.hpp>

#include <algorithm>
#include <string_view>

namespace kazoo::testkit {
namespace {

struct shared_scene : scene {
    shared_scene() { other.wait_connected(); }
    std::size_t nodes() const {
        return static_cast<std::size_t>(std::ranges::count_if(
            inside().server().nodes().sorted(), [](const auto* n) { return n->path.starts_with("/lock/"); }));
    }
    client other{simulation::addresses(), options_on(world.add_machine())};
    shared_mutex ours{c, "/lock"}, theirs{other, "/lock"};
};

TEST(shared_mutex, a_reader_whose_create_got_no_answer_is_found_again) {
    shared_scene s;
    s.theirs.lock();
    s.theirs.unlock();
    s.here.cut_behind(flow::to_client, 3);
    auto reading = s.ours.async_lock_shared();
    ASSERT_TRUE(s.finish(reading));
    EXPECT_TRUE(s.ours.holds_shared());
    s.world.run_for(10s);
    EXPECT_EQ(s.nodes(), 1u);
    EXPECT_TRUE(s.ours.async_unlock_shared().get());
    s.world.run_for(10s);
    EXPECT_EQ(s.nodes(), 0u);
}

TEST(shared_mutex, shared_holds_end_with_certainty_before_a_writer_gets_in) {
    shared_scene s;
    s.ours.lock_shared();
    s.ours.lock_shared();
    const std::stop_token lost = s.ours.lost_shared();
    auto writing = s.theirs.async_lock();
    s.world.run_for(1s);
    s.here.hang(true);
    s.here.cut();
    ASSERT_TRUE(s.world.run_until([&] {
        EXPECT_FALSE(s.ours.holds_shared() && s.theirs.holds());
        return writing.ready();
    }));
    EXPECT_TRUE(s.theirs.holds());
    EXPECT_FALSE(s.ours.holds_shared());
    EXPECT_TRUE(lost.stop_requested());
}

TEST(shared_mutex, a_suspended_reader_holds_while_that_is_certain) {
    shared_scene s;
    s.ours.lock_shared();
    auto writing = s.theirs.async_lock();
    s.world.run_for(1s);
    s.here.cut();
    ASSERT_TRUE(s.reaches(session_state::connected));
    EXPECT_TRUE(s.ours.holds_shared());
    EXPECT_FALSE(s.ours.lost_shared().stop_requested());
    s.world.run_for(10s);
    EXPECT_FALSE(writing.ready());
    s.ours.unlock_shared();
    ASSERT_TRUE(s.finish(writing));
}

TEST(shared_mutex, a_waiting_reader_starts_over_in_the_next_session) {
    shared_scene s;
    s.theirs.lock();
    auto reading = s.ours.async_lock_shared();
    s.world.run_for(1s);
    ASSERT_EQ(s.nodes(), 2u);
    s.world.expire_session(s.c.session_id());
    s.world.run_for(5s);
    EXPECT_EQ(s.nodes(), 2u);
    EXPECT_FALSE(reading.ready());
    s.theirs.unlock();
    ASSERT_TRUE(s.finish(reading));
    EXPECT_TRUE(s.ours.holds_shared());
}

} // namespace
} // namespace kazoo::testkit
