#include "testing/embedded/server_port.hpp"

#include <fcntl.h>
#include <stdexcept>
#include <sys/socket.h>

namespace kazoo::testkit {
namespace {

using kazoo_asio::ip::tcp;

tcp::endpoint to_endpoint(const std::string& host, std::uint16_t port) {
    std::error_code error;
    const auto address = kazoo_asio::ip::make_address(host, error);
    if (error) throw std::invalid_argument("not a numeric address to listen on: \"" + host + '"');
    return {address, port};
}

unique_fd bound_socket(const tcp::endpoint& where) {
    unique_fd fd(checked(::socket(where.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket"));
    const int on = 1;
    checked(::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "setsockopt");
    checked(::bind(fd.get(), where.data(), static_cast<socklen_t>(where.size())), "bind");
    return fd;
}

std::string to_name(const tcp::endpoint& e) {
    const std::string host = e.address().to_string();
    return (e.address().is_v6() ? '[' + host + ']' : host) + ':' + std::to_string(e.port());
}

} // namespace

server_port::server_port(const std::string& host, std::uint16_t port) : endpoint_(to_endpoint(host, port)) {
    try {
        holder_ = bound_socket(endpoint_);
        socklen_t size = static_cast<socklen_t>(endpoint_.capacity());
        checked(::getsockname(holder_.get(), endpoint_.data(), &size), "getsockname");
    } catch (const std::system_error& e) {
        throw std::system_error(e.code(), "cannot listen on " + to_name(endpoint_));
    }
}

std::string server_port::name() const { return to_name(endpoint_); }

int server_port::listen() const {
    try {
        const unique_fd fd = bound_socket(endpoint_);
        checked(::listen(fd.get(), SOMAXCONN), "listen");
        return checked(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0), "fcntl");
    } catch (const std::system_error& e) {
        throw std::system_error(e.code(), "cannot listen on " + name());
    }
}

} // namespace kazoo::testkit
