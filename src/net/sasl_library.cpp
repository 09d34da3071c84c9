#include "net/sasl_library.hpp"

#include "util/mutex.hpp"

#include <dlfcn.h>
#include <optional>
#include <stdexcept>

namespace kazoo::net {
namespace {

/// Stays loaded.
class shared_library {
  public:
    shared_library(const char* name, int mode) : handle_(::dlopen(name, RTLD_NOW | RTLD_LOCAL | mode)) {}
    bool is_there() const noexcept { return handle_ != nullptr; }
    template <class Function> void find(Function*& f, const char* name) const {
        f = is_there() ? reinterpret_cast<Function*>(::dlsym(handle_, name)) : nullptr;
        if (f == nullptr) throw std::runtime_error(::dlerror());
    }

  private:
    void* handle_;
};

sasl_library load_sasl() try {
    const shared_library from("libsasl2.so.2", 0);
    sasl_library l{};
    from.find(l.client_init, "sasl_client_init");
    from.find(l.client_new, "sasl_client_new");
    from.find(l.client_start, "sasl_client_start");
    from.find(l.client_step, "sasl_client_step");
    from.find(l.setprop, "sasl_setprop");
    from.find(l.errdetail, "sasl_errdetail");
    from.find(l.dispose, "sasl_dispose");
    if (l.client_init(nullptr) != SASL_OK) throw std::runtime_error("sasl_client_init() failed");
    return l;
} catch (const std::runtime_error& e) {
    throw std::runtime_error(std::string("Cyrus SASL (Debian: libsasl2-2) cannot be used: ") + e.what());
}

/// The one that the module of Cyrus has brought along: only that knows what to do with our tickets.
gss_library load_gss() {
    static_cast<void>(sasl_library::get());
    const shared_library from("libgssapi_krb5.so.2", RTLD_NOLOAD);
    if (!from.is_there()) throw std::runtime_error(no_module("GSSAPI"));
    gss_library l{};
    from.find(l.acquire_cred_from, "gss_acquire_cred_from");
    from.find(l.import_name, "gss_import_name");
    from.find(l.display_status, "gss_display_status");
    from.find(l.release_name, "gss_release_name");
    from.find(l.release_cred, "gss_release_cred");
    from.find(l.release_buffer, "gss_release_buffer");
    return l;
}

template <class Library> const Library& loaded(Library (*load)()) {
    static constinit util::mutex mutex;
    static constinit std::optional<Library> one;
    const util::lock_guard lock(mutex);
    if (!one) one = load();
    return *one;
}

} // namespace

std::string no_module(std::string_view mechanism) {
    const std::string_view package = mechanism == "GSSAPI" ? "libsasl2-modules-gssapi-mit" : "libsasl2-modules";
    return std::string("Cyrus SASL has no module for ").append(mechanism) + " (Debian: " + std::string(package) + ")";
}

const sasl_library& sasl_library::get() { return loaded(&load_sasl); }
const gss_library& gss_library::get() { return loaded(&load_gss); }

} // namespace kazoo::net
