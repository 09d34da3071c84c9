// Two share out four shards; when one of them goes, the other one works on all.
//
// Prints:
//   anna works on a c
//   bert works on b d
//   bert works on a b c d
#include "servers.hpp"

#include <kazoo/kazoo.hpp>
#include <kazoo/recipe/set_partitioner.hpp>

#include <array>
#include <condition_variable>
#include <future>
#include <iostream>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

namespace {

const std::vector<std::string> shards{"a", "b", "c", "d"};

/// What each of them works on, as it is told.
class board {
  public:
    void put(std::size_t who, const std::vector<std::string>& items) {
        const std::lock_guard lock(mutex_);
        work_[who] = items;
        changed_.notify_all();
    }
    void wait_until(std::size_t who, const std::vector<std::string>& items) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return work_[who] == items; });
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::array<std::vector<std::string>, 2> work_;
} told;

void wait_for(const std::stop_token& stop) {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any().wait(lock, stop, [] { return false; });
}

// [shown]
/// Works on its share of the shards, whatever that is, until it is told to stop.
void work(const kazoo::client& zk, const std::string& name, std::size_t who, const std::stop_token& stop) {
    using namespace std::chrono_literals; // the default boundary is 30 seconds: for fleets that are started together
    kazoo::set_partitioner partitioner(zk, "/shards", shards, {.identifier = name, .time_boundary = 100ms});
    while (const auto mine = partitioner.acquire(stop)) {
        told.put(who, mine->items());
        wait_for(kazoo::stop_when(mine->revoked(), stop)); // somebody came or went, or they are lost
    } // here they are given back
}
// [shown]

void print(const std::string& name, const std::vector<std::string>& items) {
    std::cout << name << " works on";
    for (const std::string& item : items) std::cout << ' ' << item;
    std::cout << '\n';
}

} // namespace

int main(int argc, char** argv) {
    const servers servers(argc, argv);
    const kazoo::client zk(servers.hosts()), annas(servers.hosts()), berts(servers.hosts());
    std::stop_source annas_end, berts_end;
    auto anna = std::async(std::launch::async, [&] { work(annas, "anna", 0, annas_end.get_token()); });
    auto bert = std::async(std::launch::async, [&] { work(berts, "bert", 1, berts_end.get_token()); });
    told.wait_until(0, {"a", "c"});
    print("anna", {"a", "c"});
    told.wait_until(1, {"b", "d"});
    print("bert", {"b", "d"});
    annas_end.request_stop();
    anna.get();
    told.wait_until(1, shards);
    print("bert", shards);
    berts_end.request_stop();
    bert.get();
    zk.remove_tree("/shards");
}
