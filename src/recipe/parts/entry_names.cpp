#include "recipe/parts/entry_names.hpp"

#include <algorithm>
#include <charconv>

namespace kazoo::recipe {

namespace {

/// `text` is what %010d makes of a number: ten digits, or a minus and nine or ten.
std::optional<std::int32_t> parse_sequence(std::string_view text) noexcept {
    const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
    if (digits.size() != 10 && text.size() != 10) return std::nullopt;
    if (!std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
    std::int32_t n = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
    return ec == std::errc{} && end == text.data() + text.size() ? std::optional(n) : std::nullopt;
}

} // namespace

std::optional<std::int32_t> sequence_of(std::string_view name, std::span<const std::string> marks) noexcept {
    for (const std::size_t length : {std::size_t{10}, std::size_t{11}}) {
        if (name.size() < length) break;
        const std::string_view before = name.substr(0, name.size() - length);
        if (std::ranges::none_of(marks, [&](const std::string& m) { return before.ends_with(m); })) continue;
        if (const auto n = parse_sequence(name.substr(before.size()))) return n;
    }
    return std::nullopt;
}

bool is_id(std::string_view name) noexcept {
    const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    return name.size() == 32 && std::ranges::all_of(name, is_digit);
}

} // namespace kazoo::recipe
