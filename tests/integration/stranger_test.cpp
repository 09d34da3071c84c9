// What listens at the address is no ZooKeeper client port: the error names what it is, as seen through a real socket.
#include "plain_peer.hpp"

#include <kazoo/kazoo.hpp>

#include <gmock/gmock.h>

#include <string>
#include <thread>

namespace kazoo::testkit {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// What a client says of a peer that answers the handshake with these bytes.
std::string said_of(std::string_view answer) {
    plain_listener peer;
    std::jthread answering([&] {
        plain_peer client = peer.accept();
        client.receive(4);
        client.send(answer);
        client.ending();
    });
    client_options o;
    o.log.threshold = log_level::off;
    const client c(peer.address(), o);
    try {
        c.async_try_connect().get_for(20s);
    } catch (const connection_loss_error& e) {
        return e.what();
    }
    return "connected";
}

TEST(stranger, a_tls_port_is_named) {
    EXPECT_THAT(said_of(std::string_view("\x15\x03\x03\x00\x02\x02\x46", 7)), HasSubstr("it answers TLS"));
}

TEST(stranger, an_http_port_is_named) {
    EXPECT_THAT(said_of("HTTP/1.1 400 Bad Request\r\n\r\n"), HasSubstr("it answers HTTP"));
}

TEST(stranger, another_greeting_is_quoted) {
    EXPECT_THAT(said_of("220 mail.example.org ESMTP\r\n"), HasSubstr("220 mail.example.org"));
}

} // namespace
} // namespace kazoo::testkit
