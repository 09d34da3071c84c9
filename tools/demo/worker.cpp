#include "worker.hpp"

#include "steps.hpp"

#include <kazoo/error.hpp>
#include <kazoo/path.hpp>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <stop_token>
#include <system_error>
#include <thread>
#include <vector>

extern char** environ;

namespace demo {

namespace {

/// The number that the server appended; candidates queue up by it.
std::string_view number(std::string_view name) {
    return name.substr(name.size() - std::min<std::size_t>(10, name.size()));
}

/// Waits until no candidate is ahead of us. Each watches the one just ahead only, so one that dies wakes one, not all.
void wait_for_leadership(const kazoo::client& zk, const std::string& candidates, const std::string& own,
                         const std::stop_token& stop) {
    for (;;) {
        auto names = zk.get_children(candidates);
        std::ranges::sort(names, {}, number);
        const auto self = std::ranges::find(names, own);
        require(self != names.end(), "our candidate node is there");
        if (self == names.begin()) return;
        auto ahead = zk.watch_exists(kazoo::path::join(candidates, *(self - 1)));
        if (ahead.value) std::move(ahead.changed).get(stop);
    }
}

void stand_for_election(const kazoo::client& zk, const std::string& path, const std::string& name,
                        const std::stop_token& stop) {
    const std::string candidates = path + "/candidates";
    const std::string node = zk.create(candidates + "/" + name + "-", "",
                                       {.mode = kazoo::create_mode::ephemeral_sequential, .protect = true});
    wait_for_leadership(zk, candidates, std::string(kazoo::path::basename(node)), stop);
    zk.set(path + "/leader", name);
}

void read_to_the_end(int descriptor) {
    std::array<char, 64> ignored;
    while (::read(descriptor, ignored.data(), ignored.size()) > 0 || errno == EINTR) errno = 0;
}

} // namespace

int work(const std::string& hosts, const std::string& path, const std::string& name) try {
    kazoo::options options;
    options.session_timeout = std::chrono::milliseconds(1000); // servers raise it to what they allow
    kazoo::client zk(hosts, options);
    std::jthread candidate([&](const std::stop_token& stop) {
        try {
            stand_for_election(zk, path, name, stop);
        } catch (const kazoo::cancelled_error&) { // the demo is over
        } catch (const std::exception& e) {
            std::fprintf(stderr, "worker %s: %s\n", name.c_str(), e.what());
        }
    });
    read_to_the_end(STDIN_FILENO);
    candidate.request_stop();
    candidate.join();
    zk.close();
    return 0;
} catch (const std::exception& e) {
    std::fprintf(stderr, "worker %s: %s\n", name.c_str(), e.what());
    return 1;
}

worker::worker(const char* program, const std::string& hosts, const std::string& path, std::string name)
    : name_(std::move(name)) {
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipe[0], STDIN_FILENO);
    std::vector<std::string> words{program, "--worker", hosts, path, name_};
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const int error = ::posix_spawn(&pid_, program, &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(pipe[0]);
    input_ = pipe[1];
    if (error != 0) throw std::system_error(error, std::generic_category(), "cannot start a worker");
}

worker::~worker() {
    ::close(input_);
    if (pid_ > 0) ::waitpid(pid_, nullptr, 0); // the end of its input ends it
}

void worker::kill() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

} // namespace demo
