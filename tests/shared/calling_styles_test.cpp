// Every operation in every style of calling: one table.
#include "backend.hpp"

#include <kazoo/asio.hpp>
#include <kazoo/kazoo.hpp>
#include <kazoo/recipe/locking_queue.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>

#include <future>
#include <set>
#include <thread>

using namespace kazoo;
using namespace std::chrono_literals;

namespace {

/// A coroutine of a user's own making: nothing of the library but co_await.
struct user_coroutine {
    struct promise_type {
        user_coroutine get_return_object() noexcept { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() noexcept {}
        void unhandled_exception() noexcept { std::terminate(); }
    };
};

template <class T> user_coroutine await_into(future<T> f, std::promise<std::error_code>& out) {
    std::error_code ec;
    try {
        (void)co_await std::move(f);
    } catch (const kazoo::error& e) {
        ec = e.code();
    }
    out.set_value(ec);
}

template <class T> asio::awaitable<std::error_code> asio_await(future<T> f) {
    try {
        if constexpr (std::is_void_v<T>)
            co_await kazoo::async(std::move(f), asio::use_awaitable);
        else
            (void)co_await kazoo::async(std::move(f), asio::use_awaitable);
    } catch (const kazoo::error& e) {
        co_return e.code();
    }
    co_return std::error_code();
}

struct row {
    std::string name;
    std::function<std::error_code(const client&, std::string)> blocking, then, coroutine, asio;
};

/// From `async` (a call that gives a future) and `sync` (its blocking twin) to the four styles.
template <class Async, class Sync> row operation(std::string name, Async async, Sync sync) {
    row r;
    r.name = std::move(name);
    r.blocking = [sync](const client& c, const std::string& p) -> std::error_code {
        try {
            sync(c, p);
        } catch (const kazoo::error& e) {
            return e.code();
        }
        return {};
    };
    r.then = [async](const client& c, const std::string& p) {
        auto next = async(c, p).then([](auto f) { return std::move(f).result().error(); });
        return std::move(next).get_for(20s);
    };
    r.coroutine = [async](const client& c, const std::string& p) {
        std::promise<std::error_code> done;
        await_into(async(c, p), done);
        return done.get_future().get();
    };
    r.asio = [async](const client& c, const std::string& p) {
        asio::io_context io;
        auto done = asio::co_spawn(io, asio_await(async(c, p)), asio::use_future);
        io.run();
        return done.get();
    };
    return r;
}

std::optional<std::string> plus(const node& n) { return n.data.str() + "+"; }

std::vector<row> table() {
    std::vector<row> t;
#define KAZOO_ROW(name, call)                                                                                          \
    t.push_back(operation(                                                                                             \
        #name, [](const client& c, [[maybe_unused]] const std::string& path) { return c.async_##call; },               \
        [](const client& c, [[maybe_unused]] const std::string& path) { (void)c.call; }))
    KAZOO_ROW(create, create(path, "x"));
    KAZOO_ROW(exists, exists(path));
    KAZOO_ROW(get, get(path));
    KAZOO_ROW(get_if_exists, get_if_exists(path));
    KAZOO_ROW(set, set(path, "y"));
    KAZOO_ROW(get_children, get_children(path));
    KAZOO_ROW(get_children_with_stat, get_children_with_stat(path));
    KAZOO_ROW(get_acl, get_acl(path));
    KAZOO_ROW(set_acl, set_acl(path, acls::open_unsafe()));
    KAZOO_ROW(sync, sync(path));
    KAZOO_ROW(watch, watch(path));
    KAZOO_ROW(watch_exists, watch_exists(path));
    KAZOO_ROW(watch_children, watch_children(path));
    KAZOO_ROW(add_watch, add_watch(path, watch_mode::persistent));
    KAZOO_ROW(ensure_path, ensure_path(path));
    KAZOO_ROW(count_descendants, count_descendants(path));
    KAZOO_ROW(get_ephemerals, get_ephemerals(path));
    KAZOO_ROW(who_am_i, who_am_i());
    KAZOO_ROW(get_config, get_config());
    KAZOO_ROW(watch_config, watch_config());
    KAZOO_ROW(add_config_watch, add_config_watch());
    KAZOO_ROW(command, command("ruok"));
    KAZOO_ROW(server_version, server_version());
    KAZOO_ROW(add_auth, add_auth("digest", "user:" + path));
    KAZOO_ROW(remove, remove(path));
    KAZOO_ROW(remove_if_exists, remove_if_exists(path));
    KAZOO_ROW(set_or_create, set_or_create(path, "x"));
    KAZOO_ROW(update, update(path, plus));
    KAZOO_ROW(children_with_data, children_with_data(path));
    KAZOO_ROW(ensure_chroot, ensure_chroot());
    KAZOO_ROW(copy_tree, copy_tree(path, path + "-copy"));
    KAZOO_ROW(remove_tree, remove_tree(path));
    KAZOO_ROW(create_with_stat, create_with_stat(path, "x"));
    KAZOO_ROW(wait_connected, wait_connected());
#undef KAZOO_ROW
    t.push_back(operation(
        "transaction",
        [](const client& c, const std::string& path) { return c.transaction().set(path, "z").async_commit(); },
        [](const client& c, const std::string& path) { (void)c.transaction().set(path, "z").commit(); }));
    t.push_back(operation(
        "receipts",
        [](const client& c, const std::string& path) {
            return receipts(c, "/receipts").async_commit(c.transaction().set(path, "z"));
        },
        [](const client& c, const std::string& path) {
            (void)receipts(c, "/receipts").commit(c.transaction().set(path, "z"));
        }));
    t.push_back(operation(
        "multi_read", [](const client& c, const std::string& path) { return c.multi_read().get(path).async_run(); },
        [](const client& c, const std::string& path) { (void)c.multi_read().get(path).run(); }));
    t.push_back(operation(
        "walk", [](const client& c, const std::string& path) { return c.walk(path).async_next(); },
        [](const client& c, const std::string& path) { (void)c.walk(path).next(); }));
    t.push_back(operation(
        "fetch_add", [](const client& c, const std::string&) { return counter(c, "/number").async_fetch_add(1); },
        [](const client& c, const std::string&) { (void)counter(c, "/number").fetch_add(1); }));
    t.push_back(operation(
        "load", [](const client& c, const std::string&) { return float_counter(c, "/number").async_load(); },
        [](const client& c, const std::string&) { (void)float_counter(c, "/number").load(); }));
    t.push_back(operation(
        "compare_exchange",
        [](const client& c, const std::string&) { return counter(c, "/number").async_compare_exchange(0, 1); },
        [](const client& c, const std::string&) {
            std::int64_t expected = 0;
            (void)counter(c, "/number").compare_exchange(expected, 1);
        }));
    t.push_back(operation(
        "push", [](const client& c, const std::string&) { return queue(c, "/queue").async_push("x"); },
        [](const client& c, const std::string&) { queue(c, "/queue").push("x"); }));
    t.push_back(operation(
        "push_all",
        [](const client& c, const std::string&) {
            return queue(c, "/queue").async_push_all(std::vector<std::string>(2));
        },
        [](const client& c, const std::string&) { queue(c, "/queue").push_all(std::vector<std::string>(2)); }));
    t.push_back(operation(
        "size", [](const client& c, const std::string&) { return queue(c, "/queue").async_size(); },
        [](const client& c, const std::string&) { (void)queue(c, "/queue").size(); }));
    t.push_back(operation(
        "names", [](const client& c, const std::string&) { return queue(c, "/queue").async_names(); },
        [](const client& c, const std::string&) { (void)queue(c, "/queue").names(); }));
    // The object lives until its wait has ended.
    t.push_back(operation(
        "pop",
        [](const client& c, const std::string&) {
            auto q = std::make_shared<queue>(c, "/queue");
            return q->async_pop().then([q](auto f) { return std::move(f).get(); });
        },
        [](const client& c, const std::string&) { (void)queue(c, "/queue").pop(); }));
    t.push_back(operation(
        "try_pop",
        [](const client& c, const std::string&) {
            auto q = std::make_shared<queue>(c, "/queue");
            return q->async_try_pop().then([q](auto f) { return std::move(f).get(); });
        },
        [](const client& c, const std::string&) { (void)queue(c, "/queue").try_pop(); }));
    t.push_back(operation(
        "items", [](const client& c, const std::string&) { return locking_queue(c, "/queue").async_items(); },
        [](const client& c, const std::string&) { (void)locking_queue(c, "/queue").items(); }));
    t.push_back(operation(
        "try_get",
        [](const client& c, const std::string&) {
            auto q = std::make_shared<locking_queue>(c, "/queue");
            return q->async_try_get().then([q](auto f) { return std::move(f).get(); });
        },
        [](const client& c, const std::string&) { (void)locking_queue(c, "/queue").try_get(); }));
    t.push_back(operation(
        "settle",
        [](const client& c, const std::string&) {
            auto w = std::make_shared<patient_children_watch>(c, "/", 0ms);
            return w->async_settle().then([w](auto f) { return std::move(f).get().children; });
        },
        [](const client& c, const std::string&) { (void)patient_children_watch(c, "/", 0ms).settle(); }));
    t.push_back(operation(
        "wait_initialized",
        [](const client& c, const std::string&) {
            auto cache = std::make_shared<tree_cache>(c, "/");
            cache->start();
            return cache->async_wait_initialized().then([cache](auto f) { std::move(f).get(); });
        },
        [](const client& c, const std::string&) {
            tree_cache cache(c, "/");
            cache.start();
            cache.wait_initialized();
        }));
    return t;
}

/// Not in the table: a standalone server refuses it.
row refused_reconfig() {
    return operation(
        "reconfig", [](const client& c, const std::string&) { return c.async_reconfig({.leaving = "2"}); },
        [](const client& c, const std::string&) { (void)c.reconfig({.leaving = "2"}); });
}

class calling_styles : public test::client_test {};

TEST_F(calling_styles, every_operation_gives_the_same_answer_in_every_style) {
    const client c = connect();
    for (const row& r : table()) {
        // The first four rows find the node that "create" made; each style works on a node of its own.
        EXPECT_EQ(r.blocking(c, "/blocking"), std::error_code()) << r.name;
        EXPECT_EQ(r.then(c, "/then"), std::error_code()) << r.name;
        EXPECT_EQ(r.coroutine(c, "/coroutine"), std::error_code()) << r.name;
        EXPECT_EQ(r.asio(c, "/asio"), std::error_code()) << r.name;
    }
}

TEST_F(calling_styles, errors_come_out_the_same_in_every_style) {
    const std::set<std::string> without_path{"ensure_chroot",
                                             "add_auth",
                                             "wait_connected",
                                             "who_am_i",
                                             "get_config",
                                             "watch_config",
                                             "add_config_watch",
                                             "command",
                                             "server_version",
                                             "reconfig",
                                             "settle",
                                             "wait_initialized",
                                             "fetch_add",
                                             "load",
                                             "compare_exchange",
                                             "push",
                                             "push_all",
                                             "size",
                                             "names",
                                             "pop",
                                             "try_pop",
                                             "items",
                                             "try_get"};
    const client c = connect();
    std::vector<row> rows = table();
    rows.push_back(refused_reconfig());
    for (const row& r : rows) {
        const std::error_code expected = r.blocking(c, "/a/../b");
        EXPECT_EQ(r.then(c, "/a/../b"), expected) << r.name;
        EXPECT_EQ(r.coroutine(c, "/a/../b"), expected) << r.name;
        EXPECT_EQ(r.asio(c, "/a/../b"), expected) << r.name;
        if (!without_path.contains(r.name)) {
            EXPECT_EQ(expected, errc::invalid_path) << r.name;
        }
    }
}

using blocking_call = std::function<void(const client&, const std::stop_token&)>;

const std::vector<std::pair<std::string, blocking_call>>& blocking_calls() {
    static const std::vector<std::pair<std::string, blocking_call>> all{
#define KAZOO_CALL(...) {#__VA_ARGS__, [](const client& c, const std::stop_token& stop) { (void)c.__VA_ARGS__; }}
        KAZOO_CALL(create("/a", "", {}, stop)),
        KAZOO_CALL(create_with_stat("/a", "", {}, stop)),
        KAZOO_CALL(get("/a", stop)),
        KAZOO_CALL(get_if_exists("/a", stop)),
        KAZOO_CALL(set("/a", "", version::any, stop)),
        KAZOO_CALL(remove("/a", version::any, stop)),
        KAZOO_CALL(remove_if_exists("/a", version::any, stop)),
        KAZOO_CALL(exists("/a", stop)),
        KAZOO_CALL(get_children("/a", stop)),
        KAZOO_CALL(get_children_with_stat("/a", stop)),
        KAZOO_CALL(get_acl("/a", stop)),
        KAZOO_CALL(set_acl("/a", {}, acl_version::any, stop)),
        KAZOO_CALL(sync("/a", stop)),
        KAZOO_CALL(add_auth("digest", "user:secret", stop)),
        KAZOO_CALL(ensure_path("/a", {}, stop)),
        KAZOO_CALL(remove_tree("/a", version::any, {}, stop)),
        KAZOO_CALL(copy_tree("/a", "/b", {}, stop)),
        KAZOO_CALL(update("/a", plus, stop)),
        KAZOO_CALL(set_or_create("/a", "", {}, stop)),
        KAZOO_CALL(children_with_data("/a", stop)),
        KAZOO_CALL(ensure_chroot({}, stop)),
        KAZOO_CALL(walk("/a").next(stop)),
        KAZOO_CALL(watch("/a", stop)),
        KAZOO_CALL(watch_exists("/a", stop)),
        KAZOO_CALL(watch_children("/a", stop)),
        KAZOO_CALL(add_watch("/a", watch_mode::persistent, stop)),
        KAZOO_CALL(create("/a", "", create_mode::container, stop)),
        KAZOO_CALL(create_with_stat("/a", "", create_mode::container, stop)),
        KAZOO_CALL(count_descendants("/a", stop)),
        KAZOO_CALL(get_ephemerals("/a", stop)),
        KAZOO_CALL(who_am_i(stop)),
        KAZOO_CALL(get_config(stop)),
        KAZOO_CALL(watch_config(stop)),
        KAZOO_CALL(add_config_watch(stop)),
        KAZOO_CALL(reconfig({.leaving = "2"}, stop)),
        KAZOO_CALL(wait_connected(stop)),
        KAZOO_CALL(wait_connected(1h, stop)),
        KAZOO_CALL(transaction().remove("/a").commit(stop)),
        {"receipts.commit",
         [](const client& c, const std::stop_token& stop) {
             (void)receipts(c, "/receipts").commit(c.transaction().remove("/a"), stop);
         }},
        KAZOO_CALL(multi_read().get("/a").run(stop)),
        {"settle",
         [](const client& c, const std::stop_token& stop) { (void)patient_children_watch(c, "/", 0ms).settle(stop); }},
        {"wait_initialized",
         [](const client& c, const std::stop_token& stop) {
             tree_cache cache(c, "/");
             cache.start();
             cache.wait_initialized(stop);
         }},
#undef KAZOO_CALL
    };
    return all;
}

TEST_F(calling_styles, a_stop_ends_every_blocking_call_and_without_one_it_is_answered) {
    const client nobody("127.0.0.1:1", {.operation_timeout = 1h});
    const client c = connect();
    for (const auto& [name, call] : blocking_calls()) {
        const auto code = [&call](const client& with, const std::stop_token& stop) -> std::error_code {
            try {
                call(with, stop);
            } catch (const kazoo::error& e) {
                return e.code();
            }
            return {};
        };
        std::stop_source stop;
        const std::jthread later([&] { stop.request_stop(); });
        EXPECT_EQ(code(nobody, stop.get_token()), errc::cancelled) << name;
        EXPECT_NE(code(c, std::stop_source().get_token()), errc::cancelled) << name;
    }
}

} // namespace
