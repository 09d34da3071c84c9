#pragma once
#include <kazoo/testkit/server.hpp>

#include <optional>
#include <string>

/// The servers an example talks to: those of its first argument, `host:port,host:port`, or, without one, a server
/// inside this process that lives as long as this object.
class servers {
  public:
    servers(int argc, char** argv) {
        if (argc > 1)
            hosts_ = argv[1];
        else
            hosts_ = own_.emplace().address();
    }
    const std::string& hosts() const { return hosts_; }

  private:
    std::optional<kazoo::testkit::server> own_;
    std::string hosts_;
};
