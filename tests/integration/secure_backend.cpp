#include "shared/secure_backend.hpp"

#include <kazoo/testkit/server.hpp>

namespace kazoo::test {
namespace {

class secure_server final : public secure_backend {
  public:
    secure_server(const authority& ca, const certificate& own, bool wants_certificates)
        : secure_({.tls = tls_options{.ca_file = wants_certificates ? files_.put("ca.pem", ca.pem()) : "",
                                      .certificate_file = files_.put("own.pem", own.pem() + ca.pem()),
                                      .key_file = files_.put("own.key", own.key_pem())}}) {}
    std::uint16_t port() const override { return secure_.port(); }
    std::string plain_address() const override { return plain_.address(); }

  private:
    file_folder files_;
    kazoo::testkit::server secure_, plain_;
};

} // namespace

std::unique_ptr<secure_backend> start_secure_backend(const authority& ca, const certificate& own,
                                                     bool wants_certificates) {
    return std::make_unique<secure_server>(ca, own, wants_certificates);
}

} // namespace kazoo::test
