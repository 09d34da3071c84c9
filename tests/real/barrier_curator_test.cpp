// Barriers of Apache Curator and ours, on the same nodes of one real server.
#include "real/other_clients.hpp"
#include "shared/backend.hpp"
#include "testing/real/process.hpp"
#include "testing/real/real_server.hpp"

#include <kazoo/recipe/barrier.hpp>
#include <kazoo/recipe/double_barrier.hpp>
#include <kazoo/testkit/ensemble.hpp>

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::debian_jars;
using kazoo::test::eventually;
using kazoo::testkit::process;

namespace {

TEST(barrier_curator, A21_all_wait_enter_and_leave_together) {
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
    const auto begins = [&](const std::string& what, const std::string& more) {
        commands << what << ' ' << ++number << ' ' << more << '\n' << std::flush;
        return number;
    };
    const auto says = [&](int which, const std::string& answer) {
        const bool so = eventually([&] {
            std::ifstream in(file);
            for (std::string l; std::getline(in, l);)
                if (l == std::to_string(which) + ' ' + answer) return true;
            return false;
        });
        if (!so) std::cerr << std::ifstream(log).rdbuf();
        return so;
    };

    barrier b(ours, "/plain");
    EXPECT_TRUE(says(begins("set", "/plain"), "done"));
    EXPECT_FALSE(b.wait_for(0s));
    auto waiting = b.async_wait();
    EXPECT_TRUE(says(begins("remove", "/plain"), "done"));
    EXPECT_TRUE(std::move(waiting).get_for(30s));
    EXPECT_TRUE(b.create());
    const int waits = begins("wait", "/plain");
    EXPECT_TRUE(b.remove());
    EXPECT_TRUE(says(waits, "true"));

    double_barrier d(ours, "/double", 2);
    for (int round = 0; round < 3; ++round) {
        const int enters = begins("enter", "/double 2");
        EXPECT_TRUE(d.enter_for(60s)) << round;
        EXPECT_TRUE(says(enters, "true")) << round;
        EXPECT_FALSE(d.leave_for(20ms)) << "Curator's is inside";
        EXPECT_TRUE(says(begins("leave", "/double"), "true")) << round;
        EXPECT_TRUE(d.leave_for(30s)) << round;
    }

    const int enters = begins("enter", "/double 2");
    EXPECT_TRUE(d.enter_for(60s));
    EXPECT_TRUE(says(enters, "true"));
    curator.signal(SIGKILL);
    ASSERT_TRUE(curator.wait_exit(30s));
    ours.remove("/double/" + [&] {
        for (const std::string_view name : ours.get_children("/double"))
            if (name.size() == 36) return std::string(name);
        return std::string();
    }()); // not to wait for the end of its session, which is long
    EXPECT_TRUE(d.leave_for(30s));
}

} // namespace
