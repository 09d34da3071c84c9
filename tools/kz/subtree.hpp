#pragma once
// All nodes below a path, read level by level with many requests under way.
#include <kazoo/client.hpp>

#include <cstddef>
#include <functional>
#include <limits>
#include <string>
#include <system_error>
#include <vector>

namespace kz {

struct subtree_node {
    std::string path;
    std::size_t parent;           ///< index in the list; its own for the top
    std::error_code unreadable{}; ///< why its children are not known; only with subtree_reading::goes_on
};

struct subtree_reading {
    std::size_t depth = std::numeric_limits<std::size_t>::max(); ///< levels below the top
    bool goes_on = false;                        ///< where a node may not be read: leaves out its children
    std::function<void(std::size_t)> progress{}; ///< called with the number of nodes known so far
};

/// The top first, each level sorted, parents ahead of their children. A node that disappears meanwhile counts as one
/// without children, unless it is the top.
std::vector<subtree_node> read_subtree(const kazoo::client&, const std::string& top, const subtree_reading& = {});

} // namespace kz
