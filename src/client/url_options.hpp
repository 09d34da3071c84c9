#pragma once
// Options that a host string in the form of a URL says: `zk://a,b?session_timeout=8s`.
#include "session/host_list.hpp"

#include <kazoo/options.hpp>

#include <vector>

namespace kazoo::detail {

/// What the URL says goes before what `o` said. Throws kazoo::error with errc::bad_hosts, naming the option.
void take_url_options(const session::host_spec&, client_options& o);

/// By TLS, if the options say that of all.
inline void reach_as_said(std::vector<session::host_port>& hosts, const client_options& o) {
    for (session::host_port& h : hosts) h.tls = (h.tls || o.tls) && !h.is_socket();
}

} // namespace kazoo::detail
