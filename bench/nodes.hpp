#pragma once
#include "peer.hpp"

namespace bench {

/// Makes the nodes that the workloads need.
void make_nodes(const target&);
/// Makes the tree, which takes a while, for those who need it.
void make_tree(const target&);
/// Removes them and what was created below.
void remove_nodes(const target&);

} // namespace bench
