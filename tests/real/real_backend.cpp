#include "shared/backend.hpp"

#include <kazoo/testkit/ensemble.hpp>

namespace kazoo::test {

namespace {

class zookeeper final : public backend {
  public:
    std::string address() const override { return server_.address(); }
    void kill() override { server_.kill(); }
    void start() override {
        server_.start();
        server_.wait_ready();
    }

  private:
    kazoo::testkit::real_server server_{
        {.java_flags = {"-Dzookeeper.extendedTypesEnabled=true", "-Dznode.container.checkIntervalMs=200"}}};
};

} // namespace

backend& server() {
    static zookeeper the_server;
    return the_server;
}

} // namespace kazoo::test
