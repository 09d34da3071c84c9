// Holds workers back while something is being repaired.
//
// Prints:
//   the shop is closed
//   a customer waits
//   the shop is open
//   the customer comes in
//   nobody waits any more
#include "servers.hpp"

#include <kazoo/kazoo.hpp>
#include <kazoo/recipe/barrier.hpp>

#include <chrono>
#include <iostream>
#include <utility>

namespace {

// [shown]
/// Stops all who look ahead of their next piece of work, for as long as `repair` runs; also when it throws.
template <class Repair> void while_closed(const kazoo::client& zk, const Repair& repair) {
    kazoo::barrier closed(zk, "/shop/closed");
    closed.create();
    try {
        repair();
    } catch (...) {
        closed.remove();
        throw;
    }
    closed.remove();
}

/// What each of them does ahead of it.
bool may_go_on(const kazoo::client& zk, std::chrono::seconds patience) {
    return kazoo::barrier(zk, "/shop/closed").wait_for(patience);
}
// [shown]

} // namespace

int main(int argc, char** argv) {
    const servers servers(argc, argv);
    const kazoo::client zk(servers.hosts()), another(servers.hosts());
    kazoo::barrier seen_by_a_customer(another, "/shop/closed");
    kazoo::future<bool> waiting;
    while_closed(zk, [&] {
        std::cout << "the shop is closed\n";
        if (!may_go_on(another, std::chrono::seconds(0))) std::cout << "a customer waits\n";
        waiting = seen_by_a_customer.async_wait();
    });
    std::cout << "the shop is open\n";
    if (std::move(waiting).get()) std::cout << "the customer comes in\n";
    if (may_go_on(another, std::chrono::seconds(10))) std::cout << "nobody waits any more\n";
    zk.remove_tree("/shop");
}
