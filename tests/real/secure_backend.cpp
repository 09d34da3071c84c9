#include "shared/secure_backend.hpp"

#include "shared/backend.hpp"
#include "testing/gate/loopback.hpp"

#include <kazoo/testkit/ensemble.hpp>

namespace kazoo::test {
namespace {

class secure_server final : public secure_backend {
  public:
    secure_server(const authority& ca, const certificate& own, bool wants_certificates)
        : zk_({.config = {"serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory",
                          "secureClientPort=" + std::to_string(port_.number()), "secureClientPortAddress=127.0.0.1",
                          "ssl.keyStore.location=" + files_.put("own.pem", own.key_pem() + own.pem() + ca.pem()),
                          "ssl.keyStore.type=PEM", "ssl.trustStore.location=" + files_.put("ca.pem", ca.pem()),
                          "ssl.trustStore.type=PEM", wants_certificates ? "ssl.clientAuth=need" : "ssl.clientAuth=none",
                          "ssl.enabledProtocols=TLSv1.3,TLSv1.2",
                          "ssl.ciphersuites=TLS_AES_256_GCM_SHA384,TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"}}) {
        // Its plain port serves before this one does.
        const auto there = kazoo::testkit::loopback_address(port());
        EXPECT_TRUE(eventually([&] { return static_cast<bool>(kazoo::testkit::connect_within(there, 1s)); }));
    }
    std::uint16_t port() const override { return port_.number(); }
    std::string plain_address() const override { return zk_.address(); }

  private:
    file_folder files_;
    kazoo::testkit::reserved_port port_;
    kazoo::testkit::real_server zk_;
};

} // namespace

std::unique_ptr<secure_backend> start_secure_backend(const authority& ca, const certificate& own,
                                                     bool wants_certificates) {
    return std::make_unique<secure_server>(ca, own, wants_certificates);
}

} // namespace kazoo::test
