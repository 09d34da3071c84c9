#include "modes.hpp"

#include <kazoo/client.hpp>
#include <kazoo/recipe/locking_queue.hpp>

#include <chrono>
#include <fstream>
#include <string>
#include <thread>

namespace lock_worker {

int use_locking_queue(const std::vector<std::string>& arguments) {
    kazoo::client_options options;
    options.session_timeout = std::chrono::seconds(4);
    const kazoo::client zk(arguments[0], options);
    kazoo::locking_queue q(zk, arguments[1]);
    std::ofstream told(arguments[3], std::ios::app);
    const auto tell = [&](const std::string& what, const std::string& item) {
        told << arguments[2] + ' ' + what + ' ' + item + '\n' << std::flush;
    };
    const int times = std::stoi(arguments[4]);
    const std::string& what = arguments[5];
    for (int done = 0; times == 0 || done < times;) {
        if (what == "push") {
            const std::string item = arguments[2] + '-' + std::to_string(done);
            q.push(item);
            tell("pushed", item);
        } else {
            kazoo::claimed_item item = q.get();
            if (what == "hold") {
                tell("holds", item.data().str());
                std::this_thread::sleep_for(std::chrono::hours(1)); // until it is killed
            }
            if (!item.consume()) continue;
            tell("consumed", item.data().str());
            if (times == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5)); // something is left then
        }
        ++done;
    }
    return 0;
}

} // namespace lock_worker
