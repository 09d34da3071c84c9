#pragma once
// Wakes a loop at a time of its clock.
#include "net/asio.hpp"
#include "net/operation_memory.hpp"
#include "util/clock.hpp"

#include <cstdint>

namespace kazoo::net {

/// Counts the time that the machine is asleep, which Asio's timers do not: after a sleep it rings at once if it is due.
class alarm {
  public:
    /// `memory` must outlive the io_context. Throws std::system_error.
    alarm(kazoo_asio::io_context&, operation_memory& memory);
    alarm(const alarm&) = delete;
    alarm& operator=(const alarm&) = delete;

    /// Calls `ring(owner)` at each ring. To be called once.
    template <class Owner> void on_ring(Owner& owner, void (Owner::*ring)() noexcept) noexcept {
        descriptor_.async_read_some(kazoo_asio::buffer(&rings_, sizeof rings_),
                                    memory_.bind([this, &owner, ring](std::error_code closed, std::size_t) {
                                        if (closed) return;
                                        on_ring(owner, ring);
                                        (owner.*ring)();
                                    }));
    }
    /// Plans the next ring for `when`, at once if that has passed, in place of the one planned before.
    void set(time_point) noexcept;

  private:
    operation_memory& memory_;
    kazoo_asio::posix::stream_descriptor descriptor_;
    std::uint64_t rings_ = 0;
};

} // namespace kazoo::net
