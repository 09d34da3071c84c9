#pragma once
// What OpenSSL makes of tls_options.
#include <kazoo/tls.hpp>

#include <memory>
#include <openssl/ssl.h>
#include <stdexcept>

namespace kazoo::net {

struct openssl_deleter {
    void operator()(SSL_CTX* p) const noexcept { SSL_CTX_free(p); }
    void operator()(SSL* p) const noexcept { SSL_free(p); }
};
using tls_context = std::unique_ptr<SSL_CTX, openssl_deleter>;

/// Says which setting, or which file, is wrong, and why.
class tls_settings_error : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// For one connection: the files are read now. Throws tls_settings_error.
tls_context make_client_context(const tls_options&);

/// For the connections of a server. If authorities are named, clients must show a certificate that they vouch for.
/// Throws tls_settings_error.
tls_context make_server_context(const tls_options&);

} // namespace kazoo::net
