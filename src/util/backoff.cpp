#include "util/backoff.hpp"

#include <algorithm>
#include <cstdint>

namespace kazoo::util {

namespace {

duration pause_of(double ms) noexcept {
    constexpr double shortest_ms = 1;
    const std::chrono::duration<double, std::milli> pause(std::max(ms, shortest_ms));
    return pause < duration::max() ? std::chrono::duration_cast<duration>(pause) : duration::max();
}

} // namespace

std::string_view defect_of(const retry_policy& p) noexcept {
    if (p.initial_delay.count() <= 0) return "initial_delay must be positive";
    if (p.initial_delay > std::chrono::milliseconds(INT32_MAX)) return "initial_delay is too long";
    if (p.max_delay < p.initial_delay) return "max_delay must not be less than initial_delay";
    if (!(p.factor >= 1.0)) return "factor must not be less than 1";
    if (!(p.jitter >= 0.0 && p.jitter <= 1.0)) return "jitter must be between 0 and 1";
    return {};
}

double backoff::grow() noexcept {
    const double longest_ms = static_cast<double>(policy_.max_delay.count());
    const double full = std::min(next_ms_, longest_ms);
    next_ms_ = std::min(next_ms_ * policy_.factor, longest_ms);
    return full;
}

duration backoff::next(random_source& random) noexcept {
    return pause_of(grow() * (1 - policy_.jitter * random.unit()));
}

duration backoff::next() noexcept { return pause_of(grow()); }

bool backoff::starts_over(duration all_was_well) noexcept {
    const std::chrono::duration<double, std::milli> long_enough(4 * next_ms_ +
                                                                static_cast<double>(policy_.initial_delay.count()));
    if (all_was_well <= long_enough) return false;
    reset();
    return true;
}

} // namespace kazoo::util
