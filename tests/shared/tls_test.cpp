// Servers by TLS.
#include "shared/backend.hpp"
#include "shared/secure_backend.hpp"

#include <kazoo/client.hpp>
#include <kazoo/testkit/fault_gate.hpp>

#include <gmock/gmock.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace kazoo::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;

const client_identity alice{"x509", "CN=alice,O=kazoo"}, bob{"x509", "CN=bob,O=kazoo"};

/// One for all tests that break nothing of it.
struct secure_world {
    authority ca;
    std::unique_ptr<secure_backend> server = start_secure_backend(ca, ca.issue({.names = "DNS:localhost"}));
    static secure_world& get() {
        static secure_world one;
        return one;
    }
};

class tls : public testing::Test {
  protected:
    client_options by_tls(const certificate& shown) {
        client_options o = by_tls();
        const std::string number = std::to_string(++shown_);
        o.tls->certificate_file = files.put(number + ".pem", shown.pem());
        o.tls->key_file = files.put(number + ".key", shown.key_pem());
        return o;
    }
    client_options by_tls() const {
        client_options o;
        o.session_timeout = 10s;
        o.tls.emplace().ca_file = files.put("ca.pem", ca.pem());
        o.log.threshold = log_level::off;
        return o;
    }
    certificate issue(const std::string& name) const { return ca.issue({.common_name = name, .names = ""}); }
    static void connect(const client& c) { c.wait_connected(30s); }
    /// What is said when every server refuses.
    static std::string refusal(const std::string& hosts, client_options o) {
        const client c(hosts, std::move(o));
        try {
            c.async_try_connect().get_for(30s);
        } catch (const error& e) {
            return e.what();
        }
        return "connected";
    }

    secure_world& world = secure_world::get();
    secure_backend& server = *world.server;
    authority& ca = world.ca;
    file_folder files;

  private:
    int shown_ = 0;
};

class tls_version_of : public tls, public testing::WithParamInterface<tls_version> {};

TEST_P(tls_version_of, a_session_lives) {
    client_options o = by_tls(issue("alice"));
    o.tls->lowest = o.tls->highest = GetParam();
    const client c(server.host(), o);
    connect(c);
    EXPECT_THAT(c.who_am_i(), Contains(alice));
    const std::string path = GetParam() == tls_version::v1_2 ? "/one-two" : "/one-three";
    c.create(path, std::string(300'000, 'x'));
    std::vector<future<node>> gets;
    for (int i = 0; i < 200; ++i) gets.push_back(c.async_get(i % 10 == 0 ? path : "/zookeeper"));
    for (int i = 0; i < 200; ++i)
        EXPECT_EQ(std::move(gets[static_cast<std::size_t>(i)]).get_for(20s).data.size(), i % 10 == 0 ? 300'000u : 0u);
    c.close();
}

INSTANTIATE_TEST_SUITE_P(each, tls_version_of, testing::Values(tls_version::v1_2, tls_version::v1_3));

TEST_F(tls, hosts_are_chosen_one_by_one) {
    const client mixed(server.plain_address() + ",tls://" + server.host(), {.log = {.threshold = log_level::off}});
    connect(mixed); // by the plain port, as the system does not know the CA of the other one
    EXPECT_EQ(mixed.server(), server.plain_address());
}

TEST_F(tls, a_name_is_in_acls) {
    const client a(server.host(), by_tls(issue("alice"))), b(server.host(), by_tls(issue("bob")));
    connect(a);
    connect(b);
    EXPECT_THAT(b.who_am_i(), Contains(bob));
    const std::vector<acl> hers{{perms::all, "x509", "CN=alice,O=kazoo"}};
    a.create("/of-alice", "secret", {.acl = hers});
    EXPECT_EQ(a.get("/of-alice").data, "secret");
    EXPECT_EQ(error_of_call([&] { b.get("/of-alice"); }), errc::no_auth);
}

TEST_F(tls, what_is_no_name_is_refused_in_acls) {
    const client c(server.host(), by_tls(issue("alice")));
    connect(c);
    for (const char* id : {"alice", "=alice", "CN=alice,kazoo"}) {
        const std::vector<acl> wrong{{perms::all, "x509", id}};
        EXPECT_EQ(error_of_call([&] { c.create("/refused", "", {.acl = wrong}); }), errc::invalid_acl) << id;
    }
}

TEST_F(tls, auth_means_who_has_shown_a_certificate) {
    const client c(server.host(), by_tls(issue("alice")));
    connect(c);
    c.create("/by-auth", "", {.acl = acls::creator_all()});
    const std::vector<acl> hers{{perms::all, "x509", "CN=alice,O=kazoo"}};
    EXPECT_EQ(c.get_acl("/by-auth").entries, hers);
}

TEST_F(tls, four_letter_words_go_the_same_way) {
    const client c(server.host(), by_tls(issue("alice")));
    connect(c);
    EXPECT_THAT(c.command("srvr"), HasSubstr("Mode: standalone"));
    EXPECT_THAT(c.command("srvr", server.host()), HasSubstr("Mode: standalone"));
    EXPECT_THAT(c.command("srvr", "tls://" + server.host()), HasSubstr("Mode: standalone"));
}

TEST_F(tls, certificates_are_read_again_for_each_connection) {
    kazoo::testkit::fault_gate gate(server.address());
    const client_options o = by_tls(issue("alice"));
    const client c("localhost" + gate.address().substr(gate.address().find(':')), o);
    connect(c);
    EXPECT_THAT(c.who_am_i(), Contains(alice));
    const auto session = c.session_id();
    const certificate next = issue("bob");
    files.put("1.pem", next.pem());
    files.put("1.key", next.key_pem());
    gate.cut();
    EXPECT_THAT(c.who_am_i(), Contains(bob)); // reads wait for the connection
    EXPECT_EQ(c.session_id(), session);
}

/// The two files are not written at once, and a connection may be made between them.
TEST_F(tls, certificates_change_under_load_and_every_request_is_told_what_became_of_it) {
    kazoo::testkit::fault_gate gate(server.address());
    const client_options o = by_tls(issue("alice"));
    const client c("localhost" + gate.address().substr(gate.address().find(':')), o);
    connect(c);
    const std::string node = c.create("/load-", "", {.mode = create_mode::persistent_sequential});
    const auto session = c.session_id();
    std::int64_t written = 0, unknown = 0;
    std::jthread load([&](const std::stop_token& end) {
        while (!end.stop_requested()) {
            std::vector<future<node_stat>> asked;
            for (int i = 0; i < 50; ++i) asked.push_back(c.async_set(node, std::string(2000, 'x')));
            for (auto& one : asked) {
                const auto r = std::move(one).result();
                written += r ? 1 : 0;
                unknown += !r && r.outcome() == outcome::unknown ? 1 : 0;
            }
        }
    });
    for (int i = 0; i < 10; ++i) {
        const bool is_bob = i % 2 == 0;
        const certificate next = issue(is_bob ? "bob" : "alice");
        files.put("1.pem", next.pem());
        const auto failed = c.metrics().failed_attempts;
        gate.cut();
        EXPECT_TRUE(i % 3 != 0 || eventually([&] { return c.metrics().failed_attempts > failed; }));
        files.put("1.key", next.key_pem());
        EXPECT_TRUE(eventually([&] {
            gate.cut();
            return testing::Value(c.who_am_i(), Contains(is_bob ? bob : alice));
        }));
    }
    load.request_stop();
    load.join();
    EXPECT_EQ(c.session_id(), session);
    const auto version = static_cast<std::int64_t>(static_cast<std::int32_t>(c.get(node).stat.data_version));
    EXPECT_GT(written, 0);
    EXPECT_GE(version, written);
    EXPECT_LE(version, written + unknown);
}

TEST_F(tls, an_encrypted_key) {
    const certificate mine = issue("alice");
    client_options o = by_tls(mine);
    files.put("1.key", mine.key_pem("secret"));
    EXPECT_THAT(refusal(server.host(), o), HasSubstr("it is encrypted, and there is no password"));
    o.tls->key_password = "secret";
    EXPECT_EQ(refusal(server.host(), o), "connected");
}

// -- refusals ---------------------------------------------------------------------------------------------------------

TEST_F(tls, an_unknown_ca_is_refused) {
    client_options o = by_tls(issue("alice"));
    files.put("ca.pem", authority("other CA").pem());
    EXPECT_THAT(refusal(server.host(), o), AllOf(HasSubstr("is by an unknown CA"), HasSubstr("CN=test CA")));
    o.tls->insecure = true;
    EXPECT_EQ(refusal(server.host(), o), "connected");
}

TEST_F(tls, what_is_not_verified_is_logged_once) {
    kazoo::testkit::fault_gate gate(server.address());
    client_options o = by_tls(issue("alice"));
    o.tls->insecure = true;
    std::atomic<int> told = 0;
    o.log = {log_level::warn, [&](log_level, std::string_view line) {
                 if (line.find("TLS without verification") != line.npos) ++told;
             }};
    {
        const client c(gate.address(), o);
        connect(c);
        gate.cut();
        c.who_am_i();
    }
    EXPECT_EQ(told, 1);
}

TEST_F(tls, another_name_is_refused) {
    EXPECT_THAT(refusal(server.address(), by_tls(issue("alice"))),
                HasSubstr("the certificate is for localhost, not 127.0.0.1"));
}

TEST_F(tls, a_client_without_a_certificate_is_told_so) {
    for (const auto version : {tls_version::v1_2, tls_version::v1_3}) {
        client_options o = by_tls();
        o.tls->lowest = o.tls->highest = version;
        EXPECT_THAT(refusal(server.host(), o), HasSubstr("the server wants a client certificate, and there is none"));
    }
}

TEST_F(tls, a_client_with_a_certificate_by_somebody_else_is_told_so) {
    for (const auto version : {tls_version::v1_2, tls_version::v1_3}) {
        client_options o = by_tls(authority("other CA").issue({.common_name = "alice", .names = ""}));
        o.tls->lowest = o.tls->highest = version;
        EXPECT_THAT(refusal(server.host(), o), HasSubstr("the server does not accept our certificate"));
    }
}

TEST_F(tls, a_plain_port_is_told) {
    EXPECT_THAT(refusal("localhost" + server.plain_address().substr(server.plain_address().find(':')), by_tls()),
                HasSubstr("it may not speak TLS"));
}

TEST_F(tls, a_port_for_tls_is_told_to_who_speaks_plain) {
    EXPECT_THAT(refusal(server.address(), {.log = {.threshold = log_level::off}}), HasSubstr("it may expect TLS"));
}

TEST_F(tls, an_expired_certificate_is_refused) {
    const auto old =
        start_secure_backend(ca, ca.issue({.names = "DNS:localhost", .begins = -200'000, .ends = -100'000}), false);
    EXPECT_THAT(refusal(old->host(), by_tls()), HasSubstr("expired on "));
}

} // namespace
} // namespace kazoo::test
