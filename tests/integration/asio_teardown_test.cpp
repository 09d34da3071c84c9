// An Asio program that ends its context while operations of ours wait: their handlers go with it, as those of Asio's
// own operations do.
#include <kazoo/asio.hpp>
#include <kazoo/kazoo.hpp>
#include <kazoo/testkit/server.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/bind_allocator.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/bind_executor.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/strand.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_awaitable.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <semaphore>
#include <system_error>
#include <thread>

namespace {

using namespace std::chrono_literals;
using kazoo::errc;

class asio_teardown : public testing::Test {
  public:
    asio_teardown() { zk_.create("/a", "x"); }

    /// A watch whose end is told, with what ended it.
    kazoo::future<void> watch(std::promise<std::error_code>& ended) {
        return zk_.watch("/a").changed.then([&](kazoo::future<kazoo::watch_event> f) {
            const auto r = std::move(f).result();
            ended.set_value(r.error());
            r.value();
        });
    }

  protected:
    static std::error_code get(std::promise<std::error_code>& p) {
        auto f = p.get_future();
        if (f.wait_for(30s) != std::future_status::ready) throw std::runtime_error("it does not end");
        return f.get();
    }
    /// Waits on an executor of the context, ends the context, and looks at what became of both sides.
    template <class Context, class ExecutorOf> void gives_up_with(std::optional<Context>& context, ExecutorOf of) {
        std::promise<std::error_code> ended;
        const auto kept = std::make_shared<int>();
        bool called = false;
        kazoo::async(watch(ended),
                     asio::bind_executor(of(*context), [&called, kept](std::exception_ptr) { called = true; }));
        EXPECT_EQ(kept.use_count(), 2);
        context.reset();
        EXPECT_EQ(kept.use_count(), 1) << "the handler outlived its context";
        EXPECT_EQ(get(ended), errc::cancelled);
        EXPECT_FALSE(called);
    }

    kazoo::testkit::server server_;
    kazoo::client zk_{server_.address()};
};

TEST_F(asio_teardown, a_context_destroys_the_handler_and_gives_the_operation_up) {
    std::optional<asio::io_context> io(std::in_place);
    gives_up_with(io, [](auto& c) { return c.get_executor(); });
}

TEST_F(asio_teardown, reaches_handlers_on_a_strand) {
    std::optional<asio::io_context> io(std::in_place);
    gives_up_with(io, [](auto& c) { return asio::make_strand(c); });
}

TEST_F(asio_teardown, reaches_handlers_on_an_executor_of_any_kind) {
    std::optional<asio::io_context> io(std::in_place);
    gives_up_with(io, [](auto& c) { return asio::any_io_executor(asio::make_strand(c)); });
}

TEST_F(asio_teardown, reaches_handlers_on_a_pool_of_threads) {
    std::optional<asio::thread_pool> pool(std::in_place, 2);
    gives_up_with(pool, [](auto& c) { return c.get_executor(); });
}

TEST_F(asio_teardown, destroys_a_coroutine_that_waits_and_all_that_it_holds) {
    const auto body = [](kazoo::client zk, std::shared_ptr<int>) -> asio::awaitable<void> {
        auto watched = co_await kazoo::async(zk.async_watch("/a"), asio::use_awaitable);
        co_await kazoo::async(std::move(watched.changed), asio::use_awaitable);
    };
    const auto kept = std::make_shared<int>();
    std::weak_ptr<int> frame;
    {
        asio::io_context io;
        asio::co_spawn(io, body(zk_, kept), asio::detached);
        io.run_one_for(30s); // it begins
        io.run_one_for(30s); // and has its watch
        EXPECT_GT(kept.use_count(), 1);
    }
    EXPECT_EQ(kept.use_count(), 1);
    zk_.set("/a", "y"); // would complete it
    EXPECT_EQ(zk_.get("/a").data, "y");
}

TEST_F(asio_teardown, destroys_a_completion_that_was_posted_and_not_run) {
    const auto kept = std::make_shared<int>();
    {
        asio::io_context io;
        kazoo::async(zk_.async_get("/a"), asio::bind_executor(io, [kept](std::exception_ptr, const kazoo::node&) {}));
        zk_.get("/a"); // the one before it has been answered
        std::promise<std::error_code> behind;
        zk_.async_get("/a").then([&](auto) { behind.set_value({}); }).detach();
        get(behind); // and was posted
    }
    EXPECT_EQ(kept.use_count(), 1);
}

TEST_F(asio_teardown, may_meet_the_completion_on_another_thread) {
    for (int i = 0; i < 300; ++i) {
        const auto kept = std::make_shared<int>();
        std::optional<asio::io_context> io(std::in_place);
        for (int n = 0; n < 4; ++n)
            kazoo::async(zk_.async_exists("/a"), asio::bind_executor(*io, [kept](std::exception_ptr, const auto&) {}));
        if (i % 3 == 0) io->poll();
        if (i % 2 == 0)
            io.reset();
        else
            std::jthread([&] { io.reset(); });
        EXPECT_EQ(kept.use_count(), 1);
    }
    EXPECT_EQ(zk_.get("/a").data, "x");
}

TEST_F(asio_teardown, leaves_nothing_behind_a_cancellation_slot) {
    asio::cancellation_signal signal;
    std::promise<std::error_code> ended;
    {
        asio::io_context io;
        kazoo::async(watch(ended),
                     asio::bind_executor(io, asio::bind_cancellation_slot(signal.slot(), [](std::exception_ptr) {
                                             ADD_FAILURE() << "called without its context";
                                         })));
    }
    signal.emit(asio::cancellation_type::terminal);
    EXPECT_EQ(get(ended), errc::cancelled);
    signal.emit(asio::cancellation_type::terminal);
}

TEST_F(asio_teardown, a_wait_that_begins_while_its_context_goes_is_dropped) {
    struct begins_another {
        asio_teardown* test;
        asio::io_context* io;
        std::promise<std::error_code>* ended;
        begins_another(asio_teardown* t, asio::io_context* c, std::promise<std::error_code>* e)
            : test(t), io(c), ended(e) {}
        begins_another(begins_another&& o) noexcept : test(std::exchange(o.test, nullptr)), io(o.io), ended(o.ended) {}
        ~begins_another() {
            if (test != nullptr) kazoo::async(test->watch(*ended), asio::bind_executor(*io, [](std::exception_ptr) {}));
        }
        void operator()(std::exception_ptr) const {}
    };
    std::promise<std::error_code> first, second;
    {
        asio::io_context io;
        kazoo::async(watch(first), asio::bind_executor(io, begins_another(this, &io, &second)));
    }
    EXPECT_EQ(get(first), errc::cancelled);
    EXPECT_EQ(get(second), errc::cancelled);
}

/// Knows no context, which therefore may go only when this has posted.
struct bare_executor {
    asio::io_context* io;
    std::binary_semaphore* posted;
    template <class F> void execute(F&& f) const {
        asio::post(*io, std::forward<F>(f));
        posted->release();
    }
    bare_executor require(asio::execution::blocking_t::never_t) const noexcept { return *this; }
    bool operator==(const bare_executor&) const noexcept = default;
};

TEST_F(asio_teardown, is_not_asked_of_an_executor_that_tells_no_context) {
    asio::io_context io;
    const auto work = asio::make_work_guard(io);
    std::binary_semaphore posted{0};
    std::string data;
    kazoo::async(zk_.async_get("/a"),
                 asio::bind_executor(bare_executor{&io, &posted},
                                     [&](std::exception_ptr, const kazoo::node& n) { data = n.data.str(); }));
    io.run_one_for(30s);
    EXPECT_EQ(data, "x");
    EXPECT_TRUE(posted.try_acquire_for(30s));
}

template <class T> struct counting_allocator {
    using value_type = T;
    std::atomic<int>* count;
    explicit counting_allocator(std::atomic<int>& c) noexcept : count(&c) {}
    template <class U> counting_allocator(const counting_allocator<U>& o) noexcept : count(o.count) {}
    T* allocate(std::size_t n) {
        count->fetch_add(1);
        return std::allocator<T>().allocate(n);
    }
    void deallocate(T* p, std::size_t n) { std::allocator<T>().deallocate(p, n); }
    template <class U> bool operator==(const counting_allocator<U>& o) const noexcept { return count == o.count; }
};

TEST_F(asio_teardown, a_completion_is_posted_with_the_allocator_of_its_handler) {
    std::atomic<int> allocations{0};
    asio::io_context io;
    auto handler = [](std::exception_ptr, const kazoo::node&) {};
    kazoo::async(zk_.async_get("/a"),
                 asio::bind_executor(io, asio::bind_allocator(counting_allocator<char>(allocations), handler)));
    EXPECT_EQ(io.run_for(30s), 1u);
    EXPECT_GT(allocations.load(), 0);
}

} // namespace
