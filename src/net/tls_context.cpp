#include "net/tls_context.hpp"

#include "net/tls_texts.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <openssl/err.h>
#include <string>
#include <string_view>

namespace kazoo::net {
namespace {

[[noreturn]] void refuse(std::string_view what, const std::string& value, std::string_view why) {
    throw tls_settings_error(std::string(what).append(" \"").append(value).append("\": ").append(why));
}

int version_of(tls_version v) noexcept { return v == tls_version::v1_2 ? TLS1_2_VERSION : TLS1_3_VERSION; }

void choose_protocol(SSL_CTX* c, const tls_options& o) {
    SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_min_proto_version(c, version_of(o.lowest));
    SSL_CTX_set_max_proto_version(c, version_of(o.highest));
    if (!o.ciphers.empty() && SSL_CTX_set_cipher_list(c, o.ciphers.c_str()) != 1)
        refuse("ciphers", o.ciphers, take_openssl_error());
    if (!o.ciphersuites.empty() && SSL_CTX_set_ciphersuites(c, o.ciphersuites.c_str()) != 1)
        refuse("ciphersuites", o.ciphersuites, take_openssl_error());
}

void load_authorities(SSL_CTX* c, const tls_options& o) {
    if (o.ca_file.empty() && o.ca_directory.empty()) {
        if (SSL_CTX_set_default_verify_paths(c) != 1) throw tls_settings_error("system's CAs: " + take_openssl_error());
        return;
    }
    if (!o.ca_file.empty() && SSL_CTX_load_verify_file(c, o.ca_file.c_str()) != 1)
        refuse("CA file", o.ca_file, take_openssl_error());
    if (o.ca_directory.empty()) return;
    std::error_code error;
    if (!std::filesystem::is_directory(o.ca_directory, error))
        refuse("CA directory", o.ca_directory, error ? error.message() : "not a directory");
    if (SSL_CTX_load_verify_dir(c, o.ca_directory.c_str()) != 1)
        refuse("CA directory", o.ca_directory, take_openssl_error());
}

struct password {
    std::string_view text;
    bool asked = false;

    /// OpenSSL's own function would ask on the terminal.
    static int give(char* into, int size, int, void* self) noexcept {
        auto& p = *static_cast<password*>(self);
        p.asked = true;
        if (p.text.empty() || p.text.size() > static_cast<std::size_t>(size)) return -1;
        std::memcpy(into, p.text.data(), p.text.size());
        return static_cast<int>(p.text.size());
    }
};

void load_certificate(SSL_CTX* c, const tls_options& o) {
    if (o.certificate_file.empty()) return;
    password secret{o.key_password};
    SSL_CTX_set_default_passwd_cb(c, password::give);
    SSL_CTX_set_default_passwd_cb_userdata(c, &secret);
    if (SSL_CTX_use_certificate_chain_file(c, o.certificate_file.c_str()) != 1)
        refuse("certificate", o.certificate_file, take_openssl_error());
    const std::string& key = o.key_file.empty() ? o.certificate_file : o.key_file;
    const bool loaded = SSL_CTX_use_PrivateKey_file(c, key.c_str(), SSL_FILETYPE_PEM) == 1;
    SSL_CTX_set_default_passwd_cb_userdata(c, nullptr);
    if (loaded) return;
    if (secret.asked && secret.text.empty()) refuse("key", key, "it is encrypted, and there is no password");
    if (secret.asked) refuse("key", key, "the password does not open it");
    const std::string why = take_openssl_error();
    if (why == "key values mismatch" || why == "key type mismatch")
        refuse("key", key, "it is not that of the certificate \"" + o.certificate_file + '"');
    refuse("key", key, why);
}

tls_context make_context(const SSL_METHOD* side, const tls_options& o) {
    ERR_clear_error();
    tls_context c(SSL_CTX_new(side));
    if (!c) throw tls_settings_error("OpenSSL: " + take_openssl_error());
    choose_protocol(c.get(), o);
    return c;
}

} // namespace

tls_context make_client_context(const tls_options& o) {
    tls_context c = make_context(TLS_client_method(), o);
    if (!o.insecure) load_authorities(c.get(), o);
    load_certificate(c.get(), o);
    return c;
}

tls_context make_server_context(const tls_options& o) {
    if (o.certificate_file.empty()) throw tls_settings_error("a server that speaks TLS needs a certificate");
    tls_context c = make_context(TLS_server_method(), o);
    load_certificate(c.get(), o);
    // Otherwise OpenSSL refuses clients that come back with their tickets.
    constexpr std::string_view context = "kazoo";
    SSL_CTX_set_session_id_context(c.get(), reinterpret_cast<const unsigned char*>(context.data()), context.size());
    if (o.ca_file.empty() && o.ca_directory.empty()) return c;
    load_authorities(c.get(), o);
    SSL_CTX_set_verify(c.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    return c;
}

} // namespace kazoo::net
