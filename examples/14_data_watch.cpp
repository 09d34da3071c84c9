// Hears of configuration and of members, now and after each change.
//
// Prints:
//   config: none
//   config: colour=red
//   members: a b
//   settled: a b c
#include "servers.hpp"

#include <kazoo/kazoo.hpp>

#include <chrono>
#include <condition_variable>
#include <iostream>
#include <mutex>
#include <optional>
#include <string>

namespace {

/// Remembers how many calls there were: this program waits for each before it goes on.
class calls {
  public:
    void add() {
        const std::lock_guard lock(mutex_);
        ++count_;
        changed_.notify_all();
    }
    void wait_for(int n) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return count_ >= n; });
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int count_ = 0;
};

// [shown]
/// Prints what is there now, and again after each change, until the object goes.
kazoo::data_watch print_config(const kazoo::client& zk, calls& told) {
    return {zk, "/config", [&told](const std::optional<kazoo::node>& n) {
                std::cout << "config: " << (n ? n->data.str() : "none") << '\n';
                told.add();
            }};
}
// [shown]

void print(const char* what, const kazoo::child_names& names) {
    std::cout << what << ':';
    for (const std::string_view name : names) std::cout << ' ' << name;
    std::cout << '\n';
}

// [shown]
/// Prints the members once, and then says that it has heard enough.
kazoo::children_watch print_members(const kazoo::client& zk, calls& told) {
    return {zk, "/members", [&told](const std::optional<kazoo::child_list>& members) {
                if (!members) return kazoo::watch_next::go_on;
                print("members", members->names);
                told.add();
                return kazoo::watch_next::stop;
            }};
}
// [shown]

} // namespace

int main(int argc, char** argv) {
    const servers servers(argc, argv);
    kazoo::client zk(servers.hosts());

    calls told;
    const auto config = print_config(zk, told);
    told.wait_for(1);
    zk.create("/config", "colour=red");
    told.wait_for(2);

    for (const char* path : {"/members", "/members/b", "/members/a"}) zk.create(path);
    const auto members = print_members(zk, told);
    told.wait_for(3);
    zk.create("/members/c");

    kazoo::patient_children_watch patient(zk, "/members", std::chrono::milliseconds(50));
    print("settled", patient.settle().children.names);

    zk.remove_tree("/members");
}
