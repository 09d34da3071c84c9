#pragma once
// What a pop costs when few items wait in a queue, and when many do.
#include "peer.hpp"

#include <cstddef>
#include <vector>

namespace bench {

struct backlog {
    std::vector<std::size_t> waiting{1'000, 10'000, 100'000};
    std::size_t pops = 500; ///< measured at each of these
};

/// Prints a line for each. Works below `target::root`.
void measure_backlog(const target&, const backlog&);

} // namespace bench
