// Changes several nodes at once: all or nothing.
//
// Prints:
//   moved 30: joe has 70, jane has 80
//   not moved: version does not match at operation 0, "/accounts/joe"
//   still: joe has 70, jane has 80
#include "servers.hpp"

#include <kazoo/kazoo.hpp>

#include <iostream>
#include <string>

namespace {

struct account {
    int amount;
    kazoo::version version;
};

account read(const kazoo::client& zk, const char* path) {
    const kazoo::node node = zk.get(path);
    return {std::stoi(node.data.str()), node.stat.data_version};
}

void print(const kazoo::client& zk, const char* what) {
    std::cout << what << ": joe has " << read(zk, "/accounts/joe").amount << ", jane has "
              << read(zk, "/accounts/jane").amount << '\n';
}

/// The versions make sure that nobody else has moved money since `joe` and `jane` were read.
void move(const kazoo::client& zk, int amount, account joe, account jane) {
    auto transaction = zk.transaction();
    transaction.set("/accounts/joe", std::to_string(joe.amount - amount), joe.version);
    transaction.set("/accounts/jane", std::to_string(jane.amount + amount), jane.version);
    transaction.commit();
}

} // namespace

int main(int argc, char** argv) {
    const servers servers(argc, argv);
    kazoo::client zk(servers.hosts());
    zk.transaction().create("/accounts").create("/accounts/joe", "100").create("/accounts/jane", "50").commit();

    const account joe = read(zk, "/accounts/joe"), jane = read(zk, "/accounts/jane");
    move(zk, 30, joe, jane);
    print(zk, "moved 30");

    try {
        move(zk, 30, joe, jane); // again with what was read before the first move
    } catch (const kazoo::transaction_error& e) {
        std::cout << "not moved: " << e.code().message() << " at operation " << e.failed_index() << ", \"" << e.path()
                  << "\"\n";
    }
    print(zk, "still");

    zk.transaction().remove("/accounts/joe").remove("/accounts/jane").remove("/accounts").commit();
}
