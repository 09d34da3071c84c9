#pragma once
// Reads the host string, and tells addresses from names.
#include "session/host_url.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo::session {

struct host_port {
    std::string host; ///< a name, a numeric address without brackets, or the path of a socket
    std::uint16_t port = 2181;
    bool tls = false;
    bool is_socket() const noexcept { return host.starts_with('/'); }
    friend bool operator==(const host_port&, const host_port&) = default;
};

struct host_spec {
    std::vector<host_port> hosts;
    std::string chroot; ///< "" or "/a/b"
    bool tls = false;   ///< all by TLS, said the URL
    std::vector<url_option> options{};
};

/// Throws kazoo::error with errc::bad_hosts: that problem, in that piece of the text if one is to be shown.
[[noreturn]] void refuse_hosts(std::string_view problem, std::string_view piece = {});

/// `host[:port],[::1]:port,tls://host:port,…[/chroot]`; `unix:/path[:/chroot]`; and all of that as a URL
/// (host_url.hpp). Blanks and line ends around each host, and around all of it, are ignored. Throws kazoo::error with
/// errc::bad_hosts, naming the part it cannot read.
host_spec parse_hosts(std::string_view text);

/// As parse_hosts() reads it, with its port: `zk1:2181`, `tls://[::1]:2281`, `unix:/run/zk`.
std::string to_string(const host_port&);
/// With commas between them.
std::string to_string(const std::vector<host_port>&);

/// Whether `host` is an address or a socket already.
bool needs_no_lookup(std::string_view host) noexcept;

/// Whether `host` is an IPv4 or IPv6 address (a zone is fine), which needs no resolver.
bool is_numeric(std::string_view host) noexcept;

} // namespace kazoo::session
