#pragma once
// The order of those who contend for a lock, read from the names of their nodes.
#include <kazoo/child_names.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo::recipe {

/// The contenders among a lock's children, oldest first; other children are ignored (L204).
class lock_queue {
  public:
    lock_queue(child_names children, std::span<const std::string> marks);

    /// How many are ahead of this one; nothing if it is not there.
    std::optional<std::size_t> position(std::string_view name) const noexcept;
    /// The nearest one ahead of that position which has one of these marks.
    std::optional<std::string_view> nearest_ahead(std::size_t position,
                                                  std::span<const std::string> marks) const noexcept;
    std::string_view operator[](std::size_t i) const noexcept { return names_[i]; }
    const std::vector<std::string_view>& names() const noexcept { return names_; }

  private:
    child_names children_; ///< where the names lie
    std::vector<std::string_view> names_;
};

} // namespace kazoo::recipe
