#include "recipe/group/item_name.hpp"

#include <kazoo/path.hpp>

#include <algorithm>
#include <cstddef>

namespace kazoo::recipe {

namespace {

bool is_hexadecimal(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// By its first byte; 1 for what is none.
std::size_t length_of_character(char first) noexcept {
    const auto byte = static_cast<unsigned char>(first);
    return byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
}

void append_encoded(std::string& name, char c) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    name.append({'%', digits[byte >> 4], digits[byte & 15]});
}

} // namespace

std::string node_name_of(std::string_view item) {
    if (item.empty()) return "%";
    const bool all = item == "." || item == ".." || item == "%";
    std::string name;
    for (std::size_t at = 0; at < item.size();) {
        const std::string_view c = item.substr(at, length_of_character(item[at]));
        const bool like_encoded =
            c == "%" && item.size() - at > 2 && is_hexadecimal(item[at + 1]) && is_hexadecimal(item[at + 2]);
        const bool may_stand = c != "/" && path::defect("/_" + std::string(c)).empty();
        if (!all && may_stand && !like_encoded) {
            name.append(c);
            at += c.size();
        } else {
            append_encoded(name, item[at++]);
        }
    }
    return name;
}

} // namespace kazoo::recipe
