#pragma once
// Who moves where when the list of servers changes. Each client decides by chance, as none knows of the others, in such
// a way that each server can expect the same number of them (ZOOKEEPER-1355).
#include "session/host_list.hpp"
#include "util/endpoint.hpp"
#include "util/random.hpp"

#include <vector>

namespace kazoo::session {

struct migration_odds {
    double moves = 0;  ///< the probability that a client leaves its server
    double to_new = 0; ///< if it does, that it goes to a server that was not in the list before
};

/// `stays`: the client's server is in the new list, too. Both lists are not empty.
migration_odds odds_of_migration(const std::vector<host_port>& before, const std::vector<host_port>& after,
                                 bool stays) noexcept;

/// Whether it is the host that this connection goes to.
bool is_at(const host_port&, const util::endpoint&) noexcept;

struct migration {
    bool moves = false;
    std::vector<host_port> order{}; ///< in which the hosts are tried then
};

/// Of a client that is, or was last, at `here`.
migration decide_migration(const std::vector<host_port>& before, const std::vector<host_port>& after,
                           const util::endpoint& here, util::random_source&);

} // namespace kazoo::session
