#pragma once
// Lengths of time in texts for people.
#include "util/clock.hpp"

#include <chrono>
#include <string>

namespace kazoo::util {

/// `80 ms`, `1.2 s`.
inline std::string to_text(duration d) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(d).count();
    if (ms < 1000) return std::to_string(ms) + " ms";
    return std::to_string(ms / 1000) + '.' + std::to_string(ms % 1000 / 100) + " s";
}

} // namespace kazoo::util
