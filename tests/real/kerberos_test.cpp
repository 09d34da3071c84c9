// GSSAPI on a real server, with a KDC of our own.
#include "real/kerberos_realm.hpp"
#include "shared/backend.hpp"
#ifdef KAZOO_KZ
#include "real/kz_process.hpp"
#endif

#include <kazoo/client.hpp>
#include <kazoo/testkit/ensemble.hpp>
#include <kazoo/testkit/fault_gate.hpp>

#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace kazoo::test {
namespace {

using kazoo::testkit::fault_gate;
using testing::Contains;
using testing::Each;
using testing::HasSubstr;

// What doc/security.md shows.
// [shown]
kazoo::client connect_by_kerberos(const std::string& keytab, const std::string& hosts) {
    kazoo::sasl_gssapi kerberos; // the tickets that there are, for servers whose principals are zookeeper/HOST
    kerberos.principal = "bob";
    kerberos.keytab = keytab; // gets tickets of its own
    kazoo::client_options o;
    o.sasl = kerberos;
    return kazoo::client(hosts, o);
}
// [shown]

const client_identity alice{"sasl", "alice@KAZOO.TEST"}, bob_of_realm{"sasl", "bob@KAZOO.TEST"};
const std::vector<acl> alices{{perms::all, alice.scheme, alice.id}};

kazoo::testkit::real_server start_kerberized(const kerberos_realm& realm, const std::string& service = "zookeeper",
                                             std::vector<std::string> config = {}) {
    config.push_back("authProvider.1=org.apache.zookeeper.server.auth.SASLAuthenticationProvider");
    return kazoo::testkit::real_server(
        {.config = std::move(config),
         .java_flags = {"-Djava.security.auth.login.config=" + realm.jaas(service),
                        "-Djava.security.krb5.conf=" + realm.config(), "-Dsun.security.krb5.disableReferrals=true"}});
}

/// One for all tests.
struct kerberos_world {
    kerberos_realm realm;
    kazoo::testkit::real_server server = start_kerberized(realm);
    static kerberos_world& get() {
        static kerberos_world one;
        return one;
    }
};

class kerberos : public testing::Test {
  protected:
    kerberos() { std::filesystem::remove(realm.tickets().substr(5)); }
    /// By the name that is in the servers' principals.
    static std::string by_name(const std::string& address) { return "localhost" + address.substr(address.find(':')); }
    std::string host() const { return by_name(server.address()); }
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
    const client c = connect_by_kerberos(realm.keytab("bob"), host());
    c.wait_connected(30s);
    EXPECT_THAT(c.who_am_i(), Contains(bob_of_realm));
    EXPECT_FALSE(std::filesystem::exists(realm.tickets().substr(5)));
}

TEST_F(kerberos, several_at_once_in_one_process) {
    realm.get_ticket("1h");
    std::vector<client> all;
    for (int i = 0; i < 12; ++i)
        all.emplace_back(host(), i % 2 == 0 ? with({}) : with({.principal = "bob", .keytab = realm.keytab("bob")}));
    for (std::size_t i = 0; i < all.size(); ++i) {
        all[i].wait_connected(30s);
        EXPECT_THAT(all[i].who_am_i(), Contains(i % 2 == 0 ? alice : bob_of_realm));
    }
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

TEST_F(kerberos, a_server_that_refuses_is_final) {
    realm.get_ticket("1h");
    const auto stranger = start_kerberized(realm, "other"); // it cannot read tickets for zookeeper/localhost
    const client c(by_name(stranger.address()), with({}));
    try {
        c.get("/");
        FAIL() << "answered";
    } catch (const auth_failed_error& e) {
        EXPECT_THAT(e.what(), HasSubstr(stranger.address() + ": SASL: the server refused it"));
    }
    EXPECT_TRUE(eventually([&] { return c.state() == session_state::auth_failed; })); // told behind that
    const client known(by_name(stranger.address()), with({.service = "other"}));
    known.wait_connected(30s);
    EXPECT_THAT(known.who_am_i(), Contains(alice));
}

TEST_F(kerberos, a_server_that_lets_everybody_in_is_no_success) {
    realm.get_ticket("1h");
    const auto lenient = start_kerberized(realm, "other", {"allowSaslFailedClients=true"});
    EXPECT_THAT(refusal(by_name(lenient.address()), with({})), HasSubstr("would go on without"));
}

#ifdef KAZOO_KZ
TEST_F(kerberos, kz_authenticates) {
    const client c(host(), with({.principal = "bob", .keytab = realm.keytab("bob")}));
    c.create("/of-alice-by-kz", "x", {.acl = alices});
    const std::vector<std::string> options{"-s", host(), "--sasl", "gssapi"};
    EXPECT_THAT(kz_get(options, "/of-alice-by-kz"), HasSubstr("SASL: no Kerberos ticket: "));
    realm.get_ticket("1h");
    EXPECT_EQ(kz_get(options, "/of-alice-by-kz"), "xexit code 0");
    auto as_bob = options;
    as_bob.insert(as_bob.end(), {"--sasl-user", "bob", "--sasl-keytab", realm.keytab("bob")});
    EXPECT_THAT(kz_get(as_bob, "/of-alice-by-kz"), HasSubstr("not permitted"));
    auto elsewhere = options;
    elsewhere.insert(elsewhere.end(), {"--sasl-service", "cookie"});
    EXPECT_THAT(kz_get(elsewhere, "/of-alice-by-kz"), HasSubstr("Server cookie/localhost@KAZOO.TEST not found"));
}
#endif

TEST_F(kerberos, an_expired_ticket_is_told_and_a_renewed_one_is_taken) {
    realm.get_expired_ticket();
    client_options o = with({});
    std::mutex mutex;
    std::vector<std::string> lines;
    o.log = {log_level::warn, [&](log_level, std::string_view line) {
                 const std::lock_guard lock(mutex);
                 lines.emplace_back(line);
             }};
    const auto told = [&] {
        const std::lock_guard lock(mutex);
        return lines.size() >= 3;
    };
    const client c(host(), o);
    EXPECT_TRUE(eventually(told)) << c.last_failures();
    EXPECT_EQ(c.state(), session_state::connecting);
    realm.get_ticket("1h");
    c.wait_connected(30s);
    EXPECT_THAT(c.who_am_i(), Contains(alice));
    const std::lock_guard lock(mutex);
    EXPECT_THAT(lines, Each(HasSubstr("no server can be reached: "))); // once in a round
    EXPECT_THAT(lines, Each(HasSubstr(server.address() + ": SASL: the Kerberos ticket has expired")));
}

TEST_F(kerberos, a_session_outlives_its_ticket_and_each_connection_is_authenticated) {
    realm.get_ticket("1h");
    fault_gate gate(server.address());
    client_options o = with({});
    o.session_timeout = 60s;
    const client c(by_name(gate.address()), o);
    c.wait_connected(30s);
    c.create("/of-alice", "x", {.acl = alices});
    const auto session = c.session_id();
    realm.get_expired_ticket();
    EXPECT_EQ(c.get("/of-alice").data, "x");
    gate.cut();
    const auto told = [&] { return c.last_failures().find("ticket has expired") != std::string::npos; };
    EXPECT_TRUE(eventually(told)) << c.last_failures();
    realm.get_ticket("1h");
    EXPECT_EQ(c.get("/of-alice").data, "x");
    EXPECT_EQ(c.session_id(), session);
}

TEST_F(kerberos, a_keytab_gets_a_ticket_again_when_one_has_expired) {
    fault_gate gate(server.address());
    client_options o = with({.keytab = realm.keytab("eve")}); // whose tickets are short
    o.session_timeout = 60s;
    const client c(by_name(gate.address()), o);
    c.wait_connected(30s);
    const client_identity eve{"sasl", "eve@KAZOO.TEST"};
    EXPECT_THAT(c.who_am_i(), Contains(eve));
    const auto session = c.session_id();
    std::this_thread::sleep_for(4s); // her tickets last 2 s, and nobody tells of their end
    gate.cut();
    EXPECT_TRUE(eventually([&] { return gate.accepted() >= 2; }));
    EXPECT_THAT(c.who_am_i(), Contains(eve));
    EXPECT_EQ(c.session_id(), session);
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
    const auto told = [&] {
        return c.last_failures().find("SASL: no answer by the mechanism within") != std::string::npos;
    };
    EXPECT_TRUE(eventually(told)) << c.last_failures(); // by a loop that waits for the KDC it would not be
    bystander.get("/");
    realm.kdc().signal(SIGCONT);
    c.wait_connected(30s);
}

/// Of those that are busy with SASL.
std::size_t sasl_threads() {
    std::size_t found = 0;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream file(task.path() / "comm");
        const std::string name(std::istreambuf_iterator<char>(file), {});
        found += name == "kazoo-sasl\n" ? 1 : 0;
    }
    return found;
}

TEST_F(kerberos, a_kdc_that_hangs_costs_few_threads) {
    realm.get_ticket("1h");
    realm.kdc().pause();
    client_options o = with({});
    o.session_timeout = 2s; // an attempt has a third of that
    const client c(host(), o);
    const auto told = [&] {
        return c.last_failures().find("the mechanism has not answered in earlier attempts yet") != std::string::npos;
    };
    EXPECT_TRUE(eventually(told)) << c.last_failures();
    EXPECT_LE(sasl_threads(), 4U);
    realm.kdc().signal(SIGCONT);
    const client later(host(), with({}));
    later.wait_connected(30s);
}

} // namespace
} // namespace kazoo::test
