#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace kz {

/// `; did you mean "get"?` with the words that are nearest to a mistyped one, or nothing if none is near.
std::string did_you_mean(std::string_view mistyped, const std::vector<std::string>& known);

} // namespace kz
