// Shows what a program does when the worst happens at the worst moment: the embedded server does it when it is told to.
//
// Prints:
//   a lost reply: connection lost, unknown
//   the node is there all the same
//   the request has come, and waits
//   now it is done
//   nothing is left on the server
#include <kazoo/kazoo.hpp>
#include <kazoo/testkit/server.hpp>

#include <chrono>
#include <iostream>
#include <utility>

using namespace std::chrono_literals;

int main() {
    // [shown]
    using namespace kazoo::testkit;
    server zookeeper;
    kazoo::client zk(zookeeper.address());

    // The next create below /jobs is applied, and its reply is lost.
    zookeeper.order(fault::cut_after(), {.what = request_kind::create, .path = "/jobs/*"});
    zk.create("/jobs");
    try {
        zk.create("/jobs/1", "data");
    } catch (const kazoo::error& e) {
        std::cout << "a lost reply: " << e.code().message() << ", " << e.outcome() << '\n';
    }
    if (zk.exists("/jobs/1")) std::cout << "the node is there all the same\n";

    // The next set waits in front of the server until it is released.
    const fault_id held = zookeeper.order(fault::hold_before(), {.what = request_kind::set});
    auto setting = zk.async_set("/jobs/1", "more");
    if (zookeeper.await_hits(held, 1, 20s)) std::cout << "the request has come, and waits\n";
    zookeeper.release();
    std::move(setting).get();
    std::cout << "now it is done\n";
    // [shown]

    // [shown]
    zk.close();
    if (zookeeper.dump().empty()) std::cout << "nothing is left on the server\n";
    // [shown]
}
