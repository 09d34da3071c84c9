#pragma once
// What the names of a recipe's nodes say: numbers that the server appended, and ids.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kazoo::recipe {

/// The number at the end of a name: a mark, then what the server appended (%010d). Nothing for other names.
std::optional<std::int32_t> sequence_of(std::string_view name, std::span<const std::string> marks) noexcept;

/// How far `a` is behind `b`: the server's counter wraps from 2^31-1 to -2^31 (C56).
constexpr std::int32_t wrapping_difference(std::int32_t a, std::int32_t b) noexcept {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) - static_cast<std::uint32_t>(b));
}

/// Whether it is an id of Python's kazoo and nothing else: 32 lower-case hexadecimal digits.
bool is_id(std::string_view name) noexcept;

} // namespace kazoo::recipe
