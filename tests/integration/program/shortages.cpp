// Programs in which threads, descriptors or random numbers run out: each step says what came of it.
#include "modes.hpp"

#include <kazoo/client.hpp>
#include <kazoo/event_loop.hpp>

#include <cstdio>
#include <dirent.h>
#include <fcntl.h>
#include <functional>
#include <random>
#include <sys/random.h>
#include <sys/resource.h>
#include <system_error>
#include <unistd.h>

namespace {

bool no_entropy = false;

} // namespace

// In place of the standard library's: a machine without random numbers cannot be had.
std::random_device::result_type std::random_device::_M_getval() {
    result_type value = 0;
    if (no_entropy || ::getrandom(&value, sizeof value, 0) != sizeof value) throw std::runtime_error("none left");
    return value;
}

namespace test_program {
namespace {

int entries(const char* folder) {
    int n = 0;
    DIR* const d = ::opendir(folder);
    while (::readdir(d) != nullptr) ++n;
    ::closedir(d);
    return n;
}

void limit(decltype(RLIMIT_NOFILE) what, rlim_t soft) {
    rlimit r{};
    ::getrlimit(what, &r);
    r.rlim_cur = soft;
    if (::setrlimit(what, &r) != 0) throw std::system_error(errno, std::generic_category(), "setrlimit");
}

/// What the constructor says, if it says something, and whether it left threads or descriptors behind.
bool made(const char* what, rlim_t count, const std::function<void()>& make) {
    const int threads = entries("/proc/self/task");
    std::string said;
    try {
        make();
    } catch (const std::system_error& e) {
        said = e.what();
    }
    if (said.empty()) return true;
    std::printf("%s %d: %s\n", what, static_cast<int>(count), said.c_str());
    if (entries("/proc/self/task") != threads) std::printf("threads were left behind\n");
    return false;
}

} // namespace

/// SERVER: with more and more threads allowed. Exit code 77 if that cannot be limited here.
int run_out_of_threads(const words& w) {
    // Of a user nobody else is, because all processes of a user count; and root is not limited.
    const auto user = static_cast<uid_t>(200'000 + ::getpid());
    if (::geteuid() != 0 || ::setresuid(user, user, user) != 0) return 77;
    const int threads = entries("/proc/self/task");
    rlim_t allowed = 0;
    bool done = false;
    while (!done && allowed < 32) {
        ++allowed;
        limit(RLIMIT_NPROC, allowed);
        done = made("threads", allowed, [&] {
            const kazoo::client zk(w.at(0));
            limit(RLIMIT_NPROC, 100);
            zk.wait_connected();
        });
    }
    while (entries("/proc/self/task") > threads) ::usleep(1000); // the last client's
    // As many as a client needs, and none for a look-up.
    const std::string name = "localhost" + w.at(0).substr(w.at(0).find(':'));
    limit(RLIMIT_NPROC, allowed);
    const kazoo::client zk(name);
    try {
        zk.wait_connected(std::chrono::milliseconds(1));
    } catch (const kazoo::error&) {
    }
    while (zk.last_failures().empty()) ::usleep(1000);
    std::printf("look-up: %s\n", zk.last_failures().c_str());
    limit(RLIMIT_NPROC, 100);
    zk.wait_connected();
    std::printf("connected\n");
    return 0;
}

/// SERVER: with more and more descriptors allowed.
int run_out_of_descriptors(const words& w) {
    const int in_use = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const auto with_descriptors = [&](rlim_t n, const std::function<void()>& make) {
        return made("descriptors", n, [&] {
            limit(RLIMIT_NOFILE, static_cast<rlim_t>(in_use) + 1 + n);
            struct restore {
                rlimit r;
                ~restore() { ::setrlimit(RLIMIT_NOFILE, &r); }
            } const later{before};
            make();
        });
    };
    std::shared_ptr<kazoo::event_loop> loop;
    rlim_t enough = 0;
    while (enough < 32 && !with_descriptors(enough, [&] { loop = std::make_shared<kazoo::event_loop>(); })) ++enough;
    const int left = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    std::printf("%s\n", left <= in_use + 1 + static_cast<int>(enough) ? "none was lost" : "descriptors were lost");
    // A loop, and nothing left for a connection.
    kazoo::client_options o;
    o.loop = loop;
    limit(RLIMIT_NOFILE, static_cast<rlim_t>(left));
    const kazoo::client zk(w.at(0), o);
    while (zk.last_failures().empty()) ::usleep(1000);
    std::printf("connection: %s\n", zk.last_failures().c_str());
    ::setrlimit(RLIMIT_NOFILE, &before);
    zk.wait_connected();
    std::printf("connected\n");
    return 0;
}

/// SERVER
int run_out_of_entropy(const words& w) {
    no_entropy = true;
    made("entropy", 0, [&] { const kazoo::client zk(w.at(0)); });
    no_entropy = false;
    const kazoo::client zk(w.at(0));
    zk.wait_connected();
    no_entropy = true; // what a client needs, it has
    zk.create("/entropy", "", {.mode = kazoo::create_mode::ephemeral_sequential, .protect = true});
    std::printf("connected\n");
    return 0;
}

} // namespace test_program
