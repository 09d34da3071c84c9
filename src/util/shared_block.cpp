#include "util/shared_block.hpp"

#include <algorithm>
#include <bit>
#include <new>
#include <utility>

namespace kazoo::util {

block_share shared_block::make(std::size_t capacity) {
    return block_share(::new (::operator new(sizeof(shared_block) + capacity)) shared_block(capacity));
}

/// The last share was given up.
void shared_block::end() noexcept {
    kept_.reset();
    const std::shared_ptr<block_pool> pool = std::exchange(pool_, nullptr);
    if (!pool) return destroy(this);
    references_.store(1, std::memory_order_relaxed);
    pool->put(block_share(this));
}

void shared_block::destroy(shared_block* b) noexcept {
    b->~shared_block();
    ::operator delete(b);
}

block_share block_pool::take(std::size_t size) {
    const std::size_t capacity = std::bit_ceil(std::max(size, least_capacity));
    block_share block;
    if (mutex_.try_lock()) {
        block = find(capacity);
        mutex_.unlock();
    }
    if (!block) block = shared_block::make(capacity);
    block->pool_ = shared_from_this();
    return block;
}

block_share block_pool::find(std::size_t capacity) noexcept {
    block_share* at = &newest_;
    while (*at && (*at)->capacity() != capacity) at = &(*at)->kept_;
    block_share found = std::move(*at);
    if (found) {
        *at = std::move(found->kept_);
        kept_ -= capacity;
    }
    return found;
}

void block_pool::put(block_share block) noexcept {
    if (block->capacity() > kept_capacity) return;
    block_share outdated;
    if (!mutex_.try_lock()) return;
    outdated = add(std::move(block));
    mutex_.unlock();
}

/// Returns those for which there is no more room.
block_share block_pool::add(block_share block) noexcept {
    block->kept_ = std::move(newest_);
    newest_ = std::move(block);
    kept_ = newest_->capacity();
    block_share* at = &newest_->kept_;
    for (; *at && kept_ + (*at)->capacity() <= kept_capacity; at = &(*at)->kept_) kept_ += (*at)->capacity();
    return std::move(*at);
}

std::size_t block_pool::kept() const noexcept {
    const lock_guard lock(mutex_);
    return kept_;
}

} // namespace kazoo::util
