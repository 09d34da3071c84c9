#pragma once
#include "peer.hpp"

namespace bench {

/// Makes the nodes that the workloads need.
void make_nodes(const target&);
/// Removes them and what was created below.
void remove_nodes(const target&);

} // namespace bench
