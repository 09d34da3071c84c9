#include "net/exit_wait.hpp"

#include "net/asio.hpp"
#include "net/fork_generation.hpp"
#include "util/mutex.hpp"

#include <chrono>
#include <cstdint>
#include <cstdlib>

namespace kazoo::net {

namespace {

struct counter {
    util::mutex mutex;
    util::condition changed;
    int running KAZOO_GUARDED_BY(mutex) = 0;
    const std::uint64_t generation = fork_generation();
};

/// Never destroyed: threads may count down at any time.
counter& loops() noexcept {
    static counter& all = *new counter;
    return all;
}

void wait_at_exit() {
    using clock = std::chrono::steady_clock;
    counter& all = loops();
    if (all.generation != fork_generation()) return; // the threads are the parent's
    const auto end = clock::now() + std::chrono::seconds(1);
    util::lock_guard lock(all.mutex);
    while (all.running > 0 && clock::now() < end) all.changed.wait_for(lock, end - clock::now());
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
    const util::lock_guard lock(all.mutex);
    ++all.running;
}

running_loop::~running_loop() {
    counter& all = loops();
    const util::lock_guard lock(all.mutex);
    --all.running;
    all.changed.notify_all();
}

} // namespace kazoo::net
