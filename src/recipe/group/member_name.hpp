#pragma once
// The names of those who share out a set: those of kazoo's ShallowParty, whose random digits say a little more.
#include "recipe/parts/recipe_object.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo::recipe {

/// Throws kazoo::error (errc::bad_arguments) if it cannot be part of the name of a node.
void check_identifier(const recipe_object&, std::string_view identifier);

/// Tells sets apart: 48 bits of it. The items are sorted.
std::uint64_t fingerprint(const std::vector<std::string>& items) noexcept;

/// 32 random hexadecimal digits, of which the last twelve are made the fingerprint of the set that is shared out. They
/// are a UUID of version 8 then ("custom", RFC 9562), while those of Python's kazoo are of version 4 ("random").
std::string with_set(std::string id, std::uint64_t set);

/// `<32 hexadecimal digits>-<identifier>`.
struct member_name {
    std::string id, identifier;
    std::optional<std::uint64_t> set; ///< nothing: it does not say
};
std::optional<member_name> parse_member(std::string_view node);

} // namespace kazoo::recipe
