#pragma once
// Where a connection goes.
#include <cstdint>
#include <string>

namespace kazoo::util {

struct endpoint {
    std::string address; ///< numeric; IPv6 without brackets, a zone is fine. Or the path of a Unix-domain socket
    std::uint16_t port = 0;
    /// Whom it is to reach, as the user named it, whatever a resolver made of it; without brackets. Empty: nobody said.
    std::string host;
    bool tls = false;

    bool is_socket() const noexcept { return address.starts_with('/'); }
};

/// `10.0.0.1:2181`, `[::1]:2181`, `unix:/run/zk`; it says nothing of TLS
inline std::string to_string(const endpoint& e) {
    if (e.is_socket()) return "unix:" + e.address;
    const bool brackets = e.address.find(':') != std::string::npos;
    return (brackets ? "[" + e.address + "]" : e.address) + ":" + std::to_string(e.port);
}

} // namespace kazoo::util
