// Programs that end with a client in this or that place.
#include "modes.hpp"

#include <kazoo/client.hpp>
#include <kazoo/event_loop.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <thread>

namespace test_program {
namespace {

kazoo::client connected(const std::string& server, std::shared_ptr<kazoo::event_loop> loop = nullptr) {
    kazoo::client_options o;
    o.loop = std::move(loop);
    kazoo::client zk(server, o);
    zk.create("/end", "", {.mode = kazoo::create_mode::ephemeral_sequential});
    return zk;
}

// Of before main, so destroyed after everything that registers with atexit() in main.
std::optional<kazoo::client> in_an_optional;
std::unique_ptr<kazoo::client> in_a_pointer;
std::shared_ptr<kazoo::event_loop> loop_in_a_pointer;
std::optional<kazoo::client> with_that_loop;
kazoo::client* volatile forgotten = nullptr; // volatile, or nothing would keep it reachable

std::optional<kazoo::client> made_before_main() {
    const char* const server = std::getenv("KAZOO_TEST_SERVER");
    if (server == nullptr) return std::nullopt;
    return connected(server);
}
const std::optional<kazoo::client> before_main = made_before_main();

std::atomic<bool> called_back = false;

/// Before the library has a handler of its own, so called behind that.
void look_at_callback() { std::printf("the callback has %s\n", called_back ? "returned" : "not returned"); }

} // namespace

/// HOW SERVER
int end_with_a_client(const words& w) {
    const std::string how = w.at(0), server = w.at(1);
    if (how == "local") {
        const kazoo::client zk = connected(server);
        return 0;
    }
    if (how == "static") {
        static const kazoo::client zk = connected(server);
    } else if (how == "optional") {
        in_an_optional = connected(server);
    } else if (how == "pointer") {
        in_a_pointer = std::make_unique<kazoo::client>(connected(server));
    } else if (how == "all") {
        static const kazoo::client zk = connected(server);
        in_an_optional = connected(server);
        in_a_pointer = std::make_unique<kazoo::client>(connected(server));
    } else if (how == "shared_loop") {
        loop_in_a_pointer = std::make_shared<kazoo::event_loop>();
        with_that_loop = connected(server, loop_in_a_pointer);
    } else if (how == "before_main") {
        return before_main ? 0 : 1;
    } else if (how == "forgotten") {
        forgotten = new kazoo::client(connected(server));
    } else if (how == "local_with_a_callback") {
        std::atexit(look_at_callback);
        const kazoo::client zk = connected(server);
        zk.async_exists("/")
            .then([](auto) {
                std::this_thread::sleep_for(std::chrono::milliseconds(200)); // the session is over long before
                called_back = true;
            })
            .detach();
    } else if (how == "in_a_callback") {
        in_an_optional = connected(server);
        in_an_optional->async_exists("/").then([](auto) { std::exit(0); }).detach();
        std::this_thread::sleep_for(std::chrono::hours(1));
    } else {
        return 2;
    }
    return 0;
}

} // namespace test_program
