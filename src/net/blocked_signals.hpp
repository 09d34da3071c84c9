#pragma once
#include <csignal>
#include <initializer_list>
#include <pthread.h>

namespace kazoo::net {

/// Threads started while this lives take no signals: those are meant for the program, which may block them in its own
/// threads and wait for them there. What a thread does to itself (SIGSEGV …) stays open, for the program's handlers.
class blocked_signals {
  public:
    blocked_signals() noexcept {
        sigset_t all;
        sigfillset(&all);
        for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT}) sigdelset(&all, own);
        pthread_sigmask(SIG_BLOCK, &all, &before_);
    }
    ~blocked_signals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    blocked_signals(const blocked_signals&) = delete;
    blocked_signals& operator=(const blocked_signals&) = delete;

  private:
    sigset_t before_;
};

} // namespace kazoo::net
