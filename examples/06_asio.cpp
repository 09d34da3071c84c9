// Uses kazoo in a program that is built on Asio. (For Boost.Asio include <kazoo/boost_asio.hpp>.)
//
// Prints:
//   with a coroutine: hello
//   with a callback: hello
//   with a future: hello
#include "servers.hpp"

#include <kazoo/asio.hpp>
#include <kazoo/kazoo.hpp>

#include <asio/awaitable.hpp>
#include <asio/bind_executor.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>

#include <exception>
#include <iostream>

namespace {

/// kazoo::async() makes any future an operation of Asio, for any completion token. What comes after it runs where the
/// program's other handlers run: on its io_context.
asio::awaitable<void> with_a_coroutine(kazoo::client zk) {
    const kazoo::node node = co_await kazoo::async(zk.async_get("/asio"), asio::use_awaitable);
    std::cout << "with a coroutine: " << node.data.view() << '\n';
}

void with_a_callback(const kazoo::client& zk, asio::io_context& io) {
    auto print = [](std::exception_ptr failure, kazoo::node node) {
        if (failure) std::rethrow_exception(failure);
        std::cout << "with a callback: " << node.data.view() << '\n';
    };
    kazoo::async(zk.async_get("/asio"), asio::bind_executor(io, print));
}

} // namespace

int main(int argc, char** argv) {
    const servers servers(argc, argv);
    asio::io_context io; // ahead of what completes on it; one that goes first destroys the handlers that still wait
    kazoo::client zk(servers.hosts());
    zk.create("/asio", "hello");

    asio::co_spawn(io, with_a_coroutine(zk), [&](std::exception_ptr failure) {
        if (failure) std::rethrow_exception(failure);
        with_a_callback(zk, io);
    });
    io.run();

    std::future<kazoo::node> node = kazoo::async(zk.async_get("/asio"), asio::use_future);
    std::cout << "with a future: " << node.get().data.str() << '\n';

    zk.remove("/asio");
}
