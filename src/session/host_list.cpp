#include "session/host_list.hpp"

#include <kazoo/error.hpp>
#include <kazoo/path.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace kazoo::session {

namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char c) noexcept { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_hex_digit(char c) noexcept { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

bool is_ipv4(std::string_view s) noexcept {
    int parts = 0;
    while (true) {
        unsigned value = 0;
        const auto [end, ec] = std::from_chars(s.data(), s.data() + std::min<std::size_t>(s.size(), 3), value);
        if (ec != std::errc() || value > 255) return false;
        if (s.front() == '0' && end - s.data() > 1) return false; // octal to some resolvers
        s.remove_prefix(static_cast<std::size_t>(end - s.data()));
        if (++parts == 4) return s.empty();
        if (s.empty() || s.front() != '.') return false;
        s.remove_prefix(1);
    }
}

bool is_ipv6(std::string_view s) noexcept {
    if (const auto percent = s.find('%'); percent != s.npos) {
        const auto zone = s.substr(percent + 1);
        if (zone.empty() ||
            !std::ranges::all_of(zone, [](char c) { return is_alphanumeric(c) || c == '.' || c == '_' || c == '-'; }))
            return false;
        s = s.substr(0, percent);
    }
    if (s == "::") return true;
    int groups = 0;
    bool elided = false;
    if (s.starts_with("::")) {
        elided = true;
        s.remove_prefix(2);
    }
    while (true) {
        if (s.find('.') != s.npos && s.find(':') == s.npos) {
            groups += 2;
            if (!is_ipv4(s)) return false;
            break;
        }
        const auto length = static_cast<std::size_t>(std::ranges::find_if_not(s, is_hex_digit) - s.begin());
        if (length < 1 || length > 4) return false;
        ++groups;
        s.remove_prefix(length);
        if (s.empty()) break;
        if (s.starts_with("::")) {
            if (std::exchange(elided, true)) return false;
            s.remove_prefix(2);
            if (s.empty()) break;
        } else if (s.front() == ':') {
            s.remove_prefix(1);
        } else {
            return false;
        }
    }
    return elided ? groups < 8 : groups == 8;
}

bool is_name(std::string_view s) noexcept {
    return !s.empty() && s.front() != '-' &&
           std::ranges::all_of(s, [](char c) { return is_alphanumeric(c) || c == '.' || c == '-' || c == '_'; });
}

constexpr std::string_view blanks = " \t\r\n\f\v";

/// Blanks and line ends come from configuration files.
std::string_view trimmed(std::string_view s) noexcept {
    s.remove_prefix(std::min(s.find_first_not_of(blanks), s.size()));
    return s.substr(0, s.find_last_not_of(blanks) + 1);
}

std::uint16_t parse_port(std::string_view text, std::string_view piece) {
    unsigned long port = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (ec != std::errc() || end != text.data() + text.size() || port == 0 || port > 65535)
        refuse_hosts("bad port", piece);
    return static_cast<std::uint16_t>(port);
}

constexpr std::string_view scheme_end = "://";
constexpr std::string_view tls_scheme = "tls://";
constexpr std::string_view unix_scheme = "unix:";
constexpr std::size_t longest_socket_path = 107; // sun_path, and its zero

/// Takes `tls://` off.
bool takes_tls(std::string_view& piece) {
    const auto scheme = std::min(piece.find(scheme_end), piece.size());
    if (scheme == piece.size()) return false;
    if (piece.substr(0, scheme) != "tls") refuse_hosts("unknown scheme", piece);
    piece.remove_prefix(scheme + scheme_end.size());
    return true;
}

host_port parse_socket(std::string_view piece) {
    const std::string_view path = piece.substr(unix_scheme.size());
    if (!path.starts_with('/')) refuse_hosts("a socket's path that does not begin with a slash", piece);
    if (path.find('\0') != path.npos) refuse_hosts("a socket's path with a zero", path.substr(0, path.find('\0')));
    if (path.size() > longest_socket_path) refuse_hosts("a socket's path is too long", piece);
    return {.host = std::string(path), .port = 0};
}

host_port parse_host(std::string_view piece) {
    if (piece.find('@') != piece.npos) refuse_hosts("user information is not supported", piece);
    if (piece.starts_with(unix_scheme)) return parse_socket(piece);
    host_port result;
    result.tls = takes_tls(piece);
    if (result.tls && piece.starts_with(unix_scheme)) refuse_hosts("a Unix-domain socket has no TLS", piece);
    std::string_view rest;
    if (piece.starts_with('[')) {
        const auto close = piece.find(']');
        if (close == piece.npos) refuse_hosts("missing ]", piece);
        const auto address = piece.substr(1, close - 1);
        if (!is_ipv6(address)) refuse_hosts("bad IPv6 address", piece);
        result.host = address;
        rest = piece.substr(close + 1);
        if (!rest.empty() && rest.front() != ':') refuse_hosts("unexpected text behind ]", piece);
    } else {
        const auto colon = std::min(piece.find(':'), piece.size());
        rest = piece.substr(colon);
        if (rest.find(':', 1) != rest.npos) refuse_hosts("an IPv6 address needs brackets", piece);
        if (!is_name(piece.substr(0, colon))) refuse_hosts("bad host name", piece);
        result.host = piece.substr(0, colon);
    }
    if (!rest.empty()) result.port = parse_port(rest.substr(1), piece);
    return result;
}

/// In a URL only sockets and zones have room for escapes.
std::string unescape_host(std::string_view piece) {
    if (piece.starts_with(unix_scheme)) return unescape(piece, piece);
    std::string plain(piece);
    constexpr std::string_view zone = "%25"; // RFC 6874
    if (const auto at = plain.find(zone); at != plain.npos) plain.replace(at, zone.size(), "%");
    return plain;
}

/// The first slash that belongs to no scheme.
std::size_t find_path(std::string_view piece) noexcept {
    std::size_t at = 0;
    while ((at = piece.find('/', at)) != piece.npos) {
        if (at == 0 || !piece.substr(at - 1).starts_with(scheme_end)) return at;
        at += 2;
    }
    return at;
}

struct division {
    std::string_view hosts;
    std::optional<std::string_view> chroot;
};

/// The chroot begins at the first slash that belongs to no scheme and to no socket's path; behind that, at the colon.
division divide(std::string_view text) noexcept {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t begin = std::min(text.find_first_not_of(blanks, at), text.size());
        const std::size_t comma = std::min(text.find(',', begin), text.size());
        const std::string_view piece = text.substr(begin, comma - begin);
        const std::size_t socket = piece.find(unix_scheme);
        if (socket == 0 || piece.substr(0, socket) == tls_scheme) {
            const std::size_t end = piece.find(':', socket + unix_scheme.size());
            if (end != piece.npos) return {text.substr(0, begin + end), text.substr(begin + end + 1)};
        } else if (const std::size_t slash = find_path(piece); slash != piece.npos) {
            return {text.substr(0, begin + slash), text.substr(begin + slash)};
        }
        at = comma + 1;
    }
    return {text, std::nullopt};
}

std::string parse_chroot(std::string_view text) {
    if (!text.starts_with('/')) refuse_hosts("bad chroot", text);
    if (text.find(',') != text.npos) refuse_hosts("the chroot must stand once, behind all hosts,", text);
    std::string chroot = path::normalize(text);
    if (chroot == "/") return {};
    if (!path::defect(chroot).empty()) refuse_hosts("bad chroot", text);
    return chroot;
}

} // namespace

void refuse_hosts(std::string_view problem, std::string_view piece) {
    std::string detail(problem);
    if (!piece.empty()) {
        // Whatever stands before an @ may be a password, and so may the value of an option.
        const auto at = piece.rfind('@');
        const std::string shown = at == piece.npos ? std::string(piece) : "…" + std::string(piece.substr(at));
        const auto query = shown.find('?');
        detail += " in \"" + (query == shown.npos ? shown : shown.substr(0, query) + "?…") + '"';
    }
    throw error(errc::bad_hosts, outcome::not_applied, "parse_hosts", {}, detail);
}

host_spec parse_hosts(std::string_view given) {
    host_spec spec;
    std::string_view text = trimmed(given);
    const std::optional<host_url> url = split_url(text);
    if (url) text = trimmed(url->hosts);
    auto [hosts, chroot] = divide(text);
    while (true) {
        const auto comma = std::min(hosts.find(','), hosts.size());
        const std::string_view piece = trimmed(hosts.substr(0, comma));
        if (piece.empty()) refuse_hosts("empty host", text);
        const std::string plain = url ? unescape_host(piece) : std::string(piece);
        spec.hosts.push_back(parse_host(plain));
        if (comma == hosts.size()) break;
        hosts.remove_prefix(comma + 1);
    }
    if (chroot) spec.chroot = parse_chroot(url ? unescape(*chroot, *chroot) : std::string(*chroot));
    if (!url) return spec;
    spec.tls = url->tls;
    for (host_port& h : spec.hosts) h.tls = h.tls || (url->tls && !h.is_socket());
    spec.options = url->options;
    return spec;
}

std::string to_string(const host_port& h) {
    if (h.is_socket()) return "unix:" + h.host;
    const bool brackets = h.host.find(':') != h.host.npos;
    return (h.tls ? "tls://" : "") + (brackets ? "[" + h.host + "]" : h.host) + ":" + std::to_string(h.port);
}

std::string to_string(const std::vector<host_port>& hosts) {
    std::string text;
    for (const host_port& h : hosts) text.append(text.empty() ? "" : ",").append(to_string(h));
    return text;
}

bool needs_no_lookup(std::string_view host) noexcept { return host.starts_with('/') || is_numeric(host); }

bool is_numeric(std::string_view host) noexcept { return is_ipv4(host) || is_ipv6(host); }

} // namespace kazoo::session
