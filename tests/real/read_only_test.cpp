// What follows nodes, on a server that has lost its quorum and serves reads all the same.
#include "shared/backend.hpp"

#include <kazoo/recipe/children_watch.hpp>
#include <kazoo/recipe/counter.hpp>
#include <kazoo/recipe/data_watch.hpp>
#include <kazoo/recipe/party.hpp>
#include <kazoo/recipe/tree_cache.hpp>
#include <kazoo/testkit/ensemble.hpp>

#include <gtest/gtest.h>

#include <mutex>
#include <optional>
#include <string>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::eventually;
using kazoo::testkit::ensemble;

namespace {

/// The last that was told, whoever asks.
class last_told {
  public:
    void set(std::string what) {
        const std::lock_guard lock(mutex_);
        what_ = std::move(what);
    }
    bool is(const std::string& what) {
        return eventually([&] {
            const std::lock_guard lock(mutex_);
            return what_ == what;
        });
    }

  private:
    std::mutex mutex_;
    std::string what_;
};

TEST(read_only, what_follows_nodes_goes_on_without_a_quorum_and_behind_a_lost_session) {
    ensemble zk(3, {.tick = 200ms,
                    .config = {"localSessionsEnabled=true", "localSessionsUpgradingEnabled=true"},
                    .java_flags = {"-Dreadonlymode.enabled=true"}});
    const std::size_t survivor = (zk.wait_leader() + 1) % 3;
    const client writer(zk.addresses());
    writer.create("/n", "before");
    writer.create("/n/child");
    writer.sync("/n");

    const client c(zk[survivor].address(), {.session_timeout = 2s, .read_only = true});
    c.wait_connected(20s);
    const session_id first = c.session_id();
    last_told data, children;
    const data_watch follows_data(c, "/n", [&](const std::optional<node>& n) { data.set(n ? n->data.str() : "none"); });
    const children_watch follows_children(c, "/n", [&](const std::optional<child_list>& l) {
        children.set(l ? std::to_string(l->names.size()) : "none");
    });
    tree_cache cache(c, "/n");
    cache.start();
    cache.wait_initialized(20s);
    EXPECT_TRUE(data.is("before"));
    EXPECT_TRUE(children.is("1"));

    for (std::size_t i = 0; i < 3; ++i)
        if (i != survivor) zk[i].kill();
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::connected_read_only; }));
    EXPECT_NE(c.session_id(), first) << "the servers' session is over, or nobody knows";
    EXPECT_TRUE(eventually([&] { return cache.state() == tree_state::current; })) << to_string(cache.state());
    EXPECT_EQ(cache.size(), 2u);
    tree_cache another(c, "/n");
    another.start();
    EXPECT_NO_THROW(another.wait_initialized(20s)) << "it begins there";
    EXPECT_EQ(another.size(), 2u);
    EXPECT_TRUE(follows_data.active());
    EXPECT_TRUE(follows_children.active());
    counter known(c, "/n/count", {.initial = 3});
    EXPECT_EQ(known.load(), 3);
    EXPECT_THROW(++known, error_of<errc::not_read_only>);
    std::int64_t other_than_it_is = 4;
    EXPECT_THROW(known.compare_exchange(other_than_it_is, 1), error_of<errc::not_read_only>);

    for (std::size_t i = 0; i < 3; ++i)
        if (i != survivor) zk[i].start();
    zk.wait_ready();
    const client again(zk.addresses());
    again.set("/n", "after");
    again.create("/n/second");
    EXPECT_TRUE(data.is("after"));
    EXPECT_TRUE(children.is("2"));
    for (const tree_cache* t : {&cache, &another})
        EXPECT_TRUE(eventually([&] { return t->size() == 3u && t->get("/n")->data.view() == "after"; }));
}

TEST(read_only, a_member_waits_for_a_quorum_and_joins_again) {
    ensemble zk(3, {.tick = 200ms,
                    .config = {"localSessionsEnabled=true", "localSessionsUpgradingEnabled=true"},
                    .java_flags = {"-Dreadonlymode.enabled=true"}});
    const std::size_t survivor = (zk.wait_leader() + 1) % 3;
    const client c(zk[survivor].address(), {.session_timeout = 2s, .read_only = true});
    party p(c, "/party", {.identifier = "us"});
    p.join();
    const auto creates_failed = [&] {
        for (const operation_metrics& o : c.metrics().operations)
            if (o.name == "create") return o.failed;
        return std::uint64_t{0};
    };
    const auto before = creates_failed();
    for (std::size_t i = 0; i < 3; ++i)
        if (i != survivor) zk[i].kill();
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::connected_read_only; }));
    ASSERT_TRUE(eventually([&] { return creates_failed() > before + 1; })) << "it has tried";
    EXPECT_EQ(p.state(), presence_state::joining);
    for (std::size_t i = 0; i < 3; ++i)
        if (i != survivor) zk[i].start();
    zk.wait_ready();
    EXPECT_TRUE(eventually([&] { return p.joined(); }));
    const client other(zk.addresses());
    other.sync("/party");
    EXPECT_EQ(other.get_children("/party").size(), 1u);
}

const testkit::real_server_options with_read_only_mode{
    .tick = 200ms,
    .config = {"localSessionsEnabled=true", "localSessionsUpgradingEnabled=true"},
    .java_flags = {"-Dreadonlymode.enabled=true"}};

TEST(read_only, C15_a_client_of_a_server_that_is_cut_off_moves_to_one_with_a_quorum) {
    ensemble zk({.size = 3, .each = with_read_only_mode, .gated = true});
    const std::size_t alone = (zk.wait_leader() + 1) % 3;
    zk.isolate(alone);
    ASSERT_TRUE(eventually([&] { return zk[alone].mode() == "read-only"; })) << zk[alone].mode();
    const client c(zk[alone].address(), {.session_timeout = 20s, .randomize_hosts = false, .read_only = true});
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::connected_read_only; }));
    std::string others;
    for (std::size_t i = 0; i < 3; ++i)
        if (i != alone) others += "," + zk[i].address();
    c.set_hosts(zk[alone].address() + ",127.0.0.1:1" + others); // the first that is asked is not there
    EXPECT_TRUE(eventually([&] { return c.state() == session_state::connected; })) << c.last_failures();
    EXPECT_NE(c.server(), zk[alone].address());
    EXPECT_EQ(c.create("/written"), "/written");
}

TEST(read_only, a_session_begun_before_the_quorum_was_lost_goes_on_when_it_is_back) {
    ensemble zk(3, with_read_only_mode);
    const std::size_t survivor = (zk.wait_leader() + 1) % 3;
    const client c(zk.addresses(), {.session_timeout = 60s, .operation_timeout = 60s, .read_only = true});
    c.create("/e", "mine", create_mode::ephemeral);
    const session_id id = c.session_id();
    for (std::size_t i = 0; i < 3; ++i)
        if (i != survivor) zk[i].kill();
    ASSERT_TRUE(eventually([&] { return zk[survivor].mode() == "read-only"; }));
    EXPECT_TRUE(eventually([&] { return c.state() == session_state::suspended; })) << c.state();
    for (std::size_t i = 0; i < 3; ++i)
        if (i != survivor) zk[i].start();
    EXPECT_TRUE(eventually([&] { return c.state() == session_state::connected; })) << c.last_failures();
    EXPECT_EQ(c.session_id(), id);
    EXPECT_EQ(c.get("/e").stat.owner, id);
}

TEST(read_only, a_server_without_sessions_of_its_own_says_why_it_refuses) {
    ensemble zk(3, {.tick = 200ms, .java_flags = {"-Dreadonlymode.enabled=true"}});
    const std::size_t survivor = (zk.wait_leader() + 1) % 3;
    for (std::size_t i = 0; i < 3; ++i)
        if (i != survivor) zk[i].kill();
    ASSERT_TRUE(eventually([&] { return zk[survivor].mode() == "read-only"; }));
    const client c(zk[survivor].address(), {.session_timeout = 4s, .read_only = true});
    EXPECT_TRUE(eventually([&] {
        return c.last_failures().find("refused: it has no quorum, and no sessions of its own (localSessionsEnabled)") !=
               std::string::npos;
    })) << c.last_failures();
    for (std::size_t i = 0; i < 3; ++i)
        if (i != survivor) zk[i].start();
    c.wait_connected(30s);
}

} // namespace
