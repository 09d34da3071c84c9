// Programs that use signals, fork() and dlopen() beside a client.
#include "modes.hpp"

#include <kazoo/client.hpp>
#include <kazoo/event_loop.hpp>
#include <kazoo/testkit/fault_gate.hpp>
#include <kazoo/testkit/server.hpp>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <dirent.h>
#include <dlfcn.h>
#include <memory>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace test_program {
namespace {

int open_sockets() {
    int sockets = 0;
    for (int fd = 0; fd < 16384; ++fd) {
        struct stat s{};
        if (::fstat(fd, &s) == 0 && S_ISSOCK(s.st_mode)) ++sockets;
    }
    return sockets;
}

} // namespace

/// Client, server and gate come first, then the signal is blocked, as by a program that will fetch it with sigwait().
int wait_for_a_signal(const words&) {
    const kazoo::testkit::server server;
    const kazoo::testkit::fault_gate gate(server.address());
    const kazoo::client zk("localhost" + gate.address().substr(gate.address().find(':')));
    zk.async_exists("/").then([](auto) {}).get();
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    ::kill(::getpid(), SIGUSR1); // goes to any thread that does not block it, and ends the program there
    int got = 0;
    ::sigwait(&set, &got);
    std::printf("waited for %s\n", got == SIGUSR1 ? "it" : "another");
    return 0;
}

/// SERVER COUNT
int fork_with_clients(const words& w) {
    const auto count = std::stoul(w.at(1));
    const rlimit enough{count + 1000, count + 1000};
    if (::setrlimit(RLIMIT_NOFILE, &enough) != 0) return 77;
    kazoo::client_options o;
    o.loop = std::make_shared<kazoo::event_loop>();
    std::vector<kazoo::client> all;
    for (std::size_t i = 0; i < count; ++i) all.emplace_back(w.at(0), o);
    for (const auto& zk : all) zk.wait_connected();
    std::printf("parent: %s\n", open_sockets() >= static_cast<int>(count) ? "all" : "too few");
    const pid_t child = ::fork();
    if (child == 0) {
        std::printf("child: %d\n", open_sockets());
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    all.front().exists("/");
    for (const auto& zk : all) zk.close();
    return status == 0 ? 0 : 1;
}

/// PLUGIN SERVER: a shared library that holds a client is closed while the client is connected.
int close_a_plugin(const words& w) {
    void* const plugin = ::dlopen(w.at(0).c_str(), RTLD_NOW | RTLD_LOCAL);
    if (plugin == nullptr) {
        std::printf("%s\n", ::dlerror());
        return 1;
    }
    const auto open = reinterpret_cast<void (*)(const char*)>(::dlsym(plugin, "plugin_open"));
    const auto busy = reinterpret_cast<bool (*)()>(::dlsym(plugin, "plugin_busy"));
    open(w.at(1).c_str());
    while (!busy()) ::usleep(1000); // its threads are in the midst of work
    ::dlclose(plugin);
    ::usleep(50'000); // time in which threads would run what is no longer there
    std::printf("lives\n");
    return 0;
}

} // namespace test_program
