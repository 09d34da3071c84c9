#pragma once
// Cyrus SASL and Kerberos, loaded when they are needed first: programs without SASL neither need nor load them.
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <sasl/sasl.h>

#include <string>
#include <string_view>

namespace kazoo::net {

struct sasl_library {
    decltype(&::sasl_client_new) client_new;
    decltype(&::sasl_client_start) client_start;
    decltype(&::sasl_client_step) client_step;
    decltype(&::sasl_setprop) setprop;
    decltype(&::sasl_errdetail) errdetail;
    decltype(&::sasl_dispose) dispose;

    /// Ready to be used. Throws std::runtime_error that says what is missing; asks anew then.
    static const sasl_library& get();
};

/// The one of MIT, which Cyrus has to use itself.
struct gss_library {
    decltype(&::gss_acquire_cred_from) acquire_cred_from;
    decltype(&::gss_import_name) import_name;
    decltype(&::gss_display_status) display_status;
    decltype(&::gss_release_name) release_name;
    decltype(&::gss_release_cred) release_cred;
    decltype(&::gss_release_buffer) release_buffer;

    /// Throws std::runtime_error, as above.
    static const gss_library& get();
};

/// What a user reads who lacks that.
std::string no_module(std::string_view mechanism);

} // namespace kazoo::net
