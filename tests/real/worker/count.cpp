#include "modes.hpp"

#include <kazoo/client.hpp>
#include <kazoo/recipe/counter.hpp>

#include <chrono>
#include <fstream>
#include <string>
#include <thread>

namespace lock_worker {

int count(const std::vector<std::string>& arguments) {
    const kazoo::client zk(arguments[0]);
    kazoo::counter n(zk, arguments[1], {.receipts = arguments[5] == "receipts"});
    std::ofstream told(arguments[3], std::ios::app);
    const int times = std::stoi(arguments[4]);
    for (int done = 1; times == 0 || done <= times; ++done) {
        ++n;
        told << arguments[2] + ' ' + std::to_string(done) + '\n' << std::flush;
        // Python waits longer and longer when it comes too late.
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return 0;
}

} // namespace lock_worker
