#pragma once
// Names of children from a reply, straight into what the caller gets: a list may be long.
#include "proto/jute.hpp"
#include "util/shared_block.hpp"

#include <kazoo/child_names.hpp>

namespace kazoo::detail {

/// Reads what lies in `memory`; names that are no small part of it stay there and share it, others (and all, if it is
/// null) are copied. False: the list lies, and `names` is untouched.
bool get_names(proto::reader& in, util::shared_block* memory, child_names& names);

} // namespace kazoo::detail
