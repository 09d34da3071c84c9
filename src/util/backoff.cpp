#include "util/backoff.hpp"

#include <algorithm>
#include <cstdint>

namespace kazoo::util {

namespace {

double milliseconds_of(duration d) noexcept { return std::chrono::duration<double, std::milli>(d).count(); }

duration pause_of(double ms) noexcept {
    constexpr double shortest_ms = 1;
    const std::chrono::duration<double, std::milli> pause(std::max(ms, shortest_ms));
    return pause < duration::max() ? std::chrono::duration_cast<duration>(pause) : duration::max();
}

} // namespace

std::string_view defect_of(const retry_policy& p) noexcept {
    const duration first = p.initial_delay, longest = p.max_delay;
    if (first.count() <= 0) return "initial_delay must be positive";
    if (first > std::chrono::milliseconds(INT32_MAX)) return "initial_delay is too long";
    if (longest < first) return "max_delay must not be less than initial_delay";
    if (!(p.factor >= 1.0)) return "factor must not be less than 1";
    if (!(p.jitter >= 0.0 && p.jitter <= 1.0)) return "jitter must be between 0 and 1";
    return {};
}

void backoff::reset() noexcept { next_ms_ = milliseconds_of(policy_.initial_delay); }

double backoff::grow() noexcept {
    const double longest_ms = milliseconds_of(policy_.max_delay);
    const double full = std::min(next_ms_, longest_ms);
    next_ms_ = std::min(next_ms_ * policy_.factor, longest_ms);
    return full;
}

duration backoff::next(random_source& random) noexcept {
    return pause_of(grow() * (1 - policy_.jitter * random.unit()));
}

duration backoff::next() noexcept { return pause_of(grow()); }

bool backoff::starts_over(duration all_was_well) noexcept {
    const std::chrono::duration<double, std::milli> long_enough(4 * next_ms_ + milliseconds_of(policy_.initial_delay));
    if (all_was_well <= long_enough) return false;
    reset();
    return true;
}

} // namespace kazoo::util
