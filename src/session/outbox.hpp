#pragma once
// Bytes on their way to the socket. The client's batch is written whole before control frames, and a batch is only
// taken when no control frame waits: so the wire order is the order in which things were put in.
#include "util/buffer.hpp"
#include "util/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

namespace kazoo::session {

class outbox {
  public:
    enum class control : std::uint8_t {
        connect,
        ping,
        auth,
        sasl,
        set_watches,
        request ///< a request of the session itself, in the FIFO of requests
    };

    bool empty() const noexcept { return batch_.empty() && control_.empty(); }
    std::string_view next() const noexcept {
        return batch_.empty() ? std::string_view(control_).substr(control_at_)
                              : std::string_view(batch_).substr(batch_at_);
    }

    /// Takes a batch; empty() must hold. The caller gets the old buffer, empty.
    void put_batch(std::string& frames) noexcept { batch_.swap(frames); }
    std::string& batch() noexcept { return batch_; }
    std::size_t batch_written() const noexcept { return batch_at_; }

    /// Appends one frame: `write(std::string&)`.
    template <class Write> std::string_view put_control(control kind, Write&& write) {
        const std::size_t start = control_.size();
        std::forward<Write>(write)(control_);
        frames_.push_back({kind, control_.size() - start, control_.size()});
        return std::string_view(control_).substr(start);
    }

    /// The socket took `n` bytes of next(). Calls on_batch(bytes) or, for every control frame now written whole,
    /// on_control(kind, frame size).
    template <class OnBatch, class OnControl> void advance(std::size_t n, OnBatch&& on_batch, OnControl&& on_control) {
        if (!batch_.empty()) {
            batch_at_ += n;
            on_batch(n);
            if (batch_at_ == batch_.size()) clear_batch();
            return;
        }
        control_at_ += n;
        while (!frames_.empty() && frames_.front().end <= control_at_) {
            on_control(frames_.front().kind, frames_.front().size);
            frames_.pop_front();
        }
        if (control_at_ == control_.size()) clear_control();
    }

    void clear() noexcept {
        clear_batch();
        clear_control();
        frames_.clear();
    }

    /// Gives the memory back that a burst needed, if nothing waits.
    void give_back() noexcept {
        if (batch_.empty()) util::give_back(batch_);
    }
    /// Bytes that the buffers hold or could hold.
    std::size_t capacity() const noexcept { return batch_.capacity() + control_.capacity(); }

  private:
    struct control_frame {
        control kind;
        std::size_t size, end;
    };

    void clear_batch() noexcept {
        util::give_back(batch_); // little is in it, so the burst that it has grown for is over
        batch_.clear();
        batch_at_ = 0;
    }
    void clear_control() noexcept {
        control_.clear();
        util::give_back(control_);
        control_at_ = 0;
    }

    std::string batch_, control_;
    std::size_t batch_at_ = 0, control_at_ = 0;
    std::deque<control_frame> frames_;
};

} // namespace kazoo::session
