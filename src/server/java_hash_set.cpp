#include "server/java_hash_set.hpp"

#include <algorithm>

namespace kazoo::server {

namespace {

/// One character of well-formed UTF-8 from the front of `text`; a stray byte stands for itself.
std::uint32_t next_character(std::string_view& text) noexcept {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
    const std::uint32_t lead = byte(0);
    const std::size_t length = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (length == 1 || text.size() < length) {
        text.remove_prefix(1);
        return lead;
    }
    std::uint32_t c = lead & (0x7fU >> length);
    for (std::size_t i = 1; i < length; ++i) c = c << 6 | (byte(i) & 0x3f);
    text.remove_prefix(length);
    return c;
}

} // namespace

std::uint32_t java_string_hash(std::string_view utf8) noexcept {
    std::uint32_t hash = 0;
    if (std::none_of(utf8.begin(), utf8.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {
        for (char c : utf8) hash = 31 * hash + static_cast<unsigned char>(c);
        return hash;
    }
    while (!utf8.empty()) {
        std::uint32_t c = next_character(utf8);
        if (c > 0xffff) { // Java hashes UTF-16
            c -= 0x10000;
            hash = 31 * hash + (0xd800 + (c >> 10));
            c = 0xdc00 + (c & 0x3ff);
        }
        hash = 31 * hash + c;
    }
    return hash;
}

std::uint32_t java_hash(std::string_view utf8) noexcept {
    const std::uint32_t hash = java_string_hash(utf8);
    return hash ^ hash >> 16;
}

} // namespace kazoo::server
