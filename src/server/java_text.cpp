#include "server/java_text.hpp"

#include <algorithm>

namespace kazoo::server {

namespace {

constexpr auto at_least(unsigned limit) {
    return [limit](char c) { return static_cast<unsigned char>(c) >= limit; };
}

constexpr std::size_t length_by_lead(unsigned lead) noexcept {
    return lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

struct character {
    std::uint32_t code = 0;
    std::string_view bytes;
};

/// The first character of well-formed UTF-8; a stray byte stands for itself.
character take_character(std::string_view& text) noexcept {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
    std::size_t length = length_by_lead(byte(0));
    if (text.size() < length) length = 1;
    std::uint32_t code = length == 1 ? byte(0) : byte(0) & (0x7fU >> length);
    for (std::size_t i = 1; i < length; ++i) code = code << 6 | (byte(i) & 0x3f);
    const character result{code, text.substr(0, length)};
    text.remove_prefix(length);
    return result;
}

struct surrogates {
    std::uint32_t high, low;
};

constexpr surrogates split(std::uint32_t code) noexcept {
    return {0xd800 + ((code - 0x10000) >> 10), 0xdc00 + ((code - 0x10000) & 0x3ff)};
}

void append_unit(std::string& out, std::uint32_t unit) {
    out += static_cast<char>(0xe0 | (unit >> 12 & 0x0f));
    out += static_cast<char>(0x80 | (unit >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (unit & 0x3f));
}

} // namespace

std::uint32_t java_string_hash(std::string_view utf8) noexcept {
    std::uint32_t hash = 0;
    if (std::none_of(utf8.begin(), utf8.end(), at_least(0x80))) {
        for (char c : utf8) hash = 31 * hash + static_cast<unsigned char>(c);
        return hash;
    }
    while (!utf8.empty()) {
        std::uint32_t unit = take_character(utf8).code;
        if (unit > 0xffff) {
            const surrogates pair = split(unit);
            hash = 31 * hash + pair.high;
            unit = pair.low;
        }
        hash = 31 * hash + unit;
    }
    return hash;
}

std::string_view as_java_writes(std::string_view utf8, std::string& buffer) {
    if (std::none_of(utf8.begin(), utf8.end(), at_least(0xf0))) return utf8;
    buffer.clear();
    while (!utf8.empty()) {
        const character c = take_character(utf8);
        if (c.code > 0xffff) {
            append_unit(buffer, split(c.code).high);
            append_unit(buffer, split(c.code).low);
        } else {
            buffer += c.bytes;
        }
    }
    return buffer;
}

} // namespace kazoo::server
