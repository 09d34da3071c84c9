#include "lease_renewal.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>

namespace kz {

namespace {

/// Whether the time has passed.
bool sleep(const std::stop_token& over, std::chrono::duration<double> time) {
    std::mutex mutex;
    std::unique_lock guard(mutex);
    std::condition_variable_any never;
    never.wait_for(guard, over, time, [] { return false; });
    return !over.stop_requested();
}

} // namespace

lease_renewal::lease_renewal(kazoo::lease lease, std::chrono::duration<double> length)
    : lease_(std::move(lease)), length_(length), thread_([this](const std::stop_token& over) { work(over); }) {}

/// Looks at the clock again and again: it may be set, and the machine may sleep.
void lease_renewal::work(const std::stop_token& over) {
    const auto interval = std::min<std::chrono::duration<double>>(std::chrono::seconds(1), length_ / 20);
    std::optional<kazoo::future<bool>> asked;
    for (bool taken = false; sleep(over, interval);) {
        if (asked && asked->ready()) {
            const auto renewed = std::move(*asked).result(); // after an error: again, as long as it lasts
            taken = renewed && !*renewed;
            asked.reset();
        }
        if (taken || !lease_.holds()) {
            lost_.request_stop();
            return;
        }
        if (!asked && lease_.end() - std::chrono::system_clock::now() < length_ / 3) asked = lease_.async_renew();
    }
}

} // namespace kz
