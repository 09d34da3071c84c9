#include "peers/peers.hpp"

#include <stdexcept>

namespace bench {

const std::vector<peer_description>& all_peers() {
    static const std::vector<peer_description> all{
        {"raw", "no client: a socket and prepared frames, the limit of what is possible", true, false},
        {"c", "ZooKeeper's C client (zookeeper_mt) as it comes", true, true},
        {"c-tuned", "the same after zoo_set_servers_resolution_delay(zh, -1)", true, true},
        {"ours", "kazoo: futures, consumed in order", true, true},
        {"ours-then", "kazoo: then() continuations, on its callback thread", false, true},
    };
    return all;
}

std::unique_ptr<peer> connect_peer(std::string_view name, const target& t) {
    if (name == "raw") return connect_raw(t);
    if (name == "c") return connect_c(t, c_lookups::at_every_turn);
    if (name == "c-tuned") return connect_c(t, c_lookups::when_needed);
    if (name == "ours") return connect_ours(t, completion_style::futures);
    if (name == "ours-then") return connect_ours(t, completion_style::continuations);
    throw std::invalid_argument("no such peer: " + std::string(name));
}

} // namespace bench
