#pragma once
// The form of a host string that is a URL: `zk://a,b/app?session_timeout=8s&read_only=1`.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo::session {

/// What stands behind the question mark: `name=value`.
struct url_option {
    std::string name, value;
    friend bool operator==(const url_option&, const url_option&) = default;
};

struct host_url {
    bool tls = false;       ///< `zk+tls://`
    std::string_view hosts; ///< and chroot, still escaped
    std::vector<url_option> options;
};

/// Nothing if it is no URL but a list of hosts. Throws as parse_hosts() does.
std::optional<host_url> split_url(std::string_view text);

/// With `%2F` and the like replaced; `piece` is what a refusal shows.
std::string unescape(std::string_view text, std::string_view piece);

} // namespace kazoo::session
