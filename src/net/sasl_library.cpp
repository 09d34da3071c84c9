#include "net/sasl_library.hpp"

#include "util/mutex.hpp"

#include <cstring>
#include <dlfcn.h>
#include <link.h>
#include <mutex>
#include <new>
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

// Cyrus brings none of its own. Whoever initialises it decides for the whole process.
void* make_mutex() { return new (std::nothrow) std::mutex; }
int lock_mutex(void* m) {
    static_cast<std::mutex*>(m)->lock();
    return SASL_OK;
}
int unlock_mutex(void* m) {
    static_cast<std::mutex*>(m)->unlock();
    return SASL_OK;
}
void free_mutex(void* m) { delete static_cast<std::mutex*>(m); }

sasl_library load_sasl() try {
    const shared_library from("libsasl2.so.2", 0);
    sasl_library l{};
    decltype(&::sasl_client_init) init = nullptr;
    decltype(&::sasl_set_mutex) set_mutex = nullptr;
    from.find(init, "sasl_client_init");
    from.find(set_mutex, "sasl_set_mutex");
    from.find(l.client_new, "sasl_client_new");
    from.find(l.client_start, "sasl_client_start");
    from.find(l.client_step, "sasl_client_step");
    from.find(l.setprop, "sasl_setprop");
    from.find(l.errdetail, "sasl_errdetail");
    from.find(l.dispose, "sasl_dispose");
    set_mutex(&make_mutex, &lock_mutex, &unlock_mutex, &free_mutex);
    if (init(nullptr) != SASL_OK) throw std::runtime_error("sasl_client_init() failed");
    return l;
} catch (const std::runtime_error& e) {
    throw std::runtime_error(std::string("Cyrus SASL (Debian: libsasl2-2) cannot be used: ") + e.what());
}

/// The path of the module of Cyrus that is loaded; a null pointer if there is none.
const char* module_for_gssapi() {
    const char* path = nullptr;
    const auto look = [](dl_phdr_info* library, std::size_t, void* found) {
        if (std::strstr(library->dlpi_name, "/libgssapiv2.so") == nullptr) return 0;
        *static_cast<const char**>(found) = library->dlpi_name;
        return 1;
    };
    ::dl_iterate_phdr(look, &path);
    return path;
}

/// The one that the module of Cyrus has brought along: only that knows what to do with our tickets. There may be
/// others in the process.
gss_library load_gss() {
    static_cast<void>(sasl_library::get());
    const char* const module = module_for_gssapi();
    if (module == nullptr) throw std::runtime_error(no_module("GSSAPI"));
    const shared_library from(module, RTLD_NOLOAD);
    gss_library l{};
    from.find(l.import_name, "gss_import_name");
    Dl_info where{};
    if (::dladdr(reinterpret_cast<const void*>(l.import_name), &where) == 0 ||
        std::strstr(where.dli_fname, "/libgssapi_krb5.so") == nullptr)
        throw std::runtime_error(no_module("GSSAPI"));
    from.find(l.acquire_cred_from, "gss_acquire_cred_from");
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
    const std::string_view kind = mechanism == "GSSAPI" ? "GSSAPI with MIT Kerberos" : mechanism;
    return std::string("Cyrus SASL has no module for ").append(kind) + " (Debian: " + std::string(package) + ")";
}

const sasl_library& sasl_library::get() { return loaded(&load_sasl); }
const gss_library& gss_library::get() { return loaded(&load_gss); }

} // namespace kazoo::net
