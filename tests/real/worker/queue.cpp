#include "modes.hpp"

#include <kazoo/client.hpp>
#include <kazoo/recipe/queue.hpp>

#include <chrono>
#include <fstream>
#include <string>
#include <thread>

namespace lock_worker {

int use_queue(const std::vector<std::string>& arguments) {
    const kazoo::client zk(arguments[0]);
    kazoo::queue q(zk, arguments[1]);
    std::ofstream told(arguments[3], std::ios::app);
    const int times = std::stoi(arguments[4]);
    const bool pushes = arguments[5] == "push";
    for (int done = 0; times == 0 || done < times; ++done) {
        std::string item = arguments[2] + '-' + std::to_string(done);
        if (pushes)
            q.push(item);
        else
            item = q.pop().str();
        told << arguments[2] + (pushes ? " pushed " : " popped ") + item + '\n' << std::flush;
        if (times == 0)
            std::this_thread::sleep_for(std::chrono::milliseconds(5)); // there is something left when it is killed
    }
    return 0;
}

} // namespace lock_worker
