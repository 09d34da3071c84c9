// Kazoo for Python and we on one lock of one real server.
#include "shared/backend.hpp"
#include "testing/real/process.hpp"
#include "testing/real/real_server.hpp"

#include <kazoo/recipe/mutex.hpp>
#include <kazoo/testkit/ensemble.hpp>

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::eventually;
using kazoo::testkit::process;
using ::testing::IsEmpty;

namespace {

constexpr std::string_view debian_python = "/usr/bin/python3"; // the one that sees Debian's packages

enum class kind {
    ours,
    python
};

constexpr const char* name_of(kind k) { return k == kind::ours ? "ours" : "python"; }
constexpr kind other(kind k) { return k == kind::ours ? kind::python : kind::ours; }

/// One line of the file that all workers append to.
struct line {
    std::string what, who;
    kind by() const { return who.starts_with("python") ? kind::python : kind::ours; }
};

class mutex_python : public ::testing::Test {
  protected:
    static constexpr auto session_timeout = 4000ms;

    void SetUp() override {
        process probe({std::string(debian_python), "-c", "import kazoo"}, folder_.path() / "probe.log");
        ASSERT_TRUE(probe.wait_exit(60s));
        ASSERT_EQ(probe.how_it_ended(), "exit code 0") << "the Debian package python3-kazoo is missing";
        observer_.wait_connected(30s);
    }

    /// 0 turns: takes the lock and keeps it.
    std::unique_ptr<process> start(kind k, const std::string& name, int turns) const {
        std::vector<std::string> words{KAZOO_LOCK_WORKER, "turns"};
        if (k == kind::python) words = {std::string(debian_python), "-B", KAZOO_TEST_DATA "/real/kazoo_worker.py"};
        words.insert(words.end(), {zk_.address(), path, name, (folder_.path() / "turns").string(),
                                   std::to_string(turns), std::to_string(session_timeout.count())});
        return std::make_unique<process>(words, folder_.path() / "log");
    }

    std::vector<line> lines() const {
        std::vector<line> all;
        std::ifstream file(folder_.path() / "turns");
        for (line l; file >> l.what >> l.who;) all.push_back(l);
        return all;
    }
    std::string log() const {
        std::ifstream file(folder_.path() / "log");
        return {std::istreambuf_iterator<char>(file), {}};
    }

    bool one_waits(const mutex& m, const std::string& name) const {
        return eventually([&] {
            return std::ranges::any_of(m.contenders(), [&](const contender& c) { return c.identifier == name; });
        });
    }

    void the_other_takes_over_from_a_killed(kind killed);

    const std::string path = "/locks/shared";
    const kazoo::testkit::temporary_directory folder_;
    const kazoo::testkit::real_server zk_;
    const client observer_{zk_.address()};
};

TEST_F(mutex_python, three_of_each_take_300_turns_without_overlap) {
    constexpr int turns_each = 50;
    mutex start_line(observer_, path, {.identifier = "start line"});
    start_line.lock();
    std::map<std::string, std::unique_ptr<process>> workers;
    for (const kind k : {kind::ours, kind::python}) {
        for (int i = 1; i <= 3; ++i) {
            const std::string name = std::string(name_of(k)) + std::to_string(i);
            workers[name] = start(k, name, turns_each);
        }
    }
    for (const auto& [name, worker] : workers) ASSERT_TRUE(one_waits(start_line, name)) << name << '\n' << log();
    EXPECT_THAT(lines(), IsEmpty()) << "we hold the lock";
    start_line.unlock();
    for (const auto& [name, worker] : workers) {
        ASSERT_TRUE(worker->wait_exit(60s)) << name << '\n' << log();
        EXPECT_EQ(worker->how_it_ended(), "exit code 0") << name << '\n' << log();
    }

    const std::vector<line> all = lines();
    ASSERT_EQ(all.size(), 2u * 6 * turns_each);
    std::map<std::string, int> served;
    std::set<std::string> first_served;
    for (std::size_t i = 0; i < all.size(); i += 2) {
        ASSERT_EQ(all[i].what, "enter") << "line " << i;
        ASSERT_EQ(all[i + 1].what, "leave") << "line " << i + 1 << ": two were inside";
        ASSERT_EQ(all[i].who, all[i + 1].who) << "line " << i + 1 << ": two were inside";
        ++served[all[i].who];
        if (i < 12) first_served.insert(all[i].who);
    }
    EXPECT_EQ(first_served.size(), 6u) << "all were waiting, so each had a turn before anybody had a second one";
    for (const auto& [name, worker] : workers) EXPECT_EQ(served[name], turns_each) << name;
    EXPECT_THAT(observer_.get_children(path), IsEmpty());
}

void mutex_python::the_other_takes_over_from_a_killed(kind killed) {
    const auto holder = start(killed, std::string(name_of(killed)) + "_holder", 0);
    ASSERT_TRUE(eventually([&] { return lines().size() == 1; })) << log();
    const std::string heir_name = std::string(name_of(other(killed))) + "_heir";
    const auto heir = start(other(killed), heir_name, 0);
    const mutex looker(observer_, path);
    ASSERT_TRUE(one_waits(looker, heir_name)) << log();
    const auto line_up = looker.contenders();
    ASSERT_EQ(line_up.size(), 2u);
    EXPECT_EQ(line_up[0].identifier, std::string(name_of(killed)) + "_holder");
    EXPECT_EQ(lines().size(), 1u) << "the heir waits";

    const auto killed_at = std::chrono::steady_clock::now();
    holder->signal(SIGKILL);
    ASSERT_TRUE(holder->wait_exit(30s));
    ASSERT_TRUE(eventually([&] { return lines().size() == 2; })) << log();
    const auto took = std::chrono::steady_clock::now() - killed_at;
    EXPECT_EQ(lines().back().who, heir_name);
    const auto left = looker.contenders();
    ASSERT_EQ(left.size(), 1u);
    EXPECT_EQ(left[0].identifier, heir_name);
    EXPECT_GT(left[0].created, line_up[0].created) << "the fencing token has grown";
    // A server expires sessions at the end of the tick (200 ms) in which they end; the rest is for a busy machine.
    EXPECT_LE(took, session_timeout + 200ms + 5s);
    RecordProperty("takeover_ms", static_cast<int>(took / 1ms));
}

TEST_F(mutex_python, a_killed_python_holder_is_followed_by_one_of_ours) {
    the_other_takes_over_from_a_killed(kind::python);
}

TEST_F(mutex_python, a_killed_holder_of_ours_is_followed_by_python) { the_other_takes_over_from_a_killed(kind::ours); }

} // namespace
