#include "session/host_url.hpp"

#include "session/host_list.hpp"

#include <algorithm>
#include <charconv>

namespace kazoo::session {

namespace {

url_option parse_option(std::string_view piece) {
    const auto equals = piece.find('=');
    const std::string_view name = piece.substr(0, equals);
    // Without a name it may be the end of a secret.
    if (equals == piece.npos || equals == 0) refuse_hosts("an option is not name=value");
    return {std::string(name), unescape(piece.substr(equals + 1), name)};
}

std::vector<url_option> parse_options(std::string_view query) {
    std::vector<url_option> options;
    while (!query.empty()) {
        const auto end = std::min(query.find('&'), query.size());
        const std::string_view piece = query.substr(0, end);
        url_option option = parse_option(piece);
        if (std::ranges::find(options, option.name, &url_option::name) != options.end())
            refuse_hosts("an option stands there twice", option.name);
        options.push_back(std::move(option));
        if (end == query.size()) break;
        query.remove_prefix(end + 1);
        if (query.empty()) refuse_hosts("an option is missing behind &");
    }
    return options;
}

} // namespace

std::optional<host_url> split_url(std::string_view text) {
    host_url url;
    url.tls = text.starts_with("zk+tls://");
    if (!url.tls && !text.starts_with("zk://")) return std::nullopt;
    if (text.find('#') != text.npos) refuse_hosts("a # must be written as %23");
    text.remove_prefix(text.find("://") + 3);
    const auto query = std::min(text.find('?'), text.size());
    url.hosts = text.substr(0, query);
    if (query < text.size()) url.options = parse_options(text.substr(query + 1));
    return url;
}

std::string unescape(std::string_view text, std::string_view piece) {
    std::string plain;
    while (!text.empty()) {
        const auto percent = std::min(text.find('%'), text.size());
        plain += text.substr(0, percent);
        text.remove_prefix(percent);
        if (text.empty()) break;
        unsigned value = 0;
        const auto digits = text.substr(1, 2);
        const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
        if (digits.starts_with('-') || ec != std::errc() || end != digits.data() + 2) refuse_hosts("bad escape", piece);
        plain += static_cast<char>(value);
        text.remove_prefix(3);
    }
    return plain;
}

} // namespace kazoo::session
