// Lets two at a time use what there are two of.
//
// Prints:
//   permits: 1 1 0
//   who has them: anna bert
//   after the first was given back: 1
//   with one more for all: 1
#include "servers.hpp"

#include <kazoo/kazoo.hpp>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

namespace {

// [shown]
/// Uses one of the licences, if there is one within a second. It is given back at the end of the block.
bool compile(kazoo::semaphore& licences, const std::vector<std::string>& sources) {
    const std::optional<kazoo::permit> licence = licences.try_acquire_for(std::chrono::seconds(1));
    if (!licence) return false;
    const std::stop_token lost = licence->lost();
    for (const std::string& source : sources) {
        if (lost.stop_requested()) return false;
        std::cerr << "compiling " << source << '\n';
    }
    return true;
}
// [shown]

} // namespace

int main(int argc, char** argv) {
    const servers servers(argc, argv);
    const kazoo::client zk(servers.hosts());
    kazoo::semaphore annas(zk, "/licences", 2, {.identifier = "anna"});
    kazoo::semaphore berts(zk, "/licences", 2, {.identifier = "bert"});

    std::optional<kazoo::permit> first = annas.try_acquire();
    const std::optional<kazoo::permit> second = berts.try_acquire();
    const std::optional<kazoo::permit> third = berts.try_acquire();
    std::cout << "permits: " << first.has_value() << ' ' << second.has_value() << ' ' << third.has_value() << '\n';

    std::vector<std::string> names;
    for (const kazoo::contender& c : berts.holders()) names.push_back(c.identifier);
    std::sort(names.begin(), names.end());
    std::cout << "who has them:";
    for (const std::string& name : names) std::cout << ' ' << name;

    first.reset();
    std::cout << "\nafter the first was given back: " << compile(berts, {"main.cpp"}) << '\n';
    const auto fourth = annas.try_acquire();
    annas.resize(3);
    std::cout << "with one more for all: " << berts.try_acquire().has_value() << '\n';
}
