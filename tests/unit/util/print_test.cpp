// Every public value prints itself.
#include <kazoo/kazoo.hpp>

#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace kazoo {
namespace {

template <class T> std::string printed(const T& value) {
    std::ostringstream out;
    out << value;
    return out.str();
}

/// Both ways of a value say the same.
template <class T> void expect_text(const T& value, std::string_view text) {
    EXPECT_EQ(printed(value), text);
    EXPECT_EQ(std::string(to_string(value)), text);
}

TEST(print, numbers_of_their_own_kind) {
    expect_text(version{3}, "3");
    expect_text(version::any, "any");
    expect_text(acl_version{7}, "7");
    expect_text(acl_version::any, "any");
    expect_text(zxid{0x10000002a}, "0x10000002a");
    expect_text(zxid::none, "none");
    expect_text(session_id{0x100001c2f3b0001}, "0x100001c2f3b0001");
}

TEST(print, names) {
    expect_text(watch_mode::persistent, "persistent");
    expect_text(watch_mode::persistent_recursive, "persistent_recursive");
    expect_text(watch_mode{9}, "unknown");
    expect_text(log_level::warn, "warn");
    expect_text(event_type::gap, "gap");
    expect_text(session_state::suspended, "suspended");
}

TEST(print, errors) {
    EXPECT_EQ(to_string(errc::no_node), "no node");
    EXPECT_EQ(printed(errc::no_node), "no node (zookeeper:-101)");
    EXPECT_EQ(printed(errc{-999}), "server error -999 (zookeeper:-999)");
    expect_text(outcome::unknown, "unknown");
    expect_text(outcome::not_applied, "not applied");
    expect_text(condition::session_lost, "session lost");
}

TEST(print, permissions_in_the_letters_of_zookeeper) {
    expect_text(perms::all, "cdrwa");
    expect_text(perms::read | perms::write, "rw");
    expect_text(perms::none, "none");
    expect_text(acl{perms::all, "world", "anyone"}, "world:anyone:cdrwa");
    EXPECT_EQ(printed(acl_list{{acl{perms::read, "ip", "::1"}}, {}}).substr(0, 10), "ip:::1:r, ");
}

TEST(print, a_credential_keeps_its_secret) { expect_text(credential{"digest", "user:password"}, "digest:***"); }

TEST(print, settings_of_tls_keep_their_password) {
    EXPECT_EQ(printed(tls_options{}), "TLS 1.2 to TLS 1.3");
    tls_options o;
    o.lowest = tls_version::v1_3;
    o.ca_file = "ca.pem";
    o.ca_directory = "cas";
    o.certificate_file = "c.pem";
    o.key_file = "k.pem";
    o.key_password = "secret";
    o.ciphers = "ECDHE";
    o.ciphersuites = "TLS_X";
    o.insecure = true;
    EXPECT_EQ(printed(o), "TLS 1.3 to TLS 1.3, CA file ca.pem, CA directory cas, certificate c.pem, key k.pem, "
                          "password ***, ciphers ECDHE, cipher suites TLS_X, insecure");
}

TEST(print, what_operations_return) {
    EXPECT_EQ(printed(bytes("some")), "some");
    EXPECT_EQ(printed(bytes()), "");
    EXPECT_EQ(printed(node{bytes("12345"), {}}).substr(0, 15), "5 bytes, czxid=");
    EXPECT_EQ(printed(node{}).substr(0, 12), "null, czxid=");
    EXPECT_EQ(printed(created_node{"/a", {}}).substr(0, 10), "/a, czxid=");
    expect_text(watch_event{event_type::deleted, "/a", zxid{7}}, "deleted /a zxid=7");
    EXPECT_EQ(printed(tree_progress{.found = 7, .done = 3}), "3 of 7");
    EXPECT_EQ(printed(child_node{"c", bytes("12345"), {}}).substr(0, 18), "c: 5 bytes, czxid=");
    EXPECT_EQ(printed(tree_entry{.path = "/t", .data = bytes("1")}).substr(0, 19), "/t: 1 bytes, czxid=");
    EXPECT_EQ(printed(tree_entry{.path = "/t", .unreadable = make_error_code(errc::no_auth)}),
              "/t: " + make_error_code(errc::no_auth).message());
    EXPECT_EQ(printed(transaction_result{"/a", std::nullopt}), "/a");
    EXPECT_EQ(printed(committed_transaction{zxid{7}, {{"/a", std::nullopt}, {"/b", std::nullopt}}, true}),
              printed(zxid{7}) + ": /a; /b (recovered)");
    EXPECT_EQ(printed(contender{"me", "/l/x", session_id{10}, zxid{1}, false}), "/l/x of session 0xa, me");
    EXPECT_EQ(printed(contender{"", "/l/x", session_id{10}, zxid{1}, true}), "/l/x of session 0xa, hidden");
}

TEST(print, choices) {
    expect_text(receipt_lifetime::persistent, "persistent");
    expect_text(lost_reply::ask, "ask");
    expect_text(carry_over::reads_and_writes, "reads_and_writes");
    expect_text(carry_over{9}, "unknown");
    expect_text(time_limit(std::chrono::milliseconds(1500)), "1.5 s");
    expect_text(time_limit(std::chrono::hours::max()), "no limit");
    expect_text(time_limit(std::chrono::hours(24 * 366 * 60)), "no limit");
    expect_text(time_limit(std::chrono::microseconds(500)), "500000 ns");
    expect_text(time_limit(std::chrono::seconds(-1)), "0 ms");
}

} // namespace
} // namespace kazoo
