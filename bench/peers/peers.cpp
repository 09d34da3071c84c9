#include "peers/peers.hpp"

#include <stdexcept>

namespace bench {

const std::vector<peer_description>& all_peers() {
    using enum ability;
    static const std::vector<peer_description> all{
        {"raw", "no client: a socket and prepared frames, the limit of what is possible", {pipelined, blocking}},
        {"c", "ZooKeeper's C client (zookeeper_mt) as it comes", {pipelined, blocking, shared}},
        {"c-tuned", "the same after zoo_set_servers_resolution_delay(zh, -1)", {pipelined, blocking, shared}},
        {"ours",
         "kazoo: futures, consumed in order; its locks, queue, tree_cache",
         {pipelined, blocking, shared, locks, shared_locks, semaphores, trees, queues}},
        {"ours-then", "kazoo: then() continuations, on its callback thread", {pipelined}},
        {"ours-tls", "kazoo, by TLS 1.3; on the canned server", {pipelined, blocking}},
        {"ours-plain", "kazoo: transactions; its queue without receipts", {transactions, queues}},
        {"ours-receipt", "kazoo: transactions with a receipt, compared with ours-plain", {transactions}},
        {"ours-waiting", "kazoo's locks, waiting for the answer to each release", {locks, shared_locks, semaphores}},
        {"python",
         "locks of Debian's python3-kazoo; its TreeCache and Queue",
         {locks, shared_locks, semaphores, trees, queues}},
        {"curator",
         "locks of Debian's libcurator-recipes-java; its CuratorCache and DistributedQueue",
         {locks, shared_locks, semaphores, trees, queues}},
        {"curator-simple", "SimpleDistributedQueue of the same", {queues}},
        {"go", "Lock of Debian's golang-github-samuel-go-zookeeper-dev", {locks}},
    };
    return all;
}

std::unique_ptr<peer> connect_peer(std::string_view name, const target& t) {
    if (name == "raw") return connect_raw(t);
    if (name == "c") return connect_c(t, c_lookups::at_every_turn);
    if (name == "c-tuned") return connect_c(t, c_lookups::when_needed);
    if (name == "ours") return connect_ours(t, completion_style::futures);
    if (name == "ours-then") return connect_ours(t, completion_style::continuations);
    if (name == "ours-tls") return connect_ours(t, completion_style::futures, transport::tls);
    if (name == "ours-plain") return connect_our_transactions(t, commit_style::plain);
    if (name == "ours-receipt") return connect_our_transactions(t, commit_style::with_receipt);
    throw std::invalid_argument("no such peer: " + std::string(name));
}

std::unique_ptr<locker> connect_locker(std::string_view name, lock_kind kind, const target& t) {
    if (name == "ours") return connect_our_locker(kind, t, release_style::in_background);
    if (name == "ours-waiting") return connect_our_locker(kind, t, release_style::awaited);
    throw std::invalid_argument("no locks: " + std::string(name));
}

std::unique_ptr<passer> connect_passer(std::string_view name, std::size_t consumers, const target& t) {
    if (name == "ours") return connect_our_passer(t, consumers, true);
    if (name == "ours-plain") return connect_our_passer(t, consumers, false);
    throw std::invalid_argument("no queue: " + std::string(name));
}

} // namespace bench
