#include "network.hpp"

#include "steps.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <memory>
#include <sstream>

namespace demo {

namespace {

/// A gate wants an IPv4 address.
std::string resolve(const std::string& host_and_port) {
    const auto colon = host_and_port.rfind(':');
    const std::string host = host_and_port.substr(0, colon);
    const std::string port = colon == std::string::npos ? "2181" : host_and_port.substr(colon + 1);
    addrinfo wanted{};
    wanted.ai_family = AF_INET;
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int error = ::getaddrinfo(host.c_str(), nullptr, &wanted, &found); error != 0)
        throw failure("cannot find an IPv4 address of " + host + ": " + ::gai_strerror(error));
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
    std::array<char, NI_MAXHOST> address{};
    ::getnameinfo(found->ai_addr, found->ai_addrlen, address.data(), address.size(), nullptr, 0, NI_NUMERICHOST);
    return std::string(address.data()) + ":" + port;
}

} // namespace

network::network(const std::string& hosts) {
    const auto slash = std::min(hosts.find('/'), hosts.size());
    chroot_ = hosts.substr(slash);
    std::istringstream list(hosts.substr(0, slash));
    for (std::string one; std::getline(list, one, ',');) gates_.emplace_back(resolve(one));
}

std::string network::hosts() const {
    std::string list;
    for (const auto& gate : gates_) list.append(list.empty() ? "" : ",").append(gate.address());
    return list + chroot_;
}

void network::down() {
    for (auto& gate : gates_) gate.refuse(true);
    for (auto& gate : gates_) gate.cut();
}

void network::up() {
    for (auto& gate : gates_) gate.refuse(false);
}

} // namespace demo
