// The embedded server by TLS, beyond what shared/tls_test.cpp asks of every server.
#include "shared/backend.hpp"
#include "unit/net/certificates.hpp"

#include <kazoo/client.hpp>
#include <kazoo/testkit/server.hpp>

#include <gmock/gmock.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace kazoo::test {
namespace {

struct server_tls : testing::Test {
    kazoo::testkit::server_options shows(const std::string& name) const {
        kazoo::testkit::server_options o;
        o.tls.emplace().certificate_file = files.path(name);
        return o;
    }
    static std::string refusal(const kazoo::testkit::server_options& o) {
        try {
            const kazoo::testkit::server s(o);
        } catch (const std::invalid_argument& e) {
            return e.what();
        }
        return "started";
    }
    client_options trusting() const {
        client_options o;
        o.tls.emplace().ca_file = files.put("ca.pem", ca.pem());
        o.log.threshold = log_level::off;
        return o;
    }

    file_folder files;
    authority ca;
    certificate own = ca.issue();
    std::string both = files.put("both.pem", own.pem() + own.key_pem());
};

TEST_F(server_tls, says_which_file_it_cannot_use) {
    EXPECT_THAT(refusal(shows("none.pem")), testing::HasSubstr("none.pem\": No such file or directory"));
    files.put("certificate.pem", own.pem());
    EXPECT_THAT(refusal(shows("certificate.pem")), testing::HasSubstr("key \""));
    auto o = shows("both.pem");
    EXPECT_EQ(refusal(o), "started");
    o.tls->ca_file = files.path("no-ca.pem");
    EXPECT_THAT(refusal(o), testing::HasSubstr("no-ca.pem"));
    o = {};
    o.tls.emplace();
    EXPECT_THAT(refusal(o), testing::HasSubstr("needs a certificate"));
}

TEST_F(server_tls, no_certificate_means_anything_to_acls_without_it) {
    const std::vector<acl> hers{{perms::all, "x509", "CN=alice,O=kazoo"}};
    const kazoo::testkit::server plain;
    const client c(plain.address());
    EXPECT_EQ(error_of_call([&] { c.create("/a", "", {.acl = hers}); }), errc::invalid_acl);
}

TEST_F(server_tls, answers_larger_than_any_buffer_come_whole) {
    const kazoo::testkit::server s(shows("both.pem"));
    const client c("localhost:" + std::to_string(s.port()), trusting());
    const std::string large(1'000'000, 'x');
    c.create("/large", large);
    std::vector<future<node>> gets;
    for (int i = 0; i < 20; ++i) gets.push_back(c.async_get("/large"));
    for (auto& g : gets) EXPECT_EQ(std::move(g).get_for(30s).data, large);
}

TEST_F(server_tls, sessions_outlive_connections_and_restarts) {
    kazoo::testkit::server s(shows("both.pem"));
    const client c("localhost:" + std::to_string(s.port()), trusting());
    c.create("/mine", "", {.mode = create_mode::ephemeral});
    const auto session = c.session_id();
    s.drop_connections();
    EXPECT_TRUE(c.exists("/mine"));
    s.restart();
    EXPECT_TRUE(c.exists("/mine"));
    EXPECT_EQ(c.session_id(), session);
    EXPECT_EQ(s.connections(), 1u);
    c.close();
    EXPECT_TRUE(eventually([&] { return s.connections() == 0 && s.sessions().empty(); }));
}

} // namespace
} // namespace kazoo::test
