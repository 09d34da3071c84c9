// GSSAPI on a real server, with a KDC of our own.
#include "real/kerberos_realm.hpp"
#include "shared/backend.hpp"

#include <kazoo/client.hpp>
#include <kazoo/testkit/ensemble.hpp>

#include <gmock/gmock.h>

#include <atomic>
#include <csignal>
#include <filesystem>

namespace kazoo::test {
namespace {

using testing::AnyOf;
using testing::Contains;
using testing::HasSubstr;

const client_identity alice{"sasl", "alice@KAZOO.TEST"};

/// One for all tests.
struct kerberos_world {
    kerberos_realm realm;
    kazoo::testkit::real_server server{
        {.config = {"authProvider.1=org.apache.zookeeper.server.auth.SASLAuthenticationProvider"},
         .java_flags = {"-Djava.security.auth.login.config=" + realm.jaas(),
                        "-Djava.security.krb5.conf=" + realm.config(), "-Dsun.security.krb5.disableReferrals=true"}}};
    static kerberos_world& get() {
        static kerberos_world one;
        return one;
    }
};

class kerberos : public testing::Test {
  protected:
    kerberos() { std::filesystem::remove(realm.tickets().substr(5)); }
    std::string host() const {
        const std::string address = server.address();
        return "localhost" + address.substr(address.find(':'));
    }
    static client_options with(sasl_gssapi how) {
        client_options o;
        o.session_timeout = 10s;
        o.sasl = std::move(how);
        o.log.threshold = log_level::off;
        return o;
    }
    static std::string refusal(const std::string& hosts, client_options o) {
        const client c(hosts, std::move(o));
        try {
            c.async_try_connect().get_for(30s);
        } catch (const error& e) {
            return e.what();
        }
        return "connected";
    }
    kerberos_realm& realm = kerberos_world::get().realm;
    kazoo::testkit::real_server& server = kerberos_world::get().server;
};

TEST_F(kerberos, a_ticket_says_who_we_are) {
    realm.get_ticket("1h");
    const client c(host(), with({}));
    c.wait_connected(30s);
    EXPECT_THAT(c.who_am_i(), Contains(alice));
}

TEST_F(kerberos, a_keytab_says_who_we_are) {
    const client c(host(), with({.principal = "bob", .keytab = realm.keytab("bob")}));
    c.wait_connected(30s);
    EXPECT_THAT(c.who_am_i(), Contains(client_identity{"sasl", "bob@KAZOO.TEST"}));
    EXPECT_FALSE(std::filesystem::exists(realm.tickets().substr(5)));
}

TEST_F(kerberos, tickets_may_lie_elsewhere) {
    realm.get_ticket("1h");
    const std::string elsewhere = realm.tickets() + "-elsewhere";
    std::filesystem::rename(realm.tickets().substr(5), elsewhere.substr(5));
    const client c(host(), with({.ticket_cache = elsewhere}));
    c.wait_connected(30s);
    EXPECT_THAT(c.who_am_i(), Contains(alice));
}

TEST_F(kerberos, what_is_lacking_is_said) {
    EXPECT_THAT(refusal(host(), with({})), HasSubstr("SASL: no Kerberos ticket: "));
    EXPECT_THAT(refusal(host(), with({.principal = "bob", .keytab = "/nowhere"})),
                HasSubstr("SASL: keytab \"/nowhere\": No such file or directory"));
    EXPECT_THAT(refusal(host(), with({.principal = "carol", .keytab = realm.keytab("bob")})),
                HasSubstr("SASL: no Kerberos ticket for carol by keytab \"" + realm.keytab("bob") + "\": "));
    realm.get_ticket("1h");
    EXPECT_THAT(refusal(host(), with({.service = "cookie"})),
                HasSubstr("SASL: Server cookie/localhost@KAZOO.TEST not found in Kerberos database"));
    EXPECT_THAT(refusal(server.address(), with({})),
                HasSubstr("SASL: Server zookeeper/127.0.0.1@KAZOO.TEST not found in Kerberos database"));
}

TEST_F(kerberos, an_expired_ticket_is_told_and_a_renewed_one_is_taken) {
    realm.get_ticket("1s");
    client_options o = with({});
    std::atomic<int> told = 0;
    o.log = {log_level::warn, [&](log_level, std::string_view line) {
                 if (line.find("expired") != line.npos) ++told;
             }};
    std::this_thread::sleep_for(3s); // Kerberos goes by the clock on the wall
    const client c(host(), o);
    EXPECT_TRUE(eventually([&] { return told > 0; })) << c.last_failures();
    EXPECT_EQ(c.state(), session_state::connecting);
    realm.get_ticket("1h");
    c.wait_connected(30s);
    EXPECT_THAT(c.who_am_i(), Contains(alice));
}

TEST_F(kerberos, a_kdc_that_hangs_does_not_hold_up_the_loop) {
    realm.get_ticket("1h");
    const auto loop = std::make_shared<event_loop>();
    client_options other{.loop = loop};
    const client bystander(host(), other);
    bystander.wait_connected(30s);
    realm.kdc().pause();
    client_options o = with({});
    o.loop = loop;
    const client c(host(), o);
    for (int i = 0; i < 50; ++i) bystander.async_get("/").get_for(2s);
    const auto told = [&] {
        return c.last_failures().find("SASL: no answer by the mechanism within") != std::string::npos;
    };
    EXPECT_TRUE(eventually(told)) << c.last_failures();
    realm.kdc().signal(SIGCONT);
    c.wait_connected(30s);
}

} // namespace
} // namespace kazoo::test
