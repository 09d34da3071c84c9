#pragma once
#include "net/asio.hpp"
#include "testing/unique_fd.hpp"

#include <cstdint>
#include <string>

namespace kazoo::testkit {

/// A port that stays ours while nobody listens on it: a socket is bound to it and does not listen, so others neither
/// listen nor connect from there.
class server_port {
  public:
    /// `port` 0: a free one.
    server_port(const std::string& host, std::uint16_t port);

    std::uint16_t number() const noexcept { return endpoint_.port(); }
    std::string name() const;
    const kazoo_asio::ip::tcp::endpoint& endpoint() const noexcept { return endpoint_; }
    /// A descriptor, the caller's, that listens there.
    int listen() const;

  private:
    kazoo_asio::ip::tcp::endpoint endpoint_;
    unique_fd holder_;
};

} // namespace kazoo::testkit
