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

TEST(parse_hosts, a_url_says_options_behind_the_hosts) {
    const host_spec one = parse_hosts(" zk://a:1, b,[fe80::1%25eth0]:3/app?session_timeout=8s&read_only=1\n");
    EXPECT_THAT(one.hosts, ElementsAre(host_port{"a", 1}, host_port{"b", 2181}, host_port{"fe80::1%eth0", 3}));
    EXPECT_EQ(one.chroot, "/app");
    EXPECT_FALSE(one.tls);
    EXPECT_THAT(one.options, ElementsAre(url_option{"session_timeout", "8s"}, url_option{"read_only", "1"}));
    EXPECT_THAT(parse_hosts("zk://a").hosts, ElementsAre(host_port{"a", 2181}));
    EXPECT_EQ(parse_hosts("zk://a/?name=my%20app%26").options.front(), (url_option{"name", "my app&"}));
    EXPECT_EQ(parse_hosts("zk://a?name=").options.front(), (url_option{"name", ""}));
    EXPECT_EQ(parse_hosts("zk://a/what%3f/100%25").chroot, "/what?/100%");
    EXPECT_EQ(parse_hosts("zk://a?").options.size(), 0U);
    EXPECT_EQ(parse_hosts("a/b?c=d").chroot, "/b?c=d") << "in a list of hosts that is a node";
    EXPECT_EQ(parse_hosts("a/b%20").chroot, "/b%20");
}

TEST(parse_hosts, zk_and_tls_reaches_all_hosts_by_tls) {
    const host_spec all = parse_hosts("zk+tls://a:1,b/app");
    EXPECT_TRUE(all.tls);
    EXPECT_THAT(all.hosts, ElementsAre(host_port{"a", 1, true}, host_port{"b", 2181, true}));
    EXPECT_EQ(all.chroot, "/app");
    EXPECT_THAT(parse_hosts("zk://a,tls://b").hosts, ElementsAre(host_port{"a", 2181}, host_port{"b", 2181, true}));
}

TEST(parse_hosts, a_url_that_cannot_be_read_names_the_piece) {
    EXPECT_THAT(refusal("zk://"), HasSubstr("empty host"));
    EXPECT_THAT(refusal("zk://a:x/b?read_only=1"), HasSubstr("bad port in \"a:x\""));
    EXPECT_THAT(refusal("zk://a?read_only"), testing::EndsWith(": an option is not name=value"));
    EXPECT_THAT(refusal("zk://a?=1"), testing::EndsWith(": an option is not name=value"));
    EXPECT_THAT(refusal("zk://a?x=1&"), HasSubstr("behind &"));
    EXPECT_THAT(refusal("zk://a?x=1&&y=2"), HasSubstr("name=value"));
    EXPECT_THAT(refusal("zk://a?x=1&y=2&x=3"), HasSubstr("twice in \"x\""));
    for (const char* bad : {"%", "%4", "%4g", "%g4", "%+4", "%-1"})
        EXPECT_THAT(refusal(std::string("zk://a?name=") + bad), HasSubstr("bad escape in \"name\""));
    EXPECT_THAT(refusal("zk://a/b%zz"), HasSubstr("bad escape"));
    EXPECT_THAT(refusal("zk://a/b%2f%2e%2e"), HasSubstr("bad chroot"));
    EXPECT_THAT(refusal("zk://a#b"), HasSubstr("%23"));
    EXPECT_THAT(refusal("zk://a,zk://b"), HasSubstr("unknown scheme"));
    EXPECT_THAT(refusal("ZK://a"), HasSubstr("unknown scheme"));
    EXPECT_THAT(refusal("zk://user:pass@a"), testing::Not(HasSubstr("pass")));
}

TEST(parse_hosts, C43_a_refusal_shows_no_value_of_an_option) {
    for (const char* text : {"zk://a?secret", "zk://a?x=1&secret", "zk://a?x=secret&", "zk://a?x=secret%",
                             "zk://a?x=#secret", "zk://a?x=1&x=secret", "a:1?x=secret", "tls://a?x=secret"})
        EXPECT_THAT(refusal(text), Not(HasSubstr("secret"))) << text;
}

TEST(parse_hosts, a_socket_is_a_host) {
    EXPECT_THAT(parse_hosts("unix:/run/zk.sock").hosts, ElementsAre(host_port{"/run/zk.sock", 0}));
    EXPECT_EQ(parse_hosts("unix:/run/zk.sock").chroot, "");
    const host_spec two = parse_hosts("unix:/run/zk.sock, b:1/app");
    EXPECT_THAT(two.hosts, ElementsAre(host_port{"/run/zk.sock", 0}, host_port{"b", 1}));
    EXPECT_EQ(two.chroot, "/app");
    const host_spec last = parse_hosts("b:1,unix:/run/zk.sock:/app/x");
    EXPECT_THAT(last.hosts, ElementsAre(host_port{"b", 1}, host_port{"/run/zk.sock", 0}));
    EXPECT_EQ(last.chroot, "/app/x");
    EXPECT_THAT(parse_hosts("zk+tls://unix:/a%2Cb,c").hosts,
                ElementsAre(host_port{"/a,b", 0, false}, host_port{"c", 2181, true}));
    EXPECT_TRUE(needs_no_lookup("/run/zk.sock"));
    EXPECT_THAT(refusal("unix:zk.sock"), HasSubstr("begin with a slash"));
    EXPECT_THAT(refusal("unix:"), HasSubstr("begin with a slash"));
    EXPECT_THAT(refusal("zk://unix:/a%00b"), HasSubstr("a zero in \"/a\""));
    EXPECT_THAT(refusal("unix:/a:2181"), HasSubstr("chroot"));
    EXPECT_THAT(refusal("unix:/a:/x,b"), HasSubstr("behind all hosts"));
    EXPECT_THAT(refusal("tls://unix:/a"), HasSubstr("no TLS"));
    EXPECT_THAT(refusal("unix:/" + std::string(107, 'x')), HasSubstr("too long"));
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
