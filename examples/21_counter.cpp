// Counts what many machines do.
//
// Prints:
//   number of the first order: 1
//   number of the next: 2
//   a thousand of two machines: 1002
//   closed at 1002, once: 1 0
//   litres: 0.75
#include "servers.hpp"

#include <kazoo/kazoo.hpp>

#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

namespace {

// [shown]
/// Numbers that no two orders share, whichever machine takes them. With a receipt a lost reply does not leave us in
/// doubt.
std::int64_t next_order(const kazoo::client& zk) {
    kazoo::counter orders(zk, "/shop/orders", {.receipts = true});
    return ++orders;
}
// [shown]

} // namespace

int main(int argc, char** argv) {
    const servers servers(argc, argv);
    const kazoo::client zk(servers.hosts()), another(servers.hosts());
    std::cout << "number of the first order: " << next_order(zk) << '\n';
    std::cout << "number of the next: " << next_order(another) << '\n';

    kazoo::counter here(zk, "/shop/orders"), there(another, "/shop/orders");
    std::vector<kazoo::future<std::int64_t>> all;
    for (int i = 0; i < 5; ++i) {
        all.push_back(here.async_fetch_add(100));
        all.push_back(there.async_fetch_add(100));
    }
    for (auto& f : all) std::move(f).get();
    std::cout << "a thousand of two machines: " << here.load() << '\n';

    std::int64_t last = 1002, too_late = 1002;
    const bool closed = here.compare_exchange(last, -1);
    std::cout << "closed at 1002, once: " << closed << ' ' << there.compare_exchange(too_late, -1) << '\n';

    kazoo::float_counter litres(zk, "/shop/litres");
    litres += 0.5;
    litres += 0.25;
    std::cout << "litres: " << litres.load() << '\n';
    zk.remove_tree("/shop");
}
