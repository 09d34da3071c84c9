#pragma once
// The order of those who contend for a lock, read from the names of their nodes.
#include <kazoo/child_names.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo::recipe {

/// The number at the end of a contender's name: mark, then what the server appended (%010d). Nothing for other names.
std::optional<std::int32_t> sequence_of(std::string_view name, std::span<const std::string> marks) noexcept;

/// How far `a` is behind `b`: the server's counter wraps from 2^31-1 to -2^31 (C56).
constexpr std::int32_t wrapping_difference(std::int32_t a, std::int32_t b) noexcept {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) - static_cast<std::uint32_t>(b));
}

/// The contenders among a lock's children, oldest first; other children are ignored (L204).
class lock_queue {
  public:
    lock_queue(child_names children, std::span<const std::string> marks);

    /// How many are ahead of this one; nothing if it is not there.
    std::optional<std::size_t> position(std::string_view name) const noexcept;
    std::string_view operator[](std::size_t i) const noexcept { return names_[i]; }
    const std::vector<std::string_view>& names() const noexcept { return names_; }

  private:
    child_names children_; ///< where the names lie
    std::vector<std::string_view> names_;
};

} // namespace kazoo::recipe
