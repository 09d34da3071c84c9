#pragma once
// The server's side of TLS, with OpenSSL and no library of ours.
#include <memory>
#include <openssl/ssl.h>
#include <span>
#include <string>
#include <string_view>

namespace bench {

/// One connection. The certificate is made when the first one comes, and nobody vouches for it.
class tls_side {
  public:
    tls_side();

    /// Takes what came from the client. False: that is no TLS, or it is over.
    bool feed(std::string_view);
    /// The next bytes that the client has sent; 0: no more yet.
    std::size_t read(std::span<char> into);
    void write(std::string_view);
    /// Appends what is to be sent.
    void take(std::string& out);

    /// Whether a connection that begins so speaks TLS: it begins with a handshake record, no request is that long.
    static bool begins(std::string_view bytes) { return bytes.starts_with('\x16'); }

  private:
    std::unique_ptr<SSL, void (*)(SSL*)> ssl_;
    BIO* in_;
    BIO* out_;
};

} // namespace bench
