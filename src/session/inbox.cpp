#include "session/inbox.hpp"

#include "util/buffer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace kazoo::session {

namespace {
constexpr std::size_t usual_capacity = 64 << 10;
constexpr std::size_t least_space = 4 << 10;
constexpr std::size_t busy_capacity = 4 << 20; ///< a buffer grown beyond this by one reply is not kept for the next
} // namespace

std::span<char> inbox::space() {
    if (begin_ == end_) {
        begin_ = end_ = 0;
        if (capacity_ == 0 || capacity_ > busy_capacity) resize(usual_capacity);
    }
    if (capacity_ - end_ < least_space) {
        // Growing by what has arrived, not by what a length promises: a lie costs the peer as much as us.
        if (end_ - begin_ > capacity_ / 2) {
            resize(capacity_ * 2);
        } else {
            std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
            end_ -= begin_;
            begin_ = 0;
        }
    }
    return {buffer_.get() + end_, capacity_ - end_};
}

void inbox::received(std::size_t n) noexcept {
    end_ += n;
    if (skip_ > 0) skip(std::exchange(skip_, 0));
}

void inbox::skip(std::size_t n) noexcept {
    const std::size_t here = std::min(n, end_ - begin_);
    begin_ += here;
    skip_ = n - here;
}

void inbox::give_back() noexcept {
    if (begin_ != end_ || capacity_ <= util::kept_capacity) return;
    buffer_.reset();
    capacity_ = begin_ = end_ = 0;
}

void inbox::resize(std::size_t capacity) {
    auto larger = std::make_unique_for_overwrite<char[]>(capacity);
    const std::size_t size = end_ - begin_;
    if (size > 0) std::memcpy(larger.get(), buffer_.get() + begin_, size);
    buffer_ = std::move(larger);
    capacity_ = capacity;
    begin_ = 0;
    end_ = size;
}

} // namespace kazoo::session
