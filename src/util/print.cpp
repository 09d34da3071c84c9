// How public values print themselves, for people: in logs, and in tests that fail.
#include "util/duration_text.hpp"

#include <kazoo/acl.hpp>
#include <kazoo/options.hpp>
#include <kazoo/types.hpp>

#include <ostream>
#include <sstream>

namespace kazoo {

namespace {

template <class T> std::string printed(const T& value) {
    std::ostringstream out;
    out << value;
    return out.str();
}

std::string hexadecimal(std::uint64_t value) {
    std::ostringstream out;
    out << "0x" << std::hex << value;
    return out.str();
}

} // namespace

std::string to_string(version v) { return v == version::any ? "any" : std::to_string(static_cast<std::int32_t>(v)); }
std::string to_string(acl_version v) {
    return v == acl_version::any ? "any" : std::to_string(static_cast<std::int32_t>(v));
}
std::string to_string(zxid z) { return z == zxid::none ? "none" : hexadecimal(static_cast<std::uint64_t>(z)); }
std::string_view to_string(carry_over c) noexcept {
    switch (c) {
    case carry_over::nothing: return "nothing";
    case carry_over::reads: return "reads";
    case carry_over::reads_and_writes: return "reads_and_writes";
    }
    return "unknown";
}

std::string_view to_string(watch_mode m) noexcept {
    switch (m) {
    case watch_mode::persistent: return "persistent";
    case watch_mode::persistent_recursive: return "persistent_recursive";
    }
    return "unknown";
}
std::string to_string(const node_stat& s) { return printed(s); }
std::string to_string(const watch_event& e) { return printed(e); }

std::ostream& operator<<(std::ostream& out, version v) { return out << to_string(v); }
std::ostream& operator<<(std::ostream& out, acl_version v) { return out << to_string(v); }
std::ostream& operator<<(std::ostream& out, zxid z) { return out << to_string(z); }
std::ostream& operator<<(std::ostream& out, carry_over c) { return out << to_string(c); }
std::ostream& operator<<(std::ostream& out, watch_mode m) { return out << to_string(m); }
std::ostream& operator<<(std::ostream& out, const bytes& b) { return out << b.view(); }
std::ostream& operator<<(std::ostream& out, const node& n) {
    if (n.data.is_null()) return out << "null, " << n.stat;
    return out << n.data.size() << " bytes, " << n.stat;
}
std::ostream& operator<<(std::ostream& out, const child_list& l) {
    const char* between = "";
    for (const std::string_view name : l.names) {
        out << between << name;
        between = " ";
    }
    return out << ", " << l.stat;
}
std::ostream& operator<<(std::ostream& out, const created_node& n) { return out << n.path << ", " << n.stat; }

std::string to_string(perms p) {
    std::string text;
    for (const auto& [bit, letter] :
         {std::pair(perms::create, 'c'), std::pair(perms::remove, 'd'), std::pair(perms::read, 'r'),
          std::pair(perms::write, 'w'), std::pair(perms::admin, 'a')})
        if ((p & bit) != perms::none) text += letter;
    return text.empty() ? "none" : text;
}
std::string to_string(const acl& a) { return a.scheme + ":" + a.id + ":" + to_string(a.perms); }
std::ostream& operator<<(std::ostream& out, perms p) { return out << to_string(p); }
std::ostream& operator<<(std::ostream& out, const acl& a) { return out << to_string(a); }
std::ostream& operator<<(std::ostream& out, const acl_list& l) {
    const char* between = "";
    for (const acl& a : l.entries) {
        out << between << a;
        between = " ";
    }
    return out << ", " << l.stat;
}

std::string to_string(time_limit l) {
    constexpr std::chrono::hours fifty_years{50 * 365 * 24}; // the same as none, see time_limit
    const std::chrono::nanoseconds d = l;
    if (d >= fifty_years) return "no limit";
    const bool shows = d >= std::chrono::milliseconds(1) || d == std::chrono::nanoseconds::zero();
    return shows ? util::to_text(d) : std::to_string(d.count()) + " ns";
}
std::ostream& operator<<(std::ostream& out, time_limit l) { return out << to_string(l); }

std::string to_string(const credential& c) { return c.scheme + ":***"; }
std::ostream& operator<<(std::ostream& out, const credential& c) { return out << to_string(c); }
std::string_view to_string(tls_version v) noexcept {
    switch (v) {
    case tls_version::v1_2: return "TLS 1.2";
    case tls_version::v1_3: return "TLS 1.3";
    }
    return "unknown";
}
std::ostream& operator<<(std::ostream& out, tls_version v) { return out << to_string(v); }
std::ostream& operator<<(std::ostream& out, const tls_options& o) {
    out << o.lowest << " to " << o.highest;
    const auto put = [&out](std::string_view what, const std::string& value) {
        if (!value.empty()) out << ", " << what << " " << value;
    };
    put("CA file", o.ca_file);
    put("CA directory", o.ca_directory);
    put("certificate", o.certificate_file);
    put("key", o.key_file);
    put("password", o.key_password.empty() ? "" : "***");
    put("ciphers", o.ciphers);
    put("cipher suites", o.ciphersuites);
    return o.insecure ? out << ", insecure" : out;
}
std::ostream& operator<<(std::ostream& out, const sasl_digest_md5& o) { return out << "DIGEST-MD5, user " << o.user; }
std::ostream& operator<<(std::ostream& out, const sasl_gssapi& o) {
    out << "GSSAPI, service " << o.service;
    const auto put = [&out](std::string_view what, const std::string& value) {
        if (!value.empty()) out << ", " << what << " " << value;
    };
    put("principal", o.principal);
    put("keytab", o.keytab);
    put("tickets", o.ticket_cache);
    return out;
}
std::ostream& operator<<(std::ostream& out, log_level l) { return out << to_string(l); }

} // namespace kazoo
