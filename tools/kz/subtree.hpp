#pragma once
// All nodes below a path, read level by level with many requests under way.
#include <kazoo/client.hpp>

#include <algorithm>
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

/// Calls start(i) for i = 0..count-1 with at most this many futures open, and finish(i, future) in the same order.
template <class Start, class Finish> void pipelined(std::size_t count, Start start, Finish finish) {
    constexpr std::size_t window = 256;
    std::vector<decltype(start(std::size_t{}))> open(std::min(count, window));
    for (std::size_t next = 0, done = 0; done < count; ++done) {
        for (; next < count && next < done + window; ++next) open[next % window] = start(next);
        finish(done, std::move(open[done % window]));
    }
}

} // namespace kz
