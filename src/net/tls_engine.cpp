#include "net/tls_engine.hpp"

#include "net/tls_texts.hpp"
#include "net/tls_use.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <limits>
#include <new>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <utility>

namespace kazoo::net {
namespace {

constexpr std::size_t longest_record = 16 << 10;
constexpr const char* too_late = "the process ends";
constexpr const char* no_memory = "out of memory";

bool is_address(const std::string& host) noexcept {
    std::array<unsigned char, sizeof(in6_addr)> ignored;
    return ::inet_pton(AF_INET, host.c_str(), ignored.data()) == 1 ||
           ::inet_pton(AF_INET6, host.c_str(), ignored.data()) == 1;
}

/// As certificates have it: an address without its zone, a name without the dot of its root.
std::string as_certified(const std::string& host) {
    const std::string address = host.substr(0, host.find('%'));
    if (is_address(address)) return address;
    return host.substr(0, host.size() - (host.ends_with('.') ? 1 : 0));
}

} // namespace

tls_engine::tls_engine(const tls_options& o, const std::string& host) : options_(o), host_(as_certified(host)) {
    const tls_use use;
    if (!use) throw tls_settings_error(too_late);
    begin(make_client_context(o).get());
    SSL_set_connect_state(ssl_.get());
    SSL_set_cert_cb(ssl_.get(), on_certificate_wanted, this);
    SSL_set_verify(ssl_.get(), o.insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, o.insecure ? nullptr : on_verification);
    expect(host_);
}

tls_engine::tls_engine(const tls_options& o, const tls_context& context) : options_(o) {
    const tls_use use;
    if (!use) throw tls_settings_error(too_late);
    begin(context.get());
    SSL_set_accept_state(ssl_.get());
}

void tls_engine::begin(SSL_CTX* context) {
    ssl_.reset(SSL_new(context));
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    if (!ssl_ || !in_ || !out_) {
        BIO_free(in_);
        BIO_free(out_);
        throw std::bad_alloc();
    }
    SSL_set_bio(ssl_.get(), in_, out_);
    SSL_set_app_data(ssl_.get(), this);
}

tls_engine::~tls_engine() {
    const tls_use use;
    if (use)
        ssl_.reset();
    else
        static_cast<void>(ssl_.release());
}

void tls_engine::expect(const std::string& host) {
    X509_VERIFY_PARAM* const rules = SSL_get0_param(ssl_.get());
    X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const auto is_told = [&](std::string name) { // SNI
        return SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data()) == 1;
    };
    const bool set = is_address(host)
                         ? X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str()) == 1
                         : X509_VERIFY_PARAM_set1_host(rules, host.c_str(), host.size()) == 1 && is_told(host);
    if (!set) throw tls_settings_error("host \"" + host + "\": no certificate can be for it");
}

// -- steps ------------------------------------------------------------------------------------------------------------

bool tls_engine::feed(std::string_view bytes) noexcept {
    const tls_use use;
    if (!use) return false;
    for (std::size_t i = 0; i < bytes.size() && first_size_ < sizeof first_; ++i) first_[first_size_++] = bytes[i];
    const int size = static_cast<int>(std::min<std::size_t>(bytes.size(), std::numeric_limits<int>::max()));
    fed_ = true;
    return BIO_write(in_, bytes.data(), size) == size;
}

tls_engine::verdict tls_engine::shake_hands() noexcept {
    const tls_use use;
    if (!use) return verdict::failed;
    ERR_clear_error();
    return conclude(SSL_do_handshake(ssl_.get()));
}

tls_engine::step tls_engine::read(std::span<char> into) noexcept {
    const tls_use use;
    if (!use) return {verdict::failed};
    ERR_clear_error();
    std::size_t bytes = 0;
    const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &bytes);
    return {conclude(result), bytes};
}

tls_engine::verdict tls_engine::look() noexcept {
    const tls_use use;
    if (!use) return verdict::failed;
    ERR_clear_error();
    char byte = 0;
    std::size_t bytes = 0;
    return conclude(SSL_peek_ex(ssl_.get(), &byte, 1, &bytes));
}

tls_engine::step tls_engine::write(std::string_view bytes) noexcept {
    const tls_use use;
    if (!use) return {verdict::failed};
    ERR_clear_error();
    std::size_t taken = 0;
    const int result = SSL_write_ex(ssl_.get(), bytes.data(), std::min(bytes.size(), longest_record), &taken);
    return {conclude(result), taken};
}

void tls_engine::close() noexcept {
    const tls_use use;
    if (!use || !failure_.empty()) return;
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
    take_sealed();
}

/// Behind each call of OpenSSL; there may be something to send whatever came of it.
tls_engine::verdict tls_engine::conclude(int result) noexcept {
    const int error = SSL_get_error(ssl_.get(), result);
    if (error == SSL_ERROR_WANT_READ) fed_ = false;
    if (error != SSL_ERROR_NONE && error != SSL_ERROR_WANT_READ && error != SSL_ERROR_ZERO_RETURN) fail();
    ERR_clear_error();
    take_sealed();
    if (!failure_.empty()) return verdict::failed;
    if (error == SSL_ERROR_WANT_READ) return verdict::needs_input;
    return error == SSL_ERROR_ZERO_RETURN ? verdict::ended : verdict::done;
}

void tls_engine::take_sealed() noexcept {
    try {
        char* data = nullptr;
        const long size = BIO_get_mem_data(out_, &data);
        if (size <= 0) return;
        sealed_.append(data, static_cast<std::size_t>(size));
        BIO_reset(out_);
    } catch (const std::bad_alloc&) {
        failure_ = no_memory;
    }
}

std::string tls_engine::peer() const {
    const tls_use use;
    const X509* const shown = use ? SSL_get0_peer_certificate(ssl_.get()) : nullptr;
    return shown ? name_text(X509_get_subject_name(shown)) : std::string{};
}

void tls_engine::sent(std::size_t bytes) noexcept {
    sent_ += bytes;
    if (sent_ < sealed_.size()) return;
    sealed_.clear();
    sent_ = 0;
}

// -- what went wrong --------------------------------------------------------------------------------------------------

int tls_engine::on_verification(int accepted, X509_STORE_CTX* state) noexcept {
    if (accepted == 1) return 1;
    const auto* const ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(state, SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto* const self = static_cast<tls_engine*>(SSL_get_app_data(ssl));
    try {
        self->refused_certificate_ = describe_refused_certificate(*state, self->host_);
    } catch (const std::bad_alloc&) {
        self->refused_certificate_ = no_memory;
    }
    return 0;
}

int tls_engine::on_certificate_wanted(SSL*, void* self) noexcept {
    static_cast<tls_engine*>(self)->asked_for_certificate_ = true;
    return 1;
}

void tls_engine::fail() noexcept {
    if (!failure_.empty()) return;
    try {
        failure_ = describe_failure();
    } catch (const std::bad_alloc&) {
        failure_ = no_memory;
    }
}

std::string tls_engine::describe_failure() const {
    if (!refused_certificate_.empty()) return refused_certificate_;
    const bool record = first_size_ < 2 || (first_[0] >= 0x14 && first_[0] <= 0x17 && first_[1] == 3);
    if (!record) return "the server does not speak TLS";
    const unsigned long e = ERR_peek_error();
    const int reason = ERR_GET_REASON(e);
    const bool is_alert = ERR_GET_LIB(e) == ERR_LIB_SSL && reason >= SSL_AD_REASON_OFFSET && !ERR_SYSTEM_ERROR(e);
    if (is_alert)
        return describe_alert({.alert = reason - SSL_AD_REASON_OFFSET,
                               .asked_for_certificate = asked_for_certificate_,
                               .has_certificate = !options_.certificate_file.empty()});
    return "TLS: " + take_openssl_error();
}

} // namespace kazoo::net
