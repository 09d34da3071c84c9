#pragma once
#include <string>
#include <vector>

namespace kazoo::testkit {

/// Empty when a ZooKeeper server can be run here; otherwise what is missing. `release`: a folder whose jars go ahead of
/// those of Debian's packages; empty: the one that KAZOO_ZOOKEEPER_JARS names, if any.
std::string missing_server_parts(const std::string& release = {});

/// The command that runs a server, up to but not including its configuration file.
std::vector<std::string> server_command(const std::vector<std::string>& extra_flags, const std::string& release = {});

} // namespace kazoo::testkit
