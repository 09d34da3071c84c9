#include "net/tls_use.hpp"

#include "net/exit_wait.hpp"
#include "net/fork_generation.hpp"

#include <atomic>
#include <chrono>
#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <thread>

namespace kazoo::net {
namespace {

constinit std::atomic<int> users{0};
constinit std::atomic<bool> over{false};
constinit std::atomic<std::uint64_t> home{0};

/// OpenSSL is about to free all it has.
void at_cleanup() {
    closings().wait_if_process_ends(); // sessions that are being closed need it
    over = true;
    constexpr std::chrono::seconds patience(1);
    const auto begun = std::chrono::steady_clock::now();
    // In the child of a fork those who use it are in the parent.
    while (home == fork_generation() && users > 0 && std::chrono::steady_clock::now() - begun < patience)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

/// Whoever comes first decides whether exit() takes OpenSSL down. If that is not us, we are told when it does.
void prepare() noexcept {
    static const int once = [] {
        home = fork_generation();
        return OPENSSL_init_ssl(OPENSSL_INIT_NO_ATEXIT, nullptr) & OPENSSL_atexit(at_cleanup);
    }();
    static_cast<void>(once);
}

} // namespace

tls_use::tls_use() noexcept {
    prepare();
    ++users;
    granted_ = !over;
}

tls_use::~tls_use() { --users; }

} // namespace kazoo::net
