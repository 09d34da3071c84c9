#pragma once
// Large trees in a tree_cache, and many data_watches on one client: memory, and what a broken connection costs.
#include "peer.hpp"

#include <cstddef>

namespace bench {

struct scale {
    std::size_t nodes = 100'000;    ///< of the tree; 0: no tree
    std::size_t gaps = 10;          ///< broken connections that the cache lives through
    std::size_t followers = 10'000; ///< objects that watch a node each; 0: none
};

/// Prints what it measures, a line each. Works below `target::root`.
void measure_scale(const target&, const scale&);

} // namespace bench
