// Waits for several things at once without a thread for each: coroutines.
//
// Prints:
//   first is ready
//   second is ready
//   both are done
#include "servers.hpp"

#include <kazoo/kazoo.hpp>

#include <coroutine>
#include <exception>
#include <future>
#include <iostream>
#include <memory>
#include <string>

namespace {

/// The least coroutine there can be: starts at once, and its result is a std::future. Programs have their own kind, or
/// that of Asio (see 06_asio).
struct job {
    struct promise_type {
        std::promise<void> done;
        job get_return_object() { return {done.get_future()}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() { done.set_value(); }
        void unhandled_exception() { done.set_exception(std::current_exception()); }
    };
    std::future<void> done;
};

/// Waits until the node has data. Resumed on the client's callback thread, which belongs to nobody while we wait.
/// Arguments are copies: the caller's would be gone by then.
job wait_until_ready(kazoo::client zk, std::string name) {
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

    job first = wait_until_ready(zk, "first");
    job second = wait_until_ready(zk, "second");
    zk.set("/jobs/first", "ready");
    first.done.get();
    zk.set("/jobs/second", "almost");
    zk.set("/jobs/second", "ready");
    second.done.get();
    std::cout << "both are done\n";

    for (const char* path : {"/jobs/second", "/jobs/first", "/jobs"}) zk.remove(path);
}
