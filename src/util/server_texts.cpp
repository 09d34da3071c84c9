#include "util/server_texts.hpp"

#include <charconv>
#include <ios>
#include <ostream>

namespace kazoo {

namespace util {

namespace {

/// Cuts what is ahead of the separator off; all of it if there is none.
std::string_view cut(std::string_view& rest, char separator) {
    const auto at = std::min(rest.find(separator), rest.size());
    const std::string_view piece = rest.substr(0, at);
    rest.remove_prefix(std::min(at + 1, rest.size()));
    return piece;
}

template <class Number> bool read(std::string_view text, Number& number, int base = 10) {
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number, base);
    return ec == std::errc() && end == text.data() + text.size();
}

} // namespace

ensemble_config parse_config(std::string text) {
    constexpr std::string_view server = "server.";
    ensemble_config c;
    for (std::string_view rest = text; !rest.empty();) {
        std::string_view value = cut(rest, '\n');
        const std::string_view key = cut(value, '=');
        std::int64_t number = 0;
        if (key.starts_with(server) && read(key.substr(server.size()), number))
            c.members.push_back({number, std::string(value)});
        else if (key == "version" && read(value, number, 16))
            c.version = config_version{number};
    }
    c.text = std::move(text);
    return c;
}

std::optional<server_version> parse_version(std::string_view answer) {
    constexpr std::string_view key = "version: ";
    const auto at = answer.find(key);
    if (at == answer.npos) return std::nullopt;
    std::string_view line = answer.substr(at + key.size());
    line = cut(line, '\n');
    server_version v{.text = std::string(line)};
    // 3.8.0-5a02a05e…, built on …: the third number ends where the digits do.
    if (!read(cut(line, '.'), v.major) || !read(cut(line, '.'), v.minor)) return std::nullopt;
    const auto digits = std::min(line.find_first_not_of("0123456789"), line.size());
    if (!read(line.substr(0, digits), v.patch)) return std::nullopt;
    return v;
}

bool says_not_allowed(std::string_view word, std::string_view answer) {
    return answer.starts_with(word) &&
           answer.substr(word.size()).starts_with(" is not executed because it is not in the whitelist");
}

} // namespace util

std::ostream& operator<<(std::ostream& out, config_version v) {
    if (v == config_version::any) return out << "any";
    char digits[16];
    const auto end = std::to_chars(digits, digits + sizeof digits, static_cast<std::uint64_t>(v), 16).ptr;
    return out << std::string_view(digits, end);
}

std::ostream& operator<<(std::ostream& out, const ensemble_member& m) {
    return out << "server." << m.id << '=' << m.address;
}

std::ostream& operator<<(std::ostream& out, const ensemble_config& c) { return out << c.text; }

std::ostream& operator<<(std::ostream& out, const client_identity& i) { return out << i.scheme << ':' << i.id; }

std::ostream& operator<<(std::ostream& out, const server_version& v) {
    return out << v.major << '.' << v.minor << '.' << v.patch;
}

} // namespace kazoo
