#pragma once
// Timers by time, and by order of their start where the times are equal.
#include "util/clock.hpp"

#include <kazoo/detail/shared_state.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kazoo::net {

/// A heap whose entries know their place, so cancelling is O(log n). Ids are not used twice.
class timer_queue {
  public:
    timer_queue() { grow(); }
    /// Room is made well before it is needed, so this throws only if there is no memory for long.
    std::uint64_t add(time_point when, detail::job&);
    bool cancel(std::uint64_t id) noexcept;
    /// Takes out the next timer that is due at `now` and was started before timer number `bound`; nullptr: none.
    detail::job* pop_due(time_point now, std::uint64_t bound) noexcept;
    time_point next() const noexcept { return heap_.empty() ? never : heap_.front().when; }
    /// Numbers the timers started so far.
    std::uint64_t started() const noexcept { return started_; }

  private:
    struct entry {
        time_point when;
        std::uint64_t number;
        detail::job* job;
        std::uint32_t slot;
        bool operator<(const entry& o) const noexcept { return when != o.when ? when < o.when : number < o.number; }
    };
    static constexpr std::uint32_t nowhere = ~std::uint32_t{0};
    /// An id is a slot and how often that was taken: the slot leads to the entry.
    struct slot {
        std::uint32_t taken = 0;
        std::uint32_t place = nowhere;
    };

    void grow();
    void erase(std::size_t place) noexcept;
    void put(std::size_t place, const entry& e) noexcept {
        heap_[place] = e;
        slots_[e.slot].place = static_cast<std::uint32_t>(place);
    }
    void settle(std::size_t place, const entry& e) noexcept;

    std::vector<entry> heap_;
    std::vector<slot> slots_;
    std::vector<std::uint32_t> free_;
    std::uint64_t started_ = 0;
};

} // namespace kazoo::net
