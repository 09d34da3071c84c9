#pragma once
// Many runs, each in a process of its own, alternating between the peers.
#include "workload.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace bench {

struct plan {
    std::vector<std::string> peers, servers, workloads;
    amount each;
    std::size_t rounds = 3;
    std::string output;
    std::string program; ///< this program, to be run for one measurement
};

/// Progress goes to stderr, a line of JSON for each result to plan::output, the table to stdout. Throws when a run
/// fails.
void carry_out(const plan&);

} // namespace bench
