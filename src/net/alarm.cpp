#include "net/alarm.hpp"

#include "net/clock.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/timerfd.h>
#include <unistd.h>

namespace kazoo::net {
namespace {

struct owned_timer {
    int fd = ::timerfd_create(loop_clock_id, TFD_NONBLOCK | TFD_CLOEXEC);
    owned_timer() {
        if (fd < 0) throw std::system_error(errno, std::system_category(), "timerfd");
    }
    ~owned_timer() {
        if (fd >= 0) ::close(fd);
    }
    owned_timer(const owned_timer&) = delete;
    owned_timer& operator=(const owned_timer&) = delete;
};

} // namespace

alarm::alarm(kazoo_asio::io_context& io, operation_memory& memory) : memory_(memory), descriptor_(io) {
    owned_timer timer;
    descriptor_.assign(timer.fd);
    timer.fd = -1;
}

void alarm::set(time_point when) noexcept {
    using namespace std::chrono;
    const auto since_zero = std::max(when.time_since_epoch(), nanoseconds(1)); // zero would mean: no ring
    const auto whole = floor<seconds>(since_zero);
    itimerspec at{};
    at.it_value.tv_sec = whole.count();
    at.it_value.tv_nsec = (since_zero - whole).count();
    ::timerfd_settime(descriptor_.native_handle(), TFD_TIMER_ABSTIME, &at, nullptr);
}

} // namespace kazoo::net
