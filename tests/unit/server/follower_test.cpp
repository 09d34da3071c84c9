// Servers of an ensemble that are behind its leader.
#include "support.hpp"

namespace kazoo::server::test {
namespace {

using enum change_kind;
using events = std::vector<event>;

config with_followers() {
    config c = test_config();
    c.followers = 2;
    return c;
}

struct followers : testing::Test {
    world w{with_followers()};
    client leading{w}, following{w, "127.0.0.1", 1};
    followers() {
        EXPECT_TRUE(leading.connect());
        EXPECT_TRUE(following.connect());
    }
    void catch_up(std::size_t member = 1) { w.subject.catch_up(member, w.subject.zxid(), w.now); }
};

TEST_F(followers, answer_from_what_they_have) {
    leading.create("/a", 0, "x");
    const answer before = following.get("/a");
    EXPECT_EQ(before.error, errc::no_node);
    EXPECT_EQ(before.zxid, w.subject.zxid() - 1);
    catch_up(2);
    EXPECT_EQ(following.exists("/a").error, errc::no_node) << "another one caught up";
    catch_up();
    const answer after = following.get("/a");
    EXPECT_EQ(after.error, errc{});
    EXPECT_EQ(after.zxid, w.subject.zxid());
    EXPECT_EQ(after.body, leading.get("/a").body);
}

TEST_F(followers, have_everything_behind_a_sync) {
    leading.create("/a");
    leading.remove("/a");
    leading.create("/b");
    EXPECT_EQ(following.call(opcode::sync, proto::path_request{"/"}).error, errc{});
    EXPECT_EQ(following.exists("/a").error, errc::no_node);
    EXPECT_EQ(following.exists("/b").error, errc{});
}

TEST_F(followers, show_a_connection_what_it_wrote) {
    leading.create("/a");
    EXPECT_EQ(following.create("/b").error, errc{});
    EXPECT_EQ(following.exists("/a").error, errc{});
    EXPECT_EQ(following.exists("/b").error, errc{});
    EXPECT_EQ(following.remove("/none").error, errc::no_node);
    EXPECT_EQ(following.ping().zxid, w.subject.zxid()) << "a write that fails has a number too";
}

TEST_F(followers, tell_watchers_when_the_change_arrives) {
    leading.create("/a");
    catch_up();
    following.exists("/a", true);
    following.children("/", true);
    leading.remove("/a");
    EXPECT_EQ(following.take_events(), events{});
    EXPECT_EQ(w.subject.watches(), (watch_counts{1, 1}));
    catch_up();
    EXPECT_EQ(following.take_events(), (events{{deleted, "/a"}, {children_changed, "/"}}));
    EXPECT_EQ(w.subject.watches(), watch_counts{});
}

TEST_F(followers, show_the_nodes_of_a_session_that_has_ended) {
    leading.create("/e", 1);
    catch_up();
    w.subject.expire_session(leading.session, w.now);
    EXPECT_EQ(following.exists("/e").error, errc{});
    catch_up();
    EXPECT_EQ(following.exists("/e").error, errc::no_node);
}

TEST_F(followers, turn_away_who_has_seen_more) {
    leading.create("/a");
    client again(w, "127.0.0.1", 1);
    EXPECT_FALSE(
        again.connect({.session = leading.session, .password = leading.password, .last_zxid = w.subject.zxid()}));
    EXPECT_TRUE(again.finished());
    catch_up();
    client later(w, "127.0.0.1", 1);
    EXPECT_TRUE(
        later.connect({.session = leading.session, .password = leading.password, .last_zxid = w.subject.zxid()}));
    EXPECT_EQ(later.session, leading.session);
}

TEST_F(followers, have_everything_when_all_come_back) {
    leading.create("/a");
    w.subject.restart(w.now);
    client later(w, "127.0.0.1", 1);
    EXPECT_TRUE(later.resume(following));
    EXPECT_EQ(later.exists("/a").error, errc{});
}

} // namespace
} // namespace kazoo::server::test
