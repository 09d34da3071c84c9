// Kazoo for Python and we, on the same counters of one real server.
#include "real/other_clients.hpp"
#include "shared/backend.hpp"
#include "testing/real/process.hpp"
#include "testing/real/real_server.hpp"

#include <kazoo/kazoo.hpp>
#include <kazoo/testkit/ensemble.hpp>

#include <gmock/gmock.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
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

class counter_python : public ::testing::Test {
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
    std::unique_ptr<process> python_counts(const std::string& name, int times) const {
        return start(
            {debian_python, "-B", kazoo_worker, "count", zk_.address(), path, name, file(), std::to_string(times)});
    }
    std::unique_ptr<process> ours_count(const std::string& name, int times, const char* receipts = "plain") const {
        return start({KAZOO_LOCK_WORKER, "count", zk_.address(), path, name, file(), std::to_string(times), receipts});
    }
    /// What each has said that it has added.
    std::map<std::string, std::int64_t> told() const {
        std::map<std::string, std::int64_t> all;
        std::ifstream in(file());
        std::string name;
        for (std::int64_t n = 0; in >> name >> n;) all[name] = n;
        return all;
    }
    bool tells(const std::string& line) const {
        return eventually([&] {
            std::ifstream in(file());
            for (std::string l; std::getline(in, l);)
                if (l == line) return true;
            return false;
        });
    }
    void kill(process& p) const {
        p.signal(SIGKILL);
        ASSERT_TRUE(p.wait_exit(30s));
    }

    const std::string path = "/count/both";
    const kazoo::testkit::temporary_directory folder_;
    const kazoo::testkit::real_server zk_;
    const client ours_{zk_.address()};
};

TEST_F(counter_python, A24_each_reads_and_changes_what_the_other_wrote) {
    std::ofstream commands(file() + ".commands", std::ios::trunc);
    commands.flush();
    const auto python = start({debian_python, "-B", kazoo_worker, "counters", zk_.address(), file()});
    int number = 0;
    const auto python_adds = [&](const std::string& where, const std::string& by, const char* kind,
                                 const std::string& before_and_after) {
        const std::string n = std::to_string(++number), is_float = std::string(kind) == "float" ? "true" : "false",
                          is_curator = std::string(kind) == "curator" ? "true" : "false";
        commands << R"({"number": )" + n + R"(, "path": ")" + where + R"(", "by": ")" + by + R"(", "float": )" +
                        is_float + R"(, "curator": )" + is_curator + "}\n"
                 << std::flush;
        EXPECT_TRUE(tells(n + ' ' + before_and_after)) << before_and_after << '\n' << log();
    };
    counter n(ours_, "/a/int");
    python_adds("/a/int", "5", "int", "0 5");
    EXPECT_EQ(n.fetch_add(-12), 5);
    python_adds("/a/int", "-1", "int", "-7 -8");
    EXPECT_EQ(n += 9'000'000'000'000'000'008, 9'000'000'000'000'000'000);
    python_adds("/a/int", "1000000000000000000", "int", "9000000000000000000 10000000000000000000");
    try {
        n.load();
        FAIL();
    } catch (const error& e) {
        EXPECT_THAT(e.what(), ::testing::HasSubstr("10000000000000000000"));
    }

    counter c(ours_, "/a/curator", {.layout = counter_layout::curator});
    EXPECT_EQ(c.fetch_sub(2), 0);
    python_adds("/a/curator", "16909062", "curator", "-2 16909060");
    EXPECT_EQ(c.load(), 0x01020304);

    float_counter f(ours_, "/a/float");
    for (const char* by : {"0.1", "0.2", "1e16", "-1e16", "1e-7", "1e300", "5e-324"}) {
        const double more = std::strtod(by, nullptr), before = f.load();
        const std::string text = before == 0 ? "0.0" : ours_.get("/a/float").data.str();
        f += more;
        const std::string after = ours_.get("/a/float").data.str();
        f -= more;
        ours_.set("/a/float", text);
        python_adds("/a/float", by, "float", text + ' ' + after);
        EXPECT_EQ(ours_.get("/a/float").data, after) << "byte for byte";
    }
    kill(*python);
}

TEST_F(counter_python, two_of_each_count_and_nothing_is_lost) {
    constexpr int times = 100;
    std::vector<std::unique_ptr<process>> all;
    all.push_back(python_counts("python1", times));
    all.push_back(python_counts("python2", times));
    all.push_back(ours_count("ours1", times));
    all.push_back(ours_count("ours2", times, "receipts"));
    for (const auto& p : all) {
        ASSERT_TRUE(p->wait_exit(120s)) << log();
        EXPECT_EQ(p->how_it_ended(), "exit code 0") << log();
    }
    EXPECT_EQ(counter(ours_, path).load(), 4 * times);
}

TEST_F(counter_python, whoever_is_killed_has_counted_what_it_told_and_one_more_at_most) {
    const auto goes_on = [&](const std::string& name) {
        const std::int64_t before = told()[name];
        return eventually([&] { return told()[name] > before + 5; });
    };
    auto python = python_counts("python", 0), ours = ours_count("ours", 0, "receipts");
    ASSERT_TRUE(goes_on("python")) << log();
    ASSERT_TRUE(goes_on("ours")) << log();
    kill(*python);
    EXPECT_TRUE(goes_on("ours")) << log();
    kill(*ours);
    auto python_again = python_counts("python_again", 0);
    EXPECT_TRUE(goes_on("python_again")) << log();
    kill(*python_again);
    std::int64_t sum = 0;
    for (const auto& [name, n] : told()) sum += n;
    const std::int64_t now = counter(ours_, path).load();
    EXPECT_GE(now, sum);
    EXPECT_LE(now, sum + 3) << "each was killed in the middle of one at most";
}

} // namespace
