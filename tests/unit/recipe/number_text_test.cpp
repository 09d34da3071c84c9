// The texts of numbers are those of Python's repr(), and what its int() and float() read.
#include "recipe/counter/number_text.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

namespace kazoo::recipe {
namespace {

struct python_float {
    std::uint64_t bits;
    const char* repr;
};

// python3 -c 'import struct; [print(hex(struct.unpack(">Q", struct.pack(">d", x))[0]), repr(x)) for x in ...]'
constexpr python_float floats[]{
    {0x0000000000000000U, "0.0"},
    {0x8000000000000000U, "-0.0"},
    {0x3ff0000000000000U, "1.0"},
    {0x3fb999999999999aU, "0.1"},
    {0x430c6bf526340000U, "1000000000000000.0"},
    {0x4341c37937e08000U, "1e+16"},
    {0x437b69b4ba630f35U, "1.2345678901234568e+17"},
    {0x3f1a36e2eb1c432dU, "0.0001"},
    {0x3ee4f8b588e368f1U, "1e-05"},
    {0x3f202e4b6ce5dc68U, "0.00012345"},
    {0x0000000000000001U, "5e-324"},
    {0x7fefffffffffffffU, "1.7976931348623157e+308"},
    {0x3fd5555555555555U, "0.3333333333333333"},
    {0xc004000000000000U, "-2.5"},
    {0x4480f0cf064dd592U, "1e+22"},
    {0x4340000000000000U, "9007199254740992.0"},
    {0x7ff0000000000000U, "inf"},
    {0xfff0000000000000U, "-inf"},
    {0x40f86a0000000000U, "100000.0"},
    {0x0010000000000000U, "2.2250738585072014e-308"},
    {0x54b249ad2594c37dU, "1e+100"},
};

TEST(number_text, A24_floats_are_written_as_python_writes_them_and_read_exactly) {
    for (const auto& [bits, repr] : floats) {
        const auto number = std::bit_cast<double>(bits);
        EXPECT_EQ(decimal_float.write(number), repr);
        EXPECT_EQ(std::bit_cast<std::uint64_t>(decimal_float.read(repr)), bits) << repr;
    }
    EXPECT_EQ(decimal_float.write(std::numeric_limits<double>::quiet_NaN()), "nan");
    EXPECT_TRUE(std::isnan(decimal_float.read("nan")));
}

TEST(number_text, floats_are_read_in_every_spelling_of_pythons) {
    for (const char* text : {"5", "5.", " 5.0\n", "+5", "50e-1", "0.5E1", "\t5"})
        EXPECT_EQ(decimal_float.read(text), 5.0);
    EXPECT_EQ(decimal_float.read(".5"), 0.5);
    EXPECT_EQ(decimal_float.read("Infinity"), std::numeric_limits<double>::infinity());
    EXPECT_EQ(decimal_float.read("-INF"), -std::numeric_limits<double>::infinity());
    for (const char* text : {"", " ", ".", "e5", "5,0", "0x1p3", "nan(1)", "1.0.0", "5 5", "+-5", "+", "1e999"})
        EXPECT_THROW(decimal_float.read(text), bad_number) << text;
}

TEST(number_text, whole_numbers_have_64_bits) {
    EXPECT_EQ(decimal_int.read("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(decimal_int.write(std::numeric_limits<std::int64_t>::max()), "9223372036854775807");
    for (const char* text : {"9223372036854775808", "-9223372036854775809", "1e3", "1.0", "", "-", "0b1"})
        EXPECT_THROW(decimal_int.read(text), bad_number) << text;
}

TEST(number_text, C74_what_is_no_number_is_told_without_what_cannot_be_shown) {
    try {
        decimal_int.read(std::string("\x00\xff\n\"a", 5));
        FAIL();
    } catch (const bad_number& e) {
        EXPECT_STREQ(e.what(), "\"???\"a\" is no number");
    }
}

TEST(number_text, curators_bytes_are_read_with_their_sign) {
    EXPECT_EQ(curator_int.read(std::string("\xff\xff\xff\xff", 4)), -1);
    EXPECT_EQ(curator_int.read(std::string("\x7f\0\0\1", 4)), 0x7f000001);
    EXPECT_THROW(curator_int.read("1"), bad_number);
    EXPECT_THROW(curator_int.read("12345678"), bad_number);
    EXPECT_THROW(curator_int.write(std::int64_t{1} << 31), bad_number);
}

} // namespace
} // namespace kazoo::recipe
