#pragma once
// SHA-1 in base64, the form in which ZooKeeper keeps digest credentials.
#include <string>
#include <string_view>

namespace kazoo::util {

std::string sha1_base64(std::string_view text);

} // namespace kazoo::util
