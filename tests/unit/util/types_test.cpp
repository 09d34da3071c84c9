#include <kazoo/acl.hpp>
#include <kazoo/client.hpp>
#include <kazoo/types.hpp>

#include <gtest/gtest.h>

#include <sstream>
#include <type_traits>

using kazoo::bytes;
using kazoo::data_view;

namespace {

// What must not compile.
template <class T>
concept usable_as_data = requires(const kazoo::client& c, T v) { c.async_set("/p", v); };
static_assert(usable_as_data<const char*> && usable_as_data<std::string> && usable_as_data<std::nullopt_t>);
static_assert(!usable_as_data<std::nullptr_t> && !usable_as_data<int>, "L050: data is text, bytes or kazoo::null");
static_assert(!std::is_convertible_v<bytes&&, std::string_view>, "a view of a temporary would dangle");
static_assert(std::is_convertible_v<const bytes&, std::string_view>);
static_assert(!std::is_constructible_v<kazoo::acl_view, std::vector<kazoo::acl>&&>, "an ACL view of a temporary");
static_assert(!std::is_convertible_v<kazoo::acl_version, kazoo::version>);
static_assert(std::is_trivially_destructible_v<kazoo::create_options>, "g++ 12 destroys others in co_await twice");
static_assert(std::is_copy_constructible_v<kazoo::client> && !std::is_copy_constructible_v<kazoo::future<int>>);

TEST(data_view, L120_null_is_not_empty) {
    EXPECT_TRUE(data_view(kazoo::null).is_null());
    EXPECT_FALSE(data_view("").is_null());
    EXPECT_FALSE(data_view(std::string_view()).is_null());
    EXPECT_EQ(data_view("ab").text(), "ab");
    EXPECT_TRUE(bytes().is_null());
    EXPECT_FALSE(bytes(std::string()).is_null());
    EXPECT_NE(bytes(), bytes(std::string()));
    EXPECT_FALSE(bytes() == "");
    EXPECT_TRUE(bytes(std::string("x")) == "x");
}

TEST(session_id, prints_as_the_servers_do) {
    EXPECT_EQ(to_string(kazoo::session_id{0x10000af}), "0x10000af");
    EXPECT_EQ(to_string(kazoo::session_id{-1}), "0xffffffffffffffff");
    EXPECT_EQ(to_string(kazoo::session_id::none), "0x0");
}

TEST(values, print) {
    std::ostringstream out;
    out << kazoo::watch_event{kazoo::event_type::data_changed, "/a", kazoo::zxid{7}} << '|'
        << kazoo::session_state::connected_read_only;
    EXPECT_EQ(out.str(), "data_changed /a zxid=7|connected_read_only");
}

TEST(acls, C32_an_empty_list_means_not_given) {
    EXPECT_TRUE(kazoo::acl_view().entries().empty());
    ASSERT_EQ(kazoo::acls::open_unsafe().entries().size(), 1u);
    EXPECT_EQ(kazoo::acls::open_unsafe().entries()[0], (kazoo::acl{kazoo::perms::all, "world", "anyone"}));
    EXPECT_EQ(kazoo::acls::creator_all().entries()[0], (kazoo::acl{kazoo::perms::all, "auth", ""}));
    EXPECT_EQ(kazoo::acls::read_unsafe().entries()[0], (kazoo::acl{kazoo::perms::read, "world", "anyone"}));
}

} // namespace
