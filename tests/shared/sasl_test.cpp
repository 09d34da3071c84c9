// SASL at servers that have none: they agree to everything.
#include "shared/backend.hpp"

#include <kazoo/client.hpp>

#include <gmock/gmock.h>

#include <string>

namespace kazoo::test {
namespace {

using testing::HasSubstr;

const std::string told = ": the server has no SASL";

client_options by_digest() {
    client_options o;
    o.session_timeout = 10s;
    o.sasl = sasl_digest_md5{"bob", "secret"};
    o.log.threshold = log_level::off;
    return o;
}

TEST(sasl_without_servers_for_it, is_no_success_and_said_to_who_waits) {
    const client c(server().address(), by_digest());
    try {
        c.async_try_connect().get_for(30s);
        FAIL() << "connected";
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::connection_loss);
        EXPECT_THAT(e.what(), HasSubstr(server().address() + told));
    }
    EXPECT_THAT(c.last_failures(), HasSubstr(told));
    EXPECT_EQ(c.state(), session_state::connecting);
}

TEST(sasl_without_servers_for_it, is_said_by_a_request_that_was_in_vain) {
    client_options o = by_digest();
    o.operation_timeout = 2s;
    const client c(server().address(), o);
    try {
        c.get("/");
        FAIL() << "answered";
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::operation_timeout);
        EXPECT_THAT(e.what(), HasSubstr(told));
    }
}

TEST(sasl_options, C41_that_make_no_sense_are_refused) {
    const auto refused = [](sasl_options o) {
        try {
            const client c("127.0.0.1:1", {.sasl = std::move(o)});
        } catch (const error& e) {
            return std::string(e.what());
        }
        return std::string("taken");
    };
    EXPECT_THAT(refused(sasl_digest_md5{}), HasSubstr("user must not be empty"));
    EXPECT_THAT(refused(sasl_digest_md5{"bob", ""}), HasSubstr("password must not be empty"));
    EXPECT_THAT(refused(sasl_digest_md5{"bob", std::string("a\0b", 3)}), HasSubstr("without zero bytes"));
    EXPECT_THAT(refused(sasl_gssapi{.service = ""}), HasSubstr("service must be a name"));
    EXPECT_THAT(refused(sasl_gssapi{.service = "zookeeper/host"}), HasSubstr("service must be a name"));
}

} // namespace
} // namespace kazoo::test
