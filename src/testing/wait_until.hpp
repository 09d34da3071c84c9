#pragma once
#include <chrono>
#include <thread>

namespace kazoo::testkit {

inline constexpr std::chrono::seconds wait_limit{60};

/// Asks every 10 ms until the answer is yes, which is returned, or the limit has passed.
template <class Condition> bool wait_until(Condition condition, std::chrono::milliseconds limit = wait_limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
}

} // namespace kazoo::testkit
