#pragma once
#include "locks.hpp"
#include "peer.hpp"
#include "queues.hpp"

namespace bench {

std::unique_ptr<peer> connect_raw(const target&);

enum class c_lookups {
    at_every_turn, ///< as the library comes: its loop looks the servers' names up again and again
    when_needed,
};
std::unique_ptr<peer> connect_c(const target&, c_lookups);

enum class completion_style {
    futures,       ///< a ring of futures, consumed in order by the thread that submits
    continuations, ///< then() submits the next operation
};
enum class transport {
    plain,
    tls
};
std::unique_ptr<peer> connect_ours(const target&, completion_style, transport = transport::plain);

enum class commit_style {
    plain,
    with_receipt, ///< a lost reply could be asked about
};
std::unique_ptr<peer> connect_our_transactions(const target&, commit_style);

enum class release_style {
    in_background, ///< unlock(): the next request follows at once
    awaited,       ///< waits until the node is removed
};
std::unique_ptr<locker> connect_our_locker(lock_kind, const target&, release_style);

/// With receipts it is known what became of an item whose reply was lost.
std::unique_ptr<passer> connect_our_passer(const target&, std::size_t consumers, bool receipts);

/// Loads the whole tree, with kazoo::tree_cache: `count` times, each timed by `l`.
void load_our_trees(const target&, std::size_t count, latencies& l);

} // namespace bench
