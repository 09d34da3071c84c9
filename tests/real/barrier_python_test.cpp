// Kazoo for Python and we, at the same barriers of one real server.
#include "real/other_clients.hpp"
#include "shared/backend.hpp"
#include "testing/real/process.hpp"
#include "testing/real/real_server.hpp"

#include <kazoo/recipe/barrier.hpp>
#include <kazoo/recipe/double_barrier.hpp>

#include <gmock/gmock.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::debian_python;
using kazoo::test::eventually;
using kazoo::test::kazoo_worker;
using kazoo::testkit::process;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::SizeIs;

namespace {

/// One server and one Python, which does at barriers what it is told, for the whole suite.
struct barrier_side {
    const kazoo::testkit::temporary_directory folder;
    const kazoo::testkit::real_server zk;
    const client ours{zk.address(), {.session_timeout = 4s}}, more{zk.address(), {.session_timeout = 4s}};
    std::unique_ptr<process> python;
    int number = 0;

    barrier_side() {
        ours.wait_connected(30s);
        process probe({debian_python, "-c", "import kazoo"}, folder.path() / "probe.log");
        EXPECT_TRUE(probe.wait_exit(60s));
        EXPECT_EQ(probe.how_it_ended(), "exit code 0") << "the Debian package python3-kazoo is missing";
        start();
    }
    std::string file() const { return (folder.path() / "told").string(); }
    void start() {
        std::ofstream(file() + ".commands", std::ios::trunc).flush();
        const std::vector<std::string> words{debian_python, "-B", kazoo_worker, "barriers", zk.address(), file()};
        python = std::make_unique<process>(words, folder.path() / "log");
    }
    void kill() const {
        python->signal(SIGKILL);
        ASSERT_TRUE(python->wait_exit(30s));
    }
    std::string log() const {
        std::ifstream in(folder.path() / "log");
        return {std::istreambuf_iterator<char>(in), {}};
    }
    /// Tells it to begin; the number is for answer_to().
    int begins(const std::string& what, const std::string& path, std::size_t members) {
        std::ofstream(file() + ".commands", std::ios::app)
            << R"({"number": )" << ++number << R"(, "do": ")" << what << R"(", "path": ")" << path
            << R"(", "name": "python", "members": )" << members << "}\n";
        return number;
    }
    /// Empty: it has not done so yet.
    std::string answer_now(int to) const {
        const std::string n = std::to_string(to) + " ";
        std::ifstream in(file());
        for (std::string l; std::getline(in, l) && !in.eof();)
            if (l.starts_with(n)) return l.substr(n.size());
        return {};
    }
    std::string answer_to(int which) const {
        const bool answered = eventually([&] { return !answer_now(which).empty(); });
        return answered ? answer_now(which) : "no answer: " + log();
    }
};

class barrier_python : public ::testing::Test {
  protected:
    static void SetUpTestSuite() { side = std::make_unique<barrier_side>(); }
    static void TearDownTestSuite() { side.reset(); }
    void SetUp() override { path = "/barriers" + std::to_string(side->number); }

    int begins(const std::string& what, std::size_t members = 2) const { return side->begins(what, path, members); }
    std::string does(const std::string& what, std::size_t members = 2) const {
        return side->answer_to(begins(what, members));
    }
    std::vector<std::string> below() const {
        side->ours.sync(path);
        std::vector<std::string> all;
        if (side->ours.exists(path)) all = side->ours.get_children(path);
        std::ranges::sort(all);
        return all;
    }
    bool has(std::size_t n) const {
        return eventually([&] { return below().size() == n; });
    }

    std::string path;
    static std::unique_ptr<barrier_side> side;
};
std::unique_ptr<barrier_side> barrier_python::side;

TEST_F(barrier_python, A21_each_waits_for_the_other_ones_barrier) {
    barrier b(side->ours, path);
    EXPECT_EQ(does("look"), "True");
    EXPECT_TRUE(b.create());
    EXPECT_EQ(does("look"), "False");
    const int waits = begins("wait");
    EXPECT_EQ(does("create"), "done");
    EXPECT_EQ(side->answer_now(waits), "");
    EXPECT_TRUE(b.remove());
    EXPECT_EQ(side->answer_to(waits), "True");

    EXPECT_EQ(does("create"), "done");
    EXPECT_FALSE(b.create());
    auto waiting = b.async_wait();
    EXPECT_FALSE(b.wait_for(0s));
    EXPECT_EQ(does("remove"), "True");
    EXPECT_TRUE(std::move(waiting).get_for(20s));
    EXPECT_EQ(does("remove"), "False");
}

TEST_F(barrier_python, A21_all_enter_together_and_leave_together_round_by_round) {
    double_barrier b(side->ours, path, 2, {.identifier = "ours"});
    for (int round = 0; round < 4; ++round) {
        const bool python_comes_first = round % 2 == 0;
        int enters = 0;
        future<bool> entering;
        if (python_comes_first)
            enters = begins("enter");
        else
            entering = b.async_enter();
        ASSERT_TRUE(has(1)) << round;
        EXPECT_THAT(below()[0], MatchesRegex("[0-9a-f]{32}"));
        if (python_comes_first)
            entering = b.async_enter();
        else
            enters = begins("enter");
        EXPECT_TRUE(std::move(entering).get_for(30s)) << round;
        EXPECT_EQ(side->answer_to(enters), "True") << round;
        EXPECT_THAT(below(), SizeIs(3));

        int leaves = 0;
        future<bool> leaving;
        if (python_comes_first)
            leaves = begins("leave");
        else
            leaving = b.async_leave();
        if (python_comes_first) {
            EXPECT_TRUE(eventually([&] { return !side->ours.exists(path + "/ready"); })) << "kazoo removes it first";
            EXPECT_EQ(side->answer_now(leaves), "");
            leaving = b.async_leave();
        } else {
            leaves = begins("leave");
        }
        EXPECT_TRUE(std::move(leaving).get_for(30s)) << round;
        EXPECT_EQ(side->answer_to(leaves), "done") << round;
        EXPECT_THAT(below(), IsEmpty());
    }
}

TEST_F(barrier_python, C64_whom_we_wait_for_is_killed) {
    double_barrier b(side->ours, path, 2);
    const int enters = begins("enter");
    EXPECT_TRUE(b.enter_for(30s));
    EXPECT_EQ(side->answer_to(enters), "True");
    side->kill();
    EXPECT_TRUE(b.leave_for(30s));
    EXPECT_THAT(below(), ::testing::Each("ready")) << "if it was to go last";
    side->start();

    const std::vector<std::string> words{KAZOO_LOCK_WORKER, "gate", side->zk.address(), path, "killed", "2"};
    process ours(words, side->folder.path() / "ours.log");
    EXPECT_TRUE(eventually([&] { return below().size() == 1 && below()[0] != "ready"; })) << "that is gone now";
    EXPECT_EQ(does("enter"), "True");
    const int leaves = begins("leave");
    ours.signal(SIGKILL);
    ASSERT_TRUE(ours.wait_exit(30s));
    EXPECT_EQ(side->answer_to(leaves), "done");
    EXPECT_TRUE(has(0));
}

TEST_F(barrier_python, C64_what_killed_members_left_behind_misleads_nobody) {
    EXPECT_EQ(does("enter", 1), "True");
    ASSERT_TRUE(has(2));
    side->kill();
    ASSERT_TRUE(has(1)) << "ready";
    side->start();

    double_barrier b(side->ours, path, 3), last(side->more, path, 3);
    auto entering = b.async_enter();
    EXPECT_TRUE(eventually([&] { return !side->ours.exists(path + "/ready"); }));
    const int enters = begins("enter", 3);
    ASSERT_TRUE(has(2));
    EXPECT_EQ(does("look"), "False") << "and it has looked, too";
    EXPECT_EQ(side->answer_now(enters), "") << "two are there";
    EXPECT_TRUE(last.enter_for(30s));
    EXPECT_TRUE(std::move(entering).get_for(30s));
    EXPECT_EQ(side->answer_to(enters), "True");
}

TEST_F(barrier_python, C64_who_is_killed_while_it_waits_does_not_count) {
    double_barrier b(side->ours, path, 2), second(side->more, path, 2);
    begins("enter");
    ASSERT_TRUE(has(1));
    side->kill();
    ASSERT_TRUE(has(0));
    side->start();
    auto entering = b.async_enter();
    ASSERT_TRUE(has(1));
    EXPECT_FALSE(entering.ready());
    EXPECT_TRUE(second.enter_for(30s));
    EXPECT_TRUE(std::move(entering).get_for(30s));
}

} // namespace
