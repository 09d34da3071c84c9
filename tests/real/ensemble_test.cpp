#include "raw_session.hpp"
#include "testing/real/process.hpp"
#include "testing/wait_until.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kazoo/testkit/ensemble.hpp>
#include <sstream>
#include <thread>
#include <unistd.h>

using namespace std::chrono_literals;
using kazoo::testkit::connect_within;
using kazoo::testkit::ensemble;
using kazoo::testkit::loopback_address;
using kazoo::testkit::process;
using kazoo::testkit::raw_session;
using kazoo::testkit::real_server;
using kazoo::testkit::wait_until;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

namespace {

constexpr std::int32_t no_node = -101;

bool can_connect(const real_server& server) {
    return static_cast<bool>(connect_within(loopback_address(server.port()), 1s));
}

/// The data folder that the server itself names.
std::string data_folder(const real_server& server) {
    const std::string conf = server.four_letter_word("conf");
    constexpr std::string_view key = "dataDir=";
    const auto begin = conf.find(key) + key.size();
    return conf.substr(begin, conf.find('\n', begin) - begin);
}

TEST(real_server, serves_as_soon_as_it_is_made) {
    ASSERT_EQ(real_server::unavailable_reason(), "");
    const real_server server;
    EXPECT_EQ(server.mode(), "standalone");
    EXPECT_EQ(server.four_letter_word("ruok"), "imok");
    EXPECT_THAT(server.four_letter_word("srvr"), HasSubstr("Zookeeper version: 3."));
    EXPECT_EQ(server.address(), "127.0.0.1:" + std::to_string(server.port()));
    EXPECT_THAT(server.log_tail(1000), HasSubstr("Starting server"));
    EXPECT_EQ(raw_session(server.port()).timeout(), 10'000);
}

TEST(real_server, options_reach_the_server) {
    const real_server server({.tick = 300ms,
                              .min_session_timeout = 1s,
                              .max_session_timeout = 5s,
                              .config = {"tickTime=250", "maxClientCnxns=7"},
                              .java_flags = {"-Djute.maxbuffer=4096"}});
    const std::string conf = server.four_letter_word("conf");
    EXPECT_THAT(conf, HasSubstr("tickTime=250\n"));
    EXPECT_THAT(conf, HasSubstr("maxClientCnxns=7\n"));
    EXPECT_THAT(conf, HasSubstr("minSessionTimeout=1000\n"));
    EXPECT_THAT(conf, HasSubstr("maxSessionTimeout=5000\n"));
    EXPECT_EQ(raw_session(server.port()).timeout(), 5000);
    raw_session session(server.port());
    EXPECT_EQ(session.create("/fits", std::string(3000, 'x'), raw_session::persistent).error, 0);
    EXPECT_THROW(session.create("/too_long", std::string(4096, 'x'), raw_session::persistent), std::runtime_error);
}

TEST(real_server, killed_and_restarted_it_keeps_data_and_sessions) {
    real_server server;
    raw_session before(server.port());
    EXPECT_EQ(before.create("/kept", "data", raw_session::persistent).error, 0);
    EXPECT_EQ(before.create("/mine", "", raw_session::ephemeral).error, 0);
    const auto port = server.port();
    server.kill();
    EXPECT_FALSE(server.running());
    EXPECT_FALSE(can_connect(server));
    server.start();
    server.wait_ready();
    EXPECT_EQ(server.port(), port);
    raw_session after(port, before.self());
    EXPECT_EQ(after.timeout(), 10'000);
    EXPECT_EQ(after.self().id, before.self().id);
    EXPECT_EQ(after.get("/kept"), "data");
    EXPECT_EQ(after.exists("/mine").error, 0);
    EXPECT_EQ(after.exists("/never").error, no_node);
}

TEST(real_server, a_stopped_one_starts_again_with_its_data) {
    real_server server;
    EXPECT_EQ(raw_session(server.port()).create("/kept", "data", raw_session::persistent).error, 0);
    server.stop();
    EXPECT_FALSE(server.running());
    EXPECT_EQ(server.four_letter_word("srvr"), "");
    EXPECT_EQ(server.mode(), "");
    server.start();
    server.wait_ready();
    EXPECT_EQ(raw_session(server.port()).get("/kept"), "data");
    server.restart();
    EXPECT_EQ(raw_session(server.port()).get("/kept"), "data");
}

TEST(real_server, paused_it_accepts_and_says_nothing) {
    real_server server;
    raw_session session(server.port());
    EXPECT_TRUE(session.answers_within(30s));
    server.pause();
    EXPECT_TRUE(server.running());
    EXPECT_TRUE(can_connect(server));
    EXPECT_FALSE(session.answers_within(200ms));
    EXPECT_EQ(server.four_letter_word("ruok"), "");
    server.resume();
    EXPECT_TRUE(session.answers_within(30s));
    EXPECT_TRUE(wait_until([&] { return server.four_letter_word("ruok") == "imok"; }));
}

TEST(real_server, a_paused_one_can_be_stopped) {
    real_server server;
    server.pause();
    server.stop();
    EXPECT_FALSE(server.running());
    EXPECT_THROW(server.pause(), std::runtime_error);
}

TEST(real_server, leaves_nothing_behind) {
    std::string folder;
    std::uint16_t port = 0;
    {
        const real_server server;
        folder = data_folder(server);
        port = server.port();
        ASSERT_TRUE(std::filesystem::exists(folder));
    }
    EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(folder).parent_path().parent_path()));
    EXPECT_FALSE(connect_within(loopback_address(port), 1s));
}

TEST(real_server, one_that_cannot_start_says_why) {
    try {
        const real_server server({.config = {"server.1=nonsense"}});
        FAIL() << "it started";
    } catch (const std::runtime_error& e) {
        EXPECT_THAT(e.what(), StartsWith("the ZooKeeper server at 127.0.0.1:"));
        EXPECT_THAT(e.what(), HasSubstr("is not running (exit code 2)"));
        EXPECT_THAT(e.what(), HasSubstr("nonsense does not have the form"));
    }
}

TEST(real_server, survives_the_thread_that_started_it) {
    std::optional<real_server> server;
    std::thread([&] { server.emplace(); }).join();
    EXPECT_EQ(server->mode(), "standalone");
}

TEST(process, dies_with_the_process_that_started_it) {
    constexpr const char* variable = "KAZOO_TEST_ORPHAN_LOG";
    if (const char* log = std::getenv(variable)) { // this program again, as the parent that ends without destructors
        const auto* const orphan = new process({"/bin/sh", "-c", "echo $$; exec sleep 600"}, log);
        static_cast<void>(orphan);
        if (!wait_until([&] { return std::filesystem::file_size(log) > 0; })) ::_exit(1);
        ::_exit(0);
    }
    const auto log = std::filesystem::temp_directory_path() / ("kazoo-process-" + std::to_string(::getpid()));
    ASSERT_EQ(::setenv(variable, log.c_str(), 1), 0);
    process parent({"/proc/self/exe", "--gtest_filter=process.dies_with_the_process_that_started_it"}, "/dev/null");
    ::unsetenv(variable);
    ASSERT_TRUE(parent.wait_exit(30s));
    EXPECT_EQ(parent.how_it_ended(), "exit code 0");
    pid_t orphan = 0;
    std::ifstream(log) >> orphan;
    std::filesystem::remove(log);
    ASSERT_GT(orphan, 0);
    // Gone, or dead and waiting for whoever inherited it.
    EXPECT_TRUE(wait_until([&] {
        std::ostringstream stat;
        stat << std::ifstream("/proc/" + std::to_string(orphan) + "/stat").rdbuf();
        return stat.str().empty() || stat.str().find(") Z ") != std::string::npos;
    }));
}

TEST(ensemble, elects_a_leader_and_shares_data) {
    ensemble zk;
    ASSERT_EQ(zk.size(), 3u);
    const auto leader = zk.leader();
    ASSERT_TRUE(leader.has_value());
    EXPECT_EQ(zk[(*leader + 1) % 3].mode(), "follower");
    EXPECT_EQ(zk.addresses(), zk[0].address() + ',' + zk[1].address() + ',' + zk[2].address());
    EXPECT_EQ(raw_session(zk[0].port()).create("/shared", "by all", raw_session::persistent).error, 0);
    EXPECT_TRUE(wait_until([&] { return raw_session(zk[2].port()).exists("/shared").error == 0; }));
    EXPECT_EQ(raw_session(zk[2].port()).get("/shared"), "by all");
    EXPECT_THROW(zk.isolate(0), std::logic_error) << "there are no gates";
}

TEST(ensemble, survives_the_death_of_its_leader) {
    ensemble zk;
    const std::size_t first = zk.wait_leader();
    raw_session before(zk[(first + 1) % 3].port());
    EXPECT_EQ(before.create("/mine", "", raw_session::ephemeral).error, 0);
    zk[first].kill();
    const std::size_t second = zk.wait_leader();
    EXPECT_NE(second, first);
    zk.wait_ready();
    raw_session after(zk[second].port(), before.self());
    EXPECT_EQ(after.self().id, before.self().id);
    EXPECT_EQ(after.exists("/mine").error, 0);
    zk[first].start();
    zk.wait_ready();
    EXPECT_EQ(zk[first].mode(), "follower");
}

TEST(ensemble, without_a_quorum_nobody_serves) {
    ensemble zk;
    const std::size_t leader = zk.wait_leader();
    zk[(leader + 1) % 3].kill();
    zk[(leader + 2) % 3].stop();
    EXPECT_TRUE(wait_until([&] { return zk[leader].mode().empty(); }));
    EXPECT_FALSE(zk.leader().has_value());
    zk[(leader + 1) % 3].start();
    zk.wait_ready();
    EXPECT_LT(zk.wait_leader(), zk.size());
}

/// The servers that serve as something, a letter each: "ffl" when the last one leads, '-' for one that does not serve.
std::string modes(ensemble& zk) {
    std::string all;
    for (std::size_t i = 0; i < zk.size(); ++i) all += zk[i].mode().substr(0, 1).append("-").front();
    return all;
}

bool without_the_last_one(const std::string& modes) { return modes == "fl-" || modes == "lf-"; }

ensemble gated_ensemble() {
    return ensemble(
        kazoo::testkit::ensemble_options{.each = {.config = {"syncLimit=5", "initLimit=5"}}, .gated = true});
}

TEST(gated_ensemble, is_led_by_the_last_server_and_serves_like_any_other) {
    ensemble zk = gated_ensemble();
    EXPECT_EQ(modes(zk), "ffl");
    EXPECT_EQ(raw_session(zk[0].port()).create("/shared", "by all", raw_session::persistent).error, 0);
    EXPECT_TRUE(wait_until([&] { return raw_session(zk[1].port()).exists("/shared").error == 0; }));
}

TEST(gated_ensemble, an_isolated_leader_is_succeeded_and_follows_when_healed) {
    ensemble zk = gated_ensemble();
    zk.isolate(2);
    EXPECT_TRUE(wait_until([&] { return without_the_last_one(modes(zk)); })) << modes(zk);
    EXPECT_EQ(raw_session(zk[0].port()).create("/later", "", raw_session::persistent).error, 0);
    zk.heal();
    EXPECT_TRUE(wait_until([&] { return zk[2].mode() == "follower"; })) << modes(zk);
    EXPECT_TRUE(wait_until([&] { return raw_session(zk[2].port()).exists("/later").error == 0; }));
}

TEST(gated_ensemble, survives_the_death_of_its_leader) {
    ensemble zk = gated_ensemble();
    zk[2].kill();
    EXPECT_TRUE(wait_until([&] { return without_the_last_one(modes(zk)); })) << modes(zk) << zk[0].log_tail(100);
    zk[2].start();
    EXPECT_TRUE(wait_until([&] { return zk[2].mode() == "follower"; })) << modes(zk);
}

// Restarted, a server calls the higher ones for votes and is called back: those connections have to pass gates as well.
TEST(gated_ensemble, no_votes_reach_an_isolated_server_that_was_restarted_before) {
    ensemble zk = gated_ensemble();
    zk[0].restart();
    zk.isolate(0);
    ASSERT_TRUE(wait_until([&] { return zk[0].mode().empty(); }));
    const auto since_it_looks = [&] {
        const std::string log = zk[0].log_tail(1000);
        return log.substr(std::min(log.rfind(" LOOKING\n"), log.size()));
    };
    // Whoever hears votes has found the leader before its first notification times out.
    EXPECT_TRUE(wait_until([&] { return since_it_looks().find("Notification time out") != std::string::npos; }));
    EXPECT_THAT(since_it_looks(), Not(HasSubstr("n.state:LEADING"))) << since_it_looks();
}

TEST(gated_ensemble, a_follower_without_its_leader_stops_serving_and_comes_back) {
    ensemble zk = gated_ensemble();
    zk.drop(0, 2);
    EXPECT_TRUE(wait_until([&] { return modes(zk) == "-fl"; })) << modes(zk);
    EXPECT_EQ(raw_session(zk[1].port()).create("/later", "", raw_session::persistent).error, 0);
    zk.heal();
    EXPECT_TRUE(wait_until([&] { return modes(zk) == "ffl"; })) << modes(zk);
    EXPECT_TRUE(wait_until([&] { return raw_session(zk[0].port()).exists("/later").error == 0; }));
}

TEST(gated_ensemble, what_is_held_one_way_arrives_when_lifted) {
    ensemble zk = gated_ensemble();
    raw_session at_leader(zk[2].port());
    raw_session at_follower(zk[0].port());
    EXPECT_EQ(at_leader.create("/before", "", raw_session::persistent).error, 0);
    EXPECT_TRUE(wait_until([&] { return at_follower.exists("/before").error == 0; }));
    zk.hold(2, 0);
    EXPECT_EQ(at_leader.create("/meanwhile", "", raw_session::persistent).error, 0);
    EXPECT_EQ(at_follower.exists("/meanwhile").error, no_node);
    zk.hold(2, 0, false);
    EXPECT_TRUE(wait_until([&] { return at_follower.exists("/meanwhile").error == 0; }));
    zk.reset(0, 2);
    EXPECT_TRUE(wait_until([&] { return modes(zk) == "ffl"; })) << modes(zk);
}

} // namespace
