#pragma once
// The receive buffer. Replies are read in place; bytes move only when a frame does not fit behind the last one. Who
// wants to keep a reply takes a share of the memory: nothing is written there any more then, and another block comes
// next.
#include "util/shared_block.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace kazoo::session {

class inbox {
  public:
    /// Room for the next bytes, at least a few kilobytes.
    std::span<char> space();
    void received(std::size_t n) noexcept;

    std::string_view unread() const noexcept {
        return buffer_ ? std::string_view(buffer_->data() + begin_, end_ - begin_) : std::string_view();
    }
    /// Where unread() lies, and what was consumed before space() was called again.
    util::shared_block* memory() const noexcept { return buffer_.get(); }
    void consume(std::size_t n) noexcept { begin_ += n; }
    /// Throws the next `n` bytes away, also those that have not come yet.
    void skip(std::size_t n) noexcept;
    bool skips() const noexcept { return skip_ > 0; }
    void clear() noexcept { begin_ = end_ = skip_ = 0; }
    /// Gives the memory back that a long reply needed, if nothing is unread.
    void give_back() noexcept;
    std::size_t capacity() const noexcept { return buffer_ ? buffer_->capacity() : 0; }
    /// What is kept for the next large reply.
    const util::block_pool& pool() const noexcept { return *pool_; }

  private:
    void move_to(std::size_t capacity);

    std::shared_ptr<util::block_pool> pool_ = std::make_shared<util::block_pool>();
    util::block_share buffer_;
    std::size_t begin_ = 0, end_ = 0;
    std::size_t skip_ = 0; ///< bytes still to come that are thrown away
};

} // namespace kazoo::session
