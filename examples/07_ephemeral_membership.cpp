// Shows who is alive: each member holds an ephemeral node, which goes with its session.
//
// Prints:
//   members: anna
//   members: anna bert
//   members: bert
#include "servers.hpp"

#include <kazoo/kazoo.hpp>

#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

namespace {

class member {
  public:
    member(const std::string& hosts, const std::string& name) : zk_(hosts) {
        zk_.create("/members/" + name, "", {.mode = kazoo::create_mode::ephemeral});
    }
    /// Tells the servers at once. A member that crashes is gone when its session has timed out.
    void leave() { zk_.close(); }

  private:
    kazoo::client zk_; // a session of its own
};

/// Prints the members, and returns a watch for the next change of them.
kazoo::future<kazoo::watch_event> print_members(const kazoo::client& zk) {
    auto watched = zk.watch_children("/members");
    watched.value.names.sort();
    std::cout << "members:";
    for (const auto& name : watched.value.names) std::cout << ' ' << name;
    std::cout << '\n';
    return std::move(watched.changed);
}

} // namespace

int main(int argc, char** argv) {
    const servers servers(argc, argv);
    kazoo::client observer(servers.hosts());
    observer.create("/members");

    member anna(servers.hosts(), "anna");
    auto changed = print_members(observer);

    member bert(servers.hosts(), "bert");
    std::move(changed).get();
    changed = print_members(observer);

    anna.leave();
    std::move(changed).get();
    changed = print_members(observer);

    bert.leave();
    std::move(changed).get();
    observer.remove("/members");
}
