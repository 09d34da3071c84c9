#include "json.hpp"

#include <cstdint>

namespace kz {

json& json::open(char bracket) {
    separate();
    text_ += bracket;
    first_ = true;
    return *this;
}

json& json::close(char bracket) {
    text_ += bracket;
    first_ = false;
    return *this;
}

json& json::key(std::string_view name) {
    separate();
    quote(name);
    text_ += ':';
    first_ = true; // no comma before the value
    return *this;
}

json& json::value(std::string_view text) {
    separate();
    quote(text);
    return *this;
}

json& json::raw(std::string_view token) {
    separate();
    text_ += token;
    return *this;
}

void json::separate() {
    if (!first_) text_ += ',';
    first_ = false;
}

void json::quote(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    text_ += '"';
    for (const char c : text) {
        const auto code = static_cast<unsigned char>(c);
        switch (c) {
        case '"': text_ += "\\\""; break;
        case '\\': text_ += "\\\\"; break;
        case '\n': text_ += "\\n"; break;
        case '\t': text_ += "\\t"; break;
        case '\r': text_ += "\\r"; break;
        default:
            if (code >= 0x20)
                text_ += c;
            else
                text_.append("\\u00").append(1, digits[code >> 4]).append(1, digits[code & 15]);
        }
    }
    text_ += '"';
}

bool is_utf8(std::string_view text) noexcept {
    constexpr std::uint32_t smallest[] = {0, 0x80, 0x800, 0x10000}; // by the number of bytes behind the first
    for (std::size_t at = 0; at < text.size();) {
        const auto lead = static_cast<unsigned char>(text[at++]);
        const std::size_t more = lead < 0x80 ? 0 : lead >> 5 == 6 ? 1 : lead >> 4 == 14 ? 2 : lead >> 3 == 30 ? 3 : 4;
        if (more == 4 || more > text.size() - at) return false;
        std::uint32_t point = more == 0 ? lead : lead & (0x3Fu >> more);
        for (std::size_t n = 0; n < more; ++n) {
            const auto next = static_cast<unsigned char>(text[at++]);
            if (next >> 6 != 2) return false;
            point = point << 6 | (next & 0x3F);
        }
        if (point < smallest[more] || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return false;
    }
    return true;
}

std::string base64(std::string_view bytes) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const std::string_view group = bytes.substr(at, 3);
        std::uint32_t bits = 0;
        for (std::size_t n = 0; n < 3; ++n)
            bits = bits << 8 | (n < group.size() ? static_cast<unsigned char>(group[n]) : 0u);
        for (std::size_t n = 0; n < 4; ++n) text += n <= group.size() ? digits[bits >> (18 - 6 * n) & 63] : '=';
    }
    return text;
}

} // namespace kz
