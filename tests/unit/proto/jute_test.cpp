#include "golden/golden.hpp"
#include "unit/proto/support.hpp"

#include <gtest/gtest.h>

namespace kazoo::proto::test {
namespace {

template <class T> std::string hex_of(const T& value) {
    std::string out;
    writer(out).put(value);
    return golden::to_hex(out);
}

/// Decodes a T from an exact buffer; the reader is done when nothing is left and nothing was wrong.
template <class T> struct decoded {
    explicit decoded(std::string_view hex) : bytes(golden::from_hex(hex)), in(bytes.view()) { in.get(value); }
    exact_buffer bytes;
    reader in;
    T value{};
};

TEST(jute, integers_are_big_endian) {
    EXPECT_EQ(hex_of(std::int32_t{0x01020304}), "01020304");
    EXPECT_EQ(hex_of(std::int32_t{-2}), "fffffffe");
    EXPECT_EQ(hex_of(std::int64_t{0x0102030405060708}), "0102030405060708");
    EXPECT_EQ(decoded<std::int32_t>("80000000").value, std::numeric_limits<std::int32_t>::min());
    EXPECT_EQ(decoded<std::int64_t>("fffffffffffffff0").value, -16);
}

TEST(jute, a_bool_is_one_byte_and_every_other_value_than_0_is_true) {
    EXPECT_EQ(hex_of(true), "01");
    EXPECT_EQ(hex_of(false), "00");
    EXPECT_TRUE(decoded<bool>("01").value);
    EXPECT_TRUE(decoded<bool>("ff").value);
    EXPECT_FALSE(decoded<bool>("00").value);
}

TEST(jute, null_and_empty_strings_differ) {
    EXPECT_EQ(hex_of(null_view), "ffffffff");
    EXPECT_EQ(hex_of(std::string_view{}), "ffffffff");
    EXPECT_EQ(hex_of(empty_view), "00000000");
    EXPECT_EQ(hex_of(std::string_view{"abc"}.substr(3)), "00000000");
    EXPECT_EQ(hex_of(std::string{}), "00000000");
    EXPECT_EQ(hex_of(std::string_view{"ab"}), "000000026162");

    const decoded<std::string_view> null("ffffffff");
    EXPECT_TRUE(null.in.done());
    EXPECT_TRUE(is_null(null.value));
    const decoded<std::string_view> empty("00000000");
    EXPECT_TRUE(empty.in.done());
    EXPECT_FALSE(is_null(empty.value));
    EXPECT_TRUE(empty.value.empty());
}

TEST(jute, a_string_points_into_the_input) {
    const decoded<std::string_view> read("0000000361006200");
    EXPECT_EQ(read.value, std::string_view("a\0b", 3));
    EXPECT_EQ(read.value.data(), read.bytes.view().data() + 4);
    EXPECT_EQ(read.in.rest(), std::string_view("\0", 1));
}

TEST(jute, lengths_below_minus_1_are_refused) {
    for (const std::string length : {"fffffffe", "80000000", "c0000000"}) {
        EXPECT_FALSE(decoded<std::string_view>(length + "61626364").in.ok()) << length;
        EXPECT_FALSE(decoded<std::vector<std::string_view>>(length + "00000000").in.ok()) << length;
        EXPECT_FALSE(decoded<std::vector<acl_entry>>(length + "00000000").in.ok()) << length;
    }
}

TEST(jute, lengths_beyond_the_input_are_refused) {
    for (const std::string length : {"00000005", "7fffffff", "40000000", "00010000"}) {
        EXPECT_FALSE(decoded<std::string_view>(length + "61626364").in.ok()) << length;
    }
}

TEST(jute, counts_beyond_the_input_allocate_nothing) {
    for (const std::string count : {"00000002", "7fffffff", "40000000", "00010000"}) {
        const decoded<std::vector<std::string_view>> names(count + "00000000");
        EXPECT_FALSE(names.in.ok()) << count;
        EXPECT_EQ(names.value.capacity(), 0U) << count;
        const decoded<std::vector<acl_entry>> acl(count + "00000000");
        EXPECT_FALSE(acl.in.ok()) << count;
        EXPECT_EQ(acl.value.capacity(), 0U) << count;
    }
}

TEST(jute, a_count_that_the_items_do_not_keep_is_refused) {
    // Two names announced, the first takes the bytes of the second.
    const decoded<std::vector<std::string_view>> names("000000020000000461626364");
    EXPECT_FALSE(names.in.ok());
    EXPECT_LE(names.value.capacity(), 2U);
}

TEST(jute, a_null_vector_reads_as_an_empty_one) {
    std::vector<std::string_view> names{"left over"};
    const exact_buffer bytes(golden::from_hex("ffffffff"));
    reader in(bytes.view());
    in.get(names);
    EXPECT_TRUE(in.done());
    EXPECT_TRUE(names.empty());
    EXPECT_EQ(hex_of(names), "00000000");
}

TEST(jute, a_vector_that_is_read_into_again_starts_empty) {
    std::vector<std::string_view> names{"left over"};
    const exact_buffer bytes(golden::from_hex("000000010000000161"));
    reader in(bytes.view());
    in.get(names);
    ASSERT_EQ(names.size(), 1U);
    EXPECT_EQ(names[0], "a");
}

TEST(jute, a_failure_is_sticky_and_leaves_later_values_alone) {
    const exact_buffer bytes(golden::from_hex("fffffffe0000000700000008"));
    reader in(bytes.view());
    std::string_view text;
    std::int32_t number = 5;
    std::int64_t large = 6;
    bool flag = true;
    std::vector<std::string_view> names;
    in.get(text);
    in.get(number);
    in.get(large);
    in.get(flag);
    in.get(names);
    EXPECT_FALSE(in.ok());
    EXPECT_FALSE(in.done());
    EXPECT_EQ(number, 5);
    EXPECT_EQ(large, 6);
    EXPECT_TRUE(flag);
    EXPECT_TRUE(names.empty());
}

TEST(jute, an_empty_input_holds_nothing) {
    reader in(std::string_view{});
    EXPECT_TRUE(in.done());
    EXPECT_EQ(in.remaining(), 0U);
    bool flag = false;
    in.get(flag);
    EXPECT_FALSE(in.ok());
}

template <class T>
concept can_be_put = requires(writer& w, const T& value) { w.put(value); };

// A pointer would otherwise convert to bool, and a number silently to another width.
static_assert(!can_be_put<const char*> && !can_be_put<char[4]> && !can_be_put<const void*>);
static_assert(!can_be_put<std::uint32_t> && !can_be_put<std::uint64_t> && !can_be_put<double>);
static_assert(can_be_put<std::int32_t> && can_be_put<std::int64_t> && can_be_put<bool> && can_be_put<std::string>);

} // namespace
} // namespace kazoo::proto::test
