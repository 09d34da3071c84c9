#include <kazoo/acl.hpp>
#include <kazoo/create_mode.hpp>
#include <kazoo/log.hpp>
#include <kazoo/options.hpp>
#include <kazoo/types.hpp>

#include <array>
#include <ostream>

namespace kazoo {

std::string_view to_string(session_state s) noexcept {
    switch (s) {
    case session_state::connecting: return "connecting";
    case session_state::connected: return "connected";
    case session_state::connected_read_only: return "connected_read_only";
    case session_state::suspended: return "suspended";
    case session_state::lost: return "lost";
    case session_state::auth_failed: return "auth_failed";
    case session_state::closed: return "closed";
    }
    return "unknown";
}

std::string_view to_string(event_type t) noexcept {
    switch (t) {
    case event_type::created: return "created";
    case event_type::deleted: return "deleted";
    case event_type::data_changed: return "data_changed";
    case event_type::children_changed: return "children_changed";
    case event_type::gap: return "gap";
    }
    return "unknown";
}

std::string_view to_string(log_level l) noexcept {
    switch (l) {
    case log_level::wire: return "wire";
    case log_level::debug: return "debug";
    case log_level::info: return "info";
    case log_level::warn: return "warn";
    case log_level::error: return "error";
    case log_level::off: return "off";
    }
    return "unknown";
}

std::string to_string(session_id id) {
    constexpr std::string_view digits = "0123456789abcdef";
    auto value = static_cast<std::uint64_t>(id);
    std::string text;
    do {
        text.insert(text.begin(), digits[value & 15]);
        value >>= 4;
    } while (value != 0);
    return "0x" + text;
}

std::string to_string(create_mode m) {
    if (m.is_container()) return "container";
    if (m.has_ttl()) {
        const std::string name = m.is_sequential() ? "sequential_ttl(" : "ttl(";
        return name + std::to_string(m.time_to_live().count()) + " ms)";
    }
    return std::string(m.is_ephemeral() ? "ephemeral" : "persistent") + (m.is_sequential() ? "_sequential" : "");
}

std::ostream& operator<<(std::ostream& out, create_mode m) { return out << to_string(m); }
std::ostream& operator<<(std::ostream& out, session_state s) { return out << to_string(s); }
std::ostream& operator<<(std::ostream& out, event_type t) { return out << to_string(t); }
std::ostream& operator<<(std::ostream& out, session_id id) { return out << to_string(id); }
std::ostream& operator<<(std::ostream& out, const session_ticket& t) {
    return out << t.id << ", timeout " << t.negotiated_timeout.count() << " ms";
}

std::ostream& operator<<(std::ostream& out, const node_stat& s) {
    const auto number = [](auto strong) { return static_cast<std::int64_t>(strong); };
    return out << "czxid=" << number(s.created) << " mzxid=" << number(s.modified)
               << " pzxid=" << number(s.children_modified) << " version=" << number(s.data_version)
               << " cversion=" << s.child_version << " aversion=" << number(s.acl_version) << " owner=" << s.owner
               << " dataLength=" << s.data_length << " numChildren=" << s.num_children;
}

std::ostream& operator<<(std::ostream& out, const watch_event& e) {
    out << e.type << ' ' << e.path;
    if (e.zxid != zxid::none) out << " zxid=" << static_cast<std::int64_t>(e.zxid);
    return out;
}

namespace acls {

acl_view open_unsafe() noexcept {
    static const std::array<acl, 1> entries{acl{perms::all, "world", "anyone"}};
    return acl_view(std::span<const acl>(entries));
}

acl_view creator_all() noexcept {
    static const std::array<acl, 1> entries{acl{perms::all, "auth", ""}};
    return acl_view(std::span<const acl>(entries));
}

acl_view read_unsafe() noexcept {
    static const std::array<acl, 1> entries{acl{perms::read, "world", "anyone"}};
    return acl_view(std::span<const acl>(entries));
}

} // namespace acls

} // namespace kazoo
