#pragma once
// Reads the host string, and tells addresses from names.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo::session {

struct host_port {
    std::string host; ///< a name or a numeric address, without brackets
    std::uint16_t port = 2181;
    bool tls = false;
    friend bool operator==(const host_port&, const host_port&) = default;
};

struct host_spec {
    std::vector<host_port> hosts;
    std::string chroot; ///< "" or "/a/b"
};

/// `host[:port],[::1]:port,tls://host:port,…[/chroot]`. Blanks and line ends around each host, and around all of it,
/// are ignored. Throws kazoo::error with errc::bad_hosts, naming the part it cannot read.
host_spec parse_hosts(std::string_view text);

/// Whether `host` is an IPv4 or IPv6 address (a zone is fine), which needs no resolver.
bool is_numeric(std::string_view host) noexcept;

} // namespace kazoo::session
