#pragma once
// The nodes of a tree_cache by their place in the tree: found by path in the time that the path's length takes.
#include "recipe/watch/cached_entry.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo::recipe {

/// One table for all children of all nodes, so that a folder costs nothing of its own, however large it is.
class cached_nodes {
  public:
    /// `top`: the path of the root, which is always there.
    explicit cached_nodes(std::string top);
    cached_nodes(const cached_nodes&) = delete;
    cached_nodes& operator=(const cached_nodes&) = delete;
    ~cached_nodes();

    cached_entry& root() noexcept { return root_; }
    const cached_entry& root() const noexcept { return root_; }
    /// With the root.
    std::size_t count() const noexcept { return count_ + 1; }

    cached_entry* child(const cached_entry& parent, std::string_view name) const noexcept;
    /// Precondition: there is no such child.
    cached_entry& add(cached_entry& parent, std::string_view name);
    /// Out of the tree; the caller destroys it. Precondition: it has no children and is not the root.
    void take_out(cached_entry&) noexcept;

    /// Where a path leads to. Precondition: it is the root's or below it, and normalized.
    struct place {
        cached_entry* deepest; ///< of the nodes on the way, the last that is known
        std::size_t missing;   ///< names of the path that lead on from there
    };
    place find(std::string_view path) noexcept;
    std::string path_of(const cached_entry&) const;
    std::size_t depth_of(const cached_entry&) const noexcept;
    /// Behind the root: "b/c" for "/a/b/c" in "/a"; empty for the root.
    std::string_view relative(std::string_view path) const noexcept;

  private:
    std::size_t bucket_of(const cached_entry& parent, std::string_view name) const noexcept;
    void grow();

    const std::string top_;
    cached_entry root_;
    std::vector<cached_entry*> buckets_;
    std::size_t count_ = 0;
};

} // namespace kazoo::recipe
