// TCP through the real loop.
#include "net_support.hpp"
#include "plain_peer.hpp"

#include "testing/wait_until.hpp"
#include "unit/net/certificates.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <net/if.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/un.h>
#include <thread>
#include <vector>

namespace kazoo::net {
namespace {

using testkit::plain_listener;
using testkit::plain_peer;

std::uint16_t port_of(const plain_listener& l) { return ntohs(testkit::parse_address(l.address()).sin_port); }

std::error_code connect_result(const std::string& address, std::uint16_t port) {
    const auto loop = make_loop();
    wire w;
    handover<std::error_code> result;
    w.opened = [&](std::error_code e) { result.give(e); };
    on(*loop, [&] { w.connect(*loop, address, port); });
    const std::error_code got = result.take();
    on(*loop, [&] { w.stream.reset(); });
    return got;
}

TEST(net_stream, opens) {
    const plain_listener server;
    EXPECT_EQ(connect_result("127.0.0.1", port_of(server)), std::error_code());
}

TEST(net_stream, tells_that_it_was_refused) {
    const testkit::reserved_port nobody;
    EXPECT_EQ(connect_result("127.0.0.1", nobody.number()), std::errc::connection_refused);
}

TEST(net_stream, tells_that_there_is_no_way) {
    // The kernel refuses to connect to broadcast addresses without asking the network.
    const auto error = connect_result("255.255.255.255", 2181);
    EXPECT_TRUE(error == std::errc::network_unreachable || error == std::errc::permission_denied) << error.message();
}

TEST(net_stream, tells_that_an_address_is_none) {
    EXPECT_EQ(connect_result("localhost", 2181), std::errc::invalid_argument);
    EXPECT_EQ(connect_result("", 2181), std::errc::invalid_argument);
}

TEST(net_stream, tells_that_a_unix_domain_socket_has_no_room) {
    const test::file_folder files;
    const std::string path = files.path("full");
    sockaddr_un here{};
    here.sun_family = AF_UNIX;
    path.copy(here.sun_path, sizeof here.sun_path - 1);
    const auto* const address = reinterpret_cast<const sockaddr*>(&here);
    const testkit::unique_fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    testkit::checked(::bind(listener.get(), address, sizeof here), "bind");
    testkit::checked(::listen(listener.get(), 1), "listen");
    EXPECT_EQ(connect_result(path, 0), std::error_code());
    std::vector<testkit::unique_fd> waiting;
    do waiting.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    while (::connect(waiting.back().get(), address, sizeof here) == 0);
    ASSERT_EQ(errno, EAGAIN);
    EXPECT_EQ(connect_result(path, 0), std::errc::no_buffer_space); // so Asio calls it
}

TEST(net_stream, opens_ipv6_with_and_without_a_zone) {
    const testkit::unique_fd listener(testkit::checked(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_addr = in6addr_loopback;
    if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        GTEST_SKIP() << "this machine has no IPv6 loopback";
    testkit::checked(::listen(listener.get(), 5), "listen");
    socklen_t size = sizeof address;
    testkit::checked(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
    EXPECT_EQ(connect_result("::1", ntohs(address.sin6_port)), std::error_code());
    EXPECT_EQ(connect_result("::1%lo", ntohs(address.sin6_port)), std::error_code());
}

/// Sends everything it is told to and keeps everything that comes.
struct pump {
    wire w;
    std::string out, in;
    std::size_t sent = 0, blocked = 0;
    moment done;
    std::size_t expected = 0;

    void start(detail::loop& loop, std::uint16_t port) {
        w.opened = [this](std::error_code e) {
            ASSERT_FALSE(e) << e.message();
            write();
            read();
        };
        w.readable = [this] { read(); };
        w.writable = [this] { write(); };
        w.connect(loop, "127.0.0.1", port);
    }
    void write() {
        while (sent < out.size()) {
            const auto r = w.stream->write_some(std::string_view(out).substr(sent));
            ASSERT_FALSE(r.error) << r.error.message();
            if (r.would_block) {
                ++blocked;
                w.stream->want_write();
                w.stream->want_write(); // changes nothing
                return;
            }
            sent += r.bytes;
        }
    }
    void read() {
        std::array<char, 65536> buffer;
        for (;;) {
            const auto r = w.stream->read_some(buffer);
            ASSERT_FALSE(r.error) << r.error.message();
            if (r.would_block) {
                w.stream->want_read();
                w.stream->want_read();
                return;
            }
            in.append(buffer.data(), r.bytes);
            if (in.size() == expected || r.bytes == 0) return done.happen();
        }
    }
};

std::string pattern(std::size_t size) {
    std::string s(size, '\0');
    std::uint32_t x = 1;
    for (char& c : s) c = static_cast<char>((x = x * 1664525 + 1013904223) >> 24);
    return s;
}

TEST(net_stream, echoes_ten_megabytes_through_partial_writes) {
    const plain_listener server;
    const auto loop = make_loop();
    pump p;
    p.out = pattern(10 << 20);
    p.expected = p.out.size();
    on(*loop, [&] { p.start(*loop, port_of(server)); });
    plain_peer peer = server.accept();
    // The echo begins late, so that the socket fills up and a write is partial.
    ASSERT_TRUE(testkit::wait_until([&] { return on(*loop, [&] { return p.blocked > 0; }); }));
    for (std::size_t echoed = 0; echoed < p.expected;) {
        const std::string part = peer.receive(std::min<std::size_t>(10000, p.expected - echoed));
        ASSERT_FALSE(part.empty());
        peer.send(part);
        echoed += part.size();
    }
    ASSERT_TRUE(p.done.wait());
    EXPECT_EQ(on(*loop, [&] { return p.in == p.out; }), true);
    on(*loop, [&] { p.w.stream.reset(); });
}

TEST(net_stream, reads_nothing_and_no_error_when_the_peer_has_closed) {
    const plain_listener server;
    const auto loop = make_loop();
    pump p;
    p.expected = 100;
    on(*loop, [&] { p.start(*loop, port_of(server)); });
    {
        plain_peer peer = server.accept();
        peer.send("abc");
    }
    ASSERT_TRUE(p.done.wait());
    EXPECT_EQ(on(*loop, [&] { return p.in; }), "abc");
    on(*loop, [&] { p.w.stream.reset(); });
}

TEST(net_stream, sigpipe_never_reaches_the_application) {
    // SIGPIPE's default action would end this process.
    ASSERT_NE(std::signal(SIGPIPE, SIG_DFL), SIG_ERR);
    const plain_listener server;
    const auto loop = make_loop();
    wire w;
    moment open, failed;
    w.opened = [&](std::error_code e) {
        ASSERT_FALSE(e);
        open.happen();
    };
    on(*loop, [&] { w.connect(*loop, "127.0.0.1", port_of(server)); });
    {
        plain_peer gone = server.accept();
    }
    ASSERT_TRUE(open.wait());
    std::error_code error;
    ASSERT_TRUE(testkit::wait_until([&] {
        return on(*loop, [&] {
            error = w.stream->write_some("x").error;
            return static_cast<bool>(error);
        });
    }));
    EXPECT_TRUE(error == std::errc::broken_pipe || error == std::errc::connection_reset) << error.message();
    on(*loop, [&] { w.stream.reset(); });
}

// A server that refuses us says why and hangs up, without reading what we had sent meanwhile.
TEST(net_stream, what_came_before_a_reset_is_read_behind_the_write_that_fails) {
    const plain_listener server;
    const auto loop = make_loop();
    wire w;
    moment greeted;
    std::array<char, 64> buffer{};
    w.opened = [&](std::error_code e) {
        ASSERT_FALSE(e);
        w.stream->want_read();
    };
    w.readable = [&] {
        EXPECT_EQ(w.stream->read_some(buffer).bytes, 5u);
        EXPECT_TRUE(w.stream->read_some(buffer).would_block); // the socket need not be asked again
        greeted.happen();
    };
    on(*loop, [&] { w.connect(*loop, "127.0.0.1", port_of(server)); });
    {
        plain_peer peer = server.accept();
        peer.send("hello");
        ASSERT_TRUE(greeted.wait());
        on(*loop, [&] { EXPECT_EQ(w.stream->write_some("request").bytes, 7u); });
        ASSERT_TRUE(peer.readable(plain_peer::limit));
        peer.send("no");
    }
    ASSERT_TRUE(testkit::wait_until(
        [&] { return on(*loop, [&] { return static_cast<bool>(w.stream->write_some("x").error); }); }));
    const detail::io_result last_words = on(*loop, [&] { return w.stream->read_some(buffer); });
    EXPECT_EQ(std::string_view(buffer.data(), last_words.bytes), "no");
    on(*loop, [&] { w.stream.reset(); });
}

// The loop reads ahead: the word may have left the socket, and its event be on its way, when the write fails.
TEST(net_stream, what_is_on_its_way_to_the_reader_comes_before_the_failure_of_a_write) {
    const plain_listener server;
    const auto loop = make_loop();
    wire w;
    moment open, over;
    std::string said;
    std::error_code error;
    w.opened = [&](std::error_code e) {
        ASSERT_FALSE(e);
        open.happen();
    };
    w.writable = [] { ADD_FAILURE() << "the reader is told"; };
    w.readable = [&] {
        std::array<char, 64> buffer{};
        const detail::io_result r = w.stream->read_some(buffer);
        said.append(buffer.data(), r.bytes);
        error = r.error;
        if (r.bytes > 0) return w.stream->want_read();
        over.happen();
    };
    on(*loop, [&] { w.connect(*loop, "127.0.0.1", port_of(server)); });
    {
        plain_peer peer = server.accept();
        ASSERT_TRUE(open.wait());
        on(*loop, [&] { EXPECT_EQ(w.stream->write_some("request").bytes, 7u); });
        ASSERT_TRUE(peer.readable(plain_peer::limit));
        peer.send("no");
        ASSERT_TRUE(testkit::wait_until([&] { return on(*loop, [&] { return w.stream->input_waits(); }); }));
    }
    on(*loop, [&] {
        w.stream->want_read();
        detail::io_result r;
        while ((r = w.stream->write_some("x")).bytes > 0) { // the reset is on its way
        }
        EXPECT_TRUE(r.would_block);
        w.stream->want_write();
        std::array<char, 64> buffer{};
        EXPECT_TRUE(w.stream->read_some(buffer).would_block);
    });
    ASSERT_TRUE(over.wait());
    EXPECT_EQ(said, "no");
    EXPECT_TRUE(error == std::errc::broken_pipe || error == std::errc::connection_reset) << error.message();
    on(*loop, [&] { w.stream.reset(); });
}

TEST(net_stream, its_descriptor_is_not_inherited_and_it_does_not_wait_to_send) {
    const plain_listener server;
    const auto loop = make_loop();
    wire w;
    moment open;
    w.opened = [&](std::error_code) { open.happen(); };
    on(*loop, [&] { w.connect(*loop, "127.0.0.1", port_of(server)); });
    const plain_peer peer = server.accept();
    ASSERT_TRUE(open.wait());
    int connected = 0;
    for (int fd = 0; fd < 1024; ++fd) {
        sockaddr_in to{};
        socklen_t size = sizeof to;
        if (::getpeername(fd, reinterpret_cast<sockaddr*>(&to), &size) != 0 || to.sin_family != AF_INET) continue;
        if (ntohs(to.sin_port) != port_of(server)) continue;
        ++connected;
        EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
        int no_delay = 0;
        size = sizeof no_delay;
        EXPECT_EQ(::getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size), 0);
        EXPECT_NE(no_delay, 0);
    }
    EXPECT_EQ(connected, 1);
    on(*loop, [&] { w.stream.reset(); });
}

/// A network of its own, whose connections all begin at one port. False: it takes root.
bool network_with_one_port(std::uint16_t port) {
    if (::unshare(CLONE_NEWNET) != 0) return false;
    const testkit::unique_fd any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq loopback{};
    std::strcpy(loopback.ifr_name, "lo");
    loopback.ifr_flags = IFF_UP | IFF_RUNNING;
    if (::ioctl(any.get(), SIOCSIFFLAGS, &loopback) != 0) return false;
    std::ofstream range("/proc/sys/net/ipv4/ip_local_port_range");
    range << port << ' ' << port << std::flush;
    return static_cast<bool>(range);
}

// Nobody listens there, and the kernel connects us from the very port that we connect to.
TEST(net_stream, connected_to_itself_was_refused_and_leaves_the_port_to_the_server) {
    constexpr std::uint16_t port = 40'000;
    bool possible = false, free = false;
    std::error_code result;
    std::thread([&] { // what it unshares is its own
        possible = network_with_one_port(port);
        if (!possible) return;
        result = connect_result("127.0.0.1", port);
        const testkit::unique_fd server = testkit::make_socket(); // without SO_REUSEADDR: TIME-WAIT is in its way
        const sockaddr_in address = testkit::loopback_address(port);
        free = ::bind(server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    })
        .join();
    if (!possible) GTEST_SKIP() << "no network namespace can be made here";
    EXPECT_EQ(result, std::errc::connection_refused);
    EXPECT_TRUE(free);
}

// -- a stream destroyed in its own events: ASan tells whether something of it is used afterwards ----------------------

enum class event {
    open,
    refused,
    readable,
    writable
};

class net_stream_destroyed : public ::testing::TestWithParam<event> {};

TEST_P(net_stream_destroyed, inside_an_event_gets_no_other) {
    const plain_listener server;
    const testkit::reserved_port nobody;
    const auto loop = make_loop();
    auto w = std::make_unique<wire>();
    moment destroyed;
    const event when = GetParam();
    int events = 0;
    const auto on_event = [&](event e) {
        ++events;
        if (e != when) return;
        w->stream.reset();
        w.reset();
        destroyed.happen();
    };
    w->opened = [&](std::error_code e) {
        if (when != event::open && when != event::refused) {
            w->stream->want_read();
            w->stream->want_write();
        }
        on_event(e ? event::refused : event::open);
    };
    w->readable = [&] { on_event(event::readable); };
    w->writable = [&] {
        if (when == event::readable) return; // let the other event be the first to destroy
        on_event(event::writable);
    };
    on(*loop, [&] { w->connect(*loop, "127.0.0.1", when == event::refused ? nobody.number() : port_of(server)); });
    if (when != event::refused) server.accept().send("x");
    ASSERT_TRUE(destroyed.wait());
    const int until_then = on(*loop, [&] { return events; });
    settle(*loop);
    EXPECT_EQ(on(*loop, [&] { return events; }), until_then);
}

INSTANTIATE_TEST_SUITE_P(events, net_stream_destroyed,
                         ::testing::Values(event::open, event::refused, event::readable, event::writable),
                         [](const auto& i) {
                             return std::string(std::array{"open", "refused", "readable",
                                                           "writable"}[static_cast<std::size_t>(i.param)]);
                         });

TEST(net_stream, destroyed_before_it_is_open_closes_and_tells_nothing) {
    const plain_listener server;
    const auto loop = make_loop();
    on(*loop, [&] {
        wire w;
        w.opened = [](std::error_code) { ADD_FAILURE(); };
        w.connect(*loop, "127.0.0.1", port_of(server));
    });
    EXPECT_TRUE(server.accept().ending().has_value());
    settle(*loop);
}

} // namespace
} // namespace kazoo::net
