#include "net/thread.hpp"

#include <new>
#include <pthread.h>
#include <utility>

namespace kazoo::net {

void thread::start(const char* name, std::function<void()> body) {
    generation_ = fork_generation();
    native_ = std::thread([name, body = std::move(body)] {
#ifdef __linux__
        ::pthread_setname_np(::pthread_self(), name);
#else
        static_cast<void>(name);
#endif
        body();
    });
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
