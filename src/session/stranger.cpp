#include "session/stranger.hpp"

#include <algorithm>

namespace kazoo::session {

namespace {

bool is_tls_record(std::string_view in) noexcept {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(in[i]); };
    return in.size() >= 3 && at(0) >= 0x14 && at(0) <= 0x17 && at(1) == 3 && at(2) <= 4;
}

bool is_printable(char c) noexcept { return c >= ' ' && c <= '~'; }

/// The line that a text protocol greets with; empty if it is no text.
std::string_view first_line(std::string_view in) noexcept {
    constexpr std::size_t enough = 60, least = 3;
    const auto end = std::ranges::find_if_not(in, is_printable);
    const auto length = static_cast<std::size_t>(end - in.begin());
    const bool whole = end == in.end() || *end == '\r' || *end == '\n';
    return whole && length >= least ? in.substr(0, std::min(length, enough)) : std::string_view();
}

std::string in_hex(std::string_view in) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const char c : in.substr(0, 8)) {
        const auto byte = static_cast<unsigned char>(c);
        text += text.empty() ? "" : " ";
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

} // namespace

bool may_begin_a_frame(std::string_view in) noexcept {
    constexpr std::string_view short_length("\0\0", 2);
    return in.starts_with(short_length.substr(0, in.size()));
}

std::string describe_stranger(std::string_view in) {
    if (is_tls_record(in)) return "it answers TLS";
    if (in.starts_with("HTTP")) return "it answers HTTP";
    if (in.starts_with("SSH-")) return "it answers SSH";
    if (const std::string_view line = first_line(in); !line.empty())
        return "it is not a ZooKeeper client port: it says \"" + std::string(line) + "\"";
    return "protocol violation: not a ZooKeeper client port, its first bytes are " + in_hex(in);
}

} // namespace kazoo::session
