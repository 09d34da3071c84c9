#pragma once
#include <cstddef>
#include <cstdint>

namespace kazoo::net {

/// Goes up in the child of each fork(). What was made in another generation belongs to the parent: its threads are not
/// here, and its locks stand as they left them.
std::uint64_t fork_generation() noexcept;

/// A descriptor that a child process closes at once. Up to a thousand; more are left to close-on-exec.
class closed_by_children {
  public:
    closed_by_children() noexcept = default;
    explicit closed_by_children(int descriptor) noexcept;
    closed_by_children(const closed_by_children&) = delete;
    closed_by_children& operator=(closed_by_children&& other) noexcept;
    /// To be called before the descriptor is closed here.
    void forget() noexcept;
    ~closed_by_children() { forget(); }

  private:
    std::size_t slot_ = none;
    static constexpr std::size_t none = static_cast<std::size_t>(-1);
};

} // namespace kazoo::net
