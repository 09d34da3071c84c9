#pragma once
// What a storm around helpers of several requests counts.
#include "storm/counts.hpp"

namespace kazoo::testkit {

struct helper_things {
    enum what : std::uint8_t {
        updates,
        computed_again,
        set_replies_lost,
        updates_unknown,
        unknown_and_applied,
        unknown_and_not_applied,
        updates_not_applied,
        trees_removed,
        removals_over_lost_replies,
        children_met_again,
        refused_by_version,
        removals_given_up,
        late_removals,
        retried_until_done,
        retries_of_the_next_session,
        unknown_not_repeated,
        unknown_repeated,
        applied_several_times,
        retries_stopped,
        closed,
        count
    };
    static constexpr std::array<std::string_view, count> names{"updates",
                                                               "computed again",
                                                               "replies to a set lost",
                                                               "updates that may be applied",
                                                               "of them were",
                                                               "of them were not",
                                                               "updates that are not applied",
                                                               "trees removed",
                                                               "of them over lost replies",
                                                               "children that came meanwhile",
                                                               "refused by the top's version",
                                                               "removals given up",
                                                               "removals that landed late",
                                                               "retried until done",
                                                               "retried in the next session",
                                                               "unknown and not repeated",
                                                               "unknown and repeated",
                                                               "applied more than once, as allowed",
                                                               "retries stopped",
                                                               "ended by close or destruction"};
};
using helper_counts = counts<helper_things>;

} // namespace kazoo::testkit
