// What is done anew in each session.
#include "recipe/parts/in_each_session.hpp"

#include <kazoo/kazoo.hpp>
#include <kazoo/testkit/simulation.hpp>

#include <gmock/gmock.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace kazoo::recipe {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

struct bodies {
    std::vector<std::string> log; ///< ahead of the world, in whose end bodies may end
    std::function<task<int>(pinned_handle)> body;
    testkit::simulation world;
    testkit::machine machine = world.add_machine();
    client zk{testkit::simulation::addresses(), [this] {
                  client_options o;
                  o.loop = machine.loop();
                  return o;
              }()};
    std::shared_ptr<recipe_object> object = std::make_shared<recipe_object>(zk, "me", "/n");

    bodies() { zk.wait_connected(); }
    future<int> start(std::stop_token stop = {}) {
        const auto noted = [this](pinned_handle z, bool behind_a_loss) {
            log.emplace_back(behind_a_loss ? "again" : "first");
            return body(std::move(z));
        };
        return spawn(object->owner(), object->waiting("body", never, std::move(stop)), in_each_session(*object, noted));
    }
    void lose_session() {
        const session_id old = zk.session_id();
        world.expire_session(old);
        ASSERT_TRUE(
            world.run_until([&] { return zk.state() == session_state::connected && zk.session_id() != old; }, 1min));
    }
    /// Until the node is made.
    auto waits_for_the_node() {
        return [this](pinned_handle z) -> task<int> {
            const local here(log);
            auto seen = co_await z.async_watch_exists("/n");
            if (!seen.value) co_await std::move(seen.changed);
            co_return 7;
        };
    }
    struct local {
        explicit local(std::vector<std::string>& l) : log(l) {}
        ~local() { log.emplace_back("gone"); }
        std::vector<std::string>& log;
    };
};

TEST(in_each_session, gives_what_the_body_gives) {
    bodies b;
    b.body = b.waits_for_the_node();
    auto done = b.start();
    b.zk.create("/n");
    EXPECT_EQ(std::move(done).get(), 7);
    EXPECT_THAT(b.log, ElementsAre("first", "gone"));
}

TEST(in_each_session, runs_again_when_the_session_is_over_and_what_the_body_had_went_before) {
    bodies b;
    b.body = b.waits_for_the_node();
    auto done = b.start();
    b.world.run_for(1s);
    b.lose_session();
    b.world.run_for(1s);
    b.lose_session();
    b.world.run_for(1s);
    EXPECT_FALSE(done.ready());
    b.zk.create("/n");
    EXPECT_EQ(std::move(done).get(), 7);
    EXPECT_THAT(b.log, ElementsAre("first", "gone", "again", "gone", "again", "gone"));
}

TEST(in_each_session, a_handle_of_an_earlier_session_is_of_no_use) {
    bodies b;
    std::vector<pinned_handle> handles;
    const auto waiting = b.waits_for_the_node(); // its captures outlive what it begins
    b.body = [&](pinned_handle z) {
        handles.push_back(z);
        return waiting(std::move(z));
    };
    auto done = b.start();
    b.world.run_for(1s);
    b.lose_session();
    b.world.run_for(1s);
    ASSERT_EQ(handles.size(), 2u);
    EXPECT_EQ(handles[0].async_exists("/n").result().error(), errc::session_expired);
    EXPECT_TRUE(handles[1].async_exists("/n").result());
    done.cancel();
    b.world.run_for(1s);
}

TEST(in_each_session, other_failures_come_out) {
    bodies b;
    b.body = [](pinned_handle z) -> task<int> {
        co_await z.async_get("/missing");
        co_return 0;
    };
    EXPECT_EQ(b.start().result().error(), errc::no_node);
    EXPECT_THAT(b.log, ElementsAre("first"));
}

TEST(in_each_session, a_stop_and_a_close_end_it) {
    bodies b;
    b.body = b.waits_for_the_node();
    std::stop_source stop;
    auto stopped = b.start(stop.get_token());
    b.world.run_for(1s);
    stop.request_stop();
    EXPECT_EQ(std::move(stopped).result().error(), errc::cancelled);
    auto closed = b.start();
    b.world.run_for(1s);
    b.zk.close();
    EXPECT_EQ(std::move(closed).result().error(), errc::closed);
    EXPECT_THAT(b.log, ElementsAre("first", "gone", "first", "gone"));
}

} // namespace
} // namespace kazoo::recipe
