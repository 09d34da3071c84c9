#include "settings.hpp"

#include "usage_error.hpp"

#include <kazoo/error.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace kz {

namespace {

void print_log(kazoo::log_level level, std::string_view line) {
    std::string text(kazoo::to_string(level));
    text.append(": ").append(line).append("\n");
    std::fputs(text.c_str(), stderr); // one call, so that lines of several threads do not mix
}

/// The message never repeats the argument: it is a secret.
kazoo::credential parse_auth(const std::string& text) {
    const auto colon = text.find(':');
    if (colon == std::string::npos || colon == 0) throw usage_error("--auth needs SCHEME:CREDENTIAL");
    return {text.substr(0, colon), text.substr(colon + 1)};
}

/// Whatever says how TLS is done says that it is.
std::optional<kazoo::tls_options> tls_of(const settings& s) {
    if (!s.tls && !s.insecure && s.ca.empty() && s.certificate.empty() && s.key.empty()) return std::nullopt;
    kazoo::tls_options tls;
    std::error_code ignored;
    (std::filesystem::is_directory(s.ca, ignored) ? tls.ca_directory : tls.ca_file) = s.ca;
    tls.certificate_file = s.certificate;
    tls.key_file = s.key;
    if (const char* password = std::getenv("KZ_TLS_KEY_PASSWORD")) tls.key_password = password;
    tls.insecure = s.insecure;
    return tls;
}

kazoo::sasl_options digest_md5_of(const settings& s) {
    if (!s.sasl_keytab.empty() || !s.sasl_service.empty())
        throw usage_error("--sasl-keytab and --sasl-service are for --sasl gssapi");
    const char* password = std::getenv("KZ_SASL_PASSWORD");
    if (s.sasl_user.empty()) throw usage_error("--sasl digest-md5 needs --sasl-user");
    if (password == nullptr || *password == '\0')
        throw usage_error("--sasl digest-md5 needs a password in KZ_SASL_PASSWORD");
    return kazoo::sasl_digest_md5{s.sasl_user, password};
}

std::optional<kazoo::sasl_options> sasl_of(const settings& s) {
    if (s.sasl == "digest-md5") return digest_md5_of(s);
    if (s.sasl.empty()) {
        if (!s.sasl_user.empty() || !s.sasl_keytab.empty() || !s.sasl_service.empty())
            throw usage_error("options of SASL need --sasl");
        return std::nullopt;
    }
    kazoo::sasl_gssapi kerberos{.principal = s.sasl_user, .keytab = s.sasl_keytab};
    if (!s.sasl_service.empty()) kerberos.service = s.sasl_service;
    return kerberos;
}

kazoo::client_options to_options(const settings& s) {
    kazoo::client_options o;
    o.tls = tls_of(s);
    o.sasl = sasl_of(s);
    o.operation_timeout = s.timeout();
    o.max_request_bytes = s.max_request_bytes;
    o.max_reply_bytes = largest_max_data + beside_data; // what could be written can be read
    o.log.threshold = s.threshold();
    o.log.write = print_log;
    for (const auto& text : s.auth) o.credentials.push_back(parse_auth(text));
    return o;
}

kazoo::client make_client(const settings& s) {
    auto options = to_options(s);
    try {
        return kazoo::client(s.hosts, std::move(options));
    } catch (const kazoo::error& e) {
        throw usage_error(describe(e));
    }
}

} // namespace

std::chrono::milliseconds settings::timeout() const {
    return std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>(timeout_seconds));
}

kazoo::log_level settings::threshold() const {
    using enum kazoo::log_level;
    for (const auto level : {wire, debug, info, warn, error})
        if (log_level == kazoo::to_string(level)) return level;
    return off;
}

void log(const settings& s, kazoo::log_level level, std::string_view line) {
    if (level >= s.threshold()) print_log(level, line);
}

std::string describe(const kazoo::error& e) {
    std::string text(e.operation());
    if (!e.path().empty()) text.append(" \"").append(e.path()).append("\"");
    text.append(": ").append(e.code().message());
    if (!e.detail().empty()) text.append(": ").append(e.detail());
    return text;
}

connection::connection(const settings& s, const std::stop_token& stop) : kazoo::client(make_client(s)) {
    try {
        (s.wait_server ? async_wait_connected() : async_try_connect()).get_for(s.timeout(), stop);
    } catch (const kazoo::error& e) {
        const bool refused = e.code() == kazoo::errc::connection_loss;
        if (!refused && e.code() != kazoo::errc::operation_timeout) throw;
        const std::string failures = last_failures(); // of each address
        const std::string late = failures.empty() ? "timed out" : "timed out; ";
        throw connect_error("cannot connect to \"" + s.hosts + "\": " + (refused ? "" : late) + failures);
    }
}

connection::~connection() {
    try {
        close();
    } catch (const std::exception& e) {
        std::fputs(("kz: the session was not closed: " + std::string(e.what()) + "\n").c_str(), stderr);
    }
}

} // namespace kz
