#include <iostream>
#include <kazoo/kazoo.hpp>

// Nobody listens there, and there is no testing kit to ask: enough to see that a client starts and ends.
int main() {
    const kazoo::client zk("127.0.0.1:1");
    zk.close();
    std::cout << "kazoo " KAZOO_VERSION_STRING "\n";
}
