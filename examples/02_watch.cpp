// Learns of changes instead of asking for them.
//
// Prints:
//   now: red
//   data_changed /colour
//   now: green
//   created /colour/dark
//   data_changed /colour
//   deleted /colour/dark
#include "servers.hpp"

#include <kazoo/kazoo.hpp>

#include <iostream>

int main(int argc, char** argv) {
    const servers servers(argc, argv);
    kazoo::client zk(servers.hosts());
    zk.create("/colour", "red");

    // A one-shot watch: what is there now, and a future for the one next change. Reading and watching is one request,
    // so no change can slip in between.
    auto watched = zk.watch("/colour");
    std::cout << "now: " << watched.value.data.view() << '\n';

    zk.set("/colour", "green"); // anybody could have done this, from anywhere
    const kazoo::watch_event change = std::move(watched.changed).get();
    std::cout << to_string(change.type) << ' ' << change.path << '\n';
    std::cout << "now: " << zk.get("/colour").data.str() << '\n';

    // A persistent watch: every change of a node and of all below it, in order, until the stream is destroyed. It stays
    // over reconnects; then an event_type::gap says that changes may have been missed.
    kazoo::watch_stream stream = zk.add_watch("/colour", kazoo::watch_mode::persistent_recursive);
    zk.create("/colour/dark");
    zk.set("/colour", "blue");
    zk.remove("/colour/dark");
    for (int n = 0; n < 3; ++n) {
        const auto event = stream.next();
        std::cout << to_string(event->type) << ' ' << event->path << '\n';
    }

    zk.remove("/colour");
}
