#pragma once
// Numbers that one thread at a time writes and every thread may read, for no more than plain ones cost.
#include "util/clock.hpp"

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace kazoo::util {

class tally {
  public:
    void add(std::uint64_t n = 1) noexcept { set(get() + n); }
    void set(std::uint64_t n) noexcept { value_.store(n, std::memory_order_relaxed); }
    /// By any thread, also at the same time; then nobody may use the other two.
    void add_shared(std::uint64_t n = 1) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
    std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> value_{0};
};

/// Durations in ranges that double, from 1 µs on.
class duration_tally {
  public:
    static constexpr std::size_t size = 28;

    void add(duration d, std::uint64_t times = 1) noexcept {
        const auto ns = d > duration::zero() ? static_cast<std::uint64_t>(d.count()) : 0;
        const auto whole_us = ns == 0 ? 0 : (ns - 1) / 1000;
        const auto bucket = static_cast<std::size_t>(std::bit_width(whole_us));
        counts_[bucket < size ? bucket : size - 1].add(times);
        sum_.add(ns * times);
    }
    std::uint64_t count(std::size_t bucket) const noexcept { return counts_[bucket].get(); }
    duration sum() const noexcept { return duration(static_cast<duration::rep>(sum_.get())); }

  private:
    std::array<tally, size> counts_;
    tally sum_;
};

} // namespace kazoo::util
