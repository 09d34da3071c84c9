// Kazoo for Python and we, on the same locking queue of one real server.
#include "real/other_clients.hpp"
#include "shared/backend.hpp"
#include "testing/real/process.hpp"
#include "testing/real/real_server.hpp"

#include <kazoo/recipe/locking_queue.hpp>
#include <kazoo/testkit/ensemble.hpp>

#include <gmock/gmock.h>

#include <csignal>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::debian_python;
using kazoo::test::eventually;
using kazoo::test::kazoo_worker;
using kazoo::testkit::process;

namespace {

class locking_queue_python : public ::testing::Test {
  protected:
    void SetUp() override { ours_.wait_connected(30s); }

    std::string file() const { return (folder_.path() / "told").string(); }
    std::string log() const {
        std::ifstream in(folder_.path() / "log");
        return {std::istreambuf_iterator<char>(in), {}};
    }
    std::unique_ptr<process> start(const std::vector<std::string>& words) const {
        return std::make_unique<process>(words, folder_.path() / "log");
    }
    /// `what`: push, consume or hold.
    std::unique_ptr<process> python(const std::string& what, const std::string& name, int times) const {
        return start({debian_python, "-B", kazoo_worker, "locking_queue", zk_.address(), path, name, file(),
                      std::to_string(times), what});
    }
    std::unique_ptr<process> ours(const std::string& what, const std::string& name, int times) const {
        return start(
            {KAZOO_LOCK_WORKER, "locking_queue", zk_.address(), path, name, file(), std::to_string(times), what});
    }
    /// How often each item was told, "NAME consumed ITEM", or pushed.
    std::map<std::string, int> told(const std::string& what) const {
        std::map<std::string, int> all;
        std::ifstream in(file());
        std::string name, done, item;
        while (in >> name >> done >> item)
            if (done == what) ++all[item];
        return all;
    }
    /// What somebody was told, in its order.
    std::vector<std::string> told_by(const std::string& who, const std::string& what) const {
        std::vector<std::string> all;
        std::ifstream in(file());
        for (std::string name, done, item; in >> name >> done >> item;)
            if (name == who && done == what) all.push_back(item);
        return all;
    }
    void ends(process& p) const {
        ASSERT_TRUE(p.wait_exit(120s)) << log();
        EXPECT_EQ(p.how_it_ended(), "exit code 0") << log();
    }
    void kill(process& p) const {
        p.signal(SIGKILL);
        ASSERT_TRUE(p.wait_exit(30s));
    }

    const std::string path = "/queue/locking";
    const kazoo::testkit::temporary_directory folder_;
    const kazoo::testkit::real_server zk_;
    const client ours_{zk_.address()};
};

TEST_F(locking_queue_python, A25_each_consumes_what_the_other_pushed_in_the_same_order) {
    locking_queue q(ours_, path);
    ends(*python("push", "p", 3));
    q.push("urgent", 1);
    for (const char* item : {"urgent", "p-0", "p-1", "p-2"}) {
        claimed_item next = q.get();
        EXPECT_EQ(next.data(), item);
        EXPECT_TRUE(next.consume());
    }
    for (const char* item : {"2", "3"}) q.push(item);
    q.push("1", 50);
    ends(*python("consume", "reader", 3));
    EXPECT_EQ(told_by("reader", "consumed"), (std::vector<std::string>{"1", "2", "3"}));
    EXPECT_EQ(q.size(), 0u);
    EXPECT_TRUE(ours_.get_children(path + "/taken").empty());
}

TEST_F(locking_queue_python, what_one_has_claimed_the_other_leaves_alone_until_it_is_released) {
    locking_queue q(ours_, path);
    q.push_all(std::vector<std::string>{"1", "2"});
    claimed_item one = q.get();
    const auto holder = python("hold", "p", 1);
    ASSERT_TRUE(eventually([&] { return told("holds").contains("2"); })) << log();
    EXPECT_FALSE(q.try_get());
    const auto waiting = python("consume", "second", 1);
    one.release();
    ends(*waiting);
    EXPECT_EQ(told_by("second", "consumed"), std::vector<std::string>{"1"});
    kill(*holder);
}

TEST_F(locking_queue_python, C76_what_a_killed_consumer_has_claimed_comes_back_to_the_other) {
    locking_queue q(ours_, path);
    q.push("1");
    const auto theirs = python("hold", "python", 1);
    ASSERT_TRUE(eventually([&] { return told("holds")["1"] == 1; })) << log();
    const auto mine = ours("hold", "ours", 1);
    kill(*theirs);
    ASSERT_TRUE(eventually([&] { return told("holds")["1"] == 2; })) << log();
    const auto last = python("consume", "last", 1);
    kill(*mine);
    ends(*last);
    EXPECT_EQ(told_by("last", "consumed"), std::vector<std::string>{"1"});
    EXPECT_EQ(q.size(), 0u);
}

TEST_F(locking_queue_python, two_of_each_push_and_consume_and_each_item_is_consumed_once) {
    constexpr int times = 100;
    std::vector<std::unique_ptr<process>> all;
    all.push_back(python("push", "python1", times));
    all.push_back(ours("push", "ours1", times));
    all.push_back(python("consume", "python2", times));
    all.push_back(ours("consume", "ours2", times));
    for (const auto& p : all) ends(*p);
    const auto pushed = told("pushed"), consumed = told("consumed");
    EXPECT_EQ(pushed.size(), 2u * times);
    EXPECT_EQ(consumed, pushed) << "each once";
    EXPECT_EQ(locking_queue(ours_, path).size(), 0u);
    EXPECT_TRUE(ours_.get_children(path + "/taken").empty());
}

TEST_F(locking_queue_python, whoever_is_killed_costs_no_item) {
    constexpr int items = 600;
    ends(*ours("push", "a", items / 2));
    ends(*python("push", "b", items / 2));
    for (const bool is_python : {true, false}) {
        const std::size_t before = told("consumed").size();
        const auto p = is_python ? python("consume", "p", 0) : ours("consume", "o", 0);
        ASSERT_TRUE(eventually([&] { return told("consumed").size() > before + 5; })) << log();
        kill(*p);
    }
    locking_queue q(ours_, path);
    const auto consumed = told("consumed");
    std::size_t left = 0;
    while (q.size() > 0) { // the claim of whoever was killed goes with its session
        auto item = q.try_get_for(20s);
        ASSERT_TRUE(item);
        EXPECT_FALSE(consumed.contains(item->data().str())) << item->data().str();
        EXPECT_TRUE(item->consume());
        ++left;
    }
    for (const auto& [item, n] : consumed) EXPECT_EQ(n, 1) << item;
    EXPECT_LE(consumed.size() + left, std::size_t{items});
    EXPECT_GE(consumed.size() + left, std::size_t{items} - 2) << "a consumption that nobody could tell any more";
}

} // namespace
