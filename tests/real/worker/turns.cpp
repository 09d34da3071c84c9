#include "modes.hpp"

#include "testing/unique_fd.hpp"

#include <kazoo/client.hpp>
#include <kazoo/recipe/mutex.hpp>

#include <chrono>
#include <fcntl.h>
#include <mutex>
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

} // namespace

int take_turns(const std::vector<std::string>& arguments) {
    const std::string& name = arguments[2];
    const int turns = std::stoi(arguments[4]);
    const kazoo::testkit::unique_fd log(kazoo::testkit::checked(
        ::open(arguments[3].c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600), "open the log"));
    kazoo::client_options options;
    options.session_timeout = std::chrono::milliseconds(std::stoi(arguments[5]));
    const kazoo::client zk(arguments[0], options);
    kazoo::mutex mutex(zk, arguments[1], {.identifier = name});
    if (turns == 0) {
        mutex.lock();
        append(log, "enter " + name + "\n");
        for (;;) ::pause();
    }
    for (int i = 0; i < turns; ++i) {
        const std::lock_guard held(mutex);
        append(log, "enter " + name + "\n");
        std::this_thread::sleep_for(1ms);
        append(log, "leave " + name + "\n");
    }
    zk.close();
    return 0;
}

} // namespace lock_worker
