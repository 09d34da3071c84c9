#include "recipe/parts/lock_queue.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

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

lock_queue::lock_queue(child_names children, std::span<const std::string> marks) : children_(std::move(children)) {
    std::vector<std::pair<std::int32_t, std::string_view>> found;
    for (const std::string_view name : children_)
        if (const auto n = sequence_of(name, marks)) found.emplace_back(*n, name);
    if (found.empty()) return;
    // Sorted by the distance from one of them, which is an order for any numbers, whoever made up the names.
    const std::int32_t somewhere = found.front().first;
    std::ranges::sort(found, {},
                      [&](const auto& f) { return std::pair(wrapping_difference(f.first, somewhere), f.second); });
    names_.reserve(found.size());
    for (const auto& [n, name] : found) names_.push_back(name);
}

std::optional<std::size_t> lock_queue::position(std::string_view name) const noexcept {
    const auto at = std::ranges::find(names_, name);
    if (at == names_.end()) return std::nullopt;
    return static_cast<std::size_t>(at - names_.begin());
}

} // namespace kazoo::recipe
