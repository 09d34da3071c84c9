// Which server a client comes to over loopback, past those that hang.
#include "plain_peer.hpp"
#include "shared/backend.hpp"
#include "unit/net/certificates.hpp"

#include <kazoo/client.hpp>
#include <kazoo/testkit/server.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <sys/un.h>
#include <system_error>
#include <thread>
#include <vector>

namespace kazoo::test {
namespace {

using testkit::unique_fd;

/// Long enough that an attempt which is waited for to its end is noticed.
client_options patient() {
    client_options o;
    o.session_timeout = 60s;
    o.randomize_hosts = false;
    return o;
}

/// A port whose connections are never opened: nobody accepts, and the queue of those who wait is full.
class black_hole {
  public:
    black_hole() : listener_(testkit::listen_on(port_.number())) {
        ::listen(listener_.get(), 0);
        const sockaddr_in here = testkit::loopback_address(port_.number());
        do waiting_.push_back(testkit::connect_within(here, 100ms));
        while (waiting_.back());
    }
    std::string address() const { return testkit::loopback_name(port_.number()); }

  private:
    testkit::reserved_port port_;
    unique_fd listener_;
    std::vector<unique_fd> waiting_;
};

TEST(finding, a_server_beside_two_that_cannot_be_reached) {
    const black_hole one, two;
    const client zk(one.address() + "," + two.address() + "," + server().address(), patient());
    zk.wait_connected(18s); // an attempt may take 20
    EXPECT_EQ(zk.server(), server().address());
    EXPECT_EQ(zk.last_failures(), "") << "the others were given up before their time was over";
}

TEST(finding, servers_that_need_longer_than_their_share_are_reached_in_a_later_round) {
    std::vector<std::unique_ptr<testkit::fault_gate>> gates;
    std::string hosts;
    for (int i = 0; i < 6; ++i) {
        gates.push_back(std::make_unique<testkit::fault_gate>(server().address()));
        gates.back()->delay(210ms); // each way, and a sixth of the timeout is 300 ms
        hosts += (i > 0 ? "," : "") + gates.back()->address();
    }
    const client zk(hosts, {.session_timeout = 1800ms});
    zk.wait_connected(60s);
    std::uint64_t attempts = 0;
    for (const auto& g : gates) attempts += g->accepted();
    EXPECT_GT(attempts, gates.size()) << "the first round cannot have done";
}

TEST(finding, a_server_beside_one_that_is_silent_where_it_should_speak_tls) {
    file_folder files;
    const authority ca;
    const certificate own = ca.issue();
    testkit::server_options how;
    how.tls.emplace().certificate_file = files.put("both.pem", own.pem() + own.key_pem());
    const testkit::server secure(how);
    const testkit::reserved_port port;
    const unique_fd silent = testkit::listen_on(port.number());
    client_options o = patient();
    o.tls.emplace().ca_file = files.put("ca.pem", ca.pem());
    const client zk(testkit::loopback_name(port.number()) + "," + secure.address(), o);
    zk.wait_connected(18s);
    EXPECT_EQ(zk.server(), secure.address());
}

TEST(finding, localhost_of_two_families_where_the_server_has_one) {
    const std::string port = server().address().substr(server().address().rfind(':'));
    for (int i = 0; i < 4; ++i) { // in whatever order
        const client zk("localhost" + port, {.session_timeout = 60s});
        zk.wait_connected(18s);
        EXPECT_EQ(zk.server(), server().address());
    }
}

/// Hands on what comes to a Unix-domain socket to a server, and its answers back.
class socket_relay {
  public:
    explicit socket_relay(std::string path) : path_(std::move(path)), listener_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
        sockaddr_un here{};
        here.sun_family = AF_UNIX;
        path_.copy(here.sun_path, sizeof here.sun_path - 1);
        if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0 ||
            ::listen(listener_.get(), 8) != 0)
            throw std::system_error(errno, std::system_category(), path_);
        thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
    }
    std::string host() const { return "unix:" + path_; }
    int accepted() const { return accepted_; }

  private:
    struct pair {
        unique_fd client, server;
    };
    static bool pass(const unique_fd& from, const unique_fd& to) {
        std::array<char, 4096> buffer{};
        const ssize_t n = ::recv(from.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (n < 0) return errno == EAGAIN;
        for (ssize_t sent = 0, m = 0; sent < n; sent += m) {
            pollfd room{to.get(), POLLOUT, 0};
            ::poll(&room, 1, 10'000);
            m = ::send(to.get(), buffer.data() + sent, static_cast<std::size_t>(n - sent), MSG_NOSIGNAL);
            if (m <= 0) return false;
        }
        return n > 0;
    }
    void run(const std::stop_token& stop) {
        std::vector<pair> pairs;
        while (!stop.stop_requested()) {
            std::vector<pollfd> waits{{listener_.get(), POLLIN, 0}};
            for (const pair& p : pairs) {
                waits.push_back({p.client.get(), POLLIN, 0});
                waits.push_back({p.server.get(), POLLIN, 0});
            }
            ::poll(waits.data(), waits.size(), 20);
            if (waits[0].revents != 0) {
                pairs.push_back({unique_fd(::accept(listener_.get(), nullptr, nullptr)),
                                 testkit::connect_within(testkit::parse_address(server().address()), 10s)});
                ++accepted_;
            }
            std::erase_if(pairs, [](const pair& p) { return !pass(p.client, p.server) || !pass(p.server, p.client); });
        }
    }

    const std::string path_;
    unique_fd listener_;
    std::atomic<int> accepted_{0};
    std::jthread thread_;
};

TEST(finding, a_server_behind_a_unix_domain_socket) {
    const file_folder files;
    const socket_relay relay(files.path("zk.sock"));
    {
        const client zk(relay.host() + ":/finding");
        zk.ensure_chroot();
        zk.create("/x", std::string(100'000, 'x'));
        EXPECT_EQ(zk.get("/x").data.size(), 100'000u);
        EXPECT_EQ(zk.server(), relay.host());
        EXPECT_EQ(zk.command("ruok"), "imok");
    }
    const client other("zk://" + relay.host() + ":/finding?session_timeout=5s");
    EXPECT_EQ(other.get("/x").data.size(), 100'000u);
    EXPECT_EQ(other.negotiated_timeout(), 5s);
    EXPECT_EQ(client(server().address()).command("ruok", relay.host()), "imok");
    EXPECT_EQ(relay.accepted(), 4);

    const client nowhere("unix:" + files.path("none.sock"));
    EXPECT_THROW(nowhere.async_try_connect().get_for(10s), error);
    EXPECT_NE(nowhere.last_failures().find("none.sock: No such file"), std::string::npos) << nowhere.last_failures();
}

TEST(finding, close_with_several_attempts_under_way) {
    const black_hole one, two;
    const client zk(one.address() + "," + two.address(), patient());
    EXPECT_THROW(zk.wait_connected(600ms), error);
    zk.close();
    EXPECT_EQ(zk.state(), session_state::closed);
}

} // namespace
} // namespace kazoo::test
