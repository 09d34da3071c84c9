#pragma once
#include <atomic>
#include <cstdint>

namespace kazoo::net {

/// Goes up in the child of each fork(). What was made in another generation belongs to the parent: its threads are not
/// here, and its locks stand as they left them.
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
