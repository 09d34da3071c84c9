#include "recipe/queue/entry.hpp"

#include "recipe/parts/entry_names.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <iterator>
#include <limits>

namespace kazoo::recipe {

namespace {

constexpr std::string_view mark = "entry-";
constexpr std::size_t prefix_size = 10; // entry-PPP-

} // namespace

std::string entry_prefix(std::int32_t priority) {
    std::string digits = std::to_string(priority);
    return std::string(mark) + std::string(3 - std::min<std::size_t>(3, digits.size()), '0') + digits + '-';
}

std::string queue_entry::name() const {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%010d", number);
    return entry_prefix(priority) + text.data();
}

std::optional<queue_entry> parse_entry(std::string_view name) noexcept {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (name.size() < prefix_size + 10 || name.size() > prefix_size + 11) return std::nullopt;
    const std::string_view priority = name.substr(mark.size(), 3);
    if (!name.starts_with(mark) || !std::ranges::all_of(priority, is_digit)) return std::nullopt;
    const std::array<std::string, 1> dash{"-"};
    const auto number = name[prefix_size - 1] == '-' ? sequence_of(name.substr(prefix_size - 1), dash) : std::nullopt;
    if (!number) return std::nullopt;
    return queue_entry{(priority[0] - '0') * 100 + (priority[1] - '0') * 10 + (priority[2] - '0'), *number};
}

std::optional<queue_entry> first_of_entries(const std::set<queue_entry>& all) noexcept {
    if (all.empty()) return std::nullopt;
    const queue_entry least = *all.begin();
    const auto beyond = all.upper_bound({least.priority, std::numeric_limits<std::int32_t>::max()});
    const auto from_zero = all.lower_bound({least.priority, 0});
    const bool wrapped =
        least.number < 0 && from_zero != beyond && wrapping_difference(least.number, std::prev(beyond)->number) > 0;
    return wrapped ? *from_zero : least;
}

std::optional<queue_entry> one_of_first_entries(const std::set<queue_entry>& all, std::size_t most,
                                                std::uint64_t chance) noexcept {
    const auto first = first_of_entries(all);
    if (!first || most == 1) return first;
    const auto begin = all.find(*first);
    const auto same = [&](const queue_entry& e) { return e.priority == first->priority; };
    std::size_t n = 0;
    for (auto e = begin; n < most && e != all.end() && same(*e); ++e) ++n;
    return *std::next(begin, static_cast<std::ptrdiff_t>(chance % n));
}

} // namespace kazoo::recipe
