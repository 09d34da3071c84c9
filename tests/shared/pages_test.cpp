// What the pages in doc/ show, compiled and run: scripts/check_shown_code.py compares.
#include "backend.hpp"
#include "secure_backend.hpp"

#include <kazoo/kazoo.hpp>

#include <algorithm>
#include <atomic>
#include <iostream>
#include <thread>

using namespace std::chrono_literals;

namespace {

// -- doc/errors.md -----------------------------------------------------------------------------------

// [shown]
std::string port_of(const kazoo::client& zk) {
    try {
        return zk.get("/app/port").data.str();
    } catch (const kazoo::no_node_error&) { // one type for each code: error_of<errc::no_node>
        return "80";
    } catch (const kazoo::error& e) {
        if (e.retryable()) return "80"; // a condition: connection trouble and the like
        throw;
    }
}

std::string port_without_exceptions(const kazoo::client& zk) {
    auto node = zk.async_get("/app/port").result_for(std::chrono::seconds(2));
    if (node) return node->data.str();
    return node.error() == kazoo::errc::no_node ? "80" : node.error().message();
}
// [shown]

// [shown]
/// Replaces the data of version `from`, at most once.
kazoo::node_stat set_once(const kazoo::client& zk, const std::string& path, const std::string& data,
                          kazoo::version from) {
    for (;;) {
        try {
            return zk.set(path, data, from);
        } catch (const kazoo::error& e) {
            if (e.outcome() != kazoo::outcome::unknown || !e.retryable()) throw;
        }
        zk.sync(path);
        const kazoo::node now = zk.get(path);
        if (int(now.stat.data_version) == int(from) + 1 && now.data == data) return now.stat; // ours, or one like it
        // still `from`: send it again. Changed by somebody else: the next set says bad_version.
    }
}
// [shown]

// [shown]
kazoo::future<kazoo::node> read_config(const kazoo::client& zk, const std::stop_token& stop) {
    return zk.async_get("/app/config").timeout(std::chrono::seconds(1)).stop_on(stop);
}
// [shown]

// [shown]
void count(const kazoo::client& zk) {
    zk.async_get_children("/jobs")
        .then([zk](kazoo::future<kazoo::child_names> jobs) {
            const auto names = std::move(jobs).get();       // ready: never blocks
            zk.set("/count", std::to_string(names.size())); // blocks this callback thread, which is allowed
        })
        .detach();
}
// [shown]

class pages : public kazoo::test::client_test {
  protected:
    kazoo::client zk() {
        if (!zk_) zk_ = connect();
        return *zk_;
    }

  private:
    std::optional<kazoo::client> zk_;
};

TEST_F(pages, errors_reads_with_exceptions_and_without) {
    EXPECT_EQ(port_of(zk()), "80");
    EXPECT_EQ(port_without_exceptions(zk()), "80");
    zk().create("/app");
    zk().create("/app/port", "8080");
    EXPECT_EQ(port_of(zk()), "8080");
    EXPECT_EQ(port_without_exceptions(zk()), "8080");
}

TEST_F(pages, errors_sets_once) {
    const kazoo::version first = zk().create_with_stat("/a", "old").stat.data_version;
    EXPECT_EQ(int(set_once(zk(), "/a", "new", first).data_version), int(first) + 1);
    EXPECT_EQ(zk().get("/a").data.str(), "new");
    EXPECT_THROW(set_once(zk(), "/a", "newer", first), kazoo::bad_version_error);
}

TEST_F(pages, errors_reads_within_a_limit) {
    zk().create("/app");
    zk().create("/app/config", "x");
    EXPECT_EQ(read_config(zk(), {}).get().data.str(), "x");
    std::stop_source stopped;
    stopped.request_stop();
    const kazoo::client nowhere("127.0.0.1:1"); // a server could be faster than the stop
    EXPECT_EQ(read_config(nowhere, stopped.get_token()).result().error(), kazoo::errc::cancelled);
}

TEST_F(pages, errors_blocks_in_a_callback) {
    zk().create("/count");
    zk().create("/jobs");
    zk().create("/jobs/1");
    count(zk());
    EXPECT_TRUE(kazoo::test::eventually([&] { return zk().get("/count").data == "1"; }));
}

// -- doc/receipts.md ---------------------------------------------------------------------------------

TEST_F(pages, receipts_commits_a_transaction) {
    const kazoo::client zk = pages::zk();
    zk.ensure_path("/app/log");
    const kazoo::version seen = zk.create_with_stat("/app/balance", "100").stat.data_version;
    testing::internal::CaptureStdout();
    // [shown]
    kazoo::receipts r(zk, "/app/receipts");

    kazoo::transaction t = zk.transaction();
    t.set("/app/balance", "90", seen);
    t.create("/app/log/entry-", "-10", {.mode = kazoo::create_mode::persistent_sequential});
    const auto done = r.commit(std::move(t)); // applied exactly once, however often the connection breaks
    std::cout << done.results[1].path << " in transaction " << std::int64_t(done.id) << '\n';
    // [shown]
    const std::string printed = testing::internal::GetCapturedStdout();
    EXPECT_EQ(printed.find("/app/log/entry-0000000000 in transaction "), 0U) << printed;
    EXPECT_EQ(zk.get("/app/balance").data.str(), "90");
}

// -- doc/retrying.md ---------------------------------------------------------------------------------

TEST_F(pages, retrying_reads_until_it_works) {
    const kazoo::client zk = pages::zk();
    const std::stop_token stop;
    zk.create("/app");
    zk.create("/app/config", "x");
    // [shown]
    kazoo::retry_rules rules;
    rules.pauses = {.initial_delay = 50ms, .max_delay = 5s}; // twice as long each time, with jitter
    rules.deadline = 1min;
    auto config = kazoo::retry(zk, rules, stop, [&] { return zk.get("/app/config", stop); });
    // [shown]
    EXPECT_EQ(config.data.str(), "x");
}

TEST_F(pages, retrying_updates_a_number) {
    const kazoo::client zk = pages::zk();
    zk.create("/app");
    zk.create("/app/count", "41");
    // [shown]
    zk.update("/app/count", [](const kazoo::node& n) -> std::optional<std::string> {
        return std::to_string(std::stoi(n.data.str()) + 1);
    });
    // [shown]
    EXPECT_EQ(zk.get("/app/count").data.str(), "42");
}

TEST_F(pages, retrying_creates_many) {
    const kazoo::client zk = pages::zk();
    const std::vector<std::string> names{"a", "b", "c"};
    zk.create("/app");
    // [shown]
    kazoo::bulk(names.size(), [&](std::size_t i) { return zk.async_create("/app/" + names[i]); }).rethrow();
    // [shown]
    EXPECT_EQ(zk.get_children("/app").size(), 3U);
}

// -- doc/sessions-and-watches.md ---------------------------------------------------------------------

// [shown]
void work_while_session_lives(const kazoo::client& zk, const std::function<void()>& work) {
    zk.wait_connected();
    const std::stop_token lost = zk.session_token(); // of this session; ask again after a loss
    while (!lost.stop_requested()) work();
}
// [shown]

// [shown]
std::string wait_for_another_value(const kazoo::client& zk, const std::string& path) {
    kazoo::watched<kazoo::node> now = zk.watch(path);
    std::move(now.changed).get(); // a watch_event; no limit unless you give one
    return zk.get(path).data.str();
}
// [shown]

// [shown]
void follow(const kazoo::client& zk, const std::string& top, const std::function<void(const std::string&)>& read_again,
            const std::stop_token& stop) {
    kazoo::watch_stream changes = zk.add_watch(top, kazoo::watch_mode::persistent_recursive);
    read_again(top); // the stream tells what changes from here on
    while (auto event = changes.next(stop)) {
        if (event->type == kazoo::event_type::gap)
            read_again(top); // with all that is below
        else
            read_again(event->path);
    }
}
// [shown]

// [shown]
kazoo::subscription on_change(const kazoo::client& zk, const std::string& path, std::function<void()> read_again) {
    kazoo::watch_stream changes = zk.add_watch(path);
    return std::move(changes).on_event([read_again](const kazoo::watch_event&) { read_again(); });
}
// [shown]

// [shown]
kazoo::future<std::size_t> bytes_below(kazoo::client zk, std::string path) {
    const kazoo::child_names names = co_await zk.async_get_children(path);
    std::size_t bytes = 0;
    for (const std::string_view name : names) {
        const kazoo::node child = co_await zk.async_get(path + "/" + std::string(name));
        bytes += child.data.size();
    }
    co_return bytes;
}
// [shown]

// [shown]
kazoo::client hand_over(const kazoo::client& old, const std::string& hosts) {
    kazoo::client_options options;
    options.resume = old.detach(); // `old` is closed now, the session lives
    return kazoo::client(hosts, options);
}
// [shown]

TEST_F(pages, sessions_works_while_the_session_lives) {
    const kazoo::client zk = pages::zk();
    int rounds = 0;
    work_while_session_lives(zk, [&] {
        if (++rounds == 1) kazoo::test::expire(zk);
        std::this_thread::sleep_for(1ms);
    });
    EXPECT_GE(rounds, 1);
}

TEST_F(pages, sessions_waits_for_another_value) {
    const kazoo::client zk = pages::zk();
    zk.create("/a", "0");
    std::atomic<bool> seen = false;
    std::jthread changes([&] {
        for (int i = 1; !seen; ++i) zk.set("/a", std::to_string(i));
    });
    EXPECT_NE(wait_for_another_value(zk, "/a"), "0");
    seen = true;
}

TEST_F(pages, sessions_follows_a_tree) {
    const kazoo::client zk = pages::zk();
    zk.create("/top");
    std::mutex mutex;
    std::vector<std::string> read;
    const auto has_read = [&](const std::string& path) {
        const std::lock_guard lock(mutex);
        return std::find(read.begin(), read.end(), path) != read.end();
    };
    const auto read_again = [&](const std::string& path) {
        const std::lock_guard lock(mutex);
        read.push_back(path);
    };
    const std::jthread follower([&](const std::stop_token& stop) { follow(zk, "/top", read_again, stop); });
    EXPECT_TRUE(kazoo::test::eventually([&] { return has_read("/top"); }));
    zk.create("/top/new");
    EXPECT_TRUE(kazoo::test::eventually([&] { return has_read("/top/new"); }));
}

TEST_F(pages, sessions_subscribes_to_changes) {
    const kazoo::client zk = pages::zk();
    zk.create("/a");
    std::atomic<int> calls = 0;
    const kazoo::subscription s = on_change(zk, "/a", [&] { ++calls; });
    zk.set("/a", "1");
    EXPECT_TRUE(kazoo::test::eventually([&] { return calls == 1; }));
}

TEST_F(pages, sessions_reads_in_a_coroutine) {
    zk().create("/a");
    zk().create("/a/1", "123");
    zk().create("/a/2", "45");
    EXPECT_EQ(bytes_below(zk(), "/a").get(), 5U);
}

TEST_F(pages, sessions_hands_a_session_over) {
    const kazoo::session_id id = zk().session_id();
    const kazoo::client next = hand_over(zk(), kazoo::test::server().address() + root);
    next.wait_connected(20s);
    EXPECT_EQ(next.session_id(), id);
}

// -- doc/connecting.md -------------------------------------------------------------------------------

// [shown]
kazoo::client connect_as_configured(const std::string& hosts) {
    return kazoo::client("zk://" + hosts + "/app?session_timeout=8s&operation_timeout=1m&name=worker");
}
// [shown]

TEST(connecting_page, connects_as_configured) {
    const kazoo::client zk = connect_as_configured(kazoo::test::server().address());
    zk.ensure_chroot();
    EXPECT_EQ(zk.negotiated_timeout(), 8s);
    EXPECT_TRUE(kazoo::client(kazoo::test::server().address()).exists("/app"));
}

// -- doc/security.md ---------------------------------------------------------------------------------

// [shown]
kazoo::client connect_securely(const std::string& hosts, const std::string& folder) {
    kazoo::client_options o;
    o.tls.emplace();
    o.tls->ca_file = folder + "/ca.pem";           // who may vouch for servers; nothing: whom the system trusts
    o.tls->certificate_file = folder + "/app.pem"; // who we are, if servers ask for it
    o.tls->key_file = folder + "/app.key";
    return kazoo::client(hosts, o);
}
// [shown]

TEST(security_page, connects_securely) {
    const kazoo::test::authority ca;
    const kazoo::test::certificate ours = ca.issue({.common_name = "app", .names = ""});
    const auto server = kazoo::test::start_secure_backend(ca, ca.issue({.names = "DNS:localhost"}));
    const kazoo::test::file_folder folder;
    folder.put("ca.pem", ca.pem());
    folder.put("app.pem", ours.pem());
    folder.put("app.key", ours.key_pem());
    const kazoo::client zk = connect_securely(server->host(), folder.path("."));
    const auto names = zk.who_am_i();
    EXPECT_NE(std::ranges::find(names, kazoo::client_identity{"x509", "CN=app,O=kazoo"}), names.end());
}

} // namespace

// -- doc/production.md -------------------------------------------------------------------------------

namespace {

// [shown]
kazoo::client connect_in_production(const std::string& hosts, kazoo::log_sink log) {
    kazoo::client_options o;
    o.session_timeout = std::chrono::seconds(15);  // how long others wait when this process has died
    o.operation_timeout = std::chrono::seconds(5); // how long a call may take, whatever happens
    o.name = "billing";                            // in each of its log lines
    o.log = std::move(log);
    return kazoo::client(hosts, o); // returns at once: the servers may come later
}
// [shown]

TEST(production_page, connects) {
    const kazoo::client zk = connect_in_production(kazoo::test::server().address(), {});
    EXPECT_TRUE(zk.exists("/").has_value());
    EXPECT_EQ(zk.negotiated_timeout(), std::chrono::seconds(15));
}

} // namespace

// -- doc/operations.md -------------------------------------------------------------------------------

namespace names_of_both {
namespace {

// [shown]
using namespace std;
using namespace kazoo;

void restart(const client& zk) {
    kazoo::mutex only_one(zk, "/jobs/restart");
    const unique_lock lock(only_one);
    zk.set("/jobs/state", "restarting");
}
// [shown]

TEST_F(pages, operations_uses_the_names_of_both) {
    zk().create("/jobs");
    zk().create("/jobs/state");
    restart(zk());
    EXPECT_EQ(zk().get("/jobs/state").data.str(), "restarting");
}

} // namespace
} // namespace names_of_both
