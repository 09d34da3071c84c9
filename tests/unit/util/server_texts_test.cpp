// What servers say in words, as real ones have said it.
#include "util/server_texts.hpp"

#include <kazoo/create_mode.hpp>

#include <gmock/gmock.h>

#include <chrono>
#include <sstream>

using namespace kazoo;
using namespace std::chrono_literals;

namespace {

template <class T> std::string printed(const T& value) {
    std::ostringstream out;
    out << value;
    return out.str();
}

TEST(server_texts, a_configuration_is_its_members_and_a_version_in_hexadecimal) {
    const std::string text = "server.1=127.0.0.1:39569:40139:participant;127.0.0.1:46267\n"
                             "server.12=127.0.0.1:1:2:observer;127.0.0.1:3\n"
                             "version=1000000f2";
    const ensemble_config c = util::parse_config(text);
    EXPECT_EQ(c.text, text);
    EXPECT_EQ(c.version, config_version{0x1000000f2});
    ASSERT_EQ(c.members.size(), 2u);
    EXPECT_EQ(c.members[0], (ensemble_member{1, "127.0.0.1:39569:40139:participant;127.0.0.1:46267"}));
    EXPECT_EQ(printed(c.members[1]), "server.12=127.0.0.1:1:2:observer;127.0.0.1:3");
    EXPECT_EQ(printed(c.version), "1000000f2");
    EXPECT_EQ(printed(c), text);
}

TEST(server_texts, what_is_not_understood_in_a_configuration_is_left_to_its_text) {
    EXPECT_EQ(util::parse_config("").version, config_version::any);
    const ensemble_config c = util::parse_config("group.1=1:2\nserver.x=a\nversion=\nnonsense");
    EXPECT_TRUE(c.members.empty());
    EXPECT_EQ(c.version, config_version::any);
    EXPECT_EQ(printed(c.version), "any");
}

TEST(server_texts, a_version_has_three_numbers_and_more_to_say) {
    const auto v = util::parse_version("Zookeeper version: 3.8.10-5a02a05eddb59aee6ac762f7ea82e92a68eb9c0f, built on "
                                       "2022-02-25 08:49 UTC\nLatency min/avg/max: 0/0.0/0\n");
    ASSERT_TRUE(v);
    EXPECT_EQ(*v, (server_version{3, 8, 10}));
    EXPECT_EQ(v->text, "3.8.10-5a02a05eddb59aee6ac762f7ea82e92a68eb9c0f, built on 2022-02-25 08:49 UTC");
    EXPECT_EQ(printed(*v), "3.8.10");
    EXPECT_LT(*v, (server_version{3, 9}));
    EXPECT_GT(*v, (server_version{3, 8, 9}));
    EXPECT_EQ(util::parse_version("Zookeeper version: 3.5.2-alpha--1, built")->patch, 2);
    for (const char* none : {"", "imok", "version: ", "version: 3.8", "version: a.b.c", "version: 3.8.x"})
        EXPECT_FALSE(util::parse_version(none)) << none;
}

TEST(server_texts, a_word_that_is_not_allowed_is_named_in_the_answer) {
    EXPECT_TRUE(util::says_not_allowed("mntr", "mntr is not executed because it is not in the whitelist.\n"));
    EXPECT_FALSE(util::says_not_allowed("mntr", "zk_version\t3.8.0"));
    EXPECT_FALSE(util::says_not_allowed("mntr", "mntr"));
}

TEST(create_mode, a_value_that_prints_and_compares) {
    EXPECT_EQ(printed(create_mode()), "persistent");
    EXPECT_EQ(printed(create_mode::ephemeral), "ephemeral");
    EXPECT_EQ(printed(create_mode::persistent_sequential), "persistent_sequential");
    EXPECT_EQ(printed(create_mode::ephemeral_sequential), "ephemeral_sequential");
    EXPECT_EQ(printed(create_mode::container), "container");
    EXPECT_EQ(printed(create_mode::ttl(5s)), "ttl(5000 ms)");
    EXPECT_EQ(printed(create_mode::sequential_ttl(1500us)), "sequential_ttl(2 ms)") << "rounded up";
    EXPECT_EQ(create_mode::ttl(1s), create_mode::ttl(1000ms));
    EXPECT_NE(create_mode::ttl(1s), create_mode::sequential_ttl(1s));
    EXPECT_NE(create_mode::persistent, create_mode::ephemeral);
    static_assert(create_mode::ttl(1h).has_ttl() && !create_mode::container.has_ttl());
    EXPECT_EQ(create_mode::container.time_to_live(), 0ms);
    EXPECT_GT(create_mode::ttl(std::chrono::hours::max()).time_to_live(), 34h * 24 * 365);
    EXPECT_LT(create_mode::ttl(std::chrono::hours::min()).time_to_live(), 0ms);
}

} // namespace
