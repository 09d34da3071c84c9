#pragma once
// Peers that are no ZooKeeper: what their first bytes say they are.
#include <string>
#include <string_view>

namespace kazoo::session {

/// Whether these bytes may be the first of a short frame, as a server's answer to the handshake is.
bool may_begin_a_frame(std::string_view first_bytes) noexcept;

/// What answered the handshake with these bytes, when they cannot be ZooKeeper's: `it answers TLS`. Never empty.
std::string describe_stranger(std::string_view first_bytes);

} // namespace kazoo::session
