#pragma once
#include "peer.hpp"

#include <cstddef>

namespace bench {

/// Many sessions of ours on one loop, each watching the same nodes.
struct crowd {
    std::size_t sessions = 500;
    std::size_t watches = 20; ///< of each session
    double seconds = 10;      ///< how long nothing happens while CPU time is taken
};

/// Prints what they cost: memory for each session and watch, CPU while nothing happens, CPU for each event.
void measure_crowd(const target&, const crowd&);

} // namespace bench
