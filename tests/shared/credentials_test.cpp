// Credentials: given, refused, taken back, and never in a log line.
#include "backend.hpp"

#include <kazoo/kazoo.hpp>

#include <gmock/gmock.h>

#include <mutex>
#include <string>
#include <vector>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::eventually;
using kazoo::testkit::fault_gate;

namespace {

class credentials : public test::client_test {};

TEST_F(credentials, digest_auth_protects_nodes_and_is_repeated_after_a_reconnect) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate), stranger = connect();
    c.add_auth("digest", "user:secret");
    c.create("/mine", "x", {.acl = acls::creator_all()});
    EXPECT_EQ(c.get_acl("/mine").entries, (std::vector<acl>{{perms::all, "digest", digest_id("user", "secret")}}));
    EXPECT_THROW(stranger.get("/mine"), no_auth_error);
    gate.cut();
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::suspended; }));
    EXPECT_EQ(c.get("/mine").data, "x") << "L125";
    stranger.add_auth("digest", "user:secret");
    EXPECT_EQ(stranger.get("/mine").data, "x");
    stranger.remove("/mine");
}

TEST_F(credentials, C11_credentials_of_the_options_are_in_force_before_connected_is_announced) {
    client_options o = quick();
    o.credentials = {{"digest", "user:secret"}};
    const client c = connect(o);
    c.create("/mine", "", {.acl = acls::creator_all()});
    c.remove("/mine");
}

TEST_F(credentials, C13_a_refused_credential_is_not_kept) {
    const client c = connect();
    EXPECT_THROW(c.add_auth("no-such-scheme", "x"), auth_failed_error);
    c.wait_connected(20s);
    c.create("/still-works");
    EXPECT_NE(c.state(), session_state::auth_failed);
}

TEST_F(credentials, C13_a_removed_credential_is_not_sent_again) {
    fault_gate gate(test::server().address());
    const client c(gate.address() + root, quick());
    c.add_auth("digest", "u:p");
    c.create("/mine", "x", {.acl = acls::creator_all()});
    c.remove_auth("digest", "u:p");
    EXPECT_EQ(c.get("/mine").data, "x"); // a server forgets nobody
    gate.cut();
    EXPECT_EQ(test::error_of_call([&] { c.get("/mine"); }), errc::no_auth);
    c.add_auth("digest", "u:p");
    EXPECT_EQ(c.get("/mine").data, "x");
}

TEST_F(credentials, C13_a_credential_that_is_removed_while_it_waits_is_given_up) {
    fault_gate gate(test::server().address());
    const client c(gate.address() + root, quick());
    c.wait_connected(20s);
    gate.refuse(true);
    gate.cut();
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::suspended; }));
    auto waiting = c.async_add_auth("digest", "u:p");
    c.remove_auth("digest", "another:p");
    c.remove_auth("digest", "u:p");
    EXPECT_EQ(std::move(waiting).result_for(20s).error(), errc::cancelled);
    c.close();
    c.remove_auth("digest", "u:p"); // nothing
}

TEST_F(credentials, C11_refused_credentials_of_the_options_are_final_and_said_at_once) {
    client_options o = quick();
    o.credentials = {{"no-such-scheme", "x"}};
    const client c(test::server().address() + root, o);
    auto waiting = c.async_create("/a");
    const std::string cause = test::server().address() + ": credential refused";
    const auto is_told = [&cause](auto&& call) {
        try {
            call();
            ADD_FAILURE() << "no error";
        } catch (const auth_failed_error& e) {
            EXPECT_THAT(e.what(), testing::HasSubstr(cause));
        }
    };
    is_told([&] { c.wait_connected(20s); });
    EXPECT_EQ(c.state(), session_state::auth_failed);
    is_told([&] { std::move(waiting).get(); });
    is_told([&] { c.create("/a"); });
    is_told([&] { c.wait_connected(); });
    EXPECT_EQ(c.last_failures(), cause);
}

TEST_F(credentials, C43_no_secret_is_ever_logged) {
    std::mutex mutex;
    std::string logged;
    client_options o = quick();
    o.credentials = {{"digest", "user:s3cr3t-credential"}};
    o.log = {log_level::wire, [&](log_level, std::string_view line) {
                 const std::lock_guard lock(mutex);
                 logged.append(line).append("\n");
             }};
    fault_gate gate(test::server().address());
    client c = connect_through(gate, o);
    c.add_auth("digest", "other:s3cr3t-second");
    c.create("/a", "s3cr3t-data");
    gate.cut();
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::suspended; }));
    c.get("/a");
    c.close();
    const std::lock_guard lock(mutex);
    EXPECT_GT(logged.size(), 200u);
    EXPECT_EQ(logged.find("s3cr3t"), std::string::npos) << logged;
}

} // namespace
