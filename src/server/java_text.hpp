#pragma once
// Java's view of text: a sequence of UTF-16 units.
#include <cstdint>
#include <string>
#include <string_view>

namespace kazoo::server {

/// String.hashCode()
std::uint32_t java_string_hash(std::string_view utf8) noexcept;

/// What a real server sends for this text. Its writer encodes each UTF-16 unit on its own, so that a character beyond
/// the first 65536 becomes two times three bytes. `buffer` holds the result if it differs from the text.
std::string_view as_java_writes(std::string_view utf8, std::string& buffer);

} // namespace kazoo::server
