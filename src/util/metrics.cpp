#include "util/tally.hpp"

#include <kazoo/metrics.hpp>

#include <algorithm>
#include <numeric>
#include <ostream>

namespace kazoo {

static_assert(duration_histogram::size == util::duration_tally::size);

std::chrono::nanoseconds duration_histogram::upper_bound(std::size_t bucket) noexcept {
    if (bucket + 1 >= size) return std::chrono::nanoseconds::max();
    return std::chrono::microseconds(std::int64_t{1} << bucket);
}

std::uint64_t duration_histogram::count() const noexcept {
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

std::chrono::nanoseconds duration_histogram::quantile(double share) const noexcept {
    const std::uint64_t all = count();
    if (all == 0) return std::chrono::nanoseconds::zero();
    const double wanted = std::clamp(share, 0.0, 1.0) * static_cast<double>(all);
    std::uint64_t below = 0;
    std::size_t bucket = 0;
    while (bucket + 1 < size && (below += counts[bucket], below == 0 || static_cast<double>(below) < wanted)) ++bucket;
    return upper_bound(bucket);
}

std::string_view to_string(disconnect d) noexcept {
    switch (d) {
    case disconnect::closed_by_server: return "closed_by_server";
    case disconnect::network_error: return "network_error";
    case disconnect::silence: return "silence";
    case disconnect::protocol_violation: return "protocol_violation";
    case disconnect::left: return "left";
    case disconnect::session_over: return "session_over";
    }
    return "unknown";
}
std::ostream& operator<<(std::ostream& out, disconnect d) { return out << to_string(d); }

std::ostream& operator<<(std::ostream& out, const client_metrics& m) {
    std::uint64_t succeeded = 0, failed = 0;
    for (const operation_metrics& o : m.operations) {
        succeeded += o.succeeded;
        failed += o.failed;
    }
    return out << m.state << ", " << succeeded << " operations succeeded, " << failed << " failed, " << m.waiting
               << " waiting, " << m.in_flight << " in flight, " << m.watches << " watches, " << m.connections
               << " connections, " << m.sessions << " sessions, " << m.sessions_lost << " lost";
}

} // namespace kazoo
