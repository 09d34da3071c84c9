// What is switched off on the embedded server, as on a real one (tests/real/operations_test.cpp).
#include "shared/backend.hpp"

#include <kazoo/kazoo.hpp>
#include <kazoo/testkit/server.hpp>

#include <gmock/gmock.h>

using namespace kazoo;
using test::error_of_call;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

namespace {

TEST(operations_switched_off, are_unimplemented_and_cost_no_connection) {
    const testkit::server server({.four_letter_words = {"srvr"}});
    const client c(server.address());
    c.wait_connected(20s);
    EXPECT_EQ(error_of_call([&] { c.create("/t", "", create_mode::ttl(1h)); }), errc::unimplemented);
    const auto in_transaction = error_of_call([&] { c.transaction().create("/t", "", create_mode::ttl(1h)).commit(); });
    EXPECT_EQ(in_transaction, errc::unimplemented);
    EXPECT_EQ(c.create("/box", "", create_mode::container), "/box") << "it needs no such setting";
    EXPECT_EQ(server.accepted(), 1u);
    try {
        c.command("mntr");
        ADD_FAILURE() << "it is not in the whitelist";
    } catch (const kazoo::error& e) {
        EXPECT_EQ(e.code(), errc::unimplemented);
        EXPECT_THAT(e.what(), HasSubstr("mntr is not allowed here"));
    }
    EXPECT_EQ(c.server_version(), (server_version{3, 8, 0}));
}

} // namespace
