#pragma once
// A tls_stream between its user and a server of OpenSSL's, with a line between them that the test holds in its hands.
#include "certificates.hpp"
#include "net/tls_stream.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <optional>
#include <string>
#include <vector>

namespace kazoo::test {

/// The server's side.
class tls_server {
  public:
    explicit tls_server(const certificate& own) : context_(SSL_CTX_new(TLS_server_method()), SSL_CTX_free) {
        require(SSL_CTX_use_certificate(context(), own.x509()) == 1);
        require(SSL_CTX_use_PrivateKey(context(), own.key()) == 1);
        SSL_CTX_set_session_id_context(context(), reinterpret_cast<const unsigned char*>("test"), 4);
    }
    SSL_CTX* context() const { return context_.get(); }
    void only(int version) const {
        SSL_CTX_set_min_proto_version(context(), version);
        SSL_CTX_set_max_proto_version(context(), version);
    }
    void want_certificate(const certificate& by) const {
        X509_STORE_add_cert(SSL_CTX_get_cert_store(context()), by.x509());
        SSL_CTX_set_verify(context(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }

    SSL* ssl() {
        if (!ssl_) {
            ssl_.reset(SSL_new(context()));
            in_ = BIO_new(BIO_s_mem());
            out_ = BIO_new(BIO_s_mem());
            SSL_set_bio(ssl_.get(), in_, out_);
            SSL_set_accept_state(ssl_.get());
        }
        return ssl_.get();
    }
    /// Takes what the client sent, as far as it goes.
    void hear(const std::string& bytes) {
        if (!bytes.empty()) BIO_write((ssl(), in_), bytes.data(), static_cast<int>(bytes.size()));
        char buffer[4096];
        std::size_t n = 0;
        ERR_clear_error();
        int result = 0;
        while ((result = SSL_read_ex(ssl(), buffer, sizeof buffer, &n)) == 1) received.append(buffer, n);
        const int error = SSL_get_error(ssl(), result);
        if (error == SSL_ERROR_SSL) failure = ERR_reason_error_string(ERR_peek_error());
        ERR_clear_error();
    }
    void say(const std::string& bytes) {
        std::size_t n = 0;
        ASSERT_EQ(SSL_write_ex(ssl(), bytes.data(), bytes.size(), &n), 1);
    }
    /// What it wants to send.
    std::string sent() {
        std::string bytes(static_cast<std::size_t>((ssl(), BIO_ctrl_pending(out_))), '\0');
        if (!bytes.empty()) BIO_read(out_, bytes.data(), static_cast<int>(bytes.size()));
        return bytes;
    }

    std::string cipher() const { return SSL_get_cipher_name(ssl_.get()); }

    std::string received; ///< from the client, in clear
    std::string failure;  ///< why it gave up

  private:
    std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
    std::unique_ptr<SSL, void (*)(SSL*)> ssl_{nullptr, SSL_free};
    BIO* in_ = nullptr;
    BIO* out_ = nullptr;
};

/// The line, as the filter sees it.
struct line {
    std::string arrived;         ///< for the client, not read yet
    std::string written;         ///< by the client, not taken by the server yet
    std::size_t room = SIZE_MAX; ///< for so many more bytes of the client
    bool ended = false;          ///< by the server, behind what has arrived
    std::error_code broken;      ///< behind what has arrived
    std::error_code torn;        ///< writes fail, and reads behind what has arrived
    bool wants_read = false, wants_write = false;
    int events = 0; ///< that the filter was told
    detail::byte_stream_events* filter = nullptr;

    bool readable() const { return !arrived.empty() || ended || broken || torn; }
};

class line_end final : public detail::byte_stream {
  public:
    line_end(line& l, detail::byte_stream_events& e) : line_(l) { line_.filter = &e; }
    line_end(const line_end&) = delete;
    line_end& operator=(const line_end&) = delete;
    ~line_end() override { line_.filter = nullptr; }
    detail::io_result read_some(std::span<char> into) noexcept override {
        if (line_.wants_read) return {.would_block = true};
        if (line_.arrived.empty() && line_.torn) return {.error = line_.torn};
        if (line_.arrived.empty() && line_.broken) return {.error = line_.broken};
        if (line_.arrived.empty()) return {.would_block = !line_.ended};
        const std::size_t n = line_.arrived.copy(into.data(), into.size());
        line_.arrived.erase(0, n);
        return {.bytes = n};
    }
    detail::io_result write_some(std::string_view from) noexcept override {
        if (line_.torn && line_.wants_read) return {.would_block = true};
        if (line_.torn) return {.error = line_.torn};
        const std::size_t n = std::min(from.size(), line_.room);
        if (n == 0) return {.would_block = true};
        line_.written += from.substr(0, n);
        line_.room -= n;
        return {.bytes = n};
    }
    void want_read() noexcept override { line_.wants_read = true; }
    void want_write() noexcept override { line_.wants_write = !line_.torn || !line_.wants_read; }
    bool input_waits() const noexcept override { return line_.readable(); }

  private:
    line& line_;
};

/// With the user of the stream, who reads whenever he can.
class tls_world final : public detail::byte_stream_events {
  public:
    explicit tls_world(tls_server& s, tls_options o, const std::string& host = "localhost") : server(s) {
        stream = std::make_unique<net::tls_stream>(
            io, [this](detail::byte_stream_events& e) { return std::make_unique<line_end>(wire, e); },
            std::make_shared<const tls_options>(std::move(o)), host, *this);
    }
    tls_world(const tls_world&) = delete;
    tls_world& operator=(const tls_world&) = delete;

    /// The connection below is there.
    void connected() { wire.filter->on_open({}); }
    /// Events until nothing moves any more; bytes of the server come `portion` at a time.
    void run() {
        while (step()) {
        }
    }
    bool step() {
        bool moved = io.poll() > 0;
        io.restart();
        if (!wire.written.empty() && server_listens) {
            server.hear(std::exchange(wire.written, {}));
            moved = true;
        }
        on_the_way += server.sent();
        if (!on_the_way.empty() && line_carries) {
            const std::size_t n = std::min(portion, on_the_way.size());
            wire.arrived += on_the_way.substr(0, n);
            on_the_way.erase(0, n);
            moved = true;
        }
        if (wire.filter && wire.wants_read && wire.readable()) {
            wire.wants_read = false;
            ++wire.events;
            wire.filter->on_readable();
            moved = true;
        }
        if (wire.filter && wire.wants_write && (wire.room > 0 || wire.torn)) {
            wire.wants_write = false;
            ++wire.events;
            wire.filter->on_writable();
            moved = true;
        }
        return moved;
    }
    void open() {
        connected();
        run();
        ASSERT_TRUE(opened.has_value());
        ASSERT_FALSE(*opened) << opened->message() << ": " << stream->why();
        opening_events = wire.events;
    }
    /// The failure to open, in words.
    std::string refusal() {
        connected();
        run();
        if (!opened) return "nothing said";
        return *opened ? stream->why() : "opened";
    }
    /// Writes all of it, as far as the stream takes it now.
    std::size_t write(std::string_view bytes) {
        std::size_t taken = 0;
        while (taken < bytes.size()) {
            const detail::io_result r = stream->write_some(bytes.substr(taken));
            if (r.error || r.bytes == 0) break;
            taken += r.bytes;
        }
        return taken;
    }

    void on_open(std::error_code e) noexcept override {
        EXPECT_FALSE(opened) << "told twice";
        opened = e;
        if (at_open) at_open();
        if (stream && !e && reads) stream->want_read();
    }
    void on_readable() noexcept override {
        ++readable;
        if (at_readable) return at_readable();
        read();
    }
    void on_writable() noexcept override {
        ++writable;
        if (at_writable) at_writable();
    }
    void read() {
        for (;;) {
            std::string buffer(read_size, '\0');
            const detail::io_result r = stream->read_some(buffer);
            if (r.error) {
                failure = r.error;
                return;
            }
            if (r.would_block) break;
            if (r.bytes == 0) {
                ended = true;
                return;
            }
            received += buffer.substr(0, r.bytes);
            if (one_read) break;
        }
        stream->want_read();
    }

    kazoo_asio::io_context io;
    tls_server& server;
    line wire;
    std::string on_the_way;
    std::size_t portion = SIZE_MAX;
    bool server_listens = true, line_carries = true;
    bool reads = true;                ///< asks for input from the beginning
    std::size_t read_size = 64 << 10; ///< bytes asked for at a time
    bool one_read = false;            ///< for each event

    std::function<void()> at_open, at_readable, at_writable;
    std::optional<std::error_code> opened;
    std::error_code failure;
    bool ended = false;
    int readable = 0, writable = 0;
    int opening_events = 0; ///< of the line
    std::string received;
    std::unique_ptr<net::tls_stream> stream;
};

/// A server with a certificate for localhost, and settings that know its CA.
class tls_test : public ::testing::Test {
  protected:
    tls_options trusting() const {
        tls_options o;
        o.ca_file = files.put("ca.pem", ca.pem());
        return o;
    }

    file_folder files;
    authority ca;
    certificate own = ca.issue();
    tls_server server{own};
};

} // namespace kazoo::test
