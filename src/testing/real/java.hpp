#pragma once
#include <string>
#include <vector>

namespace kazoo::testkit {

/// Empty when the ZooKeeper server of Debian's packages can be run here; otherwise what is missing.
std::string missing_server_parts();

/// The command that runs a server, up to but not including its configuration file.
std::vector<std::string> server_command(const std::vector<std::string>& extra_flags);

} // namespace kazoo::testkit
