#pragma once
// Memory that several hold: who fills it, and who keeps what was read into it. Large blocks come back to a pool, so
// that the next reply of that size finds memory whose pages are there.
#include "util/buffer.hpp"
#include "util/mutex.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace kazoo::util {

class shared_block;
class block_pool;

struct release_share {
    void operator()(shared_block*) const noexcept;
};
/// One of the counts that keep a block.
using block_share = std::unique_ptr<shared_block, release_share>;

/// A counted piece of memory. Bytes that somebody else may be reading are never written: ask is_shared() before.
/// Thread safety: shares may be taken and given up on any thread.
class alignas(std::max_align_t) shared_block {
  public:
    /// A block of no pool. Throws std::bad_alloc.
    static block_share make(std::size_t capacity);

    char* data() noexcept { return reinterpret_cast<char*>(this + 1); }
    std::size_t capacity() const noexcept { return capacity_; }
    /// Only who holds a share may ask. False: what others read before they gave theirs up is behind us.
    bool is_shared() const noexcept { return references_.load(std::memory_order_acquire) != 1; }
    block_share share() noexcept {
        retain();
        return block_share(this);
    }
    void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (!is_shared() || references_.fetch_sub(1, std::memory_order_acq_rel) == 1) end();
    }

    /// Whether so many of its bytes are a reason to keep all of it.
    bool is_worth_keeping_for(std::size_t bytes) const noexcept { return bytes >= capacity_ / 4; }
    /// The text that the content refers to is in another block, which lives as long as this one.
    void keep_alive(block_share other) noexcept { kept_ = std::move(other); }
    block_share share_of_text() noexcept { return kept_ ? kept_->share() : share(); }
    /// Null: it is of no pool.
    const std::shared_ptr<block_pool>& pool() const noexcept { return pool_; }
    void leave_pool() noexcept { pool_.reset(); }

  private:
    friend class block_pool;
    explicit shared_block(std::size_t capacity) noexcept : capacity_(capacity) {}
    ~shared_block() = default;
    void end() noexcept;
    static void destroy(shared_block*) noexcept;

    std::atomic<std::uint32_t> references_{1};
    std::size_t capacity_;
    block_share kept_;                 ///< in a pool: the next one
    std::shared_ptr<block_pool> pool_; ///< in a pool: null
};

inline void release_share::operator()(shared_block* b) const noexcept { b->release(); }

/// Keeps blocks that nobody holds, up to kept_capacity in all; the newest ones. Lives as long as its blocks.
/// Thread safety: any thread. But for kept(), nobody waits for another one, not even in the child of a
/// fork.
class block_pool : public std::enable_shared_from_this<block_pool> {
  public:
    static constexpr std::size_t least_capacity = 64 << 10;

    block_pool() = default;
    block_pool(const block_pool&) = delete;
    block_pool& operator=(const block_pool&) = delete;

    /// At least `size` bytes: the power of two that holds them, least_capacity or more. Throws std::bad_alloc.
    block_share take(std::size_t size) KAZOO_EXCLUDES(mutex_);
    /// Bytes that nobody uses.
    std::size_t kept() const noexcept KAZOO_EXCLUDES(mutex_);

  private:
    friend class shared_block;
    void put(block_share) noexcept KAZOO_EXCLUDES(mutex_);
    block_share find(std::size_t capacity) noexcept KAZOO_REQUIRES(mutex_);
    block_share add(block_share) noexcept KAZOO_REQUIRES(mutex_);

    mutable mutex mutex_;
    block_share newest_ KAZOO_GUARDED_BY(mutex_);
    std::size_t kept_ KAZOO_GUARDED_BY(mutex_) = 0;
};

} // namespace kazoo::util
