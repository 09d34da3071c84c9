#include "interruption.hpp"

#include <pthread.h>

#include <condition_variable>
#include <mutex>

namespace kz {

sigset_t interrupting_signals() noexcept {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    struct sigaction hang_up{};
    ::sigaction(SIGHUP, nullptr, &hang_up);
    if (hang_up.sa_handler != SIG_IGN) sigaddset(&set, SIGHUP);
    return set;
}

interruption::interruption() {
    const sigset_t set = interrupting_signals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    thread_ = std::thread([this, set] {
        siginfo_t received{};
        while (sigwaitinfo(&set, &received) < 0) {
        }
        if (received.si_code != SI_QUEUE || received.si_value.sival_ptr != this) stop_.request_stop();
    });
}

interruption::~interruption() {
    pthread_sigqueue(thread_.native_handle(), SIGTERM, {.sival_ptr = this}); // wakes the thread, and nobody else
    thread_.join();
}

void wait_for(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any changed;
    std::unique_lock lock(mutex);
    changed.wait(lock, stop, [] { return false; });
}

} // namespace kz
