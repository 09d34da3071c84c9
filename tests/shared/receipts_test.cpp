// kazoo::receipts against a live server.
#include "backend.hpp"

#include <kazoo/kazoo.hpp>

#include <gmock/gmock.h>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::eventually;
using kazoo::test::to_client;
using kazoo::test::to_server;
using kazoo::testkit::fault_gate;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace {

constexpr create_options sequential{.mode = create_mode::persistent_sequential};

class receipts_test : public test::client_test {
  protected:
    static std::vector<std::string> nodes(const client& c) { return c.get_children("/app/receipts"); }
    static receipts_options with(receipt_lifetime lifetime, lost_reply how = lost_reply::resend) {
        receipts_options o;
        o.lifetime = lifetime;
        o.when_lost = how;
        return o;
    }
};

TEST_F(receipts_test, a_transaction_gives_its_own_results_and_its_id) {
    const client c = connect();
    receipts r(c, "/app/receipts");
    EXPECT_EQ(r.path(), "/app/receipts");
    const auto done = r.commit(
        c.transaction().create("/a", "1").set("/a", "2").check("/a", version{1}).create("/a/q-", "", sequential));
    ASSERT_THAT(done.results, SizeIs(4));
    EXPECT_EQ(done.results[0].path, "/a");
    EXPECT_EQ(done.results[1].stat->data_version, version{1});
    EXPECT_EQ(done.results[3].path, "/a/q-0000000000");
    EXPECT_FALSE(done.recovered);
    EXPECT_EQ(c.exists("/a")->created, done.id);
    EXPECT_EQ(c.exists("/a/q-0000000000")->created, done.id);
    EXPECT_THAT(r.commit(c.transaction()).results, IsEmpty());
}

TEST_F(receipts_test, a_refusal_is_told_as_the_caller_counts) {
    const client c = connect().chroot("/deeper");
    connect().create("/deeper");
    receipts r(c, "/app/receipts");
    for (int i = 0; i < 2; ++i) { // also by a node that was used before
        try {
            r.commit(c.transaction().create("/b").remove("/not-there").create("/c"));
            FAIL();
        } catch (const transaction_error& e) {
            EXPECT_EQ(e.code(), errc::no_node);
            EXPECT_EQ(e.outcome(), outcome::not_applied);
            EXPECT_EQ(e.failed_index(), 1u);
            EXPECT_EQ(e.path(), "/not-there");
            ASSERT_THAT(e.codes(), SizeIs(3));
            EXPECT_EQ(e.codes()[0], errc::rolled_back);
            EXPECT_EQ(e.codes()[2], errc::runtime_inconsistency);
        }
    }
    EXPECT_FALSE(c.exists("/b"));
    EXPECT_THAT(nodes(c), SizeIs(1));
}

TEST_F(receipts_test, what_cannot_be_sent_is_refused) {
    const client c = connect(), other = connect();
    receipts r(c, "/app/receipts");
    EXPECT_THROW(r.commit(c.transaction().set("/a/../b", "")), invalid_path_error);
    EXPECT_THROW(r.commit(other.transaction().create("/a")), error_of<errc::bad_arguments>);
    EXPECT_THROW(receipts(c, "/a/../b"), invalid_path_error);
    EXPECT_THROW(receipts(c, "/a", {.most_nodes = 0}), error_of<errc::bad_arguments>);
    EXPECT_EQ(r.commit(c.transaction().create("/a")).results.size(), 1u);
}

TEST_F(receipts_test, the_nodes_are_private_to_who_has_credentials) {
    client_options o = quick();
    o.credentials.push_back({"digest", "user:secret"});
    const client c = connect(o), stranger = connect();
    receipts r(c, "/app/receipts");
    r.commit(c.transaction().create("/a"));
    ASSERT_THAT(nodes(c), SizeIs(1));
    EXPECT_EQ(nodes(c).front().size(), 32u);
    const std::string path = "/app/receipts/" + std::string(nodes(c).front());
    EXPECT_THROW(stranger.set(path, "x"), no_auth_error);
    EXPECT_EQ(c.exists(path)->owner, c.session_id());
    receipts open(stranger, "/open");
    open.commit(stranger.transaction().set("/a", "x"));
    const child_names names = c.get_children("/open");
    c.set("/open/" + std::string(names[0]), "x");
}

TEST_F(receipts_test, many_are_under_way_at_once_and_each_is_applied_once) {
    const client c = connect();
    c.create("/n");
    receipts r(c, "/app/receipts", {.most_nodes = 4});
    std::vector<future<committed_transaction>> all;
    for (int i = 0; i < 100; ++i) all.push_back(r.async_commit(c.transaction().set("/n", std::to_string(i))));
    for (auto& f : all) std::move(f).get();
    EXPECT_EQ(c.exists("/n")->data_version, version{100});
    EXPECT_THAT(nodes(c), SizeIs(4));
}

TEST_F(receipts_test, a_lost_reply_is_settled_over_the_next_connection) {
    for (const lost_reply how : {lost_reply::resend, lost_reply::ask})
        for (const receipt_lifetime lifetime : {receipt_lifetime::ephemeral, receipt_lifetime::persistent}) {
            fault_gate gate(test::server().address());
            const client c = connect_through(gate), witness = connect();
            witness.remove_if_exists("/n");
            witness.create("/n");
            witness.ensure_path("/q");
            receipts r(c, "/app/receipts", with(lifetime, how));
            r.commit(c.transaction().check("/n", version::any));
            gate.pause(to_client, true);
            auto t = c.transaction();
            t.set("/n", "x").create("/q/", "", sequential);
            auto asked = r.async_commit(std::move(t));
            ASSERT_TRUE(eventually([&] { return witness.get("/n").data == "x"; }));
            gate.cut();
            gate.pause(to_client, false);
            const auto done = std::move(asked).get_for(20s);
            EXPECT_TRUE(done.recovered);
            EXPECT_EQ(witness.exists("/n")->data_version, version{1});
            EXPECT_EQ(witness.exists("/n")->modified, done.id);
            EXPECT_EQ(witness.exists(done.results.at(1).path)->created, done.id);
        }
}

TEST_F(receipts_test, a_lost_request_is_sent_again_or_told_as_not_applied) {
    for (const lost_reply how : {lost_reply::resend, lost_reply::ask}) {
        fault_gate gate(test::server().address());
        const client c = connect_through(gate), witness = connect();
        witness.remove_if_exists("/n");
        witness.create("/n");
        receipts r(c, "/app/receipts", with(receipt_lifetime::ephemeral, how));
        r.commit(c.transaction().check("/n", version::any));
        gate.drop(to_server);
        auto asked = r.async_commit(c.transaction().set("/n", "x"));
        ASSERT_TRUE(eventually([&] { return gate.dropped(to_server) > 0; }));
        gate.pass(to_server);
        const auto told = std::move(asked).result_for(20s);
        if (how == lost_reply::resend) {
            EXPECT_TRUE(told) << told.error();
        } else {
            EXPECT_EQ(told.error(), errc::connection_loss);
            EXPECT_EQ(told.outcome(), outcome::not_applied);
        }
        EXPECT_EQ(witness.exists("/n")->data_version, version{told ? 1 : 0});
    }
}

TEST_F(receipts_test, a_lost_session_leaves_it_unknown_unless_the_receipt_is_persistent) {
    for (const receipt_lifetime lifetime : {receipt_lifetime::ephemeral, receipt_lifetime::persistent}) {
        fault_gate gate(test::server().address());
        const client c = connect_through(gate), witness = connect();
        witness.remove_if_exists("/n");
        witness.create("/n");
        receipts r(c, "/app/receipts", with(lifetime));
        r.commit(c.transaction().check("/n", version::any));
        gate.pause(to_client, true);
        auto asked = r.async_commit(c.transaction().set("/n", "x"));
        ASSERT_TRUE(eventually([&] { return witness.get("/n").data == "x"; }));
        gate.refuse(true);
        gate.cut();
        gate.pause(to_client, false);
        test::expire(c);
        gate.refuse(false);
        const auto told = std::move(asked).result_for(30s);
        if (lifetime == receipt_lifetime::persistent) {
            ASSERT_TRUE(told) << told.error();
            EXPECT_EQ(told->id, witness.exists("/n")->modified);
        } else {
            EXPECT_EQ(told.error(), errc::session_expired);
            EXPECT_EQ(told.outcome(), outcome::unknown);
        }
        r.commit(c.transaction().set("/n", "next"));
    }
}

TEST_F(receipts_test, nodes_go_with_the_object) {
    for (const receipt_lifetime lifetime : {receipt_lifetime::ephemeral, receipt_lifetime::persistent}) {
        const client c = connect();
        {
            receipts r(c, "/app/receipts", with(lifetime));
            r.commit(c.transaction().check("/", version::any));
            EXPECT_THAT(nodes(c), SizeIs(1));
        }
        EXPECT_THAT(nodes(c), IsEmpty()) << "their removal was in line ahead of this";
    }
}

} // namespace
