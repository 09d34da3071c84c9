// A shared library that holds a client, and code of its own in that client's callbacks.
#include <kazoo/client.hpp>

#include <atomic>
#include <optional>

namespace {

std::atomic<int> answers{0};
std::optional<kazoo::client> zk;

} // namespace

extern "C" __attribute__((visibility("default"))) void plugin_open(const char* server) {
    zk.emplace(server);
    zk->create("/plugin", "", {.mode = kazoo::create_mode::ephemeral_sequential});
    for (int i = 0; i < 20'000; ++i) zk->async_exists("/").then([](auto) { ++answers; }).detach();
}

extern "C" __attribute__((visibility("default"))) bool plugin_busy() { return answers > 100; }
