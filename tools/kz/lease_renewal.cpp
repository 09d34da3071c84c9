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

lease_renewal::lease_renewal(kazoo::lease lease, seconds length, seconds patience)
    : lease_(std::move(lease)),
      length_(length),
      interval_(std::min(seconds(1), length / 20)),
      warning_(patience + interval_),
      thread_([this](const std::stop_token& over) { work(over); }) {}

lease_renewal::seconds lease_renewal::left() const {
    return seconds(lease_.end().time_since_epoch()) - std::chrono::system_clock::now().time_since_epoch();
}

/// Looks at the clock again and again: it may be set, and the machine may sleep.
void lease_renewal::work(const std::stop_token& over) {
    std::optional<kazoo::future<bool>> asked;
    for (bool taken = false; sleep(over, std::clamp(left() - warning_, seconds(0), interval_));) {
        if (asked && asked->ready()) {
            const auto renewed = std::move(*asked).result(); // after an error: again, as long as it lasts
            taken = renewed && !*renewed;
            asked.reset();
        }
        if (taken || left() <= warning_) {
            lost_.request_stop();
            return;
        }
        if (!asked && left() < length_ / 3) asked = lease_.async_renew();
    }
}

} // namespace kz
