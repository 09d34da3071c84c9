#pragma once
// What a client has to offer to be measured.
#include "stopwatch.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// Where to connect, and the nodes that are there.
struct target {
    std::string address; ///< "host:port"
    std::string root = "/kazoo-bench";

    std::string node() const { return root + "/node"; }         ///< get, set and exists; has data_size bytes
    std::string crowd() const { return root + "/crowd"; }       ///< has child_count children
    std::string created() const { return root + "/created/n"; } ///< create makes sequential nodes of this name
    std::string tree() const { return root + "/tree"; }         ///< has tree_folders folders
    std::string lock() const { return root + "/locks/ours"; }   ///< made by those who use it
    /// The same.
    std::string semaphore() const { return root + "/semaphores/ours"; }
    /// The same.
    std::string queue() const { return root + "/queues/ours"; }
};

inline constexpr std::size_t data_size = 100;
inline constexpr std::size_t child_count = 10'000;
inline constexpr std::size_t tree_folders = 100, tree_leaves = 999; ///< of the tree, and in each of its folders
inline constexpr std::size_t tree_size = 1 + tree_folders * (1 + tree_leaves);
inline constexpr std::size_t most_transactions = 50; ///< under way at once

enum class operation {
    get,
    set,
    exists,
    create
};

/// A session, connected when the constructor returns and closed when the destructor does. Everything throws when an
/// operation fails.
class peer {
  public:
    virtual ~peer() = default;
    /// `count` operations of which `window` are under way; times them in `l`.
    virtual void pipelined(operation, std::size_t count, std::size_t window, latencies& l) = 0;
    /// Reads the node and returns the size of its data. Any number of threads at once, if may_share().
    virtual std::size_t get() = 0;
    /// Reads the names of the crowd and returns how many there are.
    virtual std::size_t children() = 0;
    virtual bool may_share() const { return true; }
};

/// The one with this name; throws std::invalid_argument if there is none.
std::unique_ptr<peer> connect_peer(std::string_view name, const target&);

/// What a workload asks of a peer.
enum class ability {
    pipelined,
    blocking,
    shared, ///< blocking, and several threads can use one session
    locks,
    shared_locks, ///< to read and to write
    semaphores,
    transactions,
    trees, ///< caches of a whole tree
    queues,
};

constexpr bool are_locks(ability a) {
    return a == ability::locks || a == ability::shared_locks || a == ability::semaphores;
}

struct peer_description {
    std::string_view name, what;
    std::vector<ability> abilities;

    bool has(ability a) const { return std::ranges::find(abilities, a) != abilities.end(); }
};
const std::vector<peer_description>& all_peers();

} // namespace bench
