#include "client/url_options.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <limits>

namespace kazoo::detail {

namespace {

using session::refuse_hosts;
using session::url_option;

std::string text_of(const url_option& o) { return o.name + "=" + o.value; }

template <class Number> Number number_of(const url_option& o, std::string_view& rest, std::string_view problem) {
    Number n{};
    const auto [end, ec] = std::from_chars(rest.data(), rest.data() + rest.size(), n);
    if (ec != std::errc()) refuse_hosts(problem, text_of(o));
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    return n;
}

/// `8s`, `500ms`, `1.5m`; a number alone could mean anything.
std::chrono::nanoseconds time_of(const url_option& o) {
    constexpr std::string_view problem = "no time (a number and ms, s, m or h)";
    std::string_view rest = o.value;
    const double n = number_of<double>(o, rest, problem);
    struct unit {
        std::string_view name;
        double nanoseconds;
    };
    constexpr std::array units{unit{"ms", 1e6}, unit{"s", 1e9}, unit{"m", 60e9}, unit{"h", 3600e9}};
    for (const unit& u : units) {
        if (rest != u.name) continue;
        const double all = n * u.nanoseconds;
        constexpr double most = static_cast<double>(std::numeric_limits<std::int64_t>::max());
        if (!(all >= 0 && all < most)) break;
        return std::chrono::nanoseconds(static_cast<std::int64_t>(all));
    }
    refuse_hosts(problem, text_of(o));
}

bool flag_of(const url_option& o) {
    if (o.value == "1" || o.value == "true") return true;
    if (o.value == "0" || o.value == "false") return false;
    refuse_hosts("neither yes nor no (1 and 0)", text_of(o));
}

std::size_t size_of(const url_option& o) {
    constexpr std::string_view problem = "not a number";
    std::string_view rest = o.value;
    const auto n = number_of<std::size_t>(o, rest, problem);
    if (!rest.empty()) refuse_hosts(problem, text_of(o));
    return n;
}

tls_options& tls_of(client_options& o) { return o.tls ? *o.tls : o.tls.emplace(); }

struct known_option {
    std::string_view name;
    void (*take)(client_options&, const url_option&);
};

constexpr std::array known{
    known_option{"session_timeout", [](client_options& o, const url_option& u) { o.session_timeout = time_of(u); }},
    known_option{"operation_timeout", [](client_options& o, const url_option& u) { o.operation_timeout = time_of(u); }},
    known_option{"close_timeout", [](client_options& o, const url_option& u) { o.close_timeout = time_of(u); }},
    known_option{"server_tick", [](client_options& o, const url_option& u) { o.server_tick = time_of(u); }},
    known_option{"randomize_hosts", [](client_options& o, const url_option& u) { o.randomize_hosts = flag_of(u); }},
    known_option{"read_only", [](client_options& o, const url_option& u) { o.read_only = flag_of(u); }},
    known_option{"follow_config", [](client_options& o, const url_option& u) { o.follow_config = flag_of(u); }},
    known_option{"max_request_bytes", [](client_options& o, const url_option& u) { o.max_request_bytes = size_of(u); }},
    known_option{"max_reply_bytes", [](client_options& o, const url_option& u) { o.max_reply_bytes = size_of(u); }},
    known_option{"name", [](client_options& o, const url_option& u) { o.name = u.value; }},
    known_option{"tls.ca_file", [](client_options& o, const url_option& u) { tls_of(o).ca_file = u.value; }},
    known_option{"tls.ca_directory", [](client_options& o, const url_option& u) { tls_of(o).ca_directory = u.value; }},
    known_option{"tls.certificate_file",
                 [](client_options& o, const url_option& u) { tls_of(o).certificate_file = u.value; }},
    known_option{"tls.key_file", [](client_options& o, const url_option& u) { tls_of(o).key_file = u.value; }},
    known_option{"tls.insecure", [](client_options& o, const url_option& u) { tls_of(o).insecure = flag_of(u); }},
};

} // namespace

void take_url_options(const session::host_spec& spec, client_options& o) {
    if (spec.tls) tls_of(o);
    for (const url_option& u : spec.options) {
        if (!spec.tls && u.name.starts_with("tls.")) refuse_hosts("an option that only zk+tls:// has", u.name);
        bool taken = false;
        for (const known_option& k : known) {
            if (k.name != u.name) continue;
            k.take(o, u);
            taken = true;
        }
        if (!taken) refuse_hosts("unknown option", u.name); // its value may be a secret
    }
}

} // namespace kazoo::detail
