#include "shared/backend.hpp"

#include <kazoo/testkit/server.hpp>

namespace kazoo::test {

namespace {

class embedded final : public backend {
  public:
    std::string address() const override { return server_.address(); }
    void kill() override { server_.stop(); }
    void start() override { server_.start(); }

  private:
    kazoo::testkit::server server_{{.tick = std::chrono::milliseconds(200),
                                    .min_session_timeout = std::chrono::milliseconds(400),
                                    .max_session_timeout = std::chrono::seconds(60),
                                    .ttl_nodes = true,
                                    .container_check = std::chrono::milliseconds(200)}};
};

std::unique_ptr<embedded> the_server;

/// Its thread has used OpenSSL, which cleans up behind threads only until exit() begins.
class end_of_tests final : public ::testing::Environment {
    void TearDown() override { the_server.reset(); }
};
[[maybe_unused]] const auto* const registered = ::testing::AddGlobalTestEnvironment(new end_of_tests);

} // namespace

backend& server() {
    if (!the_server) the_server = std::make_unique<embedded>();
    return *the_server;
}

} // namespace kazoo::test
