#include "net/thread.hpp"

#include "net/blocked_signals.hpp"

#include <new>
#include <pthread.h>
#include <string>
#include <system_error>
#include <utility>

namespace kazoo::net {
namespace {

thread_local bool ours = false;

} // namespace

bool thread::any_is_current() noexcept { return ours; }

void thread::start(const char* name, std::function<void()> body) {
    generation_ = fork_generation();
    const blocked_signals inherited;
    try {
        native_ = std::thread([name, body = std::move(body)] {
            ours = true;
            ::pthread_setname_np(::pthread_self(), name);
            body();
        });
    } catch (const std::system_error& e) {
        throw std::system_error(e.code(), std::string("cannot start the thread ") + name);
    }
}

void thread::end() noexcept {
    if (forget_if_forked() || !started()) return;
    if (is_current())
        native_.detach();
    else
        native_.join();
}

void thread::detach() noexcept {
    if (!forget_if_forked() && started()) native_.detach();
}

bool thread::forget_if_forked() noexcept {
    if (!started() || generation_ == fork_generation()) return false;
    ::new (&native_) std::thread; // without the destructor, which would end the program
    return true;
}

} // namespace kazoo::net
