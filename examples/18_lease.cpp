// Runs a nightly job on one machine of many.
//
// Prints:
//   anna runs the report
//   bert finds it taken
//   anna comes again and still has it
//   bert may now
//   of three places are taken: /reports/0 /reports/1
#include "servers.hpp"

#include <kazoo/kazoo.hpp>

#include <chrono>
#include <iostream>
#include <optional>
#include <string>

namespace {

// [shown]
/// All machines call this at the same time each night. One of them has the lease for the next hour, whatever becomes of
/// it: nobody sends the report a second time.
bool run_on_one_machine(const kazoo::client& zk, const std::string& machine, void (*send_report)()) {
    const std::optional<kazoo::lease> night =
        kazoo::lease::try_obtain(zk, "/jobs/report", std::chrono::hours(1), {.identifier = machine});
    if (!night) return false;
    send_report();
    return true;
}
// [shown]

} // namespace

int main(int argc, char** argv) {
    const servers servers(argc, argv);
    const kazoo::client zk(servers.hosts());

    if (run_on_one_machine(zk, "anna", [] { std::cout << "anna runs the report\n"; }) &&
        !run_on_one_machine(zk, "bert", [] { std::cout << "bert sends it twice\n"; }))
        std::cout << "bert finds it taken\n";

    std::optional<kazoo::lease> annas =
        kazoo::lease::try_obtain(zk, "/jobs/report", std::chrono::hours(1), {.identifier = "anna"});
    if (annas && annas->holds()) std::cout << "anna comes again and still has it\n";
    if (annas->release() && kazoo::lease::try_obtain(zk, "/jobs/report", std::chrono::hours(1), {.identifier = "bert"}))
        std::cout << "bert may now\n";

    std::cout << "of three places are taken:";
    for (const char* machine : {"anna", "bert", "anna"}) {
        const auto place =
            kazoo::multi_lease::try_obtain(zk, "/reports", 3, std::chrono::hours(1), {.identifier = machine});
        if (place && std::string(machine) == "anna" && place->path() != "/reports/0") std::cout << " twice";
    }
    for (const char* place : {"/reports/0", "/reports/1", "/reports/2"})
        if (zk.exists(std::string(place) + "/lease_holder")) std::cout << ' ' << place;
    std::cout << '\n';

    zk.remove_tree("/jobs");
    zk.remove_tree("/reports");
}
