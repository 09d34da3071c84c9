#pragma once
// The scenarios, the same for every peer, and the measuring of one of them.
#include "peer.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

struct workload {
    std::string_view name, what;
    ability needs;
    double longer = 1; ///< measured for so many times amount::seconds
};
const std::vector<workload>& all_workloads();
/// Throws std::invalid_argument.
const workload& find_workload(std::string_view name);

/// How much is measured.
struct amount {
    std::size_t operations = 0; ///< 0: as many as take `seconds`
    double seconds = 0.35;
    std::size_t window = 1000;
};

/// Medians or one run; time and memory are those of the client's process.
struct figures {
    std::size_t operations = 0;
    double rate = 0;         ///< operations per second
    double cpu_per_100k = 0; ///< CPU seconds, user and system, for 100,000 operations
    double p50_us = 0, p99_us = 0;
    double rss_peak_kb = 0;
};

/// Warms up, then measures, in this process.
figures measure(const workload&, std::string_view peer_name, const target&, const amount&);

} // namespace bench
