#pragma once
// What servers tell of themselves and of the ensemble they belong to.
#include <kazoo/export.hpp>

#include <compare>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

namespace kazoo {

/// Version of an ensemble's configuration; `any` skips the check.
enum class config_version : std::int64_t {
    any = -1 ///< whatever it is; also that of a standalone server, which has no configuration
};

/// One server of an ensemble.
struct ensemble_member {
    std::int64_t id{};   ///< its number: N of "server.N"
    std::string address; ///< as the servers write it: `10.0.0.1:2888:3888:participant;0.0.0.0:2181`
    /// Whether both are equal.
    friend bool operator==(const ensemble_member&, const ensemble_member&) = default;
};

/// What an ensemble is made of. Of a standalone server it is empty.
struct ensemble_config {
    std::string text;                             ///< as the servers keep it
    config_version version = config_version::any; ///< what reconfiguration::from compares
    std::vector<ensemble_member> members{};       ///< in the order of the text; observers too
    /// Whether all are equal.
    friend bool operator==(const ensemble_config&, const ensemble_config&) = default;
};

/// A change of membership: either `joining` and `leaving`, or all `members`. Views, for the call that it is passed to.
/// Trivially destructible on purpose: see create_options.
struct reconfiguration {
    std::string_view joining{}; ///< servers to add or change: `server.4=10.0.0.4:2888:3888;2181`, with commas between
    std::string_view leaving{}; ///< the ids of servers to remove: `2,3`
    std::string_view members{}; ///< the whole ensemble instead: servers as in `joining`
    config_version from = config_version::any; ///< the configuration that is to be changed: errc::bad_version if not
};
static_assert(std::is_trivially_destructible_v<reconfiguration>);

/// Who a client is to the servers.
struct client_identity {
    std::string scheme; ///< how it was proved: "ip", "digest", ...
    std::string id;     ///< the address; of `digest` the user, without the password's hash
    /// Whether both are equal.
    friend bool operator==(const client_identity&, const client_identity&) = default;
};

/// The release of a server. Compared by its three numbers.
struct server_version {
    int major = 0; ///< 3 of 3.8.4
    int minor = 0; ///< 8 of 3.8.4
    int patch = 0; ///< 4 of 3.8.4
    std::string
        text{}; ///< all that the server says of it: `3.8.4-9316c2a7a97e1666d8f4593f34dd6fc36ecc436c, built on …`

    /// Whether it is the same release.
    friend bool operator==(const server_version& a, const server_version& b) noexcept { return (a <=> b) == 0; }
    /// Which release is newer: `v >= server_version{3, 7}`.
    friend std::strong_ordering operator<=>(const server_version& a, const server_version& b) noexcept {
        return std::tie(a.major, a.minor, a.patch) <=> std::tie(b.major, b.minor, b.patch);
    }
};

/// Prints the number in hexadecimal, as servers do: "100000000"; "any".
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, config_version);
/// Prints the id and the address: `server.1=127.0.0.1:2888:3888:participant;2181`.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, const ensemble_member&);
/// Prints the text.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, const ensemble_config&);
/// Prints scheme and id: `digest:joe`.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, const client_identity&);
/// Prints the numbers: "3.8.4".
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, const server_version&);

} // namespace kazoo
