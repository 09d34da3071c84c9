// Kazoo for Python and we on leases of one real server.
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
#include <optional>
#include <string>
#include <vector>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::debian_python;
using kazoo::test::eventually;
using kazoo::test::kazoo_worker;
using kazoo::testkit::process;

namespace {

/// One server and one Python, which asks for leases as it is told, for the whole suite.
struct python_side {
    const kazoo::testkit::temporary_directory folder;
    const kazoo::testkit::real_server zk;
    const client ours{zk.address()};
    std::unique_ptr<process> python;
    int number = 0;

    python_side() {
        ours.wait_connected(30s);
        start();
    }
    std::string file() const { return (folder.path() / "told").string(); }
    void start() {
        std::ofstream(file() + ".commands", std::ios::trunc).flush();
        const std::vector<std::string> words{debian_python, "-B", kazoo_worker, "leases", zk.address(), file()};
        python = std::make_unique<process>(words, folder.path() / "log");
    }
    void kill() const {
        python->signal(SIGKILL);
        ASSERT_TRUE(python->wait_exit(30s));
    }
    bool tells(const std::string& line) const {
        return eventually([&] {
            std::ifstream in(file());
            for (std::string l; std::getline(in, l);)
                if (l == line) return true;
            return false;
        });
    }
    std::string log() const {
        std::ifstream in(folder.path() / "log");
        return {std::istreambuf_iterator<char>(in), {}};
    }

    struct wish {
        std::string name; ///< as JSON, without the quotes
        int places = 0;
        int clock = 0; ///< seconds ahead
    };
    /// Whether it says so.
    bool obtains(const std::string& path, const wish& w, bool expected) {
        const std::string n = std::to_string(++number);
        std::ofstream(file() + ".commands", std::ios::app)
            << R"({"number": )" << n << R"(, "path": ")" << path << R"(", "name": ")" << w.name << R"(", "places": )"
            << w.places << R"(, "clock": )" << w.clock << R"(, "seconds": 3600})" << '\n';
        return tells(n + (expected ? " True" : " False"));
    }
};

class lease_python : public ::testing::Test {
  protected:
    static void SetUpTestSuite() { side = std::make_unique<python_side>(); }
    static void TearDownTestSuite() { side.reset(); }
    const client& zk() const { return side->ours; }
    std::optional<lease> ours(const std::string& path, const std::string& name) const {
        return lease::try_obtain(zk(), path, 1h, {.identifier = name});
    }
    /// The end may be another second.
    static std::string without_end(std::string record) {
        const std::string key = R"("end": ")";
        const auto at = record.find(key);
        return at == std::string::npos ? record : record.replace(at + key.size(), 19, "T");
    }
    std::string record(const std::string& path) const {
        return without_end(zk().get(path + "/lease_holder").data.str());
    }

    static std::unique_ptr<python_side> side;
};
std::unique_ptr<python_side> lease_python::side;

TEST_F(lease_python, A26_records_are_equal_byte_for_byte) {
    const std::vector<std::pair<std::string, std::string>> names{
        {"plain", "plain"},
        {R"(quote\" back\\ slash/)", R"(quote" back\ slash/)"},
        {R"(\u0001\u0008\t\n\u000b\f\r\u001f\u007f)", "\x01\x08\t\n\x0b\f\r\x1f\x7f"},
        {R"(\u00e9\u20ac)", "\xC3\xA9\xE2\x82\xAC"},
        {R"(\ud83d\ude00)", "\xF0\x9F\x98\x80"},
    };
    for (std::size_t i = 0; i < names.size(); ++i) {
        const std::string theirs = "/bytes/python" + std::to_string(i), mine = "/bytes/ours" + std::to_string(i);
        ASSERT_TRUE(side->obtains(theirs, {names[i].first}, true)) << side->log();
        ASSERT_TRUE(ours(mine, names[i].second));
        EXPECT_EQ(record(mine), record(theirs));
        EXPECT_TRUE(side->obtains(mine, {names[i].first}, true)) << "its holder comes again";
        EXPECT_TRUE(ours(theirs, names[i].second)) << "the same";
        EXPECT_EQ(zk().get(mine + "/lease_holder").stat.owner, session_id::none);
    }
}

TEST_F(lease_python, A26_each_excludes_the_other_until_the_end) {
    ASSERT_TRUE(ours("/both/a", "us"));
    EXPECT_TRUE(side->obtains("/both/a", {"python"}, false)) << side->log();
    EXPECT_TRUE(side->obtains("/both/a", {.name = "python", .clock = 3590}, false));
    EXPECT_TRUE(side->obtains("/both/a", {.name = "python", .clock = 3600}, true)) << "by its clock";
    EXPECT_FALSE(ours("/both/a", "us"));
    ASSERT_TRUE(side->obtains("/both/b", {.name = "python", .clock = -3601}, true));
    EXPECT_TRUE(ours("/both/b", "us")) << "it has ended by ours";
    auto released = ours("/both/c", "us");
    ASSERT_TRUE(released && released->release());
    EXPECT_TRUE(side->obtains("/both/c", {"python"}, true));
    EXPECT_FALSE(released->renew());
    EXPECT_FALSE(released->release());
    EXPECT_TRUE(side->obtains("/both/c", {"python"}, true)) << "it still has it";
}

TEST_F(lease_python, A26_places_are_shared) {
    const auto one = [&](const char* name) {
        return multi_lease::try_obtain(zk(), "/places", 3, 1h, {.identifier = name});
    };
    ASSERT_TRUE(one("us"));
    EXPECT_TRUE(side->obtains("/places", {.name = "python", .places = 3}, true)) << side->log();
    const auto third = one("we");
    ASSERT_TRUE(third);
    EXPECT_EQ(third->path(), "/places/2");
    EXPECT_TRUE(side->obtains("/places", {.name = "late", .places = 3}, false));
    EXPECT_FALSE(one("late"));
    EXPECT_EQ(record("/places/1"), R"({"version": 1, "holder": "python", "end": "T"})");
    const auto same = one("python");
    ASSERT_TRUE(same);
    EXPECT_EQ(same->path(), "/places/1");
}

TEST_F(lease_python, a_lease_outlives_its_holder_whoever_that_was) {
    ASSERT_TRUE(side->obtains("/killed/python", {"python"}, true)) << side->log();
    side->kill();
    EXPECT_FALSE(ours("/killed/python", "us"));
    side->start();

    process holder({KAZOO_LOCK_WORKER, "lease", side->zk.address(), "/killed/ours", "us", side->file()},
                   side->folder.path() / "log");
    ASSERT_TRUE(side->tells("us True")) << side->log();
    EXPECT_TRUE(side->obtains("/killed/ours", {"python"}, false)) << side->log();
    holder.signal(SIGKILL);
    ASSERT_TRUE(holder.wait_exit(30s));
    EXPECT_TRUE(side->obtains("/killed/ours", {"python"}, false));
    EXPECT_TRUE(side->obtains("/killed/ours", {.name = "python", .clock = 3601}, true));
}

TEST_F(lease_python, a_killed_python_leaves_nobody_in_the_line) {
    const auto stuck = zk().create("/line/0123456789abcdef0123456789abcdef__lock__", "stuck",
                                   {.mode = create_mode::ephemeral_sequential, .make_parents = true});
    std::ofstream(side->file() + ".commands", std::ios::app)
        << R"({"number": 0, "path": "/line", "name": "python", "places": 0, "clock": 0, "seconds": 3600})" << '\n';
    ASSERT_TRUE(eventually([&] { return zk().get_children("/line").size() == 2; })) << side->log();
    auto asked = lease::async_try_obtain(zk(), "/line", 1h, {.identifier = "us"});
    side->kill();
    zk().remove(stuck);
    EXPECT_TRUE(std::move(asked).get_for(30s));
    side->start();
    EXPECT_TRUE(side->obtains("/line", {"python"}, false)) << side->log();
}

} // namespace
