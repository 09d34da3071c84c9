// Kazoo for Python and we, on the same locks, elections and semaphores of one real server.
#include "real/other_clients.hpp"
#include "shared/backend.hpp"
#include "testing/real/process.hpp"
#include "testing/real/real_server.hpp"

#include <kazoo/recipe/mutex.hpp>
#include <kazoo/recipe/semaphore.hpp>
#include <kazoo/recipe/shared_mutex.hpp>
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
using kazoo::test::debian_python;
using kazoo::test::eventually;
using kazoo::test::kazoo_worker;
using kazoo::testkit::process;
using ::testing::IsEmpty;

namespace {

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

class locks_python : public ::testing::Test {
  protected:
    static constexpr auto session_timeout = 4000ms;

    void SetUp() override {
        process probe({debian_python, "-c", "import kazoo"}, folder_.path() / "probe.log");
        ASSERT_TRUE(probe.wait_exit(60s));
        ASSERT_EQ(probe.how_it_ended(), "exit code 0") << "the Debian package python3-kazoo is missing";
        observer_.wait_connected(30s);
    }

    /// What it takes: as KIND of kazoo_worker.py. 0 turns: takes it and keeps it.
    std::unique_ptr<process> start(kind k, const std::string& what, const std::string& name, int turns) const {
        std::vector<std::string> words{KAZOO_LOCK_WORKER, "turns"};
        if (k == kind::python) words = {debian_python, "-B", kazoo_worker};
        words.insert(words.end(), {zk_.address(), path, name, (folder_.path() / "turns").string(),
                                   std::to_string(turns), std::to_string(session_timeout.count()), what});
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

    template <class Lock> static bool one_waits(const Lock& m, const std::string& name) {
        return eventually([&] {
            return std::ranges::any_of(m.contenders(), [&](const contender& c) { return c.identifier == name; });
        });
    }
    /// So many have come in, and the last of them is this one.
    bool comes_in(std::size_t n, const std::string& name) const {
        return eventually([&] {
            const auto all = lines();
            return all.size() == n && all.back().who == name;
        });
    }
    std::unique_ptr<process> start_holder(kind k, const std::string& what, const std::string& name) const {
        const std::size_t before = lines().size();
        auto holder = start(k, what, name, 0);
        EXPECT_TRUE(comes_in(before + 1, name)) << name << log();
        return holder;
    }
    template <class Lock>
    std::unique_ptr<process> start_waiter(kind k, const std::string& what, const std::string& name,
                                          const Lock& l) const {
        auto waiter = start(k, what, name, 0);
        EXPECT_TRUE(one_waits(l, name)) << name << log();
        return waiter;
    }
    /// What a worker whose name begins with its language calls itself in the line of a semaphore: Python's kazoo puts
    /// its bytes there as str() shows them.
    static std::string in_line(const std::string& name) {
        return name.starts_with("python") ? "b'" + name + "'" : name;
    }
    static void kill(process& p) {
        p.signal(SIGKILL);
        EXPECT_TRUE(p.wait_exit(30s));
    }
    void all_end(const std::map<std::string, std::unique_ptr<process>>& workers) const {
        for (const auto& [name, worker] : workers) {
            ASSERT_TRUE(worker->wait_exit(60s)) << name << '\n' << log();
            EXPECT_EQ(worker->how_it_ended(), "exit code 0") << name << '\n' << log();
        }
    }

    void three_of_each_take_300_turns(const std::string& what);
    void the_other_takes_over_from_a_killed(kind killed, const std::string& what);
    void readers_make_way(kind of_the_writer);
    void permits_go_on(kind of_the_first);

    const std::string path = "/locks/shared";
    const kazoo::testkit::temporary_directory folder_;
    const kazoo::testkit::real_server zk_;
    const client observer_{zk_.address()};
};

void locks_python::three_of_each_take_300_turns(const std::string& what) {
    constexpr int turns_each = 50;
    mutex start_line(observer_, path, {.identifier = "start line"});
    start_line.lock();
    std::map<std::string, std::unique_ptr<process>> workers;
    for (const kind k : {kind::ours, kind::python}) {
        for (int i = 1; i <= 3; ++i) {
            const std::string name = std::string(name_of(k)) + std::to_string(i);
            workers[name] = start(k, what, name, turns_each);
        }
    }
    for (const auto& [name, worker] : workers) ASSERT_TRUE(one_waits(start_line, name)) << name << '\n' << log();
    EXPECT_THAT(lines(), IsEmpty()) << "we hold the lock";
    start_line.unlock();
    all_end(workers);

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

TEST_F(locks_python, three_of_each_take_300_turns_without_overlap) { three_of_each_take_300_turns("mutex"); }
TEST_F(locks_python, three_of_each_lead_300_times_one_at_a_time) { three_of_each_take_300_turns("leader"); }

void locks_python::the_other_takes_over_from_a_killed(kind killed, const std::string& what) {
    const auto holder = start(killed, what, std::string(name_of(killed)) + "_holder", 0);
    ASSERT_TRUE(eventually([&] { return lines().size() == 1; })) << log();
    const std::string heir_name = std::string(name_of(other(killed))) + "_heir";
    const auto heir = start(other(killed), what, heir_name, 0);
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

TEST_F(locks_python, a_killed_python_holder_is_followed_by_one_of_ours) {
    the_other_takes_over_from_a_killed(kind::python, "mutex");
}
TEST_F(locks_python, a_killed_holder_of_ours_is_followed_by_python) {
    the_other_takes_over_from_a_killed(kind::ours, "mutex");
}
TEST_F(locks_python, A20_a_killed_python_leader_is_followed_by_one_of_ours) {
    the_other_takes_over_from_a_killed(kind::python, "leader");
}
TEST_F(locks_python, A20_a_killed_leader_of_ours_is_followed_by_python) {
    the_other_takes_over_from_a_killed(kind::ours, "leader");
}

// No reader of Python's here: before kazoo 2.9 one that waits does so for writers behind it, too, and they for it.
TEST_F(locks_python, readers_of_ours_and_writers_of_both_take_turns_and_no_writer_has_company) {
    constexpr int turns_each = 40;
    shared_mutex start_line(observer_, path);
    start_line.lock();
    std::map<std::string, std::unique_ptr<process>> workers;
    const auto add = [&](kind k, const std::string& what, const std::string& name) {
        workers[name] = start(k, what, name, turns_each);
    };
    for (const char* number : {"1", "2"}) {
        add(kind::ours, "reader", std::string("reader") + number);
        add(kind::ours, "writer", std::string("our_writer") + number);
        add(kind::python, "writer", std::string("python_writer") + number);
    }
    for (const auto& [name, worker] : workers) ASSERT_TRUE(one_waits(start_line, name)) << name << '\n' << log();
    EXPECT_THAT(lines(), IsEmpty()) << "we hold the lock";
    start_line.unlock();
    all_end(workers);

    // Whether the readers ever meet is chance; that they may is shown by readers_make_way().
    std::set<std::string> inside;
    for (const line& l : lines()) {
        if (l.what == "leave") {
            ASSERT_EQ(inside.erase(l.who), 1u);
            continue;
        }
        inside.insert(l.who);
        const bool somebody_writes =
            std::ranges::any_of(inside, [](const std::string& who) { return who.find("writer") != who.npos; });
        ASSERT_TRUE(!somebody_writes || inside.size() == 1) << "a writer has company";
    }
    EXPECT_EQ(lines().size(), 2u * 6 * turns_each);
    EXPECT_THAT(observer_.get_children(path), IsEmpty());
}

void locks_python::readers_make_way(kind k) {
    const shared_mutex looker(observer_, path);
    const auto first = start_holder(k, "reader", "first");
    const auto second = start_holder(other(k), "reader", "second");
    const auto writer = start_waiter(k, "writer", "writer", looker);
    const auto late = start_waiter(other(k), "reader", "late", looker);
    const auto line_up = looker.contenders();
    ASSERT_EQ(line_up.size(), 4u);
    EXPECT_TRUE(line_up[0].shared && line_up[1].shared && !line_up[2].shared && line_up[3].shared);
    kill(*first);
    ASSERT_TRUE(eventually([&] { return looker.contenders().size() == 3; })) << log();
    EXPECT_EQ(lines().size(), 2u) << "the second still reads";
    kill(*second);
    ASSERT_TRUE(comes_in(3, "writer")) << log();
    kill(*writer);
    ASSERT_TRUE(comes_in(4, "late")) << log();
    kill(*late);
    ASSERT_TRUE(eventually([&] { return looker.contenders().empty(); }));
}

TEST_F(locks_python, a_writer_of_ours_comes_after_killed_readers_of_both_and_before_the_next_one) {
    readers_make_way(kind::ours);
}
TEST_F(locks_python, a_python_writer_comes_after_killed_readers_of_both_and_before_the_next_one) {
    readers_make_way(kind::python);
}

TEST_F(locks_python, never_more_than_two_of_both_have_one_of_two_permits) {
    constexpr int turns_each = 40;
    semaphore pool(observer_, path, 2);
    std::vector<permit> all;
    for (int i = 0; i < 2; ++i) all.push_back(pool.acquire());
    const mutex places(observer_, path + "-__lock__");
    std::map<std::string, std::unique_ptr<process>> workers;
    for (const kind k : {kind::ours, kind::python})
        for (const char* number : {"1", "2", "3"}) {
            const std::string name = std::string(name_of(k)) + number;
            workers[name] = start(k, "2", name, turns_each);
        }
    for (const auto& [name, worker] : workers) ASSERT_TRUE(one_waits(places, in_line(name))) << name << '\n' << log();
    EXPECT_THAT(lines(), IsEmpty()) << "we have both";
    all.clear();
    all_end(workers);

    std::set<std::string> inside;
    std::size_t most = 0;
    for (const line& l : lines()) {
        if (l.what == "enter")
            inside.insert(l.who);
        else
            EXPECT_EQ(inside.erase(l.who), 1u);
        most = std::max(most, inside.size());
    }
    EXPECT_EQ(lines().size(), 2u * 6 * turns_each);
    EXPECT_LE(most, 2u) << "whether two ever meet is chance; that they may is shown by permits_go_on()";
    EXPECT_THAT(pool.holders(), IsEmpty());
}

void locks_python::permits_go_on(kind k) {
    const mutex places(observer_, path + "-__lock__");
    const semaphore pool(observer_, path, 2);
    const std::string one = name_of(k), another = name_of(other(k));
    const auto first = start_holder(k, "2", one + "_first");
    const auto second = start_holder(other(k), "2", another + "_second");
    const auto third = start(other(k), "2", another + "_third", 0);
    ASSERT_TRUE(one_waits(places, in_line(another + "_third"))) << log();
    const auto fourth = start(k, "2", one + "_fourth", 0);
    ASSERT_TRUE(one_waits(places, in_line(one + "_fourth"))) << log();
    kill(*first);
    ASSERT_TRUE(comes_in(3, another + "_third")) << log();
    EXPECT_EQ(pool.holders().size(), 2u);
    kill(*second);
    ASSERT_TRUE(comes_in(4, one + "_fourth")) << log();
    EXPECT_EQ(pool.holders().size(), 2u);
}

TEST_F(locks_python, a_killed_permit_of_ours_goes_to_python_and_one_of_python_to_us) { permits_go_on(kind::ours); }
TEST_F(locks_python, a_killed_permit_of_python_goes_to_us_and_one_of_ours_to_python) { permits_go_on(kind::python); }

} // namespace
