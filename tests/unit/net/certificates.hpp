#pragma once
// Certificates that live as long as a test.
#include <filesystem>
#include <fstream>
#include <memory>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdexcept>
#include <string>

namespace kazoo::test {

inline void require(bool good) {
    if (!good) throw std::runtime_error("OpenSSL cannot make a certificate");
}

/// What a certificate is to say.
struct certificate_wishes {
    std::string common_name = "localhost";
    std::string names = "DNS:localhost,IP:127.0.0.1"; ///< empty: none
    long begins = -3600;                              ///< in seconds from now
    long ends = 86400;
};

/// A certificate with its key.
class certificate {
  public:
    certificate(const certificate_wishes& wishes, const certificate* issuer, bool may_issue = false)
        : key_(EVP_EC_gen("P-256"), EVP_PKEY_free), certificate_(X509_new(), X509_free) {
        require(key_ && certificate_);
        static long serial = 1;
        X509* const c = x509();
        X509_set_version(c, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(c), serial++);
        X509_gmtime_adj(X509_getm_notBefore(c), wishes.begins);
        X509_gmtime_adj(X509_getm_notAfter(c), wishes.ends);
        X509_set_pubkey(c, key());
        X509_NAME* const subject = X509_get_subject_name(c);
        add(subject, "O", "kazoo");
        add(subject, "CN", wishes.common_name);
        const certificate& by = issuer ? *issuer : *this;
        X509_set_issuer_name(c, X509_get_subject_name(by.x509()));
        X509V3_CTX context;
        X509V3_set_ctx(&context, by.x509(), c, nullptr, nullptr, 0);
        extend(context, NID_basic_constraints, may_issue ? "critical,CA:TRUE" : "CA:FALSE");
        extend(context, NID_subject_key_identifier, "hash");
        if (!wishes.names.empty()) extend(context, NID_subject_alt_name, wishes.names);
        if (!may_issue) extend(context, NID_ext_key_usage, "serverAuth,clientAuth");
        require(X509_sign(c, by.key(), EVP_sha256()) != 0);
    }

    X509* x509() const { return certificate_.get(); }
    EVP_PKEY* key() const { return key_.get(); }

    std::string pem() const {
        return written([this](BIO* out) { return PEM_write_bio_X509(out, x509()); });
    }
    /// Encrypted if there is a password.
    std::string key_pem(const std::string& password = {}) const {
        return written([&](BIO* out) {
            return PEM_write_bio_PKCS8PrivateKey(out, key(), password.empty() ? nullptr : EVP_aes_256_cbc(),
                                                 password.empty() ? nullptr : password.c_str(),
                                                 static_cast<int>(password.size()), nullptr, nullptr);
        });
    }

  private:
    static void add(X509_NAME* to, const char* field, const std::string& text) {
        require(X509_NAME_add_entry_by_txt(to, field, MBSTRING_UTF8,
                                           reinterpret_cast<const unsigned char*>(text.c_str()), -1, -1, 0) == 1);
    }
    void extend(X509V3_CTX& context, int what, const std::string& text) const {
        X509_EXTENSION* const e = X509V3_EXT_conf_nid(nullptr, &context, what, text.c_str());
        require(e != nullptr);
        X509_add_ext(x509(), e, -1);
        X509_EXTENSION_free(e);
    }
    template <class Write> static std::string written(Write write) {
        const std::unique_ptr<BIO, int (*)(BIO*)> out(BIO_new(BIO_s_mem()), BIO_free);
        require(out && write(out.get()) == 1);
        char* text = nullptr;
        const long size = BIO_get_mem_data(out.get(), &text);
        return {text, static_cast<std::size_t>(size)};
    }

    std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_;
    std::unique_ptr<X509, void (*)(X509*)> certificate_;
};

/// Vouches for others.
class authority : public certificate {
  public:
    explicit authority(const std::string& name = "test CA")
        : certificate({.common_name = name, .names = ""}, nullptr, true) {}
    certificate issue(const certificate_wishes& wishes = {}) const { return {wishes, this}; }
};

/// A folder of files, gone with it.
class file_folder {
  public:
    file_folder() {
        std::string name = (std::filesystem::temp_directory_path() / "kazoo-tls-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
        path_ = name;
    }
    file_folder(const file_folder&) = delete;
    file_folder& operator=(const file_folder&) = delete;
    ~file_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    std::string path(const std::string& name) const { return (path_ / name).string(); }
    /// Writes a file, and returns its path.
    std::string put(const std::string& name, const std::string& text) const {
        std::ofstream(path(name)) << text;
        return path(name);
    }

  private:
    std::filesystem::path path_;
};

} // namespace kazoo::test
