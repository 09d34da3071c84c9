#include "net/timer_queue.hpp"

#include <algorithm>
#include <new>

namespace kazoo::net {

namespace {

constexpr std::size_t spare = 64;

} // namespace

void timer_queue::grow() {
    const std::size_t wanted = std::max(2 * slots_.size(), 2 * spare);
    heap_.reserve(wanted);
    free_.reserve(wanted);
    slots_.reserve(wanted);
    while (slots_.size() < wanted) { // nothing from here on allocates
        free_.push_back(static_cast<std::uint32_t>(slots_.size()));
        slots_.emplace_back();
    }
}

std::uint64_t timer_queue::add(time_point when, detail::job& job) {
    if (free_.size() < spare) {
        try {
            grow();
        } catch (const std::bad_alloc&) {
            if (free_.empty()) throw;
        }
    }
    heap_.emplace_back();
    const std::uint32_t s = free_.back();
    free_.pop_back();
    const std::uint32_t taken = ++slots_[s].taken;
    settle(heap_.size() - 1, {when, started_++, &job, s});
    return std::uint64_t{taken} << 32 | s;
}

bool timer_queue::cancel(std::uint64_t id) noexcept {
    const std::size_t s = id & 0xffffffff;
    if (s >= slots_.size() || slots_[s].taken != id >> 32 || slots_[s].place == nowhere) return false;
    erase(slots_[s].place);
    return true;
}

detail::job* timer_queue::pop_due(time_point now, std::uint64_t bound) noexcept {
    if (heap_.empty() || heap_.front().when > now || heap_.front().number >= bound) return nullptr;
    detail::job* job = heap_.front().job;
    erase(0);
    return job;
}

void timer_queue::erase(std::size_t place) noexcept {
    slots_[heap_[place].slot].place = nowhere;
    free_.push_back(heap_[place].slot);
    const entry last = heap_.back();
    heap_.pop_back();
    if (place < heap_.size()) settle(place, last);
}

void timer_queue::settle(std::size_t place, const entry& e) noexcept {
    while (place > 0 && e < heap_[(place - 1) / 2]) {
        put(place, heap_[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    for (;;) {
        std::size_t child = 2 * place + 1;
        if (child >= heap_.size()) break;
        if (child + 1 < heap_.size() && heap_[child + 1] < heap_[child]) ++child;
        if (!(heap_[child] < e)) break;
        put(place, heap_[child]);
        place = child;
    }
    put(place, e);
}

} // namespace kazoo::net
