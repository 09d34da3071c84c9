#pragma once
// The names of a double barrier's nodes.
#include <kazoo/child_names.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace kazoo::recipe {

/// What says that the barrier is open.
inline constexpr std::string_view ready_name = "ready";

/// Whether it is a member: an id of Python's kazoo, which ours are, or a UUID, as Curator's are.
bool is_member_name(std::string_view) noexcept;
/// Whether it may be one of ours: ids of kazoo's members are UUIDs of version 4 without their dashes, and ours are not.
bool may_be_ours(std::string_view member) noexcept;
/// Makes an id one of ours.
std::string as_ours(std::string id);
/// Those of the members, in the order that kazoo and Curator go by, too.
std::vector<std::string> members_among(const child_names&);

} // namespace kazoo::recipe
