#pragma once
// The server of a suite about TLS: as in backend.hpp the embedded one or Apache ZooKeeper, with a port for TLS.
#include "unit/net/certificates.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace kazoo::test {

class secure_backend {
  public:
    virtual ~secure_backend() = default;
    virtual std::uint16_t port() const = 0;
    /// Of one that speaks plainly.
    virtual std::string plain_address() const = 0;

    std::string host(const std::string& name = "localhost") const { return name + ':' + std::to_string(port()); }
    std::string address() const { return host("127.0.0.1"); }
};

/// It shows the certificate; `wants_certificates`: clients must show one that the authority vouches for.
std::unique_ptr<secure_backend> start_secure_backend(const authority&, const certificate& own,
                                                     bool wants_certificates = true);

} // namespace kazoo::test
