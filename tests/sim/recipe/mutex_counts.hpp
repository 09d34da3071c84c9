#pragma once
// What a storm around mutexes counts.
#include "sim/storm/counts.hpp"

namespace kazoo::testkit {

struct mutex_things {
    enum what : std::uint8_t {
        acquisitions,
        had_to_wait,
        create_replies_lost,
        adoptions,
        orphans_cleaned,
        lost_while_holding,
        lost_while_waiting,
        not_before_the_deadline,
        cancelled,
        taken,
        given_up,
        closed,
        deletions_noticed_holding,
        deletions_noticed_waiting,
        paths_vanished,
        stale_writes_refused,
        requests_to_a_late_follower,
        count
    };
    static constexpr std::array<std::string_view, count> names{"acquisitions",
                                                               "of them had to wait",
                                                               "replies to a create lost",
                                                               "nodes found again and held",
                                                               "orphans cleaned up",
                                                               "lost while holding",
                                                               "lost while waiting",
                                                               "not acquired before the deadline",
                                                               "cancelled",
                                                               "taken when tried",
                                                               "given up",
                                                               "ended by close or destruction",
                                                               "deletions noticed by a holder",
                                                               "deletions noticed by a waiter",
                                                               "lock paths that vanished",
                                                               "writes refused by their token",
                                                               "requests to a follower behind"};
};
using mutex_counts = counts<mutex_things>;

} // namespace kazoo::testkit
