// Two stand for election. The one who leads loses that, the other one leads meanwhile, and it leads again.
//
// Prints:
//   anna leads: tick 1
//   bert leads: tick 2
//   anna leads: tick 3
//   nobody leads: 1
#include "servers.hpp"

#include <kazoo/kazoo.hpp>

#include <atomic>
#include <condition_variable>
#include <future>
#include <iostream>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

namespace {

std::atomic<int> ticks = 0;

void wait_for(const std::stop_token& ending) {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any().wait(lock, ending, [] { return false; });
}

// [shown]
/// Only the leader may do this: the servers refuse the transaction when somebody else leads by now.
void tick(const kazoo::client& zk, const kazoo::leadership& l, const std::string& who) {
    const int now = std::stoi(zk.get("/clock").data.str()) + 1;
    zk.transaction().check(l.check()).set("/clock", std::to_string(now)).commit();
    std::cout << who << " leads: tick " << now << '\n';
}

/// Whenever this one is elected, until it is told to stop.
void serve(const kazoo::client& zk, const std::string& who, const std::stop_token& stop) {
    kazoo::election e(zk, "/clock/leader", {.identifier = who});
    e.run(stop, [&](kazoo::leadership& l) {
        tick(zk, l, who);
        ++ticks;
        ticks.notify_all();
        wait_for(l.ending()); // it is lost, or we are told to stop
    });
}
// [shown]

void wait_for_tick(int n) {
    for (int now = ticks; now < n; now = ticks) ticks.wait(now);
}

} // namespace

int main(int argc, char** argv) {
    const servers servers(argc, argv);
    const kazoo::client zk(servers.hosts()), annas(servers.hosts()), berts(servers.hosts());
    zk.create("/clock", "0");
    const kazoo::election looker(zk, "/clock/leader");

    std::stop_source annas_end, berts_end;
    auto anna = std::async(std::launch::async, [&] { serve(annas, "anna", annas_end.get_token()); });
    wait_for_tick(1);
    auto bert = std::async(std::launch::async, [&] { serve(berts, "bert", berts_end.get_token()); });
    while (looker.contenders().size() < 2) std::this_thread::yield();

    zk.remove(looker.leader()->path); // as if anna's session were over
    wait_for_tick(2);
    while (looker.contenders().size() < 2) std::this_thread::yield(); // anna stands again
    berts_end.request_stop();
    wait_for_tick(3);
    annas_end.request_stop();
    anna.get();
    bert.get();
    while (looker.leader()) std::this_thread::yield();
    std::cout << "nobody leads: " << !looker.leader() << '\n';
    zk.remove_tree("/clock");
}
