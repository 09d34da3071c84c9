#pragma once
// Clients in other languages: programs that make one measurement and print it as `kazoo_bench run` does.
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// What to run for this peer, without what all get (--workload …); nothing if it is no program of its own.
std::vector<std::string> foreign_command(std::string_view peer, std::string_view workload);
/// Why this peer cannot run here; empty if it can.
std::string foreign_peer_lacks(std::string_view peer);

} // namespace bench
