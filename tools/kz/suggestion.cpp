#include "suggestion.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>

namespace kz {

namespace {

/// How many letters must be put in, left out, changed, or swapped with the next to come from one word to the other.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) {
        for (std::size_t j = 0; j <= b.size(); ++j) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            const bool same = a[i - 1] == b[j - 1];
            d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (same ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[a.size()][b.size()];
}

} // namespace

std::string did_you_mean(std::string_view mistyped, const std::vector<std::string>& known) {
    constexpr std::size_t longest = 32; // nobody meant a command by more
    if (mistyped.size() > longest) return {};
    std::string word(mistyped);
    std::ranges::transform(word, word.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    std::size_t least = word.size() > 3 ? 2 : 1; // more would be another word
    std::string nearest;
    for (const std::string& name : known) {
        const bool begins = word.size() > 2 && name.size() > word.size() && name.starts_with(word);
        const std::size_t steps = begins ? 1 : distance(word, name);
        if (steps > least || steps >= name.size()) continue;
        if (steps < least) nearest.clear();
        least = steps;
        nearest.append(nearest.empty() ? "" : " or ").append("\"").append(name).append("\"");
    }
    return nearest.empty() ? "" : "; did you mean " + nearest + "?";
}

} // namespace kz
