#include "recipe/group/member_name.hpp"

#include "recipe/parts/entry_names.hpp"

#include <kazoo/path.hpp>

#include <charconv>

namespace kazoo::recipe {

namespace {

constexpr std::size_t member_id_length = 32, set_at = 20, version_at = 12, variant_at = 16;
constexpr char custom = '8';

} // namespace

void check_identifier(const recipe_object& of, std::string_view identifier) {
    const std::string name = path::join(of.node(), std::string(member_id_length, '0') + "-" + std::string(identifier));
    if (identifier.find('/') != std::string_view::npos || !chroot({}).absolute(name).defect().empty())
        throw_error(make_error_code(errc::bad_arguments), outcome::not_applied, of.recipe(), of.path(),
                    "the identifier cannot be part of a node's name");
}

/// FNV-1a, with the length of each item ahead of it.
std::uint64_t fingerprint(const std::vector<std::string>& items) noexcept {
    std::uint64_t hash = 0xcbf29ce484222325;
    const auto add = [&hash](std::uint8_t byte) { hash = (hash ^ byte) * 0x100000001b3; };
    for (const std::string& item : items) {
        for (std::uint64_t n = item.size(), i = 0; i < 8; ++i, n >>= 8) add(static_cast<std::uint8_t>(n));
        for (const char c : item) add(static_cast<std::uint8_t>(c));
    }
    return (hash >> 48 ^ hash) & 0xffff'ffff'ffff;
}

std::string with_set(std::string id, std::uint64_t set) {
    constexpr std::string_view digits = "0123456789abcdef";
    id[version_at] = custom;
    id[variant_at] = digits[8 | (digits.find(id[variant_at]) & 3)];
    for (std::size_t at = member_id_length; at-- > set_at; set >>= 4) id[at] = digits[set & 15];
    return id;
}

std::optional<member_name> parse_member(std::string_view node) {
    if (node.size() <= member_id_length || node[member_id_length] != '-' || !is_id(node.substr(0, member_id_length)))
        return std::nullopt;
    member_name m{std::string(node.substr(0, member_id_length)), std::string(node.substr(member_id_length + 1)),
                  std::nullopt};
    const bool says_so =
        m.id[version_at] == custom && std::string_view("89ab").find(m.id[variant_at]) != std::string_view::npos;
    if (!says_so) return m;
    std::uint64_t set = 0;
    std::from_chars(m.id.data() + set_at, m.id.data() + member_id_length, set, 16);
    m.set = set;
    return m;
}

} // namespace kazoo::recipe
