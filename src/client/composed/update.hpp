#pragma once
// Read, compute, set: so that nothing is applied twice, whatever becomes of replies.
#include "client/handle.hpp"
#include "task/task.hpp"

#include <optional>
#include <string>

namespace kazoo::detail {

/// A node to compute something from: over lost connections and sessions. `fresh`: behind a sync.
task<node> read_for_update(handle zk, std::string path, bool fresh);

/// Sets the data if the node is still what `read` says: the metadata afterwards, or nothing if somebody else came first
/// and it must be computed again. After a lost reply the identical request is sent again, as at most one of the two can
/// be applied. Where neither can be told from somebody else's change it fails as the lost one did, with outcome
/// unknown. Never done twice (C73).
task<std::optional<node_stat>> set_once(handle zk, std::string path, std::string data, node_stat read);

} // namespace kazoo::detail
