#pragma once
// All nodes below a path, read level by level with many requests under way.
#include <kazoo/client.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace kz {

struct subtree_node {
    std::string path;
    std::size_t parent; ///< index in the list; its own for the top
};

/// The top first, each level sorted, parents ahead of their children; not deeper than `depth` levels below the top.
/// A node that disappears meanwhile counts as one without children, unless it is the top. `progress` is called with the
/// number known so far.
std::vector<subtree_node> read_subtree(const kazoo::client&, const std::string& top, std::size_t depth,
                                       const std::function<void(std::size_t)>& progress = {});

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
