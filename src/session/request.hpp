#pragma once
// One request, from the hand-over until it completes, once. The client derives from it, so the request is the state of
// the caller's future at the same time: one allocation for each operation.
#include "proto/opcodes.hpp"
#include "session/watcher.hpp"
#include "util/shared_block.hpp"

#include <kazoo/detail/ref.hpp>
#include <kazoo/error.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace kazoo::session {

struct reply {
    std::int32_t err = 0; ///< 0 or the server's code, known or not
    std::int64_t zxid = 0;
    std::string_view body; ///< valid during the call only: it points into the receive buffer
    /// The receive buffer: who takes a share of it may keep the body.
    util::shared_block* memory = nullptr;
};

class request {
  public:
    request* next = nullptr;
    std::int32_t xid = 0;
    std::uint32_t frame_size = 0; ///< length prefix included
    proto::opcode op{};
    bool is_write = false;
    /// May be sent in another session than the one in which it was asked for.
    bool outlives_session = false;
    /// The one-shot or stream that this request registers, if any. Empty once the reply has come.
    detail::ref<session::watcher> watcher;

    /// Exactly one of the two is called, exactly once, on the loop. The object may be gone afterwards.
    virtual void on_reply(const reply&) noexcept = 0;
    virtual void on_failure(errc, outcome) noexcept = 0;

  protected:
    request() = default;
    request(const request&) = delete;
    request& operator=(const request&) = delete;
    virtual ~request() = default;
};

/// A FIFO of requests linked through `next`; owns nothing.
class request_list {
  public:
    request_list() = default;
    request_list(request_list&& other) noexcept { swap(other); }
    request_list& operator=(request_list&& other) noexcept {
        swap(other);
        return *this;
    }

    bool empty() const noexcept { return first_ == nullptr; }
    std::size_t size() const noexcept { return size_; }
    request* front() const noexcept { return first_; }

    void push_back(request& r) noexcept {
        r.next = nullptr;
        (last_ ? last_->next : first_) = &r;
        last_ = &r;
        ++size_;
    }
    request& pop_front() noexcept {
        request& r = *first_;
        first_ = r.next;
        if (!first_) last_ = nullptr;
        r.next = nullptr;
        --size_;
        return r;
    }
    /// Appends all of `tail`, which is empty afterwards.
    void splice_back(request_list& tail) noexcept {
        if (tail.empty()) return;
        (last_ ? last_->next : first_) = tail.first_;
        last_ = tail.last_;
        size_ += tail.size_;
        tail.first_ = tail.last_ = nullptr;
        tail.size_ = 0;
    }
    void swap(request_list& other) noexcept {
        std::swap(first_, other.first_);
        std::swap(last_, other.last_);
        std::swap(size_, other.size_);
    }

  private:
    request* first_ = nullptr;
    request* last_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace kazoo::session
