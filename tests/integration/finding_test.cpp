// Which server a client comes to over loopback, past those that hang.
#include "plain_peer.hpp"
#include "shared/backend.hpp"
#include "unit/net/certificates.hpp"

#include <kazoo/client.hpp>
#include <kazoo/testkit/server.hpp>

#include <gtest/gtest.h>

#include <string>
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

TEST(finding, close_with_several_attempts_under_way) {
    const black_hole one, two;
    const client zk(one.address() + "," + two.address(), patient());
    EXPECT_THROW(zk.wait_connected(600ms), error);
    zk.close();
    EXPECT_EQ(zk.state(), session_state::closed);
}

} // namespace
} // namespace kazoo::test
