#pragma once
// What the fuzzer of TLS needs around the filter: a server of OpenSSL's, and the line in between.
#include "fuzz/reencode.hpp"
#include "loop/byte_stream.hpp"
#include "unit/net/certificates.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string>
#include <string_view>

namespace kazoo::fuzz {

/// What an input wants of the connection, in its first byte.
struct tls_setting {
    explicit tls_setting(std::uint8_t byte)
        : version((byte & 1) != 0 ? TLS1_2_VERSION : TLS1_3_VERSION),
          stranger((byte & 2) != 0),
          short_records((byte & 4) != 0),
          with_certificate((byte & 8) != 0) {}

    int version;
    bool stranger;         ///< no server of OpenSSL's: the rest of the input is what it says
    bool short_records;    ///< messages of the handshake take several of them
    bool with_certificate; ///< the client shows one, which makes the server's tickets long
};

/// What everybody here has to show.
inline const test::certificate& shown() {
    static const test::authority ca;
    static const test::certificate one = ca.issue();
    return one;
}

class tls_server {
  public:
    explicit tls_server(const tls_setting& s)
        : ssl_(SSL_new(context()), SSL_free), in_(BIO_new(BIO_s_mem())), out_(BIO_new(BIO_s_mem())) {
        constexpr long shortest = 512;
        SSL_set_bio(ssl_.get(), in_, out_);
        SSL_set_accept_state(ssl_.get());
        SSL_set_min_proto_version(ssl_.get(), s.version);
        SSL_set_max_proto_version(ssl_.get(), s.version);
        if (s.short_records) SSL_set_max_send_fragment(ssl_.get(), shortest);
        if (s.with_certificate) SSL_set_verify(ssl_.get(), SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
    }

    void hear(std::string_view bytes) {
        BIO_write(in_, bytes.data(), static_cast<int>(bytes.size()));
        char buffer[4096];
        std::size_t n = 0;
        while (SSL_read_ex(ssl_.get(), buffer, sizeof buffer, &n) == 1) heard.append(buffer, n);
        ERR_clear_error();
    }
    /// Unless it cannot yet, or not any more.
    void say(std::string_view bytes) {
        std::size_t n = 0;
        if (open() && SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &n) == 1) said += bytes;
        ERR_clear_error();
    }
    void renew_keys() {
        if (open()) SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED);
        ERR_clear_error();
    }
    /// What TLS 1.2 has and nobody wants any more.
    void renegotiate() {
        if (open() && SSL_renegotiate(ssl_.get()) == 1) SSL_do_handshake(ssl_.get());
        ERR_clear_error();
    }
    void end() {
        ended = ended || open();
        SSL_shutdown(ssl_.get());
        ERR_clear_error();
    }
    bool heard_the_end() const { return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }
    bool has_to_send() const { return BIO_ctrl_pending(out_) > 0; }
    std::string take() {
        std::string bytes(BIO_ctrl_pending(out_), '\0');
        if (!bytes.empty()) BIO_read(out_, bytes.data(), static_cast<int>(bytes.size()));
        return bytes;
    }

    std::string said, heard;
    bool ended = false;

    static SSL_CTX* context() {
        static SSL_CTX* const one = [] {
            SSL_CTX* const c = SSL_CTX_new(TLS_server_method());
            SSL_CTX_use_certificate(c, shown().x509());
            SSL_CTX_use_PrivateKey(c, shown().key());
            SSL_CTX_set_session_id_context(c, reinterpret_cast<const unsigned char*>("fuzz"), 4);
            return c;
        }();
        return one;
    }

  private:
    bool open() const { return SSL_is_init_finished(ssl_.get()) == 1; }

    std::unique_ptr<SSL, void (*)(SSL*)> ssl_;
    BIO* in_;
    BIO* out_;
};

struct tls_line {
    std::string to_client, to_server; ///< on their way
    std::size_t arrived = 0;          ///< of to_client
    std::size_t room = SIZE_MAX;      ///< for so many more bytes of the client
    bool ended = false;               ///< behind to_client
    bool torn = false;                ///< writes fail, and reads behind to_client
    bool wants_read = false, wants_write = false;
    detail::byte_stream_events* filter = nullptr; ///< while it lives

    bool at_end() const { return ended && to_client.empty(); }
    void arrive(std::size_t bytes) { arrived += std::min(bytes, to_client.size() - arrived); }
    void tear() { ended = torn = true; }
    void lose(std::size_t bytes) {
        to_client.resize(to_client.size() - std::min(bytes, to_client.size()));
        arrived = std::min(arrived, to_client.size());
    }
};

/// The client's end.
class tls_line_end final : public detail::byte_stream {
  public:
    tls_line_end(tls_line& l, detail::byte_stream_events& e) : line_(l) { line_.filter = &e; }
    tls_line_end(const tls_line_end&) = delete;
    tls_line_end& operator=(const tls_line_end&) = delete;
    ~tls_line_end() override { line_.filter = nullptr; }

    detail::io_result read_some(std::span<char> into) noexcept override {
        if (line_.wants_read || (line_.arrived == 0 && !line_.at_end())) return {.would_block = true};
        if (line_.torn && line_.at_end()) return {.error = broken};
        const std::size_t n = std::min(into.size(), line_.arrived);
        line_.to_client.copy(into.data(), n);
        line_.to_client.erase(0, n);
        line_.arrived -= n;
        return {.bytes = n};
    }
    detail::io_result write_some(std::string_view from) noexcept override {
        if (line_.torn)
            return line_.wants_read ? detail::io_result{.would_block = true} : detail::io_result{.error = broken};
        const std::size_t n = std::min(from.size(), line_.room);
        if (n == 0) return {.would_block = true};
        line_.to_server += from.substr(0, n);
        if (line_.room != SIZE_MAX) line_.room -= n;
        return {.bytes = n};
    }
    void want_read() noexcept override { line_.wants_read = true; }
    void want_write() noexcept override { line_.wants_write = !line_.torn || !line_.wants_read; }
    bool input_waits() const noexcept override { return line_.arrived > 0 || line_.at_end(); }

  private:
    static inline const std::error_code broken = std::make_error_code(std::errc::connection_reset);
    tls_line& line_;
};

} // namespace kazoo::fuzz
