// What watching costs: requests of each kind, and watches at the server, as the headers and pages say.
#include "shared/mutex_test.hpp"

#include <kazoo/recipe/children_watch.hpp>
#include <kazoo/recipe/data_watch.hpp>
#include <kazoo/recipe/patient_children_watch.hpp>
#include <kazoo/recipe/tree_cache.hpp>

#include <atomic>
#include <map>
#include <string>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::eventually;
using kazoo::testkit::fault_gate;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

namespace {

class watching_costs : public test::mutex_test {
  protected:
    /// A session so long that nobody comes by to look after what servers do not tell.
    client_options patient() const {
        client_options o = quick();
        o.session_timeout = 40s;
        return o;
    }
    /// What was asked since the last call.
    std::map<std::string, std::uint64_t> asked(const client& c) {
        std::map<std::string, std::uint64_t> now, fresh;
        for (const auto& o : c.metrics().operations) now[o.name] = o.succeeded + o.failed;
        for (const auto& [name, count] : now)
            if (count != before_[name]) fresh[name] = count - before_[name];
        before_ = std::move(now);
        return fresh;
    }
    static bool watches_become(int n) {
        return eventually([&] { return watches_at_the_server() == n; });
    }
    static void reconnect(fault_gate& gate, const client& c) {
        const auto connections = c.metrics().connections;
        gate.cut();
        ASSERT_TRUE(
            eventually([&] { return c.metrics().connections > connections && c.state() == session_state::connected; }));
    }
    static void next_session(const client& c) {
        const session_id old = c.session_id();
        test::expire(c);
        ASSERT_TRUE(eventually([&] { return c.state() == session_state::connected && c.session_id() != old; }));
    }

  private:
    std::map<std::string, std::uint64_t> before_;
};

TEST_F(watching_costs, of_data) {
    const client other = connect();
    fault_gate gate(test::server().address());
    const client c = connect_through(gate, patient());
    const int others = watches_at_the_server();
    (void)asked(c);
    std::atomic<int> told{0};
    const auto hears = [&](int n) { return eventually([&] { return told == n; }); };
    data_watch w(c, "/n", [&](const std::optional<node>&) { ++told; });
    ASSERT_TRUE(hears(1));
    EXPECT_THAT(asked(c), ElementsAre(Pair("exists", 1), Pair("get", 1))) << "no node";
    EXPECT_TRUE(watches_become(others + 1));
    other.create("/n", "1");
    ASSERT_TRUE(hears(2));
    EXPECT_THAT(asked(c), ElementsAre(Pair("get", 1))) << "it is made";
    EXPECT_TRUE(watches_become(others + 1));
    other.set("/n", "2");
    ASSERT_TRUE(hears(3));
    EXPECT_THAT(asked(c), ElementsAre(Pair("get", 1))) << "a change";
    EXPECT_TRUE(watches_become(others + 1));
    reconnect(gate, c);
    EXPECT_TRUE(watches_become(others + 1));
    other.set("/n", "3");
    ASSERT_TRUE(hears(4));
    EXPECT_THAT(asked(c), ElementsAre(Pair("get", 1))) << "a reconnect costs none";
    next_session(c);
    EXPECT_TRUE(watches_become(others + 1)) << "read again";
    other.set("/n", "4");
    ASSERT_TRUE(hears(5));
    EXPECT_THAT(asked(c), ElementsAre(Pair("get", 2), Pair("sync", 1))) << "a new session, and a change";
    w.stop();
    EXPECT_TRUE(watches_become(others));
}

TEST_F(watching_costs, of_children) {
    const client other = connect();
    fault_gate gate(test::server().address());
    const client c = connect_through(gate, patient());
    other.create("/g");
    for (int i = 0; i < 20; ++i) other.create("/g/" + std::to_string(i));
    const int others = watches_at_the_server();
    (void)asked(c);
    std::atomic<int> told{0};
    const auto hears = [&](int n) { return eventually([&] { return told == n; }); };
    children_watch w(c, "/g", [&](const std::optional<child_list>&) { ++told; });
    ASSERT_TRUE(hears(1));
    EXPECT_THAT(asked(c), ElementsAre(Pair("get_children", 1)));
    EXPECT_TRUE(watches_become(others + 1));
    other.create("/g/new");
    ASSERT_TRUE(hears(2));
    EXPECT_THAT(asked(c), ElementsAre(Pair("get_children", 1))) << "a change";
    EXPECT_TRUE(watches_become(others + 1));
    reconnect(gate, c);
    EXPECT_TRUE(watches_become(others + 1));
    other.remove("/g/new");
    ASSERT_TRUE(hears(3));
    EXPECT_THAT(asked(c), ElementsAre(Pair("get_children", 1))) << "a reconnect costs none";
    next_session(c);
    EXPECT_TRUE(watches_become(others + 1)) << "read again";
    other.create("/g/new");
    ASSERT_TRUE(hears(4));
    EXPECT_THAT(asked(c), ElementsAre(Pair("get_children", 2), Pair("sync", 1))) << "a new session, and a change";
    w.stop();
    EXPECT_TRUE(watches_become(others));
}

TEST_F(watching_costs, of_a_list_that_settles) {
    const client c = connect(patient());
    c.create("/g");
    const int others = watches_at_the_server();
    (void)asked(c);
    patient_children_watch w(c, "/g", 50ms);
    {
        const auto settled = w.settle();
        EXPECT_THAT(asked(c), ElementsAre(Pair("get_children", 2))) << "at the beginning and at the end";
        EXPECT_TRUE(watches_become(others + 1));
    }
    EXPECT_TRUE(watches_become(others));
}

TEST_F(watching_costs, of_a_tree) {
    const client other = connect();
    fault_gate gate(test::server().address());
    const client c = connect_through(gate, patient());
    for (const char* path : {"/t", "/t/a", "/t/a/1", "/t/a/2", "/t/b", "/t/c"}) other.create(path);
    const int others = watches_at_the_server();
    const int recursive = test::a_recursive_watch(other);
    (void)asked(c);
    tree_cache cache(c, "/t");
    cache.start();
    cache.wait_initialized(20s);
    EXPECT_THAT(asked(c), ElementsAre(Pair("add_watch", 1), Pair("get", 6), Pair("get_children", 2), Pair("sync", 1)));
    EXPECT_TRUE(watches_become(others + recursive)) << "one for all";
    const auto becomes = [&](const std::function<bool()>& is) { return eventually(is); };
    other.set("/t/b", "x");
    ASSERT_TRUE(becomes([&] { return cache.get("/t/b")->data == "x"; }));
    EXPECT_THAT(asked(c), ElementsAre(Pair("get", 1))) << "a change";
    other.create("/t/d");
    ASSERT_TRUE(becomes([&] { return cache.get("/t/d").has_value(); }));
    EXPECT_THAT(asked(c), ElementsAre(Pair("get", 1))) << "a node more";
    other.remove("/t/d");
    ASSERT_TRUE(becomes([&] { return !cache.get("/t/d"); }));
    EXPECT_THAT(asked(c), ElementsAre(Pair("exists", 1))) << "one less";
    (void)cache.get("/t/a");
    (void)cache.children("/t");
    EXPECT_THAT(asked(c), IsEmpty()) << "reading asks nobody";
    EXPECT_TRUE(watches_become(others + recursive));

    const auto compared = [&] { return cache.state() == tree_state::current; };
    reconnect(gate, c);
    ASSERT_TRUE(becomes(compared));
    // The lists of /t are read, as its children came and went since they were.
    EXPECT_THAT(asked(c), ElementsAre(Pair("exists", 6), Pair("get_children", 1))) << "each is compared";
    reconnect(gate, c);
    ASSERT_TRUE(becomes(compared));
    EXPECT_THAT(asked(c), ElementsAre(Pair("exists", 6)));
    gate.refuse(true);
    gate.cut();
    ASSERT_TRUE(becomes([&] { return c.state() != session_state::connected; }));
    other.set("/t/c", "y");
    gate.refuse(false);
    ASSERT_TRUE(becomes([&] { return compared() && cache.get("/t/c")->data == "y"; }));
    EXPECT_THAT(asked(c), ElementsAre(Pair("exists", 6), Pair("get", 1))) << "what has changed is read";
    next_session(c);
    ASSERT_TRUE(becomes(compared));
    // The old session may have come back for a moment, for more looks: tests/sim has the exact number.
    const auto behind_a_loss = asked(c);
    EXPECT_GE(behind_a_loss.at("exists"), 6U);
    EXPECT_GE(behind_a_loss.at("sync"), 1U);
    EXPECT_EQ(behind_a_loss.size(), 2U) << "nothing is read";
    EXPECT_TRUE(watches_become(others + recursive));
    cache.close();
    EXPECT_TRUE(watches_become(others));
}

} // namespace
