#pragma once
// What runs the clients that we are tested beside.
#include <string>

namespace kazoo::test {

inline const std::string debian_python = "/usr/bin/python3"; ///< the one that sees Debian's packages
inline const std::string kazoo_worker = KAZOO_TEST_DATA "/real/kazoo_worker.py";
inline const std::string debian_jars = "/usr/share/java/"; ///< Curator's are among them

} // namespace kazoo::test
