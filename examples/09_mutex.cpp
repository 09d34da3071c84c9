// Lets one process at a time do the work, and makes sure that one which was paused too long does no harm.
//
// Prints:
//   anna holds the lock: 1, bert: 0
//   waiting: bert
//   bert holds the lock: 1, with a greater fencing token: 1
//   paid out: 2 times
//   anna was too late: no node
#include "servers.hpp"

#include <kazoo/kazoo.hpp>

#include <iostream>
#include <mutex>
#include <string>
#include <thread>

// [shown]
/// Pays out as long as we hold the lock. Each payment depends on it: whatever happened to us between the lock and the
/// write (a pause, a cut, a session that ended), it is applied only if nobody else can have got the lock.
void pay_out(const kazoo::client& zk, kazoo::mutex& turn, int payments) {
    const std::scoped_lock lock(turn);
    const std::stop_token lost = turn.lost();
    for (int paid = 0; paid < payments && !lost.stop_requested(); ++paid)
        zk.transaction().check(turn.check()).set("/cash/paid", std::to_string(paid + 1)).commit();
}
// [shown]

int main(int argc, char** argv) {
    const servers servers(argc, argv);
    const kazoo::client one(servers.hosts()), two(servers.hosts());
    one.create("/cash");
    one.create("/cash/paid", "0");
    kazoo::mutex anna(one, "/cash/lock", {.identifier = "anna"}), bert(two, "/cash/lock", {.identifier = "bert"});

    anna.lock();
    std::cout << "anna holds the lock: " << anna.holds() << ", bert: " << bert.try_lock() << '\n';
    const kazoo::zxid annas_token = anna.fencing_token();
    const kazoo::node_check annas_lock = anna.check();

    auto berts_turn = bert.async_lock();
    while (anna.contenders().size() < 2) std::this_thread::yield();
    std::cout << "waiting: " << anna.contenders().back().identifier << '\n';
    anna.unlock();
    std::move(berts_turn).get();
    std::cout << "bert holds the lock: " << bert.holds()
              << ", with a greater fencing token: " << (bert.fencing_token() > annas_token) << '\n';
    bert.unlock();

    pay_out(two, bert, 2);
    std::cout << "paid out: " << two.get("/cash/paid").data.str() << " times\n";

    try { // as if anna had been asleep all the time
        one.transaction().check(annas_lock).set("/cash/paid", "0").commit();
    } catch (const kazoo::transaction_error& e) {
        std::cout << "anna was too late: " << e.code().message() << '\n';
    }

    one.remove("/cash/paid");
    one.remove("/cash/lock");
    one.remove("/cash");
}
