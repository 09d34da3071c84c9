#include "modes.hpp"

#include <kazoo/client.hpp>
#include <kazoo/recipe/set_partitioner.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace lock_worker {

namespace {

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> all;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t comma = std::min(text.find(',', at), text.size());
        all.push_back(text.substr(at, comma - at));
        at = comma + 1;
    }
    return all;
}

void wait_for(const std::stop_token& stop) {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any never;
    never.wait(lock, stop, [] { return false; });
}

} // namespace

int share_out(const std::vector<std::string>& arguments) {
    const int log = ::open(arguments[3].c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    const auto tell = [&](const std::string& what) {
        const std::string line = arguments[2] + " " + what + "\n";
        if (::write(log, line.data(), line.size()) < 0) throw std::runtime_error("cannot write");
    };
    const kazoo::client zk(arguments[0], {.session_timeout = std::chrono::seconds(10)});
    kazoo::set_partitioner p(zk, arguments[1], split(arguments[4]),
                             {.identifier = arguments[2],
                              .time_boundary = std::chrono::milliseconds(300),
                              .max_reaction_time = std::chrono::milliseconds(200)});
    for (;;) {
        const kazoo::partition mine = p.acquire();
        std::string items;
        for (const std::string& item : mine.items()) items += (items.empty() ? "" : ",") + item;
        tell("has " + items);
        wait_for(mine.revoked());
        tell("gives");
    }
}

} // namespace lock_worker
