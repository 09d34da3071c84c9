// Workers that divide what there is to do among those who are there.
//
// Prints:
//   anna alone: 1 2 3 4
//   anna with bert: 1 3
//   bert with anna: 2 4
//   anna when bert has left: 1 2 3 4
#include "servers.hpp"

#include <kazoo/kazoo.hpp>

#include <algorithm>
#include <cstddef>
#include <iostream>
#include <string>
#include <vector>

namespace {

// [shown]
/// Of these jobs those that are ours to do now: the members take turns in the order of their names.
std::vector<int> my_share(const kazoo::party& workers, const std::vector<int>& jobs) {
    const std::vector<std::string> members = workers.members();
    const auto me = std::find(members.begin(), members.end(), workers.identifier());
    std::vector<int> mine;
    if (me == members.end()) return mine; // we have not joined
    for (auto i = static_cast<std::size_t>(me - members.begin()); i < jobs.size(); i += members.size())
        mine.push_back(jobs[i]);
    return mine;
}
// [shown]

void print(const std::string& whose, const std::vector<int>& jobs) {
    std::cout << whose << ':';
    for (const int job : jobs) std::cout << ' ' << job;
    std::cout << '\n';
}

} // namespace

int main(int argc, char** argv) {
    const servers servers(argc, argv);
    const kazoo::client zk(servers.hosts());
    const std::vector<int> jobs{1, 2, 3, 4};

    kazoo::party anna(zk, "/workers", {.identifier = "anna"});
    anna.join();
    print("anna alone", my_share(anna, jobs));

    kazoo::party bert(zk, "/workers", {.identifier = "bert"});
    bert.join();
    print("anna with bert", my_share(anna, jobs));
    print("bert with anna", my_share(bert, jobs));

    bert.leave();
    print("anna when bert has left", my_share(anna, jobs));
}
