// Two who measure together: neither begins before the other one is there, nor looks at the sum before both are done.
//
// Prints:
//   alone nobody begins
//   round 1: 30
//   round 2: 60
#include "servers.hpp"

#include <kazoo/kazoo.hpp>
#include <kazoo/recipe/double_barrier.hpp>

#include <chrono>
#include <future>
#include <iostream>
#include <stdexcept>

namespace {

// [shown]
/// One round: all begin when `members` are there, and go on when all have ended.
void measure_together(kazoo::double_barrier& round, kazoo::counter& sum, int measured) {
    round.enter();
    sum += measured;
    if (!round.inside()) throw std::runtime_error("the others may have gone on without us");
    round.leave();
}
// [shown]

void two_rounds(const kazoo::client& zk, int measured, bool tells) {
    kazoo::double_barrier round(zk, "/lab/round", 2);
    kazoo::counter sum(zk, "/lab/sum");
    for (int i = 1; i <= 2; ++i) {
        measure_together(round, sum, measured);
        if (tells) std::cout << "round " << i << ": " << sum.load() << '\n';
    }
}

} // namespace

int main(int argc, char** argv) {
    const servers servers(argc, argv);
    const kazoo::client zk(servers.hosts()), another(servers.hosts());
    kazoo::double_barrier alone(zk, "/lab/round", 2);
    if (!alone.enter_for(std::chrono::milliseconds(50))) std::cout << "alone nobody begins\n";

    auto bert = std::async(std::launch::async, [&] { two_rounds(another, 20, false); });
    two_rounds(zk, 10, true);
    bert.get();
}
