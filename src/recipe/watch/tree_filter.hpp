#pragma once
// Which nodes a tree_cache leaves out.
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo::recipe {

/// `*` is any text, `?` one byte.
bool matches(std::string_view pattern, std::string_view text) noexcept;

class tree_filter {
  public:
    tree_filter(std::size_t max_depth, std::vector<std::string> leave_out)
        : max_depth_(max_depth), leave_out_(std::move(leave_out)) {}

    std::size_t max_depth() const noexcept { return max_depth_; }
    bool leaves_out_some() const noexcept { return !leave_out_.empty(); }
    /// The node alone, whose ancestors are known to be kept. `relative`: below the root, without a slash in front.
    bool leaves_out(std::string_view relative) const noexcept;
    /// The node, or one above it.
    bool leaves_out_any(std::string_view relative) const noexcept;

  private:
    std::size_t max_depth_;
    std::vector<std::string> leave_out_;
};

/// What is wrong with a pattern; empty if nothing is.
std::string_view defect_of_pattern(std::string_view) noexcept;

} // namespace kazoo::recipe
