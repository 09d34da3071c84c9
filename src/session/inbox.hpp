#pragma once
// The receive buffer. Replies are read in place; bytes move only when a frame does not fit behind the last one.
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

    std::string_view unread() const noexcept { return {buffer_.get() + begin_, end_ - begin_}; }
    void consume(std::size_t n) noexcept { begin_ += n; }
    /// Throws the next `n` bytes away, those that have not come yet included.
    void skip(std::size_t n) noexcept;
    bool skips() const noexcept { return skip_ > 0; }
    void clear() noexcept { begin_ = end_ = skip_ = 0; }
    /// Gives back what a long reply took, if nothing is unread.
    void give_back() noexcept;
    std::size_t capacity() const noexcept { return capacity_; }

  private:
    void resize(std::size_t capacity);

    std::unique_ptr<char[]> buffer_;
    std::size_t capacity_ = 0, begin_ = 0, end_ = 0;
    std::size_t skip_ = 0; ///< bytes still to come that nobody wants
};

} // namespace kazoo::session
