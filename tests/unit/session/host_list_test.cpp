#include "session/host_list.hpp"

#include <kazoo/error.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kazoo::session {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string refusal(std::string_view text) {
    try {
        parse_hosts(text);
    } catch (const error& e) {
        EXPECT_EQ(e.code(), make_error_code(errc::bad_hosts));
        EXPECT_EQ(e.outcome(), outcome::not_applied);
        return e.what();
    }
    ADD_FAILURE() << "accepted: " << text;
    return {};
}

TEST(parse_hosts, names_addresses_and_ports) {
    EXPECT_THAT(parse_hosts("h").hosts, ElementsAre(host_port{"h", 2181}));
    EXPECT_THAT(parse_hosts("h:1").hosts, ElementsAre(host_port{"h", 1}));
    EXPECT_THAT(parse_hosts("h:65535").hosts, ElementsAre(host_port{"h", 65535}));
    EXPECT_THAT(parse_hosts("a:1, b:2,\tzk_3.example.org").hosts,
                ElementsAre(host_port{"a", 1}, host_port{"b", 2}, host_port{"zk_3.example.org", 2181}));
    EXPECT_EQ(parse_hosts("h:1").chroot, "");
}

TEST(parse_hosts, L115_ipv6_addresses_stand_in_brackets) {
    EXPECT_THAT(parse_hosts("[::1]:1,[fe80::1%eth0],[2001:DB8::7]:3").hosts,
                ElementsAre(host_port{"::1", 1}, host_port{"fe80::1%eth0", 2181}, host_port{"2001:DB8::7", 3}));
    EXPECT_THAT(parse_hosts("[::ffff:10.0.0.1]").hosts, ElementsAre(host_port{"::ffff:10.0.0.1", 2181}));
    for (const char* bad : {"[::1", "[]", "[::1]1", "[::1]:", "[1:2]", "[::1::2]", "[12345::]", "[fe80::1%]", "[g::]",
                            "[1:2:3:4:5:6:7:8:9]", "[:1]", "[1:]", "[h]"})
        EXPECT_THAT(refusal(bad), HasSubstr(bad));
    EXPECT_THAT(refusal("::1"), HasSubstr("brackets"));
    EXPECT_THAT(refusal("fe80::1:2181"), HasSubstr("brackets"));
}

TEST(parse_hosts, a_scheme_says_which_hosts_are_reached_by_tls) {
    const host_spec one = parse_hosts("tls://a:1, b:2,tls://[::1]/app");
    EXPECT_THAT(one.hosts,
                ElementsAre(host_port{"a", 1, true}, host_port{"b", 2, false}, host_port{"::1", 2181, true}));
    EXPECT_EQ(one.chroot, "/app");
    EXPECT_EQ(parse_hosts("tls://a").chroot, "");
    EXPECT_EQ(parse_hosts("a/x:/y").chroot, "/x:/y");
    EXPECT_THAT(refusal("http://a:1"), HasSubstr("unknown scheme"));
    EXPECT_THAT(refusal("a,TLS://b"), HasSubstr("unknown scheme"));
    EXPECT_THAT(refusal("tls:///x"), HasSubstr("bad host name"));
    EXPECT_THAT(refusal("tls://tls://a"), HasSubstr("bad port"));
}

TEST(parse_hosts, C37_chroot_is_normalised_and_a_slash_is_none) {
    EXPECT_EQ(parse_hosts("h:1/").chroot, "");
    EXPECT_EQ(parse_hosts("h:1//").chroot, "");
    EXPECT_EQ(parse_hosts("h:1/a").chroot, "/a");
    EXPECT_EQ(parse_hosts("h:1,i:2/a//b/").chroot, "/a/b");
    EXPECT_EQ(parse_hosts("[::1]:1/a").chroot, "/a");
    EXPECT_THAT(refusal("h:1/a/../b"), HasSubstr("chroot"));
    EXPECT_THAT(refusal("h:1/\x01"), HasSubstr("chroot"));
}

TEST(parse_hosts, C37_nothing_is_dropped_in_silence) {
    EXPECT_THAT(refusal("a:1/x,b:2"), HasSubstr("behind all hosts"));
    for (const char* bad : {"", "/x", "a,,b", "a,", ",a", "a, ,b"}) EXPECT_THAT(refusal(bad), HasSubstr("empty host"));
    for (const char* bad :
         {"a:", "a:0", "a:65536", "a:99999", "a:abc", "a:1x", "a:-1", "a:+1", "h: 2181", "a:18446744073709551617"})
        EXPECT_THAT(refusal(bad), HasSubstr("bad port"));
    for (const char* bad : {"h?x", "h#x", "h x", "-h", "h\xc3\xa4", "h i,b", "h :1"})
        EXPECT_THAT(refusal(bad), HasSubstr("bad host name"));
    EXPECT_THAT(refusal("a:1,b:x,c"), HasSubstr("\"b:x\""));
}

TEST(parse_hosts, blanks_around_hosts_and_at_the_end_are_ignored) {
    const auto two = ElementsAre(host_port{"a", 1}, host_port{"b", 2181});
    for (const char* text :
         {"a:1, b", "a:1 ,b", " a:1,b ", "a:1,\tb\t", "a:1,b\n", "a:1 , b\r\n", "\na:1,\n  b\n", "a:1,b /"})
        EXPECT_THAT(parse_hosts(text).hosts, two) << text;
    EXPECT_THAT(parse_hosts(" [::1]:1 ").hosts, ElementsAre(host_port{"::1", 1}));
    for (const char* text : {"a/app ", "a/app\n", "a /app\r\n", "a/app/ "}) {
        EXPECT_EQ(parse_hosts(text).chroot, "/app") << text;
        EXPECT_THAT(parse_hosts(text).hosts, ElementsAre(host_port{"a", 2181})) << text;
    }
    EXPECT_EQ(parse_hosts("a/my app").chroot, "/my app") << "within a name a blank is a character";
    for (const char* bad : {" ", "\n", "a,\n", " ,a", "a , ,b"}) EXPECT_THAT(refusal(bad), HasSubstr("empty host"));
}

TEST(parse_hosts, C43_a_refusal_does_not_show_what_may_be_a_password) {
    const std::string text = refusal("user:pass@h:1");
    EXPECT_THAT(text, HasSubstr("@h:1"));
    EXPECT_THAT(text, HasSubstr("user information"));
    EXPECT_THAT(text, Not(HasSubstr("pass")));
}

TEST(is_numeric, knows_addresses_from_names) {
    for (const char* yes : {"10.0.0.1", "255.255.255.255", "::", "::1", "1::", "fe80::1%eth0", "1:2:3:4:5:6:7:8"})
        EXPECT_TRUE(is_numeric(yes)) << yes;
    for (const char* no : {"", "h", "10.0.0", "10.0.0.1.2", "10.0.0.256", "010.0.0.1", "10.0.0.1a", "1.2.3.4567", ":",
                           ":::", "1:2", "1:2:3:4:5:6:7:8::", "fe80::1%"})
        EXPECT_FALSE(is_numeric(no)) << no;
}

} // namespace
} // namespace kazoo::session
