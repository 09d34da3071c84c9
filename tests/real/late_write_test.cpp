// What an unknown outcome means, shown on real servers and without the library: the write may still be applied, after
// the same session has come back, read, and written something newer.
#include "real/raw_session.hpp"
#include "real/three_servers.hpp"
#include "testing/wait_until.hpp"

#include <gtest/gtest.h>
#include <kazoo/testkit/ensemble.hpp>

#include <future>
#include <string>
#include <thread>

using namespace std::chrono_literals;
using kazoo::testkit::ensemble;
using kazoo::testkit::ensemble_options;
using kazoo::testkit::raw_session;

using kazoo::test::follower;
using kazoo::test::leader;

namespace {

/// Writes get stuck between follower and leader; their session moves to the leader, reads, writes, and moves back. True
/// if one of them was applied at the end: the leader knows the owner of a session by the server it is at, not by the
/// connection, so they are valid again if they are still in its queue when the session has moved back.
bool lands_late(ensemble& zk, const std::string& path) {
    raw_session before(zk[follower].port());
    EXPECT_EQ(before.create(path, "old", raw_session::persistent).error, 0);
    zk.hold(follower, leader);
    for (int i = 0; i < 10; ++i) before.send_set(path, "stuck"); // a single one is refused in two of three attempts

    raw_session moved(zk[leader].port(), before.self());
    EXPECT_EQ(moved.self().id, before.self().id);
    EXPECT_EQ(moved.get(path), "old") << "from the leader itself";
    EXPECT_EQ(moved.set(path, "newer").error, 0);

    auto back = std::async(std::launch::async, [&] { return raw_session(zk[follower].port(), before.self()); });
    std::this_thread::sleep_for(20ms); // its request to move waits behind the writes
    zk.hold(follower, leader, false);
    raw_session after = back.get();
    EXPECT_EQ(after.create(path + "-fence", "", raw_session::persistent).error, 0);
    return after.get(path) == "stuck";
}

TEST(unknown_outcome, a_write_can_be_applied_after_its_session_came_back_and_wrote_something_newer) {
    ensemble zk(ensemble_options{.gated = true});
    int attempts = 0;
    const bool seen = kazoo::testkit::wait_until([&] { return lands_late(zk, "/late-" + std::to_string(++attempts)); });
    EXPECT_TRUE(seen) << attempts << " attempts";
    RecordProperty("attempts", attempts);
}

} // namespace
