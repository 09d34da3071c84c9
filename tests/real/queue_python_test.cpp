// Kazoo for Python and we, on the same queue of one real server.
#include "real/other_clients.hpp"
#include "shared/backend.hpp"
#include "testing/real/process.hpp"
#include "testing/real/real_server.hpp"

#include <kazoo/recipe/queue.hpp>
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

class queue_python : public ::testing::Test {
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
    /// `what`: push or pop.
    std::unique_ptr<process> python(const std::string& what, const std::string& name, int times) const {
        return start({debian_python, "-B", kazoo_worker, "queue", zk_.address(), path, name, file(),
                      std::to_string(times), what});
    }
    std::unique_ptr<process> ours(const std::string& what, const std::string& name, int times) const {
        return start({KAZOO_LOCK_WORKER, "queue", zk_.address(), path, name, file(), std::to_string(times), what});
    }
    /// How often each item was told, "NAME popped ITEM", or pushed.
    std::map<std::string, int> told(const std::string& what) const {
        std::map<std::string, int> all;
        std::ifstream in(file());
        std::string name, done, item;
        while (in >> name >> done >> item)
            if (done == what) ++all[item];
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

    const std::string path = "/queue/both";
    const kazoo::testkit::temporary_directory folder_;
    const kazoo::testkit::real_server zk_;
    const client ours_{zk_.address()};
};

TEST_F(queue_python, A25_each_pops_what_the_other_pushed_in_the_same_order) {
    queue q(ours_, path);
    ends(*python("push", "p", 3));
    q.push("urgent", 1);
    EXPECT_EQ(q.pop(), "urgent");
    for (const char* item : {"p-0", "p-1", "p-2"}) EXPECT_EQ(q.pop(), item);
    for (const char* item : {"2", "3"}) q.push(item);
    q.push("1", 50);
    ends(*python("pop", "reader", 3));
    std::ifstream in(file());
    std::vector<std::string> order;
    for (std::string name, done, item; in >> name >> done >> item;)
        if (name == "reader") order.push_back(item);
    EXPECT_EQ(order, (std::vector<std::string>{"1", "2", "3"}));
    EXPECT_EQ(q.size(), 0u);
}

TEST_F(queue_python, two_of_each_push_and_pop_and_each_item_gets_to_one) {
    constexpr int times = 100;
    std::vector<std::unique_ptr<process>> all;
    all.push_back(python("push", "python1", times));
    all.push_back(ours("push", "ours1", times));
    all.push_back(python("pop", "python2", times));
    all.push_back(ours("pop", "ours2", times));
    for (const auto& p : all) ends(*p);
    const auto pushed = told("pushed"), popped = told("popped");
    EXPECT_EQ(pushed.size(), 2u * times);
    EXPECT_EQ(popped, pushed) << "each once";
    EXPECT_EQ(queue(ours_, path).size(), 0u);
}

TEST_F(queue_python, whoever_is_killed_costs_one_item_at_most) {
    constexpr int items = 2000;
    ends(*ours("push", "a", items / 2));
    ends(*python("push", "b", items / 2));
    std::size_t before = 0;
    const auto some_more = [&] { return eventually([&] { return told("popped").size() > before + 5; }); };
    for (const bool is_python : {true, false}) {
        before = told("popped").size();
        const auto p = is_python ? python("pop", "p", 0) : ours("pop", "o", 0);
        ASSERT_TRUE(some_more()) << log();
        kill(*p);
    }
    queue q(ours_, path);
    const auto popped = told("popped");
    std::size_t left = 0;
    while (const auto item = q.try_pop()) {
        ++left;
        EXPECT_FALSE(popped.contains(item->str())) << item->str();
    }
    for (const auto& [item, n] : popped) EXPECT_EQ(n, 1) << item;
    EXPECT_LE(popped.size() + left, std::size_t{items});
    EXPECT_GE(popped.size() + left, std::size_t{items} - 2);
}

} // namespace
