#include "modes.hpp"

#include <cstdio>
#include <exception>
#include <functional>
#include <map>

int main(int argc, char** argv) try {
    using namespace test_program;
    const std::map<std::string, std::function<int(const words&)>> modes{
        {"end", end_with_a_client},
        {"signal", wait_for_a_signal},
        {"fork", fork_with_clients},
        {"plugin", close_a_plugin},
        {"sasl", use_sasl},
        {"threads", run_out_of_threads},
        {"descriptors", run_out_of_descriptors},
        {"memory", run_out_of_memory},
        {"room", run_out_of_room},
        {"room_for_names", run_out_of_room_for_names},
        {"room_to_send", run_out_of_room_to_send},
        {"entropy", run_out_of_entropy},
    };
    ::setvbuf(stdout, nullptr, _IOLBF, 0); // what was printed counts even if the end is a crash
    const words all(argv + 1, argv + argc);
    return modes.at(all.at(0))(words(all.begin() + 1, all.end()));
} catch (const std::exception& e) {
    std::printf("main: %s\n", e.what());
    return 1;
}
