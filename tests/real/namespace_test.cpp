// Client and servers in network namespaces of their own; the cable between them is unplugged.
#include "real/lock_holder.hpp"
#include "testing/real/process.hpp"
#include "testing/real/real_server.hpp"

#include <kazoo/testkit/ensemble.hpp>

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sched.h>
#include <string>
#include <sys/prctl.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::enduring;
using kazoo::test::lock_holder;
using kazoo::testkit::checked;
using kazoo::testkit::ensemble;
using kazoo::testkit::process;
using kazoo::testkit::temporary_directory;

namespace {

// -- this program once more, where it may rule over the network -------------------------------------------------------

constexpr const char* inside_variable = "KAZOO_TEST_INSIDE_NAMESPACE";
const std::vector<std::string> in_namespaces{"/usr/bin/unshare", "--user", "--map-root-user", "--net"};

/// Runs a program; empty if it ends well, otherwise how it ended and what it printed.
std::string complaint_of(const std::vector<std::string>& command) {
    const temporary_directory folder;
    const auto log = folder.path() / "log";
    process program(command, log);
    const bool ended = program.wait_exit(100s);
    if (ended && program.how_it_ended() == "exit code 0") return {};
    std::ifstream file(log);
    return (ended ? program.how_it_ended() : "it does not end") + ":\n" +
           std::string(std::istreambuf_iterator<char>(file), {});
}

std::string complaint_of_shell(const std::string& script) { return complaint_of({"/bin/sh", "-ec", script}); }

/// False in the process that only starts the other one and reports for it.
bool is_inside() {
    if (std::getenv(inside_variable) != nullptr) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL); // what the parent has set ended with the change of rights
        return true;
    }
    auto probe = in_namespaces;
    probe.insert(probe.end(), {"/bin/sh", "-ec",
                               "ip link set lo up; ip link add near type veth peer name far; "
                               "nsenter --net=/proc/self/ns/net ip link set far up; unshare --net true"});
    if (const std::string why = complaint_of(probe); !why.empty()) {
        [&] { GTEST_SKIP() << "no network namespaces here, " << why; }();
        return false;
    }
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    auto again = in_namespaces;
    again.insert(again.end(), {std::filesystem::read_symlink("/proc/self/exe").string(),
                               "--gtest_filter=" + std::string(test->test_suite_name()) + '.' + test->name()});
    ::setenv(inside_variable, "yes", 1);
    EXPECT_EQ(complaint_of(again), "");
    ::unsetenv(inside_variable);
    return false;
}

// -- a network of two -------------------------------------------------------------------------------------------------

/// Servers and a rival on the near side of the cable, the victim on the far side.
class two_sides {
  public:
    explicit two_sides(std::chrono::milliseconds session_timeout) : zk_(loopback_is_up(), listening_everywhere()) {
        // A socket belongs to the namespace of the thread that makes it, and a thread to that of the one that starts
        // it.
        std::thread([&] {
            move_to_far_side();
            victim_.emplace(hosts_seen_from_far(), lock_holder::with_timeout(session_timeout));
            victim_->wait_connected(30s);
        }).join();
        rival_.emplace(zk_.addresses(), lock_holder::with_timeout(enduring));
    }

    const client& victim() const { return *victim_; }
    const client& rival() const { return *rival_; }
    static void unplug() { EXPECT_EQ(complaint_of_shell("ip link set near down"), ""); }
    static void plug_in() { EXPECT_EQ(complaint_of_shell("ip link set near up"), ""); }

  private:
    static std::size_t loopback_is_up() {
        EXPECT_EQ(complaint_of_shell("ip link set lo up"), "");
        return 3;
    }
    static kazoo::testkit::real_server_options listening_everywhere() {
        return {.config = {"clientPortAddress=0.0.0.0"}};
    }
    static void move_to_far_side() {
        checked(::unshare(CLONE_NEWNET), "unshare");
        const std::string far =
            "/proc/" + std::to_string(::getpid()) + "/task/" + std::to_string(::gettid()) + "/ns/net";
        EXPECT_EQ(complaint_of_shell("ip link add near type veth peer name far\n"
                                     "ip address add 10.77.0.1/24 dev near\n"
                                     "ip link set near up\n"
                                     "ip link set far netns " +
                                     far + "\nnsenter --net=" + far +
                                     " sh -ec 'ip link set lo up\n"
                                     "ip address add 10.77.0.2/24 dev far\n"
                                     "ip link set far up'"),
                  "");
    }
    std::string hosts_seen_from_far() {
        std::string hosts;
        for (std::size_t i = 0; i < zk_.size(); ++i)
            hosts += (hosts.empty() ? "10.77.0.1:" : ",10.77.0.1:") + std::to_string(zk_[i].port());
        return hosts;
    }

    ensemble zk_;
    std::optional<client> victim_, rival_;
};

TEST(namespaces, unplugged_for_a_moment_nobody_notices) {
    if (!is_inside()) return;
    two_sides network(enduring);
    lock_holder held(network.victim(), network.rival());
    network.unplug();
    auto write = network.victim().async_set("/ephemeral", "into the dark");
    std::this_thread::sleep_for(500ms);
    EXPECT_FALSE(write.ready());
    network.plug_in();
    EXPECT_NO_THROW(std::move(write).get_for(30s));
    EXPECT_FALSE(held.log().saw(session_state::suspended));
    held.expect_untouched();
}

TEST(namespaces, C06_unplugged_for_longer_than_the_session_timeout) {
    if (!is_inside()) return;
    two_sides network(2s);
    lock_holder held(network.victim(), network.rival());
    const auto in_touch = held.in_touch();
    network.unplug();
    held.expect_loss_announced(in_touch);
    network.plug_in();
    held.expect_new_session();
}

} // namespace
