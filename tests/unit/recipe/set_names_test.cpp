// The names of items and of members of a kazoo::set_partitioner.
#include "recipe/group/item_name.hpp"
#include "recipe/group/member_name.hpp"

#include <kazoo/path.hpp>

#include <gtest/gtest.h>

#include <cctype>
#include <set>
#include <string>
#include <vector>

namespace kazoo::recipe {
namespace {

/// As Python's urllib.parse.unquote_to_bytes() does it.
std::string decoded(const std::string& name) {
    std::string text;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const auto is_digit = [&](std::size_t at) {
            return at < name.size() && std::isxdigit(static_cast<unsigned char>(name[at])) != 0;
        };
        if (name[i] == '%' && is_digit(i + 1) && is_digit(i + 2)) {
            text.push_back(static_cast<char>(std::stoi(name.substr(i + 1, 2), nullptr, 16)));
            i += 2;
        } else {
            text.push_back(name[i]);
        }
    }
    return text;
}

TEST(item_name, C72_every_item_has_one_of_its_own_that_servers_take) {
    const std::string alphabet("%25aF/.\xc3\x85\xed\x01\0", 11);
    std::vector<std::string> items{""};
    for (std::size_t i = 0; i < items.size(); ++i)
        if (items[i].size() < 4)
            for (const char c : alphabet) items.push_back(items[i] + c);
    std::set<std::string> names;
    for (const std::string& item : items) {
        const std::string name = node_name_of(item);
        EXPECT_EQ(path::defect("/s/locks/" + name), "") << name;
        EXPECT_EQ(name.find('/'), std::string::npos) << name;
        EXPECT_TRUE(names.insert(name).second) << name;
        if (!item.empty()) {
            EXPECT_EQ(decoded(name), item) << name;
        }
    }
}

TEST(item_name, plain_items_are_names_as_they_are) {
    for (const std::string item :
         {"a", "0", "shard 7", "100%", "50%off", "%x", "a.b", "...", "-", "gr\xc3\xb6\xc3\x9f"})
        EXPECT_EQ(node_name_of(item), item);
    EXPECT_EQ(node_name_of("a/b"), "a%2Fb");
    EXPECT_EQ(node_name_of("50%25"), "50%2525");
    EXPECT_EQ(node_name_of("."), "%2E");
    EXPECT_EQ(node_name_of(".."), "%2E%2E");
    EXPECT_EQ(node_name_of("%"), "%25");
    EXPECT_EQ(node_name_of(""), "%");
}

TEST(member_name, says_which_set_it_shares_out) {
    const std::string random = "fedcba9876543210fedcba9876543210";
    const std::uint64_t set = fingerprint({"a", "b"});
    const std::string id = with_set(random, set);
    EXPECT_EQ(id.substr(0, 12), random.substr(0, 12));
    EXPECT_EQ(id[12], '8') << "the version of a UUID that is made of what one likes";
    EXPECT_EQ(id[16], 'b') << "its variant, and two bits that are random";
    const auto m = parse_member(id + "-who-we are");
    ASSERT_TRUE(m);
    EXPECT_EQ(m->id, id);
    EXPECT_EQ(m->identifier, "who-we are");
    EXPECT_EQ(m->set, set);
    EXPECT_EQ(parse_member(random + "-x")->set, std::nullopt) << "any random one";
    EXPECT_EQ(parse_member("0123456789ab4def8123456789abcdef-x")->set, std::nullopt) << "Python's";
    EXPECT_EQ(parse_member(id + "-")->identifier, "");
    for (const std::string other :
         {"", "README", "0123456789ab4def8123456789abcdef", "0123456789ab4def8123456789abcdef__party__",
          "0123456789AB4DEF8123456789ABCDEF-x", "lock-0000000001"})
        EXPECT_FALSE(parse_member(other)) << other;
}

TEST(member_name, sets_are_told_apart_by_their_items_and_not_by_their_text) {
    const std::vector<std::vector<std::string>> sets{{},         {""},   {"", ""},       {"a"},
                                                     {"a", "b"}, {"ab"}, {"a", "b", ""}, {"b"}};
    std::set<std::uint64_t> seen;
    for (const auto& s : sets) {
        EXPECT_TRUE(seen.insert(fingerprint(s)).second);
        EXPECT_LT(fingerprint(s), 1ULL << 48);
    }
    EXPECT_EQ(fingerprint({"a", "b"}), fingerprint({"a", "b"}));
}

} // namespace
} // namespace kazoo::recipe
