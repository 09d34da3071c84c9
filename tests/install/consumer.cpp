#include <iostream>
#include <kazoo/kazoo.hpp>
#include <kazoo/testkit/server.hpp>

// What a user's program does first, with both libraries; an exception thrown inside must be caught by its type outside.
int main() {
    const kazoo::testkit::server server;
    const kazoo::client client(server.address());
    client.create("/app", "v");
    if (client.get("/app").data != "v") return 1;
    try {
        client.get("/none");
    } catch (const kazoo::no_node_error& e) {
        std::cout << "kazoo " KAZOO_VERSION_STRING ": " << e.what() << '\n';
        client.close();
        return e.path() == "/none" && e.code() == kazoo::errc::no_node ? 0 : 1;
    }
    return 1;
}
