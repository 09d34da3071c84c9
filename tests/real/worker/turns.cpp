#include "modes.hpp"

#include "testing/unique_fd.hpp"

#include <kazoo/client.hpp>
#include <kazoo/recipe/election.hpp>
#include <kazoo/recipe/mutex.hpp>
#include <kazoo/recipe/semaphore.hpp>
#include <kazoo/recipe/shared_mutex.hpp>

#include <algorithm>
#include <chrono>
#include <fcntl.h>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>

namespace lock_worker {

namespace {

using namespace std::chrono_literals;

void append(const kazoo::testkit::unique_fd& log, const std::string& line) {
    if (::write(log.get(), line.data(), line.size()) != std::ssize(line)) throw std::runtime_error("cannot write");
}

/// What a worker holds in its turn.
struct thing {
    std::function<void()> acquire, release;
};

thing mutex_of(const kazoo::client& zk, const std::string& path, const std::string& name) {
    const auto m = std::make_shared<kazoo::mutex>(zk, path, kazoo::mutex_options{.identifier = name});
    return {[m] { m->lock(); }, [m] { m->unlock(); }};
}

thing shared_mutex_of(const kazoo::client& zk, const std::string& path, const std::string& name, bool reads) {
    const auto m = std::make_shared<kazoo::shared_mutex>(zk, path, kazoo::shared_mutex_options{.identifier = name});
    if (reads) return {[m] { m->lock_shared(); }, [m] { m->unlock_shared(); }};
    return {[m] { m->lock(); }, [m] { m->unlock(); }};
}

thing semaphore_of(const kazoo::client& zk, const std::string& path, const std::string& name, std::size_t permits) {
    const auto s = std::make_shared<kazoo::semaphore>(zk, path, permits, kazoo::semaphore_options{.identifier = name});
    const auto held = std::make_shared<std::optional<kazoo::permit>>();
    return {[=] { *held = s->acquire(); }, [=] { held->reset(); }};
}

thing leadership_of(const kazoo::client& zk, const std::string& path, const std::string& name) {
    const auto e = std::make_shared<kazoo::election>(zk, path, kazoo::election_options{.identifier = name});
    const auto held = std::make_shared<std::optional<kazoo::leadership>>();
    return {[=] { *held = e->stand(); }, [=] { held->reset(); }};
}

thing thing_of(const std::string& kind, const kazoo::client& zk, const std::string& path, const std::string& name) {
    if (kind == "mutex") return mutex_of(zk, path, name);
    if (kind == "reader" || kind == "writer") return shared_mutex_of(zk, path, name, kind == "reader");
    if (kind == "leader") return leadership_of(zk, path, name);
    return semaphore_of(zk, path, name, std::stoul(kind));
}

} // namespace

int take_turns(const std::vector<std::string>& arguments) {
    const std::string& name = arguments[2];
    const int turns = std::stoi(arguments[4]);
    const kazoo::testkit::unique_fd log(kazoo::testkit::checked(
        ::open(arguments[3].c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600), "open the log"));
    kazoo::client_options options;
    options.session_timeout = std::chrono::milliseconds(std::stoi(arguments[5]));
    const kazoo::client zk(arguments[0], options);
    const thing held = thing_of(arguments[6], zk, arguments[1], name);
    for (int i = 0; i < std::max(turns, 1); ++i) {
        held.acquire();
        append(log, "enter " + name + "\n");
        while (turns == 0) ::pause();
        std::this_thread::sleep_for(1ms);
        append(log, "leave " + name + "\n");
        held.release();
    }
    zk.close();
    return 0;
}

} // namespace lock_worker
