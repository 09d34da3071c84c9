#include "recipe/parts/lock_queue.hpp"

#include "recipe/parts/entry_names.hpp"

#include <algorithm>
#include <utility>

namespace kazoo::recipe {

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

std::optional<std::string_view> lock_queue::nearest_ahead(std::size_t position,
                                                          std::span<const std::string> marks) const noexcept {
    while (position-- > 0)
        if (sequence_of(names_[position], marks)) return names_[position];
    return std::nullopt;
}

} // namespace kazoo::recipe
