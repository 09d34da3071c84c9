// Requests of a connection that is gone.
#include "support.hpp"

namespace kazoo::server::test {
namespace {

struct late_requests : testing::Test {
    world w;
    client before{w}, now{w};
    origin old;
    late_requests() {
        EXPECT_TRUE(before.connect());
        old = w.subject.origin_of(before.id());
        EXPECT_TRUE(now.resume(before));
    }
    template <class... Body> std::size_t land(opcode op, const Body&... body) {
        return w.subject.receive_late(old, before.encoded(77, op, body...), w.now);
    }
    std::size_t land_create(std::string_view path, std::int32_t flags = 0,
                            const std::vector<proto::acl_entry>& acl = open_to_all()) {
        return land(opcode::create, proto::create_request{path, "late", acl, flags});
    }
};

TEST_F(late_requests, a_create_lands_when_the_session_is_back_and_has_read_that_it_is_not_there) {
    EXPECT_EQ(now.exists("/a").error, errc::no_node);
    EXPECT_EQ(land_create("/a", ephemeral), 1u);
    EXPECT_EQ(now.exists("/a").stat().ephemeral_owner, now.session);
}

TEST_F(late_requests, a_set_lands_behind_a_newer_one) {
    now.create("/a");
    now.set("/a", "new");
    EXPECT_EQ(land(opcode::set_data, proto::set_data_request{"/a", "old", -1}), 1u);
    EXPECT_EQ(now.get("/a").as<proto::data_reply>().data, "old");
}

TEST_F(late_requests, one_that_was_conditional_is_refused) {
    now.create("/a");
    now.set("/a", "new");
    EXPECT_EQ(land(opcode::set_data, proto::set_data_request{"/a", "old", 0}), 1u);
    EXPECT_EQ(now.get("/a").as<proto::data_reply>().data, "new");
}

TEST_F(late_requests, get_no_answer_and_set_no_watch) {
    EXPECT_EQ(land(opcode::exists, proto::path_watch_request{"/a", true}), 0u);
    land_create("/a");
    EXPECT_FALSE(before.receive());
    EXPECT_FALSE(now.receive());
    EXPECT_EQ(w.subject.watches(), watch_counts{});
}

TEST_F(late_requests, give_the_session_no_more_time) {
    const time_point end = w.subject.deadline();
    w.pass(900ms);
    land_create("/a");
    EXPECT_EQ(w.subject.deadline(), end);
}

TEST_F(late_requests, are_nothing_when_the_session_is_over) {
    now.call(opcode::close_session);
    const std::int64_t zxid = w.subject.zxid();
    EXPECT_EQ(land_create("/a"), 0u);
    EXPECT_EQ(w.subject.zxid(), zxid);
    EXPECT_EQ(w.subject.nodes().find("/a"), nullptr);
}

TEST_F(late_requests, can_end_the_session) {
    now.create("/a", ephemeral);
    EXPECT_EQ(land(opcode::close_session), 1u);
    EXPECT_TRUE(now.finished());
    EXPECT_EQ(w.subject.nodes().find("/a"), nullptr);
    EXPECT_TRUE(w.subject.sessions().empty());
}

TEST_F(late_requests, are_made_by_who_their_connection_was) {
    const auto mine = acl_of(perms::all, "auth", "");
    EXPECT_EQ(land_create("/nobody", 0, mine), 1u);
    EXPECT_EQ(w.subject.nodes().find("/nobody"), nullptr);
    EXPECT_EQ(land(opcode::auth, proto::auth_request{0, "digest", "u:p"}), 0u);
    EXPECT_EQ(land_create("/u", 0, mine), 1u);
    EXPECT_NE(w.subject.nodes().find("/u"), nullptr);
    EXPECT_EQ(now.get("/u").error, errc::no_auth);
}

TEST_F(late_requests, of_a_follower_s_client_reach_the_follower_as_all_others) {
    config c = test_config();
    c.followers = 1;
    world ensemble(c);
    client first(ensemble, "127.0.0.1", 1), second(ensemble, "127.0.0.1", 1);
    ASSERT_TRUE(first.connect());
    origin there = ensemble.subject.origin_of(first.id());
    ASSERT_TRUE(second.resume(first));
    const proto::create_request asked{"/a", "", open_to_all(), 0};
    EXPECT_EQ(ensemble.subject.receive_late(there, first.encoded(1, opcode::create, asked), ensemble.now), 1u);
    EXPECT_EQ(second.exists("/a").error, errc::no_node);
    ensemble.subject.catch_up(1, ensemble.subject.zxid(), ensemble.now);
    EXPECT_EQ(second.exists("/a").error, errc{});
}

TEST(origin, of_a_connection_without_a_session_is_nobody) {
    world w;
    client c(w);
    EXPECT_EQ(w.subject.origin_of(c.id()).session, 0);
    EXPECT_EQ(w.subject.origin_of(connection_id{99}).session, 0);
}

} // namespace
} // namespace kazoo::server::test
