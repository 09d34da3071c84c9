// SASL on real servers.
#include "shared/backend.hpp"
#include "unit/net/certificates.hpp"
#ifdef KAZOO_KZ
#include "real/kz_process.hpp"
#endif

#include <kazoo/client.hpp>
#include <kazoo/testkit/ensemble.hpp>
#include <kazoo/testkit/fault_gate.hpp>

#include <gmock/gmock.h>

#include <mutex>
#include <string>
#include <vector>

namespace kazoo::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

// What doc/security.md shows.
// [shown]
kazoo::client connect_as(const std::string& user, const std::string& password, const std::string& hosts) {
    kazoo::client_options o;
    o.sasl = kazoo::sasl_digest_md5{user, password};
    return kazoo::client(hosts, o);
}
// [shown]

const client_identity bob{"sasl", "bob"}, ann{"sasl", "ann"};
const std::vector<acl> bobs{{perms::all, "sasl", "bob"}};
const std::string with_colons = "bob:secret:";
const std::string odd = "\\\"=,; p\u00e4ss \u65e5\u672c", latin = "p\u00e4ss"; // in UTF-8

kazoo::testkit::real_server start(const file_folder& files, std::vector<std::string> config = {}) {
    const std::string jaas =
        files.put("jaas", "Server {\n org.apache.zookeeper.server.auth.DigestLoginModule required\n"
                          " user_bob=\"bob:secret:\"\n user_ann=\"anns\"\n"
                          " user_odd=\"\\\\\\\"=,; p\u00e4ss \u65e5\u672c\"\n user_latin=\"p\u00e4ss\";\n};\n");
    config.push_back("authProvider.1=org.apache.zookeeper.server.auth.SASLAuthenticationProvider");
    // What servers from 3.9 on would refuse.
    return kazoo::testkit::real_server(
        {.config = std::move(config),
         .java_flags = {"-Djava.security.auth.login.config=" + jaas, "-Dzookeeper.fips-mode=false"}});
}

class sasl_real : public testing::Test {
  protected:
    static client_options as(const std::string& user, const std::string& password) {
        client_options o;
        o.session_timeout = 10s;
        o.sasl = sasl_digest_md5{user, password};
        o.log.threshold = log_level::off;
        return o;
    }
    static kazoo::testkit::real_server& server() {
        static const file_folder files;
        static kazoo::testkit::real_server one = start(files);
        return one;
    }
    struct refusal {
        std::error_code code;
        std::string text;
    };
    static refusal refusal_of(const std::string& hosts, client_options o) {
        const client c(hosts, std::move(o));
        try {
            c.async_try_connect().get_for(30s);
        } catch (const error& e) {
            return {e.code(), e.what()};
        }
        return {{}, "connected"};
    }
};

TEST_F(sasl_real, C41_digest_md5_says_who_we_are_whatever_the_password_holds) {
    const client c(server().address(), as("bob", with_colons));
    c.wait_connected(30s);
    EXPECT_THAT(c.who_am_i(), Contains(bob));
    for (const auto& [user, password] : {std::pair("ann", std::string("anns")), {"odd", odd}, {"latin", latin}}) {
        const client other = connect_as(user, password, server().address());
        other.wait_connected(30s);
        EXPECT_THAT(other.who_am_i(), Contains(client_identity{"sasl", user}));
    }
}

TEST_F(sasl_real, several_at_once_in_one_process) {
    std::vector<client> all;
    for (int i = 0; i < 8; ++i)
        all.emplace_back(server().address(), i % 2 == 0 ? as("bob", with_colons) : as("ann", "anns"));
    for (int i = 0; i < 8; ++i) {
        all[static_cast<std::size_t>(i)].wait_connected(30s);
        EXPECT_THAT(all[static_cast<std::size_t>(i)].who_am_i(), Contains(i % 2 == 0 ? bob : ann));
    }
}

TEST_F(sasl_real, an_acl_is_for_one_user) {
    const client his(server().address(), as("bob", with_colons)), hers(server().address(), as("ann", "anns"));
    his.create("/of-bob", "x", {.acl = bobs});
    EXPECT_EQ(his.get("/of-bob").data, "x");
    EXPECT_EQ(error_of_call([&] { hers.get("/of-bob"); }), errc::no_auth);
}

TEST_F(sasl_real, a_wrong_password_and_nobody_are_refused_for_good) {
    for (const auto& o : {as("bob", "wrong"), as("nobody", "x")}) {
        const auto r = refusal_of(server().address(), o);
        EXPECT_EQ(r.code, errc::auth_failed);
        EXPECT_THAT(r.text, AllOf(HasSubstr("SASL: the server refused it"), HasSubstr(server().address())));
        EXPECT_THAT(r.text, Not(HasSubstr("wrong")));
    }
}

TEST_F(sasl_real, what_waits_is_failed_with_a_refusal) {
    const client c(server().address(), as("bob", "wrong"));
    const auto refused_with = [](auto&& call) {
        try {
            call();
        } catch (const auth_failed_error& e) {
            return std::string(e.what());
        }
        return std::string("done");
    };
    const auto cause = HasSubstr(server().address() + ": SASL: the server refused it");
    EXPECT_THAT(refused_with([&] { c.async_create("/never", "x").get_for(30s); }), cause);
    EXPECT_TRUE(eventually([&] { return c.state() == session_state::auth_failed; }));
    EXPECT_THAT(refused_with([&] { c.get("/"); }), cause);
    EXPECT_THAT(refused_with([&] { c.wait_connected(30s); }), cause);
    EXPECT_THAT(c.last_failures(), cause);
}

TEST_F(sasl_real, no_log_line_holds_a_secret) {
    std::mutex mutex;
    std::string lines;
    client_options o = as("bob", with_colons);
    o.log = {log_level::wire, [&](log_level, std::string_view line) {
                 const std::lock_guard lock(mutex);
                 lines.append(line).append("\n");
             }};
    const client c(server().address(), o);
    c.wait_connected(30s);
    c.close();
    const std::lock_guard lock(mutex);
    EXPECT_THAT(lines, AllOf(HasSubstr("> sasl"), Not(HasSubstr("secret")), Not(HasSubstr("response="))));
}

TEST_F(sasl_real, each_connection_is_authenticated) {
    kazoo::testkit::fault_gate gate(server().address());
    client_options o = as("bob", with_colons);
    o.session_timeout = 60s;
    const client c(gate.address(), o);
    c.wait_connected(30s);
    c.create("/of-bob-again", "x", {.acl = bobs});
    const auto session = c.session_id();
    for (std::uint64_t i = 1; i <= 3; ++i) {
        EXPECT_GE(gate.accepted(), i);
        gate.cut();
        EXPECT_EQ(c.get("/of-bob-again").data, "x");
        EXPECT_EQ(c.session_id(), session);
    }
}

TEST_F(sasl_real, a_server_that_lets_everybody_in_is_no_success) {
    const file_folder files;
    const auto lenient = start(files, {"allowSaslFailedClients=true"});
    const auto r = refusal_of(lenient.address(), as("bob", "wrong"));
    EXPECT_EQ(r.code, errc::auth_failed);
    EXPECT_THAT(r.text, HasSubstr("would go on without"));
}

TEST_F(sasl_real, a_server_that_demands_it) {
    const file_folder files;
    for (const std::vector<std::string>& demands :
         {std::vector<std::string>{"sessionRequireClientSASLAuth=true"},
          std::vector<std::string>{"enforce.auth.enabled=true", "enforce.auth.schemes=sasl"}}) {
        const auto strict = start(files, demands);
        const client known(strict.address(), as("bob", with_colons));
        known.wait_connected(30s);
        EXPECT_THAT(known.who_am_i(), Contains(bob));
        const auto r = refusal_of(strict.address(), as("bob", "wrong"));
        EXPECT_EQ(r.code, errc::auth_failed);
        EXPECT_THAT(r.text, HasSubstr("SASL: the server refused it"));
        const client stranger(strict.address(), {.log = {.threshold = log_level::off}});
        stranger.wait_connected(30s);
        EXPECT_EQ(error_of_call([&] { stranger.get("/"); }), errc::sasl_required);
        EXPECT_TRUE(eventually([&] { return stranger.state() == session_state::auth_failed; }));
        EXPECT_THAT(stranger.last_failures(),
                    HasSubstr("the server requires authentication, by SASL or another scheme"));
    }
}

#ifdef KAZOO_KZ
TEST_F(sasl_real, kz_authenticates) {
    client(server().address(), as("bob", with_colons)).create("/of-bob-by-kz", "x", {.acl = bobs});
    const auto kz_as = [](const std::string& user, const std::string& password) {
        const child_variable secret("KZ_SASL_PASSWORD", password);
        return kz_get({"-s", server().address(), "--sasl", "digest-md5", "--sasl-user", user}, "/of-bob-by-kz");
    };
    EXPECT_EQ(kz_as("bob", with_colons), "xexit code 0");
    EXPECT_THAT(kz_as("ann", "anns"), HasSubstr("not permitted"));
    EXPECT_THAT(kz_as("bob", "wrong"), AllOf(HasSubstr("SASL: the server refused it"), HasSubstr("exit code 1")));
}
#endif

} // namespace
} // namespace kazoo::test
