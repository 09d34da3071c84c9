// SharedCount of Apache Curator and we, on the same counter of one real server.
#include "real/other_clients.hpp"
#include "shared/backend.hpp"
#include "testing/real/process.hpp"
#include "testing/real/real_server.hpp"

#include <kazoo/recipe/counter.hpp>
#include <kazoo/testkit/ensemble.hpp>

#include <gtest/gtest.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::debian_jars;
using kazoo::test::eventually;
using kazoo::testkit::process;

namespace {

TEST(counter_curator, A24_a_shared_count_is_shared) {
    using namespace std::string_view_literals;
    if (!std::filesystem::exists(debian_jars + "curator-recipes.jar") || !std::filesystem::exists("/usr/bin/javac"))
        GTEST_SKIP() << "needs libcurator-recipes-java and openjdk-17-jdk-headless: scripts/install-deps.sh bench";
    const kazoo::testkit::temporary_directory folder;
    const kazoo::testkit::real_server zk;
    const client ours(zk.address());
    const std::string file = (folder.path() / "told").string(), log = (folder.path() / "log").string();
    std::ofstream commands(file + ".commands");
    commands.flush();
    std::string class_path;
    for (const char* jar : {"curator-recipes", "curator-framework", "curator-client", "zookeeper"})
        class_path += debian_jars + jar + ".jar:";
    process curator(
        {"/usr/bin/java", "-cp", class_path, KAZOO_TEST_DATA "/real/CuratorWorker.java", zk.address(), file}, log);
    int number = 0;
    const auto curator_adds = [&](std::int64_t by, const std::string& before_and_after) {
        const std::string n = std::to_string(++number), expected = n + ' ' + before_and_after;
        commands << "count " + n + " /count " + std::to_string(by) + '\n' << std::flush;
        EXPECT_TRUE(eventually([&] {
            std::ifstream in(file);
            for (std::string l; std::getline(in, l);)
                if (l == expected) return true;
            return false;
        })) << std::ifstream(log).rdbuf();
    };
    counter n(ours, "/count", {.layout = counter_layout::curator});
    curator_adds(0x01020384, "0 16909188");
    EXPECT_EQ(ours.get("/count").data, "\1\2\3\x84"sv);
    EXPECT_EQ(n.fetch_sub(0x01020386), 0x01020384);
    EXPECT_EQ(ours.get("/count").data, "\xFF\xFF\xFF\xFE"sv);
    curator_adds(1, "-2 -1");
    EXPECT_EQ(n += 1, 0);
    curator_adds(2147483647, "0 2147483647");
    EXPECT_EQ(ours.get("/count").data, "\x7F\xFF\xFF\xFF"sv);
    EXPECT_THROW(++n, error_of<errc::bad_arguments>);
    n -= 2147483647;
    n -= 2147483647;
    EXPECT_EQ(--n, -2147483648LL);
    EXPECT_EQ(ours.get("/count").data, "\x80\0\0\0"sv);
    curator_adds(1, "-2147483648 -2147483647");
    curator.signal(SIGKILL);
    ASSERT_TRUE(curator.wait_exit(30s));
    EXPECT_EQ(++n, -2147483646);
}

} // namespace
