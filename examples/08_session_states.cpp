// Notices what happens to the session: a connection that breaks is not the end of it.
//
// Prints:
//   connected
//   suspended
//   connected
//   the ephemeral node is still there
//   closed
#include "servers.hpp"

#include <kazoo/kazoo.hpp>
#include <kazoo/testkit/fault_gate.hpp>

#include <iostream>
#include <semaphore>

int main(int argc, char** argv) {
    // The gate stands for the network: it forwards to one server, and breaks connections when told to.
    const servers servers(argc, argv);
    kazoo::testkit::fault_gate gate(servers.hosts());

    kazoo::client zk(gate.address());
    zk.wait_connected();
    std::cout << zk.state() << '\n';
    zk.create("/here", "", {.mode = kazoo::create_mode::ephemeral});

    // Listeners are called one after the other, in order, on the client's callback thread.
    std::binary_semaphore back(0);
    kazoo::subscription listening = zk.on_state([&back](kazoo::session_state s) {
        std::cout << s << '\n';
        if (s == kazoo::session_state::connected) back.release();
    });
    const std::stop_token lost = zk.session_token(); // of this session: for work that must end with it

    gate.cut();

    back.acquire();
    if (zk.exists("/here") && !lost.stop_requested()) std::cout << "the ephemeral node is still there\n";
    listening.reset();

    zk.close();
    std::cout << zk.state() << '\n';
}
