#pragma once
// What is said of connections by TLS that fail. These functions need a tls_use.
#include <openssl/x509.h>
#include <string>

namespace kazoo::net {

/// The first error that OpenSSL has put into this thread's queue, which is empty then. Files that cannot be read: the
/// system's words for it.
std::string take_openssl_error();

/// As RFC 2253 has it: "CN=alice,O=kazoo".
std::string name_text(const X509_NAME*);

/// Why a certificate was not accepted, as the verification stands: "the certificate is for b.example, not a.example".
/// `host`: whom it should be for.
std::string describe_refused_certificate(X509_STORE_CTX&, const std::string& host);

/// What the server may have meant with an alert.
struct alert_context {
    int alert = 0;
    bool asked_for_certificate = false; ///< by the server
    bool has_certificate = false;       ///< we have one
};
std::string describe_alert(const alert_context&);

} // namespace kazoo::net
