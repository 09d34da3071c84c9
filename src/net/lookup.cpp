#include "net/lookup.hpp"

#include "util/undying.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <netdb.h>
#include <sys/socket.h>

namespace kazoo::net {
namespace {

class lookup_category final : public std::error_category {
  public:
    const char* name() const noexcept override { return "name lookup"; }
    std::string message(int code) const override { return ::gai_strerror(code); }
};

std::error_code to_error(int code) noexcept {
    static const util::undying<lookup_category> category;
    return code == EAI_SYSTEM ? std::error_code(errno, std::system_category()) : std::error_code(code, category.get());
}

} // namespace

std::error_code system_lookup(const std::string& host, std::vector<std::string>& addresses) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM; // without a type each address would come once for every type
    addrinfo* found = nullptr;
    if (const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); code != 0) return to_error(code);
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
    int failure = EAI_NONAME;
    for (const addrinfo* a = found; a != nullptr; a = a->ai_next) {
        std::array<char, NI_MAXHOST> text{};
        const int code = ::getnameinfo(a->ai_addr, a->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST);
        if (code != 0)
            failure = code;
        else if (std::find(addresses.begin(), addresses.end(), text.data()) == addresses.end())
            addresses.emplace_back(text.data());
    }
    return addresses.empty() ? to_error(failure) : std::error_code();
}

} // namespace kazoo::net
