#pragma once
// What Kerberos has of us.
#include "net/sasl_library.hpp"

#include <kazoo/sasl.hpp>

namespace kazoo::net {

class kerberos_ticket {
  public:
    /// May wait for the KDC. Throws std::runtime_error that says what is lacking.
    explicit kerberos_ticket(const sasl_gssapi&);
    kerberos_ticket(const kerberos_ticket&) = delete;
    kerberos_ticket& operator=(const kerberos_ticket&) = delete;
    ~kerberos_ticket();

    const void* get() const noexcept { return credential_; }

  private:
    const gss_library& gss_ = gss_library::get();
    gss_cred_id_t credential_ = GSS_C_NO_CREDENTIAL;
};

} // namespace kazoo::net
