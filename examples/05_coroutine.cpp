// Waits for several things at once without a thread for each: coroutines.
//
// Prints:
//   first is ready
//   second is ready
//   both are done
#include "servers.hpp"

#include <kazoo/kazoo.hpp>

#include <iostream>
#include <string>

namespace {

/// Waits until the node has data. Goes on where continuations run; no thread is kept while it waits. Its parameters are
/// copies: what the caller has would be gone by then.
kazoo::future<void> wait_until_ready(kazoo::client zk, std::string name) {
    const std::string path = "/jobs/" + name;
    for (;;) {
        auto watched = co_await zk.async_watch(path);
        if (watched.value.data == "ready") break;
        co_await std::move(watched.changed);
    }
    std::cout << name << " is ready\n";
}

} // namespace

int main(int argc, char** argv) {
    const servers servers(argc, argv);
    kazoo::client zk(servers.hosts());
    for (const char* path : {"/jobs", "/jobs/first", "/jobs/second"}) zk.create(path);

    auto first = wait_until_ready(zk, "first");
    auto second = wait_until_ready(zk, "second");
    zk.set("/jobs/first", "ready");
    std::move(first).get();
    zk.set("/jobs/second", "almost");
    zk.set("/jobs/second", "ready");
    std::move(second).get();
    std::cout << "both are done\n";

    for (const char* path : {"/jobs/second", "/jobs/first", "/jobs"}) zk.remove(path);
}
