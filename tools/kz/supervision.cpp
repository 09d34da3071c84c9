#include "supervision.hpp"

#include "interruption.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>

namespace kz {

namespace {

using clock = std::chrono::steady_clock;

class descriptor {
  public:
    descriptor(int number, const char* what) : number_(number) {
        if (number < 0) throw std::system_error(errno, std::generic_category(), what);
    }
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    ~descriptor() { ::close(number_); }
    int get() const noexcept { return number_; }

  private:
    int number_;
};

/// Signals as something that can be polled.
class signal_source {
  public:
    signal_source() : source_(::signalfd(-1, &set_, SFD_CLOEXEC | SFD_NONBLOCK), "signalfd") {}
    int get() const noexcept { return source_.get(); }
    /// Those of the terminal reach all of its foreground processes, so the command has had them already.
    void pass_on(const child_process& command) const {
        signalfd_siginfo received{};
        while (::read(source_.get(), &received, sizeof received) == ssize_t{sizeof received})
            if (received.ssi_code <= 0) command.signal(static_cast<int>(received.ssi_signo));
    }

  private:
    const sigset_t set_ = interrupting_signals();
    const descriptor source_;
};

/// A stop token as something that can be polled.
class stop_source {
  public:
    explicit stop_source(const std::stop_token& token)
        : source_(::eventfd(0, EFD_CLOEXEC), "eventfd"), on_stop_(token, teller{source_.get()}) {}
    int get() const noexcept { return source_.get(); }

  private:
    struct teller {
        int source;
        void operator()() const noexcept { ::eventfd_write(source, 1); }
    };
    const descriptor source_;
    const std::stop_callback<teller> on_stop_;
};

constexpr auto never = clock::time_point::max();

int poll_limit(clock::time_point end) {
    if (end == never) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1'000'000));
}

} // namespace

exit_code supervise(child_process& command, const std::stop_token& lost, std::chrono::milliseconds patience,
                    const std::function<void()>& on_loss, const std::function<void()>& on_signal) {
    const signal_source signals;
    const stop_source loss(lost);
    auto kill_at = never;
    std::array<pollfd, 3> sources{
        {{command.descriptor(), POLLIN, 0}, {signals.get(), POLLIN, 0}, {loss.get(), POLLIN, 0}}};
    auto& [end, signal, stop] = sources;
    for (;;) {
        if (::poll(sources.data(), sources.size(), poll_limit(kill_at)) < 0 && errno != EINTR)
            throw std::system_error(errno, std::generic_category(), "poll");
        if (end.revents != 0) {
            if (stop.fd < 0) command.signal(SIGKILL); // what it started must not go on without the lock either
            return command.wait();
        }
        if (signal.revents != 0) {
            signals.pass_on(command);
            on_signal();
        }
        if (stop.revents != 0) {
            stop.fd = -1;
            on_loss();
            command.signal(SIGTERM);
            kill_at = clock::now() + patience;
        }
        if (clock::now() >= kill_at) {
            command.signal(SIGKILL);
            kill_at = never;
        }
    }
}

} // namespace kz
