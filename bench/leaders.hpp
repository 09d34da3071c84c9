#pragma once
// How long nobody leads when a leader ends: kazoo's election beside those of other clients.
//
// A candidate is a process that stands for election with a session of its own, whoever has written it. It prints
// "leads NANOSECONDS" when it is elected, waits for a line, prints "resigns NANOSECONDS", resigns, and stands again.
// The times are those of the monotonic clock, which all processes of a machine share.
#include "peer.hpp"

#include <chrono>
#include <cstddef>
#include <string>

namespace bench {

struct leaders {
    std::size_t resignations = 200;
    std::size_t kills = 5;
    std::chrono::milliseconds session_timeout{4000};
    std::string program; ///< this program
};

/// Prints, for each peer that can run here, how long it took from the end of one leader to the next.
void measure_leaders(const target&, const leaders&);

/// What our candidates do, until they are killed.
void stand_for_election(const std::string& address, const std::string& path, std::chrono::milliseconds session_timeout);

} // namespace bench
