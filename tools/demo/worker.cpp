#include "worker.hpp"

#include <kazoo/client.hpp>
#include <kazoo/recipe/mutex.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <semaphore>
#include <stop_token>
#include <system_error>
#include <thread>
#include <vector>

extern char** environ;

namespace demo {

namespace {

struct orders {
    std::counting_semaphore<> release{0};
    std::stop_source end;

    /// Blocks until the end of standard input.
    void read() {
        for (char c = 0;;) {
            const ssize_t n = ::read(STDIN_FILENO, &c, 1);
            if (n == 0 || (n < 0 && errno != EINTR)) break;
            if (n == 1) release.release();
        }
        end.request_stop();
        release.release();
    }
};

void take_turns(kazoo::mutex& lock, orders& o) {
    while (lock.lock(o.end.get_token())) {
        std::printf("%lld\n", static_cast<long long>(lock.fencing_token()));
        std::fflush(stdout);
        o.release.acquire();
        lock.unlock();
    }
}

std::array<int, 2> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
    return ends;
}

} // namespace

int work(const std::string& hosts, const std::string& path, const std::string& name) try {
    kazoo::client_options options;
    options.session_timeout = std::chrono::milliseconds(1000); // servers raise it to what they allow
    options.log.threshold = kazoo::log_level::off;             // connections break on purpose here
    const kazoo::client zk(hosts, options);
    {
        kazoo::mutex lock(zk, path, {.identifier = name});
        orders o;
        const std::jthread reader([&o] { o.read(); });
        take_turns(lock, o);
    }
    zk.close();
    return 0;
} catch (const std::exception& e) {
    std::fprintf(stderr, "worker %s: %s\n", name.c_str(), e.what());
    return 1;
}

worker::worker(const char* program, const std::string& hosts, const std::string& path, std::string name)
    : name_(std::move(name)) {
    const auto in = make_pipe(), out = make_pipe();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    std::vector<std::string> words{program, "--worker", hosts, path, name_};
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const int error = ::posix_spawn(&pid_, program, &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(in[0]);
    ::close(out[1]);
    input_ = in[1];
    output_ = out[0];
    if (error != 0) throw std::system_error(error, std::generic_category(), "cannot start a worker");
}

worker::~worker() {
    ::close(input_);
    if (pid_ > 0) ::waitpid(pid_, nullptr, 0); // the end of its input ends it
    ::close(output_);
}

long long worker::holds() {
    std::string line;
    for (const auto deadline = clock::now() + patience; !line.ends_with('\n');) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock::now());
        pollfd output{output_, POLLIN, 0};
        require(left.count() > 0 && ::poll(&output, 1, static_cast<int>(left.count())) == 1, name_ + " gets the lock");
        char c = 0;
        require(::read(output_, &c, 1) == 1, name_ + " lives");
        line += c;
    }
    return std::atoll(line.c_str());
}

void worker::tell_to_release() { require(::write(input_, "\n", 1) == 1, name_ + " lives"); }

void worker::kill() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

} // namespace demo
