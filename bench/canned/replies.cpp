#include "canned/replies.hpp"

#include "wire.hpp"

#include <algorithm>

namespace bench {

namespace {

// Offsets in a Stat.
constexpr std::size_t modified_zxid_at = 8;
constexpr std::size_t version_at = 32;

constexpr std::uint64_t some_time = 1'700'000'000'000;

std::string stat_record(std::size_t data_size, std::size_t children) {
    std::string s;
    put64(s, 2); // czxid
    put64(s, 2); // mzxid
    put64(s, some_time);
    put64(s, some_time);
    put32(s, 0); // version
    put32(s, static_cast<std::uint32_t>(children));
    put32(s, 0); // aversion
    put64(s, 0); // ephemeralOwner
    put32(s, static_cast<std::uint32_t>(data_size));
    put32(s, static_cast<std::uint32_t>(children));
    put64(s, 2); // pzxid
    return s;
}

/// A whole frame whose xid and zxid are filled in later.
std::string reply(std::string_view body, std::int32_t error = 0) {
    std::string s;
    put32(s, static_cast<std::uint32_t>(reply_header_size + body.size()));
    put32(s, 0);
    put64(s, 0);
    put32(s, static_cast<std::uint32_t>(error));
    s += body;
    return s;
}

std::string child_names(std::size_t count) {
    std::string s;
    put32(s, static_cast<std::uint32_t>(count));
    for (std::size_t i = 0; i < count; ++i) {
        const std::string digits = std::to_string(i);
        put_text(s, "child-" + std::string(10 - std::min<std::size_t>(10, digits.size()), '0') + digits);
    }
    return s;
}

/// The path at the start of a request's body, with its length; empty if it is cut off.
std::string_view leading_path(std::string_view request) {
    const std::size_t at = request_body_at - length_size;
    if (request.size() < at + 4) return {};
    const std::size_t size = 4 + std::size_t{load32(request.data() + at)};
    return request.size() - at < size ? std::string_view{} : request.substr(at, size);
}

} // namespace

canned_replies::canned_replies(std::size_t data_size, std::size_t children) {
    std::string data;
    put_text(data, std::string(data_size, 'x'));
    const std::string node = stat_record(data_size, 0);
    const std::string names = child_names(children);
    header_ = reply("");
    data_ = reply(data + node);
    stat_ = reply(node);
    children_ = reply(names);
    children2_ = reply(names + stat_record(0, children));
    unimplemented_ = reply("", -6);
}

void canned_replies::greet(std::string_view request, std::string& out) {
    constexpr std::size_t timeout_at = 12;
    const std::uint32_t timeout = request.size() >= timeout_at + 4 ? load32(request.data() + timeout_at) : 10'000;
    std::string s;
    put32(s, 0); // protocol version
    put32(s, timeout);
    put64(s, ++session_);
    put_text(s, std::string(16, 'p'));
    s.push_back('\0'); // not read-only
    put_text(out, s);
}

void canned_replies::append(std::string& out, const std::string& prepared, std::uint32_t xid) const {
    const std::size_t at = out.size();
    out += prepared;
    store32(out.data() + at + xid_at, xid);
    store64(out.data() + at + reply_zxid_at, zxid_);
}

bool canned_replies::answer(std::string_view request, std::string& out) {
    if (request.size() < 8) return false;
    const std::uint32_t xid = load32(request.data());
    const std::size_t at = out.size();
    switch (static_cast<std::int32_t>(load32(request.data() + 4))) {
    case op_get: append(out, data_, xid); return true;
    case op_exists: append(out, stat_, xid); return true;
    case op_set:
        ++zxid_;
        append(out, stat_, xid);
        store64(out.data() + at + reply_body_at + modified_zxid_at, zxid_);
        store32(out.data() + at + reply_body_at + version_at, ++version_);
        return true;
    case op_create:
    case op_create2: {
        const std::string_view path = leading_path(request);
        if (path.empty()) return false;
        ++zxid_;
        std::string body(path);
        if (load32(request.data() + 4) == op_create2) body += std::string_view(stat_).substr(reply_body_at);
        append(out, reply(body), xid);
        return true;
    }
    case op_sync: append(out, reply(leading_path(request)), xid); return true;
    case op_remove:
        ++zxid_;
        append(out, header_, xid);
        return true;
    case op_get_children: append(out, children_, xid); return true;
    case op_get_children2: append(out, children2_, xid); return true;
    case op_ping:
    case op_auth:
    case op_set_watches:
    case op_set_watches2: append(out, header_, xid); return true;
    case op_close: append(out, header_, xid); return false;
    default: append(out, unimplemented_, xid); return true;
    }
}

} // namespace bench
