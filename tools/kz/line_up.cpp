#include "line_up.hpp"

#include "show.hpp"

#include <utility>

namespace kz {

namespace {

void write(json& out, const kazoo::contender& c) {
    const bool text = is_utf8(c.identifier);
    out.begin_object()
        .member("identifier", text ? c.identifier : base64(c.identifier))
        .member("base64", !text)
        .member("path", c.path)
        .member("session", kazoo::to_string(c.owner))
        .member("fencingToken", token_text(c.created))
        .member("shared", c.shared);
    out.end_object();
}

std::string to_line(const kazoo::contender& c) {
    return token_text(c.created) + "  " + kazoo::to_string(c.owner) + "  " + c.path + "  " + printable(c.identifier) +
           "\n";
}

} // namespace

std::string token_text(kazoo::zxid token) { return std::to_string(static_cast<std::int64_t>(token)); }

std::string printable(std::string text) {
    for (char& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
    return text;
}

std::string line_up(const std::vector<kazoo::contender>& all, const std::string& path, bool as_json) {
    json out;
    std::string text;
    out.begin_object().member("path", path).key("contenders").begin_array();
    for (const kazoo::contender& c : all) {
        write(out, c);
        text += to_line(c);
    }
    return as_json ? std::move(out.end_array().end_object()).line() : text;
}

} // namespace kz
