#pragma once
// Every request that was handed over and not completed, in order, and how far the socket has got with them.
#include "session/request.hpp"
#include "util/clock.hpp"

#include <cstdint>
#include <deque>

namespace kazoo::session {

class in_flight {
  public:
    void push(request& r) noexcept;
    void push(request_list& list) noexcept; ///< the list is empty afterwards

    bool empty() const noexcept { return pending_.empty(); }
    std::size_t size() const noexcept { return pending_.size(); }
    request* front() const noexcept { return pending_.front(); }
    /// Whether the last byte of the front request was handed to the socket.
    bool front_sent() const noexcept { return sent_ != answered_; }
    /// Bytes of a request that were written before the part that is still to go.
    std::size_t partly_written() const noexcept { return partly_written_; }

    /// The socket took `n` bytes of these requests' frames. True if a frame was finished.
    bool written(std::size_t n, time_point at);
    /// Takes the front request, which front_sent(), out. `sent` is when its last byte went.
    request& answer(time_point& sent) noexcept;
    /// Takes the front request out when the connection or the session is over. `was_sent` tells whether it was in
    /// flight.
    request& take(bool& was_sent) noexcept;
    /// Send time of the oldest request without an answer; never if there is none.
    time_point oldest_sent() const noexcept { return front_sent() ? marks_.front().at : never; }

  private:
    /// A write that began at `at` took the last bytes of the requests up to `number`, except of those that an earlier
    /// mark covers.
    struct mark {
        std::uint64_t number;
        time_point at;
    };

    request_list pending_;
    request* unsent_ = nullptr; ///< the first request whose last byte was not handed over
    std::size_t partly_written_ = 0;
    std::uint64_t sent_ = 0, answered_ = 0;
    std::deque<mark> marks_; ///< the front one covers the oldest request without an answer, if one was sent
};

} // namespace kazoo::session
