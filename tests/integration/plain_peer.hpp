#pragma once
// Plain sockets for tests of what stands between a client and a server.
#include "testing/gate/loopback.hpp"

#include <chrono>
#include <optional>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>

namespace kazoo::testkit {

/// One end of a TCP connection.
class plain_peer {
  public:
    static constexpr std::chrono::seconds limit{30};

    explicit plain_peer(unique_fd fd) : fd_(std::move(fd)) {}
    explicit plain_peer(std::uint16_t port) : fd_(connect_within(loopback_address(port), limit)) {
        if (!fd_) throw std::runtime_error("cannot connect");
    }

    void send(std::string_view bytes) {
        while (!bytes.empty()) {
            pollfd wait{fd_.get(), POLLOUT, 0};
            const ssize_t sent = ::poll(&wait, 1, milliseconds(limit)) == 1
                                     ? ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL)
                                     : -1;
            if (sent < 0) throw std::runtime_error("cannot send");
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    /// Reads exactly this many bytes; fewer are returned when the stream ends or stays silent for too long.
    std::string receive(std::size_t size) {
        std::string bytes;
        while (bytes.size() < size && readable(limit)) {
            std::string part(size - bytes.size(), '\0');
            const ssize_t got = ::recv(fd_.get(), part.data(), part.size(), 0);
            if (got <= 0) break;
            bytes.append(part, 0, static_cast<std::size_t>(got));
        }
        return bytes;
    }

    /// How the stream ends: 0 for a FIN, ECONNRESET for a reset, nothing if there are bytes or silence instead.
    std::optional<int> ending() {
        if (!readable(limit)) return std::nullopt;
        char byte = 0;
        const ssize_t got = ::recv(fd_.get(), &byte, 1, 0);
        if (got > 0) return std::nullopt;
        return got == 0 ? 0 : errno;
    }

    bool readable(std::chrono::milliseconds within) const {
        pollfd wait{fd_.get(), POLLIN, 0};
        return ::poll(&wait, 1, milliseconds(within)) == 1;
    }

    void finish_sending() { ::shutdown(fd_.get(), SHUT_WR); }

  private:
    static int milliseconds(std::chrono::milliseconds time) { return static_cast<int>(time.count()); }

    unique_fd fd_;
};

/// Listens on a loopback port.
class plain_listener {
  public:
    plain_listener() : plain_listener(reserved_port()) {}
    explicit plain_listener(reserved_port port) : port_(std::move(port)), fd_(listen_on(port_.number())) {}

    std::string address() const { return loopback_name(port_.number()); }

    bool waiting(std::chrono::milliseconds within) const {
        pollfd wait{fd_.get(), POLLIN, 0};
        return ::poll(&wait, 1, static_cast<int>(within.count())) == 1;
    }

    plain_peer accept() const {
        if (!waiting(plain_peer::limit)) throw std::runtime_error("nobody connects");
        return plain_peer(unique_fd(checked(::accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK), "accept")));
    }

  private:
    reserved_port port_;
    unique_fd fd_;
};

} // namespace kazoo::testkit
