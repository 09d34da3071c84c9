#include "net/sasl_client.hpp"

#include "net/tls_use.hpp"
#include "util/mutex.hpp"

#include <cstddef>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string_view>
#include <strings.h>
#include <utility>

namespace kazoo::net {
namespace {

/// For steps of DIGEST-MD5: Cyrus has a table of all servers that it knows, and as Debian makes it nothing locks that.
constinit util::mutex mutex;

/// Whom DIGEST-MD5 means by the servers, all of them.
constexpr const char* servers_of_digest = "zk-sasl-md5";

int log_nothing(void*, int, const char*) { return SASL_OK; }

/// Of `SASL(-1): generic failure: GSSAPI Error: Unspecified GSS failure.  Minor code may provide more information (No
/// such realm)`, or of `SASL(-13): authentication failure: …`.
std::string essence(std::string text) {
    constexpr std::string_view ahead = "Minor code may provide more information (";
    if (const auto at = text.find(ahead); at != std::string::npos && text.ends_with(')')) {
        text.pop_back();
        return text.substr(at + ahead.size());
    }
    const auto code_end = text.find("): ");
    return text.starts_with("SASL(-") && code_end != std::string::npos ? text.substr(code_end + 3) : text;
}

/// By which a server ends DIGEST-MD5. Ahead of our response Cyrus has nothing to compare it with, and dies of that.
bool is_proof(const std::string& said) {
    constexpr std::string_view begins = "rspauth=";
    return ::strncasecmp(said.c_str(), begins.data(), begins.size()) == 0;
}

template <class Function> int (*as_callback(Function* f))() {
    return reinterpret_cast<int (*)()>(reinterpret_cast<void (*)()>(f));
}

} // namespace

sasl_client::sasl_client(std::string host, std::shared_ptr<const sasl_options> o)
    : host_(std::move(host)), options_(std::move(o)) {}

sasl_client::~sasl_client() {
    const tls_use use; // modules use OpenSSL
    if (!use) return;
    if (connection_ != nullptr) sasl_library::get().dispose(&connection_);
    ticket_.reset();
}

int sasl_client::give_user(void* self, int id, const char** result, unsigned* length) {
    const auto* digest = std::get_if<sasl_digest_md5>(static_cast<sasl_client*>(self)->options_.get());
    // Nobody else than who authenticates.
    const bool wanted = id == SASL_CB_AUTHNAME && digest != nullptr;
    *result = wanted ? digest->user.c_str() : "";
    if (length != nullptr) *length = static_cast<unsigned>(std::strlen(*result));
    return SASL_OK;
}

int sasl_client::give_password(sasl_conn_t*, void* self, int, sasl_secret_t** secret) {
    *secret = reinterpret_cast<sasl_secret_t*>(static_cast<sasl_client*>(self)->secret_.data());
    return SASL_OK;
}

void sasl_client::open() {
    const sasl_library& sasl = sasl_library::get();
    const auto* digest = std::get_if<sasl_digest_md5>(options_.get());
    const auto* kerberos = std::get_if<sasl_gssapi>(options_.get());
    const std::string password = digest != nullptr ? digest->password : std::string();
    secret_.assign(sizeof(sasl_secret_t) + password.size() + 1, '\0');
    const unsigned long size = password.size();
    std::memcpy(secret_.data() + offsetof(sasl_secret_t, len), &size, sizeof(size));
    std::memcpy(secret_.data() + offsetof(sasl_secret_t, data), password.data(), password.size());
    callbacks_ = {{{SASL_CB_USER, as_callback(&give_user), this},
                   {SASL_CB_AUTHNAME, as_callback(&give_user), this},
                   {SASL_CB_PASS, as_callback(&give_password), this},
                   {SASL_CB_LOG, as_callback(&log_nothing), nullptr},
                   {SASL_CB_LIST_END, nullptr, nullptr}}};
    if (kerberos != nullptr && host_.starts_with('/'))
        throw std::runtime_error("Kerberos knows servers by the names of hosts, and a Unix-domain socket has none");
    if (kerberos != nullptr) ticket_.emplace(*kerberos);
    const char* service = kerberos != nullptr ? kerberos->service.c_str() : "zookeeper";
    const char* server = kerberos != nullptr ? host_.c_str() : servers_of_digest;
    if (sasl.client_new(service, server, nullptr, nullptr, callbacks_.data(), 0, &connection_) != SASL_OK)
        throw std::runtime_error("sasl_client_new() failed");
    sasl_security_properties_t no_layer{};
    no_layer.security_flags = SASL_SEC_NOPLAINTEXT | SASL_SEC_NOANONYMOUS | SASL_SEC_MUTUAL_AUTH;
    if (sasl.setprop(connection_, SASL_SEC_PROPS, &no_layer) != SASL_OK ||
        (ticket_ && sasl.setprop(connection_, SASL_GSS_CREDS, ticket_->get()) != SASL_OK))
        throw std::runtime_error("sasl_setprop() failed");
}

/// With DIGEST-MD5 the server speaks first. Asked for a token, Cyrus would not wait for that from the second time on,
/// but answer the challenge of the time before, which servers in Java do not read.
util::sasl_step sasl_client::begin() {
    open();
    const bool speaks_first = std::holds_alternative<sasl_gssapi>(*options_);
    const char* token = nullptr;
    unsigned size = 0;
    const int code = sasl_library::get().client_start(
        connection_, mechanism(), nullptr, speaks_first ? &token : nullptr, speaks_first ? &size : nullptr, nullptr);
    return result_of(code, token, size);
}

util::sasl_step sasl_client::go_on(const std::string& said) {
    const char* token = nullptr;
    unsigned size = 0;
    const auto take = [&] {
        const auto length = static_cast<unsigned>(said.size());
        const int code = sasl_library::get().client_step(connection_, said.data(), length, nullptr, &token, &size);
        return result_of(code, token, size);
    };
    if (std::holds_alternative<sasl_gssapi>(*options_)) return take();
    if (!std::exchange(challenged_, true) && is_proof(said)) return {.why = "a proof ahead of the challenge"};
    const util::lock_guard lock(mutex);
    return take();
}

const char* sasl_client::mechanism() const noexcept {
    return std::holds_alternative<sasl_gssapi>(*options_) ? "GSSAPI" : "DIGEST-MD5";
}

util::sasl_step sasl_client::result_of(int code, const char* token, unsigned size) const {
    using state = util::sasl_step::state;
    if (code == SASL_OK || code == SASL_CONTINUE)
        return {.is = code == SASL_OK ? state::done : state::more,
                .token = token != nullptr ? std::string(token, size) : std::string()};
    if (code == SASL_NOMECH) return {.why = no_module(mechanism())};
    const char* detail = sasl_library::get().errdetail(connection_);
    return {.why = detail != nullptr ? essence(detail) : "out of memory"};
}

util::sasl_step sasl_client::step(const std::string& said) try {
    const tls_use use; // modules use OpenSSL
    if (!use) return {.why = "the process ends"};
    return connection_ == nullptr ? begin() : go_on(said);
} catch (const std::exception& e) {
    return {.why = e.what()};
}

} // namespace kazoo::net
