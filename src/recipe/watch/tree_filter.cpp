#include "recipe/watch/tree_filter.hpp"

#include <algorithm>

namespace kazoo::recipe {

namespace {

/// By components, so that `*` does not reach over a slash.
bool matches_path(std::string_view pattern, std::string_view path) noexcept {
    for (;;) {
        const auto p = pattern.find('/'), q = path.find('/');
        if (!matches(pattern.substr(0, p), path.substr(0, q))) return false;
        if (p == std::string_view::npos || q == std::string_view::npos) return p == q;
        pattern.remove_prefix(p + 1);
        path.remove_prefix(q + 1);
    }
}

} // namespace

bool matches(std::string_view pattern, std::string_view text) noexcept {
    std::size_t p = 0, t = 0, star = std::string_view::npos, behind_star = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            behind_star = t;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) { // the last star takes one byte more
            p = star + 1;
            t = ++behind_star;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

bool tree_filter::leaves_out(std::string_view relative) const noexcept {
    if (relative.empty()) return false;
    const auto slash = relative.rfind('/');
    const std::string_view name = slash == std::string_view::npos ? relative : relative.substr(slash + 1);
    return std::ranges::any_of(leave_out_, [&](std::string_view pattern) {
        return pattern.find('/') == std::string_view::npos ? matches(pattern, name) : matches_path(pattern, relative);
    });
}

bool tree_filter::leaves_out_any(std::string_view relative) const noexcept {
    if (leave_out_.empty()) return false;
    for (std::size_t slash = relative.find('/'); slash != std::string_view::npos; slash = relative.find('/', slash + 1))
        if (leaves_out(relative.substr(0, slash))) return true;
    return leaves_out(relative);
}

std::string_view defect_of_pattern(std::string_view pattern) noexcept {
    if (pattern.empty()) return "a pattern of what is left out must not be empty";
    if (pattern.starts_with('/') || pattern.ends_with('/') || pattern.find("//") != std::string_view::npos)
        return "a pattern of what is left out is a name, or a path below the root without a slash in front";
    return {};
}

} // namespace kazoo::recipe
