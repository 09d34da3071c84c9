#pragma once
// Reads what servers say in words.
#include <kazoo/servers.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace kazoo::util {

/// Of the node that holds it. Lines that are not understood are left to the text.
ensemble_config parse_config(std::string text);
/// Of the answer to `srvr`; nothing if there is no version in it.
std::optional<server_version> parse_version(std::string_view answer);
/// Whether a command's answer is that its word is not in the whitelist.
bool says_not_allowed(std::string_view word, std::string_view answer);

} // namespace kazoo::util
