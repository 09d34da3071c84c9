#pragma once
// How often each fault of a storm has hit something.
#include "counts.hpp"

namespace kazoo::testkit {

struct fault_kinds {
    enum what : std::uint8_t {
        cuts,
        cuts_before_apply,
        cuts_after_apply,
        refused_connects,
        hanging_connects,
        failed_lookups,
        delays,
        silent_to_server,
        silent_to_client,
        restarts,
        restarts_with_loss,
        forced_expiries,
        pauses,
        taken_over,
        slow_handshakes,
        read_only_phases,
        late_requests,
        host_changes,
        count
    };
    static constexpr std::array<std::string_view, count> names{"cuts",
                                                               "cuts before apply",
                                                               "cuts after apply",
                                                               "refused connects",
                                                               "hanging connects",
                                                               "failed lookups",
                                                               "delays",
                                                               "bytes held to the server",
                                                               "bytes held to the client",
                                                               "restarts",
                                                               "restarts with loss",
                                                               "forced expiries",
                                                               "pauses",
                                                               "sessions taken over",
                                                               "slow handshakes",
                                                               "read-only phases",
                                                               "requests of old connections",
                                                               "host changes"};
};
using fault_counts = counts<fault_kinds>;

/// Faults that took effect. (A late request follows from one.)
inline std::uint64_t effective(const fault_counts& c) noexcept {
    std::uint64_t sum = 0;
    for (int i = fault_counts::cuts; i <= fault_counts::read_only_phases; ++i)
        sum += c[static_cast<fault_counts::what>(i)];
    return sum;
}

} // namespace kazoo::testkit
