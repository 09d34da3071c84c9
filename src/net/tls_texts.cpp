#include "net/tls_texts.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <memory>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string_view>
#include <system_error>
#include <vector>

namespace kazoo::net {
namespace {

struct free_bio {
    void operator()(BIO* b) const noexcept { BIO_free(b); }
};

/// What `print` writes to a BIO.
template <class Print> std::string printed(Print print) {
    const std::unique_ptr<BIO, free_bio> out(BIO_new(BIO_s_mem()));
    if (!out || print(out.get()) < 0) return "?";
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(std::max(size, 0L))};
}

std::string time_text(const ASN1_TIME* t) {
    return printed([t](BIO* out) { return ASN1_TIME_print(out, t); });
}

/// Whatever is in it, a log line stays one.
std::string string_text(const ASN1_STRING* s) {
    const auto* const data = ASN1_STRING_get0_data(s);
    std::string text(data, data + ASN1_STRING_length(s));
    std::ranges::replace_if(text, [](char c) { return c < ' ' || c > '~'; }, '?');
    return text;
}

std::string address_text(const ASN1_OCTET_STRING* s) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const int size = ASN1_STRING_length(s);
    if (size != 4 && size != 16) return "?";
    ::inet_ntop(size == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(s), text.data(), text.size());
    return text.data();
}

/// For whom it is: `a.example, b.example, 10.0.0.1`.
std::string names_in(const X509* certificate) {
    std::vector<std::string> names;
    if (auto* const all =
            static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr))) {
        for (int i = 0; i < sk_GENERAL_NAME_num(all); ++i) {
            const GENERAL_NAME* const n = sk_GENERAL_NAME_value(all, i);
            if (n->type == GEN_DNS) names.push_back(string_text(n->d.dNSName));
            if (n->type == GEN_IPADD) names.push_back(address_text(n->d.iPAddress));
        }
        GENERAL_NAMES_free(all);
    }
    if (names.empty()) return name_text(X509_get_subject_name(certificate));
    constexpr std::size_t enough = 8;
    std::string text;
    for (std::size_t i = 0; i < std::min(names.size(), enough); ++i) text += (i == 0 ? "" : ", ") + names[i];
    return names.size() > enough ? text + ", \u2026" : text;
}

/// Those with which a server may answer a client that shows no certificate, or one that it does not like.
bool is_about_certificates(int alert) noexcept {
    constexpr std::array some{SSL_AD_HANDSHAKE_FAILURE,       SSL_AD_NO_CERTIFICATE,      SSL_AD_BAD_CERTIFICATE,
                              SSL_AD_UNSUPPORTED_CERTIFICATE, SSL_AD_CERTIFICATE_REVOKED, SSL_AD_CERTIFICATE_EXPIRED,
                              SSL_AD_CERTIFICATE_UNKNOWN,     SSL_AD_UNKNOWN_CA,          SSL_AD_ACCESS_DENIED,
                              SSL_AD_CERTIFICATE_REQUIRED};
    return std::ranges::find(some, alert) != some.end();
}

} // namespace

std::string name_text(const X509_NAME* n) {
    std::string text = printed([n](BIO* out) { return X509_NAME_print_ex(out, n, 0, XN_FLAG_RFC2253); });
    return text.empty() ? "nobody" : text;
}

std::string take_openssl_error() {
    const unsigned long e = ERR_get_error();
    ERR_clear_error();
    if (e == 0) return "no reason given";
    if (ERR_SYSTEM_ERROR(e)) return std::generic_category().message(static_cast<int>(ERR_GET_REASON(e)));
    if (ERR_GET_LIB(e) == ERR_LIB_PEM && ERR_GET_REASON(e) == PEM_R_NO_START_LINE) return "there is none in it";
    const char* const reason = ERR_reason_error_string(e);
    return reason ? reason : "error " + std::to_string(e);
}

std::string describe_refused_certificate(X509_STORE_CTX& state, const std::string& host) {
    const int error = X509_STORE_CTX_get_error(&state);
    const X509* const certificate = X509_STORE_CTX_get_current_cert(&state);
    const std::string reason = X509_verify_cert_error_string(error);
    if (!certificate) return reason;
    const std::string subject = "the certificate of " + name_text(X509_get_subject_name(certificate));
    switch (error) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return "the certificate is for " + names_in(certificate) + ", not " + host;
    case X509_V_ERR_CERT_HAS_EXPIRED: return subject + " expired on " + time_text(X509_get0_notAfter(certificate));
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return subject + " is not valid before " + time_text(X509_get0_notBefore(certificate));
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return subject + " is by an unknown CA, " + name_text(X509_get_issuer_name(certificate));
    default: return subject + ": " + reason;
    }
}

std::string describe_alert(const alert_context& c) {
    const std::string alert = std::string(" (alert: ") + SSL_alert_desc_string_long(c.alert) + ')';
    if (c.asked_for_certificate && is_about_certificates(c.alert))
        return (c.has_certificate ? "the server does not accept our certificate"
                                  : "the server wants a client certificate, and there is none") +
               alert;
    if (c.alert == SSL_AD_PROTOCOL_VERSION) return "the server speaks no version of TLS that we may" + alert;
    if (c.alert == SSL_AD_HANDSHAKE_FAILURE) return "the server finds no common ground, such as a cipher" + alert;
    if (c.alert == SSL_AD_UNRECOGNIZED_NAME) return "the server does not know the name that it was called" + alert;
    return "the server refuses" + alert;
}

} // namespace kazoo::net
