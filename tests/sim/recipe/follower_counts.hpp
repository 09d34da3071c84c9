#pragma once
// What a storm around objects that watch counts.
#include "sim/storm/counts.hpp"

namespace kazoo::testkit {

struct follower_things {
    enum what : std::uint8_t {
        writes,
        data_told,
        children_told,
        missing_told,
        told_with_event,
        told_without_event,
        followers_stopped,
        stopped_from_inside,
        functions_threw,
        existing_ended,
        sessions_changed,
        equal_in_the_end,
        count
    };
    static constexpr std::array<std::string_view, count> names{"writes",
                                                               "data told",
                                                               "children told",
                                                               "missing nodes told",
                                                               "told with an event",
                                                               "told without one",
                                                               "watches stopped",
                                                               "stopped from inside",
                                                               "functions that threw",
                                                               "watches of existing nodes that ended",
                                                               "told in a later session",
                                                               "equal in the end"};
};
using follower_counts = counts<follower_things>;

} // namespace kazoo::testkit
