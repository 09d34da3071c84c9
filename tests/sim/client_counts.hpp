#pragma once
// What a storm around clients counts.
#include "storm/counts.hpp"

namespace kazoo::testkit {

struct client_things {
    enum what : std::uint8_t {
        operations,
        expiries,
        resumes,
        new_sessions,
        unknown_outcomes,
        not_applied_behind_lost_write,
        deadlines_passed,
        cancelled,
        one_shots_fired,
        one_shots_set_again,
        byte_stream_events,
        gaps,
        credentials_replayed,
        creates_adopted,
        closes_in_the_storm,
        writes_that_outlived_their_session,
        count
    };
    static constexpr std::array<std::string_view, count> names{
        "operations",           "expiries",
        "resumed sessions",     "new sessions",
        "unknown outcomes",     "not applied behind a lost write",
        "deadlines passed",     "cancelled",
        "one-shots fired",      "one-shots set again",
        "stream events",        "gaps",
        "credentials replayed", "protected creates found again",
        "closes in the storm",  "writes that outlived their session"};
};
using client_counts = counts<client_things>;

} // namespace kazoo::testkit
