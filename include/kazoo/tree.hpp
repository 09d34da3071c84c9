#pragma once
// Values of the helpers that work on a node and all below it, and the stream that client::walk() gives.
#include <kazoo/export.hpp>
#include <kazoo/future.hpp>
#include <kazoo/types.hpp>

#include <cstddef>
#include <iosfwd>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <system_error>

namespace kazoo {

class node_operations;

/// How far a helper has got with a tree. Both numbers only grow.
struct tree_progress {
    std::size_t found = 0; ///< nodes that it knows of
    std::size_t done = 0;  ///< nodes that it has removed or copied
};

/// Prints both: "3 of 7".
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, const tree_progress&);

/// A child and what it holds.
struct child_node {
    std::string name; ///< not a path
    bytes data;       ///< may be null
    node_stat stat;   ///< of the same moment as the data
};
/// Prints name, length of the data, and stat.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, const child_node&);

/// One node of a tree.
struct tree_entry {
    std::string path;      ///< relative to the handle's root
    std::size_t depth = 0; ///< levels below the node that the walk began at
    bytes data{};          ///< may be null
    node_stat stat{};      ///< of the same moment as the data
    /// Why it could not be read: errc::no_auth, too_large, malformed_reply. Then there is nothing but its path, and
    /// what is below it is left out. A node whose children alone cannot be listed comes a second time, with the reason.
    std::error_code unreadable{};
};
/// Prints path, and length of the data and stat, or why it could not be read.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, const tree_entry&);

/// A walk through a tree, one node at a time: each ahead of what is below it, children in the order of their names.
/// It is no snapshot: what is created or removed meanwhile may or may not be met; no node is met twice, but one whose
/// children cannot be listed (tree_entry::unreadable).
///
/// Reads ahead in bursts of at most 32 nodes: in memory are the names of the children of the nodes on the way down, and
/// at most so many nodes of each level. Keeps the session alive as a copy of the client does. Any thread may call;
/// calls that overlap are served one after the other.
class KAZOO_EXPORT tree_walk {
  public:
    /// Takes the walk over. The other one may only be assigned to or destroyed afterwards.
    tree_walk(tree_walk&&) noexcept;
    /// Gives up its own walk and takes the other one's over.
    tree_walk& operator=(tree_walk&&) noexcept;
    ~tree_walk();

    /// The next node; nothing when there are no more. Reads are repeated when the connection breaks. What is given up,
    /// or fails for another reason than the node itself, can be called again and goes on at the same place.
    /// errc::no_node if the first node is not there.
    future<std::optional<tree_entry>> async_next();
    /// The blocking twin of async_next(): waits at most client_options::operation_timeout. A requested `stop` ends it
    /// with errc::cancelled.
    std::optional<tree_entry> next(const std::stop_token& stop = {});

  private:
    friend class node_operations;
    class state;
    explicit tree_walk(std::shared_ptr<state>) noexcept;
    std::shared_ptr<state> state_;
};

} // namespace kazoo
