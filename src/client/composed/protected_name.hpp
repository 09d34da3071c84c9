#pragma once
// Names that are found again when the reply to their create was lost: a random id stands in front.
#include "client/handle.hpp"
#include "task/task.hpp"

#include <optional>
#include <string>

namespace kazoo::detail {

/// 32 hexadecimal digits, as those that Python's kazoo puts there.
std::string random_id(loop&);

/// The child of `folder` that an earlier create in this session may have made, recognised by the id in its name; the
/// oldest of several. An ephemeral one counts only if it belongs to this session (C51): one of a lost session is about
/// to vanish.
task<std::optional<created_node>> find_protected(pinned_handle, std::string folder, std::string id, create_mode mode);

} // namespace kazoo::detail
