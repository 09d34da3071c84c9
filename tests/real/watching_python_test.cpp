// What kazoo for Python writes is told by objects of ours that watch, and what we write by its own.
#include "real/other_clients.hpp"
#include "shared/backend.hpp"
#include "testing/real/process.hpp"
#include "testing/real/real_server.hpp"

#include <kazoo/kazoo.hpp>
#include <kazoo/testkit/ensemble.hpp>

#include <gmock/gmock.h>

#include <csignal>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::debian_python;
using kazoo::test::eventually;
using kazoo::test::kazoo_worker;
using kazoo::testkit::process;
using ::testing::ElementsAre;
using ::testing::Optional;

namespace {

/// One server and one Python, which watches a node and does what it is told, for the whole suite.
struct other_side {
    const kazoo::testkit::temporary_directory folder;
    const kazoo::testkit::real_server zk;
    const client ours{zk.address(), {.session_timeout = 4s}};
    std::unique_ptr<process> python;

    other_side() { ours.wait_connected(30s); }
    std::string file() const { return (folder.path() / "told").string(); }
    void start() {
        std::ofstream(file() + ".commands", std::ios::trunc).flush();
        const std::vector<std::string> words{debian_python, "-B",       kazoo_worker, "watching",
                                             zk.address(),  "/watched", file(),       "4000"};
        python = std::make_unique<process>(words, folder.path() / "log");
    }
    void kill() {
        python->signal(SIGKILL);
        ASSERT_TRUE(python->wait_exit(30s));
        ASSERT_EQ(python->how_it_ended(), "signal 9");
    }
    std::vector<std::string> told() const {
        std::vector<std::string> all;
        std::ifstream in(file());
        for (std::string line; std::getline(in, line);) all.push_back(line);
        return all;
    }
    std::string log() const {
        std::ifstream in(folder.path() / "log");
        return {std::istreambuf_iterator<char>(in), {}};
    }
    std::ptrdiff_t times(const std::string& line) const { return std::ranges::count(told(), line); }
    bool tells(const std::string& line, std::ptrdiff_t more_than = 0) const {
        return eventually([&] { return times(line) > more_than; });
    }
    void let(const std::string& command) const {
        const std::string done = "done " + command.substr(0, command.find(' '));
        const auto before = times(done);
        std::ofstream(file() + ".commands", std::ios::app) << command << '\n';
        ASSERT_TRUE(tells(done, before)) << command << '\n' << log();
    }
};

class watching_python : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        side = std::make_unique<other_side>();
        process probe({debian_python, "-c", "import kazoo"}, side->folder.path() / "probe.log");
        ASSERT_TRUE(probe.wait_exit(60s));
        ASSERT_EQ(probe.how_it_ended(), "exit code 0") << "the Debian package python3-kazoo is missing";
        side->ours.create("/watched", "begin");
        side->start();
        ASSERT_TRUE(side->tells("data begin") && side->tells("children ")) << side->log();
    }
    static void TearDownTestSuite() { side.reset(); }

    static std::unique_ptr<other_side> side;
};
std::unique_ptr<other_side> watching_python::side;

/// The last thing told, from any thread.
class last_told {
  public:
    void say(std::string text) {
        const std::lock_guard lock(mutex_);
        text_ = std::move(text);
    }
    bool becomes(const std::string& text) const {
        return eventually([&] {
            const std::lock_guard lock(mutex_);
            return text_ == text;
        });
    }

  private:
    mutable std::mutex mutex_;
    std::string text_;
};

struct watched_by_us {
    const client zk;
    last_told data, children;
    data_watch d{zk, "/watched", [this](const std::optional<node>& n) { data.say(n ? n->data.str() : "-"); }};
    children_watch c{zk, "/watched", [this](const std::optional<child_list>& l) {
                         std::string names;
                         for (std::size_t i = 0; l && i < l->names.size(); ++i)
                             names += (i == 0 ? "" : ",") + std::string(l->names[i]);
                         children.say(l ? names : "-");
                     }};
    tree_cache cache{zk, "/watched"};

    explicit watched_by_us(const client& ours) : zk(ours) {
        cache.start();
        cache.wait_initialized(20s);
    }
    bool holds(const std::string& path, const std::string& text) const {
        return eventually([&] {
            const auto n = cache.get(path);
            return n && n->data == text;
        });
    }
};

TEST_F(watching_python, what_python_writes_is_told_by_ours) {
    const watched_by_us us(side->ours);
    side->let("set /watched by-python");
    EXPECT_TRUE(us.data.becomes("by-python"));
    EXPECT_TRUE(us.holds("/watched", "by-python"));
    side->let("create /watched/a 1");
    side->let("create /watched/a/deep 2");
    EXPECT_TRUE(us.children.becomes("a"));
    EXPECT_TRUE(us.holds("/watched/a/deep", "2"));
    side->let("delete /watched/a");
    EXPECT_TRUE(us.children.becomes(""));
    EXPECT_TRUE(eventually([&] { return us.cache.size() == 1; }));
}

TEST_F(watching_python, what_we_write_is_told_by_python) {
    side->ours.set("/watched", "by-us");
    EXPECT_TRUE(side->tells("data by-us")) << side->log();
    side->ours.create("/watched/x");
    side->ours.create("/watched/y");
    EXPECT_TRUE(side->tells("children x,y")) << side->log();
    const auto empty = side->times("children ");
    side->ours.transaction().remove("/watched/x").remove("/watched/y").commit();
    EXPECT_TRUE(side->tells("children ", empty)) << side->log();
}

TEST_F(watching_python, both_go_on_when_python_is_killed_and_comes_back) {
    const watched_by_us us(side->ours);
    side->let("ephemeral /watched/python here");
    EXPECT_TRUE(us.children.becomes("python"));
    EXPECT_TRUE(us.holds("/watched/python", "here"));
    side->kill();
    side->ours.set("/watched", "while-dead");
    EXPECT_TRUE(us.data.becomes("while-dead"));
    EXPECT_TRUE(us.children.becomes("")) << "its session ends, and its node with it";
    EXPECT_TRUE(eventually([&] { return !us.cache.get("/watched/python"); }));
    side->start();
    EXPECT_TRUE(side->tells("data while-dead")) << side->log();
    side->ours.create("/watched/both", "1");
    EXPECT_TRUE(side->tells("children both")) << side->log();
    side->let("set /watched/both 2");
    EXPECT_TRUE(us.holds("/watched/both", "2"));
    EXPECT_THAT(us.cache.children("/watched"), Optional(ElementsAre("both")));
    side->let("delete /watched/both");
    EXPECT_TRUE(us.children.becomes(""));
}

} // namespace
