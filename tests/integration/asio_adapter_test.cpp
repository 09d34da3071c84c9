// Operations as those of standalone Asio: each kind of completion token, failures, cancellation.
#include <kazoo/asio.hpp>
#include <kazoo/client.hpp>
#include <kazoo/error.hpp>
#include <kazoo/testkit/server.hpp>

#include <asio/awaitable.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/bind_executor.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <future>
#include <optional>
#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;

void rethrow(std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
}

/// A value that cannot be made out of nothing.
struct named {
    explicit named(std::string n) : name(std::move(n)) {}
    std::string name;
};

class asio_adapter : public testing::Test {
  protected:
    asio_adapter() { zk_.create("/a", "x"); }

    /// Runs the coroutine on this thread's io_context, and throws what it throws.
    void run(asio::awaitable<void> body) {
        asio::co_spawn(io_, std::move(body), rethrow);
        io_.run_for(30s);
        ASSERT_TRUE(io_.stopped());
        io_.restart();
    }

    kazoo::testkit::server server_;
    kazoo::client zk_{server_.address()};
    asio::io_context io_;
};

TEST_F(asio_adapter, a_coroutine_awaits_values_on_its_own_thread) {
    const auto body = [](kazoo::client zk) -> asio::awaitable<void> {
        const auto thread = std::this_thread::get_id();
        const kazoo::node node = co_await kazoo::async(zk.async_get("/a"), asio::use_awaitable);
        EXPECT_EQ(node.data, "x");
        EXPECT_EQ(std::this_thread::get_id(), thread);
        const std::string made = co_await kazoo::async(zk.async_create("/b"), asio::use_awaitable);
        EXPECT_EQ(made, "/b");
        co_await kazoo::async(zk.async_remove("/b"), asio::use_awaitable);
        const auto gone = co_await kazoo::async(zk.async_exists("/b"), asio::use_awaitable);
        EXPECT_FALSE(gone.has_value());
        EXPECT_EQ(std::this_thread::get_id(), thread);
    };
    run(body(zk_));
}

TEST_F(asio_adapter, a_coroutine_gets_the_exception_of_a_failed_operation) {
    const auto body = [](kazoo::client zk) -> asio::awaitable<void> {
        std::string value_failed, void_failed;
        try {
            co_await kazoo::async(zk.async_get("/none"), asio::use_awaitable);
        } catch (const kazoo::no_node_error& e) {
            value_failed = e.path();
        }
        try {
            co_await kazoo::async(zk.async_remove("/none"), asio::use_awaitable);
        } catch (const kazoo::no_node_error& e) {
            void_failed = e.path();
        }
        EXPECT_EQ(value_failed, "/none");
        EXPECT_EQ(void_failed, "/none");
    };
    run(body(zk_));
}

TEST_F(asio_adapter, a_coroutine_awaits_a_watch) {
    const auto body = [](kazoo::client zk) -> asio::awaitable<void> {
        auto watched = co_await kazoo::async(zk.async_watch("/a"), asio::use_awaitable);
        co_await kazoo::async(zk.async_set("/a", "y"), asio::use_awaitable);
        const auto event = co_await kazoo::async(std::move(watched.changed), asio::use_awaitable);
        EXPECT_EQ(event.type, kazoo::event_type::data_changed);
    };
    run(body(zk_));
}

TEST_F(asio_adapter, an_awaitable_needs_no_token) {
    const auto body = [](kazoo::client zk) -> asio::awaitable<void> {
        const kazoo::node node = co_await kazoo::async(zk.async_get("/a"));
        EXPECT_EQ(node.data, "x");
        co_await kazoo::async(zk.async_remove("/a"));
        const auto gone = co_await kazoo::async(zk.async_exists("/a"));
        EXPECT_FALSE(gone.has_value());
    };
    run(body(zk_));
}

TEST_F(asio_adapter, use_future_gives_a_standard_future) {
    std::future<kazoo::node> value = kazoo::async(zk_.async_get("/a"), asio::use_future);
    EXPECT_EQ(value.get().data, "x");
    std::future<void> nothing = kazoo::async(zk_.async_remove("/a"), asio::use_future);
    EXPECT_NO_THROW(nothing.get());
    EXPECT_THROW(kazoo::async(zk_.async_get("/a"), asio::use_future).get(), kazoo::no_node_error);
}

TEST_F(asio_adapter, a_callback_runs_on_the_executor_bound_to_it) {
    std::optional<std::string> data;
    std::thread::id thread;
    auto callback = [&](std::exception_ptr failure, kazoo::node node) {
        EXPECT_FALSE(failure);
        data = node.data.str();
        thread = std::this_thread::get_id();
    };
    kazoo::async(zk_.async_get("/a"), asio::bind_executor(io_, callback));
    EXPECT_EQ(io_.run_for(30s), 1u); // the pending operation kept it going
    EXPECT_EQ(data, "x");
    EXPECT_EQ(thread, std::this_thread::get_id());
}

TEST_F(asio_adapter, a_callback_for_no_value_gets_the_failure_alone) {
    std::exception_ptr result;
    auto callback = [&](std::exception_ptr failure) { result = failure; };
    kazoo::async(zk_.async_remove("/none"), asio::bind_executor(io_, callback));
    EXPECT_EQ(io_.run_for(30s), 1u);
    EXPECT_THROW(rethrow(result), kazoo::no_node_error);
}

TEST_F(asio_adapter, a_value_without_a_default_constructor_is_optional) {
    const auto name = [](kazoo::future<kazoo::node> done) { return named(std::move(done).get().data.str()); };
    std::future<std::optional<named>> there = kazoo::async(zk_.async_get("/a").then(name), asio::use_future);
    EXPECT_EQ(there.get().value().name, "x");
    std::future<std::optional<named>> missing = kazoo::async(zk_.async_get("/none").then(name), asio::use_future);
    EXPECT_THROW(missing.get(), kazoo::no_node_error);
}

TEST_F(asio_adapter, cancellation_of_the_token_cancels_the_future) {
    asio::cancellation_signal signal;
    std::exception_ptr result;
    auto callback = [&](std::exception_ptr failure, kazoo::watch_event) { result = failure; };
    auto watched = zk_.watch("/a");
    kazoo::async(std::move(watched.changed),
                 asio::bind_executor(io_, asio::bind_cancellation_slot(signal.slot(), callback)));
    signal.emit(asio::cancellation_type::terminal);
    EXPECT_EQ(io_.run_for(30s), 1u);
    EXPECT_THROW(rethrow(result), kazoo::cancelled_error);
    signal.emit(asio::cancellation_type::terminal); // nothing is left to cancel
}

TEST_F(asio_adapter, a_finished_operation_leaves_the_cancellation_slot) {
    asio::cancellation_signal signal;
    auto callback = [](std::exception_ptr failure, const kazoo::node&) { EXPECT_FALSE(failure); };
    kazoo::async(zk_.async_get("/a"), asio::bind_executor(io_, asio::bind_cancellation_slot(signal.slot(), callback)));
    EXPECT_EQ(io_.run_for(30s), 1u);
    EXPECT_FALSE(signal.slot().has_handler());
}

} // namespace
