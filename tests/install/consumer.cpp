#include <iostream>
#include <kazoo/error.hpp>
#include <kazoo/testing/fault_gate.hpp>
#include <kazoo/version.hpp>

// One call into each library; an exception that is thrown inside must be caught by its type outside.
int main() {
    const kazoo::testing::fault_gate gate("127.0.0.1:2181");
    try {
        kazoo::throw_error(kazoo::errc::no_node, kazoo::outcome::not_applied, "get", "/app");
    } catch (const kazoo::no_node_error& e) {
        std::cout << "kazoo " KAZOO_VERSION_STRING ", gate at " << gate.address() << ": " << e.what() << '\n';
        return gate.port() != 0 && e.path() == "/app" ? 0 : 1;
    }
    return 1;
}
