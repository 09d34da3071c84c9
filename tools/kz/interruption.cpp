#include "interruption.hpp"

#include <pthread.h>
#include <signal.h>

#include <condition_variable>
#include <mutex>

namespace kz {

namespace {

sigset_t interrupting_signals() noexcept {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

} // namespace

interruption::interruption() {
    const sigset_t set = interrupting_signals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    thread_ = std::thread([set, stop = stop_]() mutable {
        int received = 0;
        sigwait(&set, &received);
        stop.request_stop();
    });
}

interruption::~interruption() {
    pthread_kill(thread_.native_handle(), SIGTERM); // wakes sigwait; goes to this thread only
    thread_.join();
}

void wait_for(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any changed;
    std::unique_lock lock(mutex);
    changed.wait(lock, stop, [] { return false; });
}

} // namespace kz
