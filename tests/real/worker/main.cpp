#include "modes.hpp"

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

int main(int argc, char** argv) try {
    const std::vector<std::string> words(argv + 1, argv + argc);
    const std::string mode = words.empty() ? "" : words.front();
    const std::vector<std::string> rest(words.empty() ? words.end() : words.begin() + 1, words.end());
    if (mode == "turns" && rest.size() == 7) return lock_worker::take_turns(rest);
    if (mode == "soak" && rest.size() == 5) return lock_worker::soak(rest);
    if (mode == "lease" && rest.size() == 4) return lock_worker::keep_lease(rest);
    if (mode == "count" && rest.size() == 6) return lock_worker::count(rest);
    if (mode == "member" && rest.size() == 4) return lock_worker::stay_member(rest);
    if (mode == "partition" && rest.size() == 5) return lock_worker::share_out(rest);
    if (mode == "queue" && rest.size() == 6) return lock_worker::use_queue(rest);
    if (mode == "locking_queue" && rest.size() == 6) return lock_worker::use_locking_queue(rest);
    if (mode == "gate" && rest.size() == 4) return lock_worker::stay_inside(rest);
    std::fprintf(stderr, "usage: lock_worker turns HOSTS PATH NAME FILE TURNS MS KIND | "
                         "soak HOSTS PATH SOCKET NUMBER MS | lease HOSTS PATH NAME FILE | "
                         "count HOSTS PATH NAME FILE TIMES RECEIPTS | member HOSTS PATH NAME KIND | "
                         "queue|locking_queue HOSTS PATH NAME FILE TIMES WHAT | gate HOSTS PATH NAME MEMBERS | "
                         "partition HOSTS PATH NAME FILE ITEMS\n");
    return 2;
} catch (const std::exception& e) {
    std::fprintf(stderr, "lock_worker: %s\n", e.what());
    return 1;
}
