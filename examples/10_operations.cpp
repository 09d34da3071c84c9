// Nodes that go by themselves, and what servers tell of themselves.
//
// Prints:
//   deleted /jobs
//   ephemeral: /app/member
//   nodes below /app: 2
//   the server is 3.8 or newer: yes
//   mntr: many lines
#include <kazoo/kazoo.hpp>
#include <kazoo/testkit/server.hpp>

#include <algorithm>
#include <iostream>

using namespace std::chrono_literals;

namespace {

// [shown]
void do_one_job(const kazoo::client& zk) {
    zk.create("/jobs", "", kazoo::create_mode::container);  // goes after its last child
    zk.create("/jobs/1", "", kazoo::create_mode::ttl(24h)); // goes a day after it was set last
    zk.remove("/jobs/1");
}
// [shown]

} // namespace

int main() {
    const kazoo::testkit::server server({.ttl_nodes = true, .container_check = 10ms});
    const kazoo::client zk(server.address());

    do_one_job(zk);
    auto jobs = zk.watch_exists("/jobs");
    if (jobs.value) std::move(jobs.changed).get();
    if (!zk.exists("/jobs")) std::cout << "deleted /jobs\n";

    zk.create("/app");
    zk.create("/app/node");
    zk.create("/app/member", "", kazoo::create_mode::ephemeral);
    for (const std::string& path : zk.get_ephemerals("/app/")) std::cout << "ephemeral: " << path << '\n';
    std::cout << "nodes below /app: " << zk.count_descendants("/app") << '\n';

    const bool recent = zk.server_version() >= kazoo::server_version{3, 8};
    std::cout << "the server is 3.8 or newer: " << (recent ? "yes" : "no") << '\n';
    const std::string metrics = zk.command("mntr");
    std::cout << "mntr: " << (std::ranges::count(metrics, '\n') > 10 ? "many" : "few") << " lines\n";
}
