#include "server/draft.hpp"

#include <kazoo/path.hpp>

#include <cstdio>

namespace kazoo::server {

namespace {

bool version_matches(std::int32_t wanted, std::int32_t current) {
    return wanted == proto::any_version || wanted == current;
}

/// ZOOKEEPER-4743: a version that would become -1, which means "any", becomes 0.
std::int32_t next_version(std::int32_t version) {
    const auto next = static_cast<std::int32_t>(static_cast<std::uint32_t>(version) + 1);
    return next == proto::any_version ? 0 : next;
}

bool has_parent_and_no_nul(std::string_view path) {
    return path.find('/') != std::string_view::npos && path.find('\0') == std::string_view::npos;
}

bool kept_by_server(std::string_view path) {
    return path == "/" || path == "/zookeeper" || path == "/zookeeper/quota" || path == "/zookeeper/config";
}

bool is_ttl_mode(std::int32_t flags) {
    return flags == proto::create_flags::ttl || flags == proto::create_flags::ttl_sequential;
}

bool is_sequential_mode(std::int32_t flags) {
    return flags == proto::create_flags::sequential || flags == proto::create_flags::ttl_sequential ||
           flags == (proto::create_flags::ephemeral | proto::create_flags::sequential);
}

bool is_ephemeral_mode(std::int32_t flags) {
    return flags == proto::create_flags::ephemeral ||
           flags == (proto::create_flags::ephemeral | proto::create_flags::sequential);
}

bool known_mode(std::int32_t flags) {
    return flags >= proto::create_flags::persistent && flags <= proto::create_flags::ttl_sequential;
}

std::string numbered(std::string_view prefix, std::int32_t number) {
    char digits[12];
    const int length = std::snprintf(digits, sizeof digits, "%010d", number);
    return std::string(prefix).append(digits, static_cast<std::size_t>(length));
}

} // namespace

void draft::begin(bool several) {
    several_ = several;
    changes_.clear();
    built_paths_.clear();
    noted_.clear();
}

draft::facts draft::find(std::string_view path) const {
    if (several_) {
        const auto noted = noted_.find(path.empty() ? std::string_view("/") : path);
        if (noted != noted_.end()) return noted->second;
    }
    const znode* node = base_.find(path);
    if (node == nullptr) return {};
    return {node->acl.get(), node->version, node->aversion, node->creates, node->children.size(), node->owner};
}

void draft::note(std::string_view path, const facts& f) {
    if (several_) noted_.insert_or_assign(std::string(path.empty() ? std::string_view("/") : path), f);
}

void draft::note_removal(std::string_view path, std::string_view parent_path, facts parent) {
    --parent.children;
    note(parent_path, parent);
    note(path, {});
}

errc draft::create(proto::opcode type, const proto::create_request& request, const author& by) {
    const std::int32_t flags = request.flags;
    if (!known_mode(flags)) return errc::bad_arguments;
    if (is_ttl_mode(flags)) return extended_types_ ? errc::bad_arguments : errc::unimplemented;
    // The operation makes the container, not the flag: create with the container flag makes a plain node.
    const node_owner owner = type == proto::opcode::create_container ? node_owner::container()
                             : is_ephemeral_mode(flags)              ? node_owner{by.session}
                                                                     : node_owner{};
    return create_checked(request.path, request.data, request.acl, is_sequential_mode(flags), owner, by);
}

errc draft::create_ttl(const proto::create_ttl_request& request, const author& by) {
    if (!known_mode(request.flags)) return errc::bad_arguments;
    // A real server gets stuck applying this operation with any other mode.
    if (!is_ttl_mode(request.flags)) return errc::bad_arguments;
    if (!extended_types_) return errc::unimplemented;
    if (request.ttl_ms <= 0 || request.ttl_ms > node_owner::ttl_limit) return errc::bad_arguments;
    return create_checked(request.path, request.data, request.acl, is_sequential_mode(request.flags),
                          node_owner::ttl(request.ttl_ms), by);
}

errc draft::create_checked(std::string_view path, std::string_view data, std::span<const proto::acl_entry> sent_acl,
                           bool sequential, node_owner owner, const author& by) {
    if (proto::is_null(path)) return errc::marshalling_error;
    if (!has_parent_and_no_nul(path)) return errc::bad_arguments;
    acl_pointer acl;
    if (const errc e = fix_up(sent_acl, {by.identities, certificates_}, acl); e != ok) return e;
    const std::string_view parent_path = parent_of(path);
    facts parent = find(parent_path);
    if (!parent) return errc::no_node;
    if (!allows(*parent.acl, perms::create, by.identities)) return errc::no_auth;
    if (sequential) path = built_paths_.emplace_back(numbered(path, parent.creates));
    if (!path::defect(path).empty()) return errc::bad_arguments;
    if (find(path)) return errc::node_exists;
    if (parent.owner.is_session()) return errc::no_children_for_ephemerals;
    ++parent.children;
    parent.creates = static_cast<std::int32_t>(static_cast<std::uint32_t>(parent.creates) + 1);
    note(parent_path, parent);
    note(path, {acl.get(), 0, 0, 0, 0, owner});
    changes_.push_back({change::kind::create, path, data, std::move(acl), owner, 0});
    return ok;
}

errc draft::remove(const proto::path_version_request& request, const author& by) {
    if (proto::is_null(request.path)) return errc::marshalling_error;
    if (!has_parent_and_no_nul(request.path) || kept_by_server(request.path)) return errc::bad_arguments;
    const std::string_view parent_path = parent_of(request.path);
    const facts parent = find(parent_path);
    if (!parent) return errc::no_node;
    if (!allows(*parent.acl, perms::remove, by.identities)) return errc::no_auth;
    const facts node = find(request.path);
    if (!node) return errc::no_node;
    if (!version_matches(request.version, node.version)) return errc::bad_version;
    if (node.children > 0) return errc::not_empty;
    note_removal(request.path, parent_path, parent);
    changes_.push_back({.what = change::kind::remove, .path = request.path});
    return ok;
}

errc draft::remove_mortal(std::string_view path) {
    if (!has_parent_and_no_nul(path) || kept_by_server(path)) return errc::bad_arguments;
    const facts node = find(path);
    if (!node) return errc::no_node;
    if (node.children > 0) return errc::not_empty;
    if (node.owner.is_session()) return errc::bad_version;
    changes_.push_back({.what = change::kind::remove, .path = path});
    return ok;
}

errc draft::set_data(const proto::set_data_request& request, const author& by) {
    if (!path::defect(request.path).empty()) return errc::bad_arguments;
    facts node = find(request.path);
    if (!node) return errc::no_node;
    if (!allows(*node.acl, perms::write, by.identities)) return errc::no_auth;
    if (!version_matches(request.version, node.version)) return errc::bad_version;
    node.version = next_version(node.version);
    note(request.path, node);
    changes_.push_back(
        {.what = change::kind::set_data, .path = request.path, .data = request.data, .version = node.version});
    return ok;
}

errc draft::set_acl(const proto::set_acl_request& request, const author& by) {
    if (!path::defect(request.path).empty()) return errc::bad_arguments;
    acl_pointer acl;
    if (const errc e = fix_up(request.acl, {by.identities, certificates_}, acl); e != ok) return e;
    const facts node = find(request.path);
    if (!node) return errc::no_node;
    if (!allows(*node.acl, perms::admin, by.identities)) return errc::no_auth;
    if (!version_matches(request.version, node.aversion)) return errc::bad_version;
    changes_.push_back({.what = change::kind::set_acl,
                        .path = request.path,
                        .acl = std::move(acl),
                        .version = next_version(node.aversion)});
    return ok;
}

errc draft::check(const proto::path_version_request& request, const author& by) {
    if (!path::defect(request.path).empty()) return errc::bad_arguments;
    const facts node = find(request.path);
    if (!node) return errc::no_node;
    if (!allows(*node.acl, perms::read, by.identities)) return errc::no_auth;
    if (!version_matches(request.version, node.version)) return errc::bad_version;
    changes_.push_back({.what = change::kind::check, .path = request.path});
    return ok;
}

} // namespace kazoo::server
