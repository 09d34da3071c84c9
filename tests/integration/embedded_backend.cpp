#include "shared/backend.hpp"

#include <kazoo/testing/server.hpp>

namespace kazoo::test {

namespace {

class embedded final : public backend {
  public:
    std::string address() const override { return server_.address(); }
    void kill() override { server_.stop(); }
    void start() override { server_.start(); }

  private:
    kazoo::testing::server server_{{.tick = std::chrono::milliseconds(200),
                                    .min_session_timeout = std::chrono::milliseconds(400),
                                    .max_session_timeout = std::chrono::seconds(60)}};
};

} // namespace

backend& server() {
    static embedded the_server;
    return the_server;
}

} // namespace kazoo::test
