#pragma once
// The socket calls that the gate and the server harness share. IPv4 only.
#include "testing/unique_fd.hpp"

#include <chrono>
#include <cstdint>
#include <netinet/in.h>
#include <string>
#include <string_view>

namespace kazoo::testkit {

/// A loopback port that stays ours while nobody listens on it: a socket is bound to it and does not listen, so neither
/// another bind nor an outgoing connection gets this port, but whoever sets SO_REUSEADDR can listen there.
class reserved_port {
  public:
    reserved_port();
    std::uint16_t number() const noexcept { return number_; }

  private:
    unique_fd socket_;
    std::uint16_t number_ = 0;
};

sockaddr_in loopback_address(std::uint16_t port);
/// "127.0.0.1:port".
std::string loopback_name(std::uint16_t port);
/// Reads "1.2.3.4:port"; throws std::invalid_argument.
sockaddr_in parse_address(std::string_view text);

/// A TCP socket, closed on exec, that never blocks and sends at once.
unique_fd make_socket();
/// Without it a small write waits for the acknowledgement of the one before: up to 40 ms.
void send_at_once(int descriptor);
unique_fd listen_on(std::uint16_t port);
/// Whether the kernel connected the socket to itself, as may happen when nobody listens on a port of this machine. Such
/// a one must be given up: it is closed by a reset then, so that the port is free for the server.
bool connected_to_itself(int descriptor);
/// Waits up to `limit` for the connection. The result has no descriptor if there is none by then.
unique_fd connect_within(const sockaddr_in& to, std::chrono::milliseconds limit);

} // namespace kazoo::testkit
