#include "testing/gate/loopback.hpp"

#include <arpa/inet.h>
#include <charconv>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>

namespace kazoo::testkit {

namespace {

const sockaddr* generic(const sockaddr_in& address) { return reinterpret_cast<const sockaddr*>(&address); }

void set_reuse_address(int fd) {
    const int on = 1;
    checked(::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "setsockopt");
}

} // namespace

reserved_port::reserved_port() : socket_(make_socket()) {
    sockaddr_in address = loopback_address(0);
    checked(::bind(socket_.get(), generic(address), sizeof address), "bind");
    socklen_t size = sizeof address;
    checked(::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
    number_ = ntohs(address.sin_port);
    // After bind, not before: so the kernel never picks a port that somebody else has reserved like this.
    set_reuse_address(socket_.get());
}

sockaddr_in loopback_address(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

std::string loopback_name(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }

sockaddr_in parse_address(std::string_view text) {
    const auto colon = text.rfind(':');
    std::uint16_t port = 0;
    if (colon != text.npos) {
        const char* end = text.data() + text.size();
        const auto [last, error] = std::from_chars(text.data() + colon + 1, end, port);
        if (error != std::errc{} || last != end) port = 0;
    }
    sockaddr_in address = loopback_address(port);
    const std::string host(text.substr(0, colon));
    if (port == 0 || ::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) {
        throw std::invalid_argument("not an IPv4 address and a port: " + std::string(text));
    }
    return address;
}

unique_fd make_socket() {
    unique_fd fd(checked(::socket(AF_INET, SOCK_STREAM, 0), "socket"));
    checked(::fcntl(fd.get(), F_SETFD, FD_CLOEXEC), "fcntl");
    checked(::fcntl(fd.get(), F_SETFL, O_NONBLOCK), "fcntl");
    send_at_once(fd.get());
    return fd;
}

void send_at_once(int descriptor) {
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

unique_fd listen_on(std::uint16_t port) {
    unique_fd fd = make_socket();
    set_reuse_address(fd.get());
    const sockaddr_in address = loopback_address(port);
    checked(::bind(fd.get(), generic(address), sizeof address), "bind");
    checked(::listen(fd.get(), SOMAXCONN), "listen");
    return fd;
}

bool connected_to_itself(int descriptor) {
    sockaddr_in here{}, there{};
    socklen_t size = sizeof here;
    if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&here), &size) != 0) return false;
    size = sizeof there;
    if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&there), &size) != 0) return false;
    if (here.sin_port != there.sin_port || here.sin_addr.s_addr != there.sin_addr.s_addr) return false;
    const linger reset{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    return true;
}

unique_fd connect_within(const sockaddr_in& to, std::chrono::milliseconds limit) {
    unique_fd fd = make_socket();
    if (::connect(fd.get(), generic(to), sizeof to) != 0 && errno != EINPROGRESS) return {};
    pollfd wait{fd.get(), POLLOUT, 0};
    if (::poll(&wait, 1, static_cast<int>(limit.count())) != 1) return {};
    int error = 0;
    socklen_t size = sizeof error;
    checked(::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size), "getsockopt");
    return error == 0 && !connected_to_itself(fd.get()) ? std::move(fd) : unique_fd{};
}

} // namespace kazoo::testkit
