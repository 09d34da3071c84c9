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
        if (!buffer_ || capacity() > busy_capacity)
            move_to(usual_capacity);
        else if (buffer_->is_shared())
            move_to(capacity());
    }
    if (capacity() - end_ < least_space) {
        // Grow by what has arrived, and not by what a length says: a peer that lies must send as much as we allocate.
        if (end_ - begin_ > capacity() / 2) {
            move_to(capacity() * 2);
        } else if (buffer_->is_shared()) {
            move_to(capacity());
        } else {
            std::memmove(buffer_->data(), buffer_->data() + begin_, end_ - begin_);
            end_ -= begin_;
            begin_ = 0;
        }
    }
    return {buffer_->data() + end_, capacity() - end_};
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
    if (begin_ != end_ || capacity() <= util::kept_capacity) return;
    buffer_.reset();
    begin_ = end_ = 0;
}

void inbox::move_to(std::size_t capacity) {
    util::block_share next = pool_->take(capacity);
    const std::string_view bytes = unread();
    if (!bytes.empty()) std::memcpy(next->data(), bytes.data(), bytes.size());
    if (buffer_ && buffer_->capacity() != capacity) buffer_->leave_pool(); // of no use for the next one
    buffer_ = std::move(next);
    begin_ = 0;
    end_ = bytes.size();
}

} // namespace kazoo::session
