#pragma once
// What is said once for all commands.
#include <kazoo/client.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace kz {

/// The longest data that --max-data can allow: a request's length, which is a little more, has 31 bits.
inline constexpr std::uint64_t largest_max_data = 1u << 30;
/// What a request may have beside the data: its path, its ACL, and headers.
inline constexpr std::uint64_t beside_data = 64u << 10;

struct settings {
    std::string hosts = "127.0.0.1:2181";
    double timeout_seconds = 10;
    std::vector<std::string> auth;
    bool tls = false, insecure = false;
    std::string ca, certificate, key;                       ///< files, or for the CA a folder
    std::string sasl, sasl_user, sasl_keytab, sasl_service; ///< none are given if they are empty
    std::string log_level = "off";
    bool json = false;
    std::size_t max_request_bytes = kazoo::client_options{}.max_request_bytes;
    bool wait_server = false; ///< refusals do not end the wait for a connection
    /// Of `kz lock PATH -- COMMAND...`, kz lease and kz party: what stands behind the --, as it is.
    std::optional<std::vector<std::string>> behind_separator;

    std::chrono::milliseconds timeout() const;
    kazoo::log_level threshold() const;
};

/// There was no session within the limit: exit_code::cannot_connect.
class connect_error : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// A client with a session, which ends with it: before the process does, so that no server has to wait for its
/// time-out.
class connection : public kazoo::client {
  public:
    /// Throws connect_error, usage_error, and cancelled_error when `stop` came first.
    explicit connection(const settings&, const std::stop_token& stop = {});
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;
    ~connection();
};

/// A line of kz itself, to where the library's go.
void log(const settings&, kazoo::log_level, std::string_view line);

/// An exception's text without the numeric code.
std::string describe(const kazoo::error&);

} // namespace kz
