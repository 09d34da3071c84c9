#pragma once
#include <atomic>
#include <cstdint>

namespace kazoo::net {

/// A number that grows in the child of each fork(). What was made under another number belongs to the parent: its
/// threads do not exist here, and its locks may be held by them.
std::uint64_t fork_generation() noexcept;

struct descriptor_table;

/// A descriptor that a child process closes at once.
class closed_by_children {
  public:
    closed_by_children() noexcept = default;
    /// Throws std::bad_alloc.
    explicit closed_by_children(int descriptor);
    closed_by_children(const closed_by_children&) = delete;
    closed_by_children& operator=(closed_by_children&& other) noexcept;
    /// To be called before the descriptor is closed here.
    void forget() noexcept;
    ~closed_by_children() { forget(); }

  private:
    descriptor_table* table_ = nullptr;
    std::atomic<int>* slot_ = nullptr;
};

} // namespace kazoo::net
