#include "canned/tls.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdexcept>

namespace bench {

namespace {

void require(bool good) {
    if (!good) throw std::runtime_error("OpenSSL cannot make a server");
}

SSL_CTX* make_context() {
    EVP_PKEY* const key = EVP_EC_gen("P-256");
    X509* const certificate = X509_new();
    SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
    require(key && certificate && context);
    constexpr long day = 86400;
    X509_gmtime_adj(X509_getm_notBefore(certificate), -day);
    X509_gmtime_adj(X509_getm_notAfter(certificate), day);
    X509_set_pubkey(certificate, key);
    require(X509_sign(certificate, key, EVP_sha256()) != 0 && SSL_CTX_use_certificate(context, certificate) == 1 &&
            SSL_CTX_use_PrivateKey(context, key) == 1);
    return context;
}

} // namespace

tls_side::tls_side() : ssl_(nullptr, SSL_free), in_(BIO_new(BIO_s_mem())), out_(BIO_new(BIO_s_mem())) {
    static SSL_CTX* const context = make_context();
    ssl_.reset(SSL_new(context));
    require(ssl_ && in_ && out_);
    SSL_set_bio(ssl_.get(), in_, out_);
    SSL_set_accept_state(ssl_.get());
}

bool tls_side::feed(std::string_view bytes) {
    ERR_clear_error();
    BIO_write(in_, bytes.data(), static_cast<int>(bytes.size()));
    if (SSL_is_init_finished(ssl_.get())) return true;
    const int result = SSL_do_handshake(ssl_.get());
    return result == 1 || SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ;
}

std::size_t tls_side::read(std::span<char> into) {
    std::size_t all = 0, bytes = 0;
    ERR_clear_error();
    while (all < into.size() && SSL_read_ex(ssl_.get(), into.data() + all, into.size() - all, &bytes) == 1)
        all += bytes;
    return all;
}

void tls_side::write(std::string_view bytes) {
    std::size_t taken = 0;
    ERR_clear_error();
    if (!bytes.empty()) require(SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &taken) == 1);
}

void tls_side::take(std::string& out) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(out_, &data);
    out.append(data, static_cast<std::size_t>(size));
    BIO_reset(out_);
}

} // namespace bench
