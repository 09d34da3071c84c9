// Connects, creates a node, reads it, changes it.
//
// Prints:
//   hello, world (version 0)
//   hello, again (version 1)
//   there is no /hello/nobody
#include "servers.hpp"

#include <iostream>

// [shown]
#include <kazoo/kazoo.hpp>

void hello(const std::string& hosts) {
    kazoo::client zk(hosts); // "zk1:2181,zk2:2181,zk3:2181"

    zk.create("/hello", "hello, world");
    kazoo::node node = zk.get("/hello");
    std::cout << node.data.view() << " (version " << int(node.stat.data_version) << ")\n";

    // Only if nobody else has changed it since we read it.
    kazoo::node_stat changed = zk.set("/hello", "hello, again", node.stat.data_version);
    std::cout << zk.get("/hello").data.str() << " (version " << int(changed.data_version) << ")\n";

    try {
        zk.get("/hello/nobody");
    } catch (const kazoo::no_node_error& e) {
        std::cout << "there is no " << e.path() << "\n";
    }

    zk.remove("/hello");
}
// [shown]

int main(int argc, char** argv) {
    const servers servers(argc, argv);
    hello(servers.hosts());
}
