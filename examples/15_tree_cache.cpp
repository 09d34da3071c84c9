// Keeps a configuration in memory, and hears what changes.
//
// Prints:
//   colour is blue
//   then colour is green
//   3 nodes in memory, current
#include "servers.hpp"

#include <kazoo/kazoo.hpp>

#include <functional>
#include <future>
#include <iostream>
#include <string>

// [shown]
/// What is there, from memory: no server is asked.
std::string setting(const kazoo::tree_cache& settings, const std::string& name) {
    const auto node = settings.get("/settings/" + name);
    return node ? node->data.str() : "unknown";
}

/// Calls f for each setting that is changed from now on, as long as the subscription lives.
kazoo::subscription on_change(kazoo::tree_cache& settings, std::function<void(const kazoo::cached_node&)> f) {
    return settings.on_event([f = std::move(f)](const kazoo::tree_event& e) {
        if (e.type == kazoo::tree_change::node_updated) f(e.node);
    });
}
// [shown]

int main(int argc, char** argv) {
    const servers servers(argc, argv);
    const kazoo::client zk(servers.hosts());
    zk.create("/settings");
    zk.create("/settings/colour", "blue");
    zk.create("/settings/size", "5");

    kazoo::tree_cache settings(zk, "/settings");
    std::promise<std::string> changed;
    const auto listening = on_change(settings, [&](const kazoo::cached_node& n) { changed.set_value(n.data.str()); });
    settings.start();
    settings.wait_initialized();
    std::cout << "colour is " << setting(settings, "colour") << '\n';

    zk.set("/settings/colour", "green");
    std::cout << "then colour is " << changed.get_future().get() << '\n';
    std::cout << settings.size() << " nodes in memory, " << settings.state() << '\n';

    settings.close();
    zk.remove_tree("/settings");
}
