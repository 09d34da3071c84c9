#pragma once
// A line of little bandwidth: forwards one connection after the other, so many bytes a second in one direction.
#include "testing/gate/loopback.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>

namespace kazoo::test {

class slow_line {
  public:
    enum class way {
        to_server,
        to_client
    };
    slow_line(std::string_view server, way slow, std::size_t bytes_per_second)
        : server_(testkit::parse_address(server)),
          slow_(slow),
          step_(bytes_per_second / 100),
          listener_(testkit::listen_on(port_.number())),
          thread_([this] { run(); }) {}
    slow_line(const slow_line&) = delete;
    slow_line& operator=(const slow_line&) = delete;
    ~slow_line() {
        stopping_ = true;
        thread_.join();
    }

    std::string address() const { return testkit::loopback_name(port_.number()); }
    int connections() const { return connections_; }

  private:
    void run() {
        while (!stopping_) {
            if (!readable(listener_, 20)) continue;
            const testkit::unique_fd client(::accept(listener_.get(), nullptr, nullptr));
            const testkit::unique_fd server = testkit::connect_within(server_, std::chrono::seconds(5));
            if (!client || !server) continue;
            ++connections_;
            forward(client, server);
        }
    }

    /// Until one of both ends; a hundred times a second the slow direction gets its share.
    void forward(const testkit::unique_fd& client, const testkit::unique_fd& server) {
        const bool slow_up = slow_ == way::to_server;
        const testkit::unique_fd& fast_from = slow_up ? server : client;
        const testkit::unique_fd& slow_from = slow_up ? client : server;
        while (!stopping_) {
            while (readable(fast_from, 0))
                if (!move(fast_from, slow_from, buffer_.size())) return;
            if (readable(slow_from, 0) && !move(slow_from, fast_from, step_)) return;
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
    }

    static bool readable(const testkit::unique_fd& fd, int ms) {
        pollfd p{fd.get(), POLLIN, 0};
        return ::poll(&p, 1, ms) > 0;
    }

    bool move(const testkit::unique_fd& from, const testkit::unique_fd& to, std::size_t most) {
        const ssize_t n = ::recv(from.get(), buffer_.data(), std::min(most, buffer_.size()), 0);
        if (n <= 0) return false;
        for (ssize_t sent = 0; sent < n;) {
            pollfd room{to.get(), POLLOUT, 0};
            if (stopping_ || ::poll(&room, 1, 100) < 0) return false;
            const ssize_t k = ::send(to.get(), buffer_.data() + sent, static_cast<std::size_t>(n - sent),
                                     MSG_NOSIGNAL | MSG_DONTWAIT);
            if (k > 0)
                sent += k;
            else if (errno != EAGAIN)
                return false;
        }
        return true;
    }

    const sockaddr_in server_;
    const way slow_;
    const std::size_t step_;
    const testkit::reserved_port port_;
    const testkit::unique_fd listener_;
    std::array<char, 1 << 16> buffer_{};
    std::atomic<bool> stopping_{false};
    std::atomic<int> connections_{0};
    std::thread thread_;
};

} // namespace kazoo::test
