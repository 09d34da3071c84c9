// Keeps many requests under way at once, with futures.
//
// Prints:
//   created 100 nodes
//   their data adds up to 4950
//   and one is missing: no node
#include "servers.hpp"

#include <kazoo/kazoo.hpp>

#include <iostream>
#include <string>
#include <vector>

int main(int argc, char** argv) {
    const servers servers(argc, argv);
    kazoo::client zk(servers.hosts());
    const auto path = [](int n) { return "/numbers/" + std::to_string(n); };

    // async_x() submits and returns; x() waits for the result. Requests are carried out in the order of the calls, so
    // the parent is there before its children.
    auto parent = zk.async_create("/numbers");
    std::vector<kazoo::future<std::string>> created;
    for (int n = 0; n < 100; ++n) created.push_back(zk.async_create(path(n), std::to_string(n)));
    std::move(parent).get();
    for (auto& f : created) std::move(f).get();
    std::cout << "created " << created.size() << " nodes\n";

    std::vector<kazoo::future<int>> values;
    for (int n = 0; n < 100; ++n) {
        // then() runs on the client's callback thread, when the answer is there.
        values.push_back(zk.async_get(path(n)).then(
            [](kazoo::future<kazoo::node> done) { return std::stoi(std::move(done).get().data.str()); }));
    }
    int sum = 0;
    for (auto& f : values) sum += std::move(f).get();
    std::cout << "their data adds up to " << sum << '\n';

    // result() tells failures without exceptions; get_for() and result_for() limit the wait.
    const auto missing = zk.async_get("/numbers/none").result_for(std::chrono::seconds(10));
    if (!missing) std::cout << "and one is missing: " << missing.error().message() << '\n';

    for (int n = 0; n < 100; ++n) zk.async_remove(path(n)).detach();
    zk.remove("/numbers"); // behind all of them
}
