#include <kazoo/asio.hpp>
#include <kazoo/kazoo.hpp>
#include <kazoo/testkit/server.hpp>

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>

#include <iostream>
#include <string>

namespace {

asio::awaitable<std::string> written_and_read(kazoo::client zk) {
    co_await kazoo::async(zk.async_create("/app", "v"), asio::use_awaitable);
    const kazoo::node node = co_await kazoo::async(zk.async_get("/app"), asio::use_awaitable);
    co_return node.data.str();
}

} // namespace

// What a user's program does that is built on Asio: coroutines, also with a compiler whose coroutines Asio overlooks.
int main() {
    const kazoo::testkit::server server;
    const kazoo::client zk(server.address());
    asio::io_context io;
    auto data = asio::co_spawn(io, written_and_read(zk), asio::use_future);
    io.run();
    std::cout << "co_await: " << data.get() << '\n';
    zk.close();
}
