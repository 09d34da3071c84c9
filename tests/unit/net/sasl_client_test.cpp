// DIGEST-MD5 with servers that are not what they should be.
#include "net/sasl_client.hpp"

#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <openssl/evp.h>
#include <string>

namespace kazoo::net {
namespace {

using state = util::sasl_step::state;
using testing::HasSubstr;
using testing::Not;

const std::string challenge = R"(realm="zk-sasl-md5",nonce="once",charset=utf-8,algorithm=md5-sess)";

sasl_client make_client() {
    return {"localhost", std::make_shared<const sasl_options>(sasl_digest_md5{"bob", "secret"})};
}

std::string md5(const std::string& text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_md5(), nullptr);
    return {digest.begin(), digest.begin() + size};
}

std::string hex(const std::string& bytes) {
    std::string text;
    for (const char c : bytes) {
        text += "0123456789abcdef"[(c >> 4) & 15];
        text += "0123456789abcdef"[c & 15];
    }
    return text;
}

/// `name="value"` in a response.
std::string value_in(const std::string& response, const std::string& name) {
    const auto begins = response.find(name + "=\"") + name.size() + 2;
    return response.substr(begins, response.find('"', begins) - begins);
}

/// What a server says to a response that knows this password (RFC 2831).
std::string proof(const std::string& response, const std::string& password) {
    const std::string once = value_in(response, "cnonce");
    const std::string who = md5(md5("bob:zk-sasl-md5:" + password) + ":once:" + once);
    const std::string what = md5(":zookeeper/zk-sasl-md5");
    return "rspauth=" + hex(md5(hex(who) + ":once:00000001:" + once + ":auth:" + hex(what)));
}

TEST(sasl_client, asks_the_server_for_a_proof) {
    sasl_client c = make_client();
    const util::sasl_step begins = c.step("");
    EXPECT_EQ(begins.is, state::more);
    EXPECT_EQ(begins.token, "");
    const util::sasl_step response = c.step(challenge);
    ASSERT_EQ(response.is, state::more) << response.why;
    EXPECT_THAT(response.token, Not(HasSubstr("secret")));
    const util::sasl_step end = c.step(proof(response.token, "secret"));
    EXPECT_EQ(end.is, state::done) << end.why;
    EXPECT_EQ(end.token, "");
}

TEST(sasl_client, a_server_that_does_not_know_the_password_is_not_believed) {
    sasl_client c = make_client();
    c.step("");
    const util::sasl_step end = c.step(proof(c.step(challenge).token, "another"));
    EXPECT_EQ(end.is, state::failed);
    EXPECT_THAT(end.why, HasSubstr("wants us to believe that he knows shared secret"));
}

/// Cyrus would answer the challenge of the time before; no server of ZooKeeper waits for that.
TEST(sasl_client, waits_for_a_challenge_each_time) {
    for (int i = 0; i < 2; ++i) {
        sasl_client c = make_client();
        EXPECT_EQ(c.step("").token, "");
        EXPECT_EQ(c.step(proof(c.step(challenge).token, "secret")).is, state::done);
    }
}

/// The first of these kills Cyrus.
TEST(sasl_client, no_first_word_of_a_server_does_harm) {
    const std::string no_end(5000, 'x'), zeros(3, '\0');
    for (const std::string& word :
         {std::string("rspauth=0"), std::string("RSPauth="), std::string(), zeros, no_end, std::string("="),
          std::string(",,,"), std::string("a=\"\\"), challenge + ",qop=\"\"", challenge + ",maxbuf=0",
          challenge + ",qop=\"auth-conf\",cipher=\"rc4\"", std::string("algorithm=md5-sess")}) {
        sasl_client c = make_client();
        c.step("");
        const util::sasl_step s = c.step(word);
        EXPECT_EQ(s.is, state::failed) << word;
        EXPECT_NE(s.why, "") << word;
    }
}

TEST(sasl_client, no_last_word_of_a_server_does_harm) {
    for (const std::string& word : {std::string(), std::string("rspauth"), std::string("rspauth="),
                                    std::string("rspauth=\"0"), std::string("x=y"), challenge, std::string("\0", 1)}) {
        sasl_client c = make_client();
        c.step("");
        ASSERT_EQ(c.step(challenge).is, state::more);
        const util::sasl_step s = c.step(word);
        EXPECT_EQ(s.is, state::failed) << word;
        EXPECT_NE(s.why, "") << word;
    }
}

TEST(sasl_client, a_socket_has_no_principal) {
    sasl_client c("/run/zk.sock", std::make_shared<const sasl_options>(sasl_gssapi{}));
    const util::sasl_step s = c.step("");
    EXPECT_EQ(s.is, state::failed);
    EXPECT_THAT(s.why, HasSubstr("a Unix-domain socket has none"));
}

} // namespace
} // namespace kazoo::net
