#pragma once
// How a client authenticates at servers by SASL.
#include <kazoo/export.hpp>

#include <iosfwd>
#include <string>
#include <variant>

namespace kazoo {

/// A user and a password that the servers know (DigestLoginModule). The password itself goes over no connection, but
/// the exchange can be overheard, and weak passwords guessed from it: that is what TLS is for.
struct sasl_digest_md5 {
    std::string user{};     ///< as in the servers' file
    std::string password{}; ///< any characters; never in a log line
};
/// Kerberos. The server's principal is `service/host`, with the host as configured, unless Kerberos asks the DNS for
/// another name (`dns_canonicalize_hostname`, `rdns`). Tickets are looked for again on each connection.
struct sasl_gssapi {
    std::string service = "zookeeper"; ///< the first part of the servers' principals
    /// Who we are: `app@REALM`, or without the realm. Empty: whose tickets there are.
    std::string principal{};
    /// A file with the principal's keys, by which tickets are got as they are needed. Empty: somebody else gets them.
    std::string keytab{};
    /// Where the tickets are: `FILE:/run/app.tickets`. Empty: where Kerberos has them; with a keytab, in memory.
    std::string ticket_cache{};
};
/// Either of them. Every connection is authenticated before anything else is sent. What is refused by a server ends the
/// client (session_state::auth_failed); what is lacking on our side, such as a ticket, fails the attempt.
/// client::last_failures() says why.
///
/// Cyrus SASL (libsasl2.so.2) and its module for the mechanism are loaded when they are needed first.
using sasl_options = std::variant<sasl_digest_md5, sasl_gssapi>;

/// Prints everything but the password.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, const sasl_digest_md5&);
/// Prints everything.
KAZOO_EXPORT std::ostream& operator<<(std::ostream&, const sasl_gssapi&);

} // namespace kazoo
