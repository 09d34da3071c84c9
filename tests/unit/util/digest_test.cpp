#include "util/digest.hpp"

#include <kazoo/acl.hpp>

#include <gtest/gtest.h>

namespace kazoo {
namespace {

// A real server's id for the credential u:p, and the test vectors of FIPS 180.
TEST(digest, is_that_of_a_real_server) { EXPECT_EQ(digest_id("u", "p"), "u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ="); }

TEST(digest, of_known_texts) {
    EXPECT_EQ(util::sha1_base64(""), "2jmj7l5rSw0yVb/vlWAYkK/YBwk=");
    EXPECT_EQ(util::sha1_base64("abc"), "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=");
}

} // namespace
} // namespace kazoo
