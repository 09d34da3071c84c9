#include "net/exit_wait.hpp"

#include "net/asio.hpp"
#include "net/fork_generation.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <thread>

namespace kazoo::net {

namespace {

/// No lock: a child of a fork counts on.
struct counter {
    std::atomic<int> running{0};
    std::atomic<std::uint64_t> generation{fork_generation()};
};

/// Never destroyed: threads may count down at any time.
counter& loops() noexcept {
    static counter& all = *new counter;
    return all;
}

void wait_at_exit() {
    using clock = std::chrono::steady_clock;
    const counter& all = loops();
    if (all.generation != fork_generation()) return; // the threads are the parent's
    const auto end = clock::now() + std::chrono::seconds(1);
    while (all.running > 0 && clock::now() < end) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

} // namespace

void wait_for_loops_at_exit() noexcept {
    // Asio's categories are made first, so they are destroyed after the wait.
    static const int registered =
        (static_cast<void>(kazoo_asio::error::get_system_category()),
         static_cast<void>(kazoo_asio::error::get_netdb_category()),
         static_cast<void>(kazoo_asio::error::get_addrinfo_category()),
         static_cast<void>(kazoo_asio::error::get_misc_category()), loops(), std::atexit(wait_at_exit));
    static_cast<void>(registered);
}

running_loop::running_loop() noexcept {
    counter& all = loops();
    const std::uint64_t here = fork_generation();
    if (all.generation.exchange(here) != here) all.running = 0; // the first one in a child
    ++all.running;
}

running_loop::~running_loop() { --loops().running; }

} // namespace kazoo::net
