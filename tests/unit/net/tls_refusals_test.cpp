// Connections by TLS that are not to be: each says what was checked, and what was wrong.
#include "tls_world.hpp"

#include <gmock/gmock.h>

namespace kazoo::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr long day = 86400;

class tls_refusals : public tls_test {
  protected:
    std::string said_of(const certificate& shown, const tls_options& o, const std::string& host = "localhost") const {
        tls_server s(shown);
        tls_world w(s, o, host);
        return w.refusal();
    }
    std::string said_of(const certificate_wishes& wishes, const std::string& host = "localhost") const {
        return said_of(ca.issue(wishes), trusting(), host);
    }
};

// -- the server's certificate -----------------------------------------------------------------------------------------

TEST_F(tls_refusals, a_good_certificate_is_accepted) { EXPECT_EQ(said_of({}), "opened"); }

TEST_F(tls_refusals, an_unknown_ca) {
    const authority other("other CA");
    const auto unknown = AllOf(HasSubstr("CN=localhost"), HasSubstr("unknown CA"), HasSubstr("CN=other CA"));
    EXPECT_THAT(said_of(other.issue(), trusting()), unknown);
    EXPECT_THAT(said_of(own, tls_options{}), HasSubstr("unknown CA")); // the system's
}

TEST_F(tls_refusals, one_that_vouches_for_itself) {
    EXPECT_THAT(said_of(certificate({}, nullptr), trusting()), HasSubstr("unknown CA"));
}

TEST_F(tls_refusals, times) {
    EXPECT_THAT(said_of({.begins = -9 * day, .ends = -day}),
                AllOf(HasSubstr("CN=localhost"), HasSubstr("expired on ")));
    EXPECT_THAT(said_of({.begins = day, .ends = 9 * day}), HasSubstr("is not valid before "));
}

TEST_F(tls_refusals, another_name_with_both_names) {
    EXPECT_EQ(said_of({.names = "DNS:b.example,DNS:*.c.example,IP:10.0.0.1"}, "a.example"),
              "the certificate is for b.example, *.c.example, 10.0.0.1, not a.example");
    EXPECT_EQ(said_of({.common_name = "b.example", .names = ""}, "a.example"),
              "the certificate is for CN=b.example,O=kazoo, not a.example");
}

TEST_F(tls_refusals, names_that_fit) {
    EXPECT_EQ(said_of({.names = "DNS:a.example"}, "A.example."), "opened");
    EXPECT_EQ(said_of({.names = "DNS:*.example.org"}, "a.example.org"), "opened");
    EXPECT_THAT(said_of({.names = "DNS:*.example.org"}, "a.b.example.org"), HasSubstr("not a.b.example.org"));
    EXPECT_THAT(said_of({.names = "DNS:a*.example.org"}, "ab.example.org"), HasSubstr("not ab.example.org"));
}

TEST_F(tls_refusals, an_address_is_looked_for_among_addresses) {
    EXPECT_EQ(said_of({.names = "IP:10.0.0.1"}, "10.0.0.1"), "opened");
    EXPECT_EQ(said_of({.names = "IP:fe80::1"}, "fe80::1%eth0"), "opened");
    EXPECT_EQ(said_of({.names = "DNS:10.0.0.1"}, "10.0.0.1"), "the certificate is for 10.0.0.1, not 10.0.0.1");
    EXPECT_EQ(said_of({.names = "IP:10.0.0.2"}, "10.0.0.1"), "the certificate is for 10.0.0.2, not 10.0.0.1");
}

TEST_F(tls_refusals, a_name_is_told_to_the_server_and_an_address_is_not) {
    const certificate both = ca.issue({.names = "DNS:a.example,IP:10.0.0.1"});
    for (const std::string host : {"a.example", "10.0.0.1"}) {
        tls_server s(both);
        std::string told = "nothing";
        SSL_CTX_set_tlsext_servername_arg(s.context(), &told);
        const auto look = +[](SSL* ssl, int*, void* arg) {
            const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
            if (name) *static_cast<std::string*>(arg) = name;
            return SSL_TLSEXT_ERR_OK;
        };
        SSL_CTX_callback_ctrl(s.context(), SSL_CTRL_SET_TLSEXT_SERVERNAME_CB, reinterpret_cast<void (*)()>(look));
        tls_world w(s, trusting(), host);
        EXPECT_EQ(w.refusal(), "opened");
        EXPECT_EQ(told, host == "a.example" ? "a.example" : "nothing");
    }
}

TEST_F(tls_refusals, nothing_is_verified_if_that_is_wanted) {
    tls_options o;
    o.insecure = true;
    EXPECT_EQ(said_of(certificate({.names = "DNS:b", .begins = -9 * day, .ends = -day}, nullptr), o), "opened");
}

TEST_F(tls_refusals, a_line_of_the_log_stays_one) {
    EXPECT_THAT(said_of({.common_name = "b\nfake", .names = ""}, "a"), Not(HasSubstr("\n")));
}

// -- the settings -----------------------------------------------------------------------------------------------------

TEST_F(tls_refusals, files_that_cannot_be_used_are_named) {
    const auto said = [&](auto change) {
        tls_options o = trusting();
        change(o);
        return said_of(own, o);
    };
    const std::string absent = files.path("absent"), text = files.put("text", "nothing"),
                      pem = files.put("a.pem", own.pem());
    EXPECT_EQ(said([&](auto& o) { o.ca_file = absent; }), "CA file \"" + absent + "\": No such file or directory");
    EXPECT_THAT(said([&](auto& o) { o.ca_file = text; }), StartsWith("CA file \"" + text + "\": "));
    EXPECT_EQ(said([&](auto& o) { o.ca_directory = absent; }),
              "CA directory \"" + absent + "\": No such file or directory");
    EXPECT_EQ(said([&](auto& o) { o.ca_directory = text; }), "CA directory \"" + text + "\": not a directory");
    EXPECT_EQ(said([&](auto& o) { o.certificate_file = absent; }),
              "certificate \"" + absent + "\": No such file or directory");
    EXPECT_EQ(said([&](auto& o) { o.certificate_file = text; }), "certificate \"" + text + "\": there is none in it");
    EXPECT_THAT(said([&](auto& o) { o.certificate_file = pem; }), StartsWith("key \"" + pem + "\": "));
    EXPECT_EQ(said([&](auto& o) { o.certificate_file = pem, o.key_file = absent; }),
              "key \"" + absent + "\": No such file or directory");
    const std::string other = files.put("other", ca.issue().key_pem());
    EXPECT_EQ(said([&](auto& o) { o.certificate_file = pem, o.key_file = other; }),
              "key \"" + other + "\": it is not that of the certificate \"" + pem + '"');
    EXPECT_THAT(said([&](auto& o) { o.ciphers = "NONSENSE", o.highest = tls_version::v1_2; }),
                StartsWith("ciphers \"NONSENSE\": "));
    EXPECT_THAT(said([&](auto& o) { o.ciphersuites = "NONSENSE"; }), StartsWith("ciphersuites \"NONSENSE\": "));
}

TEST_F(tls_refusals, encrypted_keys_need_their_password) {
    tls_options o = trusting();
    o.certificate_file = files.put("a.pem", own.pem());
    o.key_file = files.put("a.key", own.key_pem("secret"));
    EXPECT_EQ(said_of(own, o), "key \"" + o.key_file + "\": it is encrypted, and there is no password");
    o.key_password = "wrong";
    EXPECT_EQ(said_of(own, o), "key \"" + o.key_file + "\": the password does not open it");
    o.key_password = "secret";
    EXPECT_EQ(said_of(own, o), "opened");
}

// -- what servers say -------------------------------------------------------------------------------------------------

TEST_F(tls_refusals, versions_without_one_in_common) {
    tls_options o = trusting();
    server.only(TLS1_2_VERSION);
    o.lowest = tls_version::v1_3;
    tls_world w(server, o);
    EXPECT_EQ(w.refusal(), "the server speaks no version of TLS that we may (alert: protocol version)");
}

TEST_F(tls_refusals, ciphers_are_those_that_are_named) {
    const auto chosen = [&](int version, const std::string& cipher) {
        tls_server one(own);
        one.only(version);
        tls_options o = trusting();
        (version == TLS1_3_VERSION ? o.ciphersuites : o.ciphers) = cipher;
        tls_world(one, o).open();
        return one.cipher();
    };
    for (const std::string cipher : {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"})
        EXPECT_EQ(chosen(TLS1_2_VERSION, cipher), cipher);
    for (const std::string cipher : {"TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"})
        EXPECT_EQ(chosen(TLS1_3_VERSION, cipher), cipher);
}

TEST_F(tls_refusals, a_certificate_that_the_server_wants) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        tls_server s(own);
        s.only(version);
        s.want_certificate(ca);
        tls_world w(s, trusting());
        w.connected();
        w.run();
        // With TLS 1.3 we are told behind our handshake.
        EXPECT_EQ(version == TLS1_3_VERSION, !w.opened.value());
        EXPECT_THAT(w.stream->why(), StartsWith("the server wants a client certificate, and there is none (alert: "));
    }
}

TEST_F(tls_refusals, a_certificate_that_the_server_does_not_accept) {
    const certificate rogue = authority("other CA").issue();
    tls_options o = trusting();
    o.certificate_file = files.put("rogue.pem", rogue.pem() + rogue.key_pem());
    server.want_certificate(ca);
    tls_world w(server, o);
    w.connected();
    w.run();
    EXPECT_EQ(w.stream->why(), "the server does not accept our certificate (alert: unknown CA)");
}

/// With TLS 1.3 a server hangs up behind its alert while we write.
TEST_F(tls_refusals, the_servers_last_words_say_more_than_a_broken_line) {
    server.only(TLS1_3_VERSION);
    server.want_certificate(ca);
    tls_world w(server, trusting());
    w.reads = false;
    w.connected();
    w.run();
    w.wire.torn = std::make_error_code(std::errc::broken_pipe);
    EXPECT_EQ(w.stream->write_some("hello").bytes, 5u);
    EXPECT_TRUE(w.stream->write_some("hello").error);
    EXPECT_THAT(w.stream->why(), StartsWith("the server wants a client certificate"));
}

TEST_F(tls_refusals, the_servers_last_words_may_be_on_their_way_when_a_write_fails) {
    server.only(TLS1_3_VERSION);
    server.want_certificate(ca);
    tls_world w(server, trusting());
    w.at_open = [&] { w.line_carries = false; }; // the alert waits
    w.connected();
    w.run();
    ASSERT_TRUE(w.wire.wants_read);
    ASSERT_FALSE(w.on_the_way.empty());
    w.wire.arrived = std::exchange(w.on_the_way, {});
    w.wire.torn = std::make_error_code(std::errc::broken_pipe);
    EXPECT_EQ(w.stream->write_some("hello").bytes, 5u);
    EXPECT_TRUE(w.stream->write_some("hello").would_block);
    w.stream->want_write();
    w.run();
    EXPECT_TRUE(w.failure);
    EXPECT_EQ(w.writable, 0) << "the reader is told";
    EXPECT_THAT(w.stream->why(), StartsWith("the server wants a client certificate"));
}

TEST_F(tls_refusals, the_servers_last_words_may_come_in_the_middle_of_the_handshake) {
    tls_world w(server, trusting());
    w.wire.torn = std::make_error_code(std::errc::broken_pipe);
    w.wire.arrived = std::string("\x15\x03\x03\0\x02\x02\x28", 7); // fatal, handshake_failure
    EXPECT_THAT(w.refusal(), HasSubstr("alert: handshake failure"));
}

TEST_F(tls_refusals, servers_that_speak_no_tls) {
    const auto said = [&](const std::string& answer) {
        tls_world w(server, trusting());
        w.server_listens = false;
        w.connected();
        w.wire.arrived = answer;
        w.wire.ended = true;
        w.run();
        return w.stream->why();
    };
    EXPECT_EQ(said("HTTP/1.1 400 Bad Request\r\n\r\n"), "the server does not speak TLS");
    EXPECT_EQ(said(std::string("\0\0\0\x25\0\0\0\0", 8)), "the server does not speak TLS");
    EXPECT_EQ(said(""), "closed by the server at the TLS handshake, without a word: it may not speak TLS");
    EXPECT_EQ(said("\x16\x03\x03"), "closed by the server during the TLS handshake");
}

TEST_F(tls_refusals, what_the_line_says_is_kept) {
    tls_world w(server, trusting());
    w.wire.filter->on_open(std::make_error_code(std::errc::connection_refused));
    EXPECT_EQ(w.opened, std::make_error_code(std::errc::connection_refused));
    EXPECT_EQ(w.stream->why(), "");
}

} // namespace
} // namespace kazoo::test
