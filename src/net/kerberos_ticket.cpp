#include "net/kerberos_ticket.hpp"

#include <array>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>
#include <unistd.h>

namespace kazoo::net {
namespace {

// 1.2.840.113554.1.2.2
gss_OID_desc kerberos{9, const_cast<char*>("\x2a\x86\x48\x86\xf7\x12\x01\x02\x02")};
gss_OID_desc user_name{10, const_cast<char*>("\x2a\x86\x48\x86\xf7\x12\x01\x02\x01\x01")};

std::string text_of(const gss_library& gss, OM_uint32 code, int type) {
    OM_uint32 minor = 0, more = 0;
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    if (GSS_ERROR(gss.display_status(&minor, code, type, &kerberos, &more, &text))) return "unknown error";
    std::string result(static_cast<const char*>(text.value), text.length);
    gss.release_buffer(&minor, &text);
    return result;
}

void require(const gss_library& gss, OM_uint32 major, OM_uint32 minor, const std::string& what) {
    if (!GSS_ERROR(major)) return;
    const bool details = minor != 0; // then the other code says little
    const std::string why = details ? text_of(gss, minor, GSS_C_MECH_CODE) : text_of(gss, major, GSS_C_GSS_CODE);
    throw std::runtime_error(what + ": " + why);
}

class name {
  public:
    name(const gss_library& gss, std::string text) : gss_(gss) {
        if (text.empty()) return;
        gss_buffer_desc buffer{text.size(), text.data()};
        OM_uint32 minor = 0;
        const OM_uint32 major = gss.import_name(&minor, &buffer, &user_name, &name_);
        require(gss, major, minor, "not a principal");
    }
    name(const name&) = delete;
    name& operator=(const name&) = delete;
    ~name() {
        OM_uint32 minor = 0;
        if (name_ != GSS_C_NO_NAME) gss_.release_name(&minor, &name_);
    }
    gss_name_t get() const noexcept { return name_; }

  private:
    const gss_library& gss_;
    gss_name_t name_ = GSS_C_NO_NAME;
};

/// Kerberos would say that there are no tickets.
void require_readable(const std::string& keytab) {
    if (!keytab.starts_with('/') || ::access(keytab.c_str(), R_OK) == 0) return;
    throw std::runtime_error("keytab \"" + keytab + "\": " + std::system_category().message(errno));
}

/// What there is none of.
std::string wish(const sasl_gssapi& o) {
    std::string text = "no Kerberos ticket";
    if (!o.principal.empty()) text += " for " + o.principal;
    if (!o.keytab.empty()) text += " by keytab \"" + o.keytab + '"';
    return text;
}

} // namespace

kerberos_ticket::kerberos_ticket(const sasl_gssapi& o) {
    require_readable(o.keytab);
    const name who(gss_, o.principal);
    std::string cache = o.ticket_cache;
    if (cache.empty() && !o.keytab.empty()) cache = "MEMORY:kazoo:" + o.keytab + ":" + o.principal;
    std::array<gss_key_value_element_desc, 2> elements{};
    gss_key_value_set_desc store{0, elements.data()};
    if (!cache.empty()) elements[store.count++] = {"ccache", cache.c_str()};
    if (!o.keytab.empty()) elements[store.count++] = {"client_keytab", o.keytab.c_str()};
    gss_OID_set_desc mechanisms{1, &kerberos};
    OM_uint32 minor = 0, lifetime = 0;
    const OM_uint32 major =
        gss_.acquire_cred_from(&minor, who.get(), GSS_C_INDEFINITE, &mechanisms, GSS_C_INITIATE,
                               store.count == 0 ? GSS_C_NO_CRED_STORE : &store, &credential_, nullptr, &lifetime);
    require(gss_, major, minor, wish(o));
    if (lifetime != 0) return;
    gss_.release_cred(&minor, &credential_);
    throw std::runtime_error("the Kerberos ticket has expired");
}

kerberos_ticket::~kerberos_ticket() {
    OM_uint32 minor = 0;
    gss_.release_cred(&minor, &credential_);
}

} // namespace kazoo::net
