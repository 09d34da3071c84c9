#include <kazoo/path.hpp>

#include <algorithm>
#include <cstdint>

namespace kazoo::path {

namespace {

/// The characters that the server's PathUtils refuses.
bool forbidden(std::uint32_t c) noexcept {
    return c <= 0x1f || (c >= 0x7f && c <= 0x9f) || (c >= 0xd800 && c <= 0xf8ff) || (c >= 0xfff0 && c <= 0xffff) ||
           c > 0xffff; // the server sees its two surrogates
}

/// Decodes one UTF-8 character at `at`; false if there is none. A longer form than needed is none: to the server it is
/// several unreadable characters, to others a slash or a dot.
bool next_character(std::string_view s, std::size_t& at, std::uint32_t& c) noexcept {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(s[i]); };
    const std::uint8_t first = byte(at);
    std::size_t length = 0;
    std::uint32_t least = 0;
    if (first < 0x80) {
        c = first;
        length = 1;
    } else if (first >= 0xc2 && first < 0xe0) {
        c = first & 0x1fU;
        length = 2;
    } else if (first >= 0xe0 && first < 0xf0) {
        c = first & 0x0fU;
        length = 3;
        least = 0x800;
    } else if (first >= 0xf0 && first < 0xf5) {
        c = first & 0x07U;
        length = 4;
        least = 0x10000;
    } else {
        return false;
    }
    if (s.size() - at < length) return false;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(at + i) & 0xc0U) != 0x80U) return false;
        c = c << 6 | (byte(at + i) & 0x3fU);
    }
    at += length;
    return c >= least && c <= 0x10ffff;
}

std::string_view part_defect(std::string_view part) noexcept {
    if (part.empty()) return "it has an empty part";
    if (part == ".") return "it has a part \".\"";
    if (part == "..") return "it has a part \"..\"";
    return {};
}

} // namespace

std::string_view defect(std::string_view path, bool sequential) noexcept {
    if (path.empty()) return "it is empty";
    if (path.front() != '/') return "it does not start with a slash";
    if (path == "/") return {};
    if (path.back() == '/') {
        if (!sequential) return "it ends with a slash";
        path.remove_suffix(1);
    }
    std::size_t start = 1;
    for (std::size_t at = 1; at < path.size();) {
        if (path[at] == '/') {
            if (const auto d = part_defect(path.substr(start, at - start)); !d.empty()) return d;
            start = ++at;
            continue;
        }
        std::uint32_t c = 0;
        if (!next_character(path, at, c)) return "it is not UTF-8";
        if (forbidden(c)) return "it has a character that the server refuses";
    }
    // "a." may be the start of a good sequential name, but "." alone becomes ".0000000000": good as well.
    if (sequential) return start == path.size() ? "it has an empty part" : std::string_view{};
    return part_defect(path.substr(start));
}

std::string normalize(std::string_view path, bool keep_trailing) {
    std::string out;
    out.reserve(path.size() + 1);
    std::size_t at = 0;
    while (at < path.size()) {
        const std::size_t slash = std::min(path.find('/', at), path.size());
        if (slash > at) out.append("/").append(path.substr(at, slash - at));
        at = slash + 1;
    }
    if (out.empty()) return "/";
    if (keep_trailing && path.back() == '/') out.push_back('/');
    return out;
}

std::string join(std::string_view parent, std::string_view child) {
    while (!child.empty() && child.front() == '/') child.remove_prefix(1);
    std::string out(parent);
    while (!out.empty() && out.back() == '/') out.pop_back();
    return out.append("/").append(child);
}

std::string_view parent(std::string_view path) noexcept {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos || slash == 0) return "/";
    return path.substr(0, slash);
}

std::string_view basename(std::string_view path) noexcept {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

bool is_within(std::string_view root, std::string_view path) noexcept {
    if (root == "/" || root.empty()) return !path.empty() && path.front() == '/';
    return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
}

} // namespace kazoo::path
