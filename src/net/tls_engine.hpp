#pragma once
// One side of TLS without I/O: what came from the other side goes in, what is to be sent comes out.
#include "net/tls_context.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace kazoo::net {

class tls_engine {
  public:
    /// `host`: a name or an IP address, for which the server must have a certificate. Throws tls_settings_error.
    tls_engine(const tls_options&, const std::string& host);
    /// The server's side. Connections may share the context, which make_server_context() has made of the options.
    tls_engine(const tls_options&, const tls_context&);
    tls_engine(const tls_engine&) = delete;
    tls_engine& operator=(const tls_engine&) = delete;
    ~tls_engine();

    /// What came of a step.
    enum class verdict : unsigned char {
        done,
        needs_input, ///< nothing more until more has come from the other side
        ended,       ///< the other side said that it sends nothing more
        failed       ///< for good: failure() says why
    };
    struct step {
        verdict state = verdict::done;
        std::size_t bytes = 0;
    };

    verdict shake_hands() noexcept;
    /// Takes what came from the other side.
    bool feed(std::string_view) noexcept;
    /// Done: bytes were read.
    step read(std::span<char> into) noexcept;
    /// Done: the next read() has bytes.
    verdict look() noexcept;
    /// Seals a record at most. Done: so many bytes were taken.
    step write(std::string_view) noexcept;
    /// Says that we send nothing more.
    void close() noexcept;

    /// What is to be sent, and that so much of it was.
    std::string_view sealed() const noexcept { return std::string_view(sealed_).substr(sent_); }
    void sent(std::size_t) noexcept;

    /// Whether there may be something that look() would find.
    bool may_hold_input() const noexcept { return fed_; }
    /// Whether anything ever came from the other side.
    bool heard() const noexcept { return first_size_ > 0; }
    const std::string& failure() const noexcept { return failure_; }
    /// Whose certificate the other side has shown, as RFC 2253 has it; empty if none.
    std::string peer() const;

  private:
    static int on_verification(int accepted, X509_STORE_CTX*) noexcept;
    static int on_certificate_wanted(SSL*, void*) noexcept;
    void begin(SSL_CTX*);
    void expect(const std::string& host);
    verdict conclude(int result) noexcept;
    void take_sealed() noexcept;
    void fail() noexcept;
    std::string describe_failure() const;

    const tls_options& options_;
    std::string host_;
    std::unique_ptr<SSL, openssl_deleter> ssl_;
    BIO* in_ = nullptr; ///< these belong to ssl_
    BIO* out_ = nullptr;
    std::string sealed_;
    std::size_t sent_ = 0;
    bool fed_ = false;
    bool asked_for_certificate_ = false;
    char first_[3] = {}; ///< of what the server said
    std::size_t first_size_ = 0;
    std::string refused_certificate_; ///< why
    std::string failure_;
};

} // namespace kazoo::net
