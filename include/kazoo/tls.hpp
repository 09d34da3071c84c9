#pragma once
// How servers are reached by TLS.
#include <kazoo/export.hpp>

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>

namespace kazoo {

/// A version of the TLS protocol.
enum class tls_version : std::uint8_t {
    v1_2, ///< the oldest that is spoken
    v1_3  ///< the newest that there is
};
/// Its name: "TLS 1.3".
KAZOO_EXPORT std::string_view to_string(tls_version) noexcept;
/// Prints to_string() of it.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, tls_version);

/// Plain data with defaults. What a server shows must be made for the host as it was configured: for its name, which is
/// also what the server is told (SNI), or for its IP address if that was given in place of a name.
///
/// The files are in PEM format. They are read again for each connection, so new ones need no new client. A file that
/// cannot be used fails the connection: client::last_failures() names it.
struct tls_options {
    /// The certificates of those who may vouch for servers. Without a file and a directory: whom the system trusts.
    std::string ca_file{};
    /// The same, one in each file, under the names that `openssl rehash` gives them.
    std::string ca_directory{};
    /// What we show to servers that want to know who we are: our certificate first, then those of who vouch for it.
    /// Empty: nothing.
    std::string certificate_file{};
    /// The key of our certificate. Empty: it is in the same file.
    std::string key_file{};
    /// For a key that is encrypted; never in a log line.
    std::string key_password{};
    tls_version lowest = tls_version::v1_2;  ///< older ones are refused
    tls_version highest = tls_version::v1_3; ///< newer ones are not offered
    /// What is offered for TLS 1.2, in OpenSSL's notation ("ECDHE+AESGCM"). Empty: OpenSSL's choice.
    std::string ciphers{};
    /// What is offered for TLS 1.3 ("TLS_AES_256_GCM_SHA384"). Empty: OpenSSL's choice.
    std::string ciphersuites{};
    /// Nothing that a server shows is verified: whoever answers is taken for it, and can read and change everything.
    /// For tests. The log says so once for each client.
    bool insecure = false;
};
/// Prints everything but the password.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, const tls_options&);

} // namespace kazoo
