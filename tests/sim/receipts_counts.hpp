#pragma once
// What a storm around receipts counts.
#include "storm/counts.hpp"

namespace kazoo::testkit {

struct receipts_things {
    enum what : std::uint8_t {
        applied,
        recovered,
        recovered_paths,
        refused,
        never_applied,
        applied_late,
        applied_by_a_later_connection,
        copies_refused,
        late_copies_refused,
        fences_first,
        fences_too_late,
        unknown_by_lost_session,
        settled_in_the_next_session,
        cancelled_unknown,
        cancelled_before,
        session_over_before,
        spoiled,
        closed,
        count
    };
    static constexpr std::array<std::string_view, count> names{"applied",
                                                               "of them known by their receipt",
                                                               "paths found again",
                                                               "refused",
                                                               "told as never applied",
                                                               "applied late",
                                                               "applied by a later connection",
                                                               "copies refused by their receipt",
                                                               "late copies refused by it",
                                                               "fences that came first",
                                                               "fences that came too late",
                                                               "unknown, session lost",
                                                               "settled in the next session",
                                                               "given up, unknown",
                                                               "given up before it was sent",
                                                               "session over before it was sent",
                                                               "unknown, receipt spoiled",
                                                               "ended by close"};
};
using receipts_counts = counts<receipts_things>;

} // namespace kazoo::testkit
