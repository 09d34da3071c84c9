#include "plain_peer.hpp"
#include "testing/wait_until.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kazoo/testkit/fault_gate.hpp>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using kazoo::testkit::connect_within;
using kazoo::testkit::fault_gate;
using kazoo::testkit::loopback_address;
using kazoo::testkit::plain_listener;
using kazoo::testkit::plain_peer;
using kazoo::testkit::wait_until;

namespace {

constexpr auto to_server = fault_gate::direction::to_server;
constexpr auto to_client = fault_gate::direction::to_client;
constexpr auto silence = 100ms;

struct gate_and_server {
    plain_listener listener;
    fault_gate gate{listener.address()};
};

struct one_connection : gate_and_server {
    plain_peer client{gate.port()};
    plain_peer server = listener.accept();
};

TEST(fault_gate, forwards_both_ways_and_counts) {
    one_connection c;
    c.client.send("question");
    EXPECT_EQ(c.server.receive(8), "question");
    c.server.send("answer");
    EXPECT_EQ(c.client.receive(6), "answer");
    EXPECT_EQ(c.gate.forwarded(to_server), 8u);
    EXPECT_EQ(c.gate.forwarded(to_client), 6u);
    EXPECT_EQ(c.gate.dropped(to_server), 0u);
    EXPECT_EQ(c.gate.connections(), 1u);
    EXPECT_EQ(c.gate.accepted(), 1u);
    EXPECT_EQ(c.gate.address(), "127.0.0.1:" + std::to_string(c.gate.port()));
}

TEST(fault_gate, large_streams_arrive_whole) {
    one_connection c;
    std::string sent(8'000'000, '\0');
    for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>(i * 31 % 251);
    std::thread sender([&] { c.client.send(sent); });
    const std::string received = c.server.receive(sent.size());
    sender.join();
    EXPECT_TRUE(received == sent);
}

TEST(fault_gate, hands_on_the_end_of_one_direction_alone) {
    one_connection c;
    c.client.send("last words");
    c.client.finish_sending();
    EXPECT_EQ(c.server.receive(10), "last words");
    EXPECT_EQ(c.server.ending(), 0);
    c.server.send("goodbye");
    EXPECT_EQ(c.client.receive(7), "goodbye");
    c.server.finish_sending();
    EXPECT_EQ(c.client.ending(), 0);
    EXPECT_TRUE(wait_until([&] { return c.gate.connections() == 0; }));
}

TEST(fault_gate, a_server_that_is_away_resets_the_client) {
    const std::string nobody = plain_listener().address();
    fault_gate gate(nobody);
    gate.hang(true); // so that the client sees itself connected first
    plain_peer client(gate.port());
    gate.hang(false);
    EXPECT_EQ(client.ending(), ECONNRESET);
    EXPECT_EQ(gate.accepted(), 1u);
    EXPECT_TRUE(wait_until([&] { return gate.connections() == 0; }));
}

TEST(fault_gate, can_wait_for_a_server_that_is_not_there_yet) {
    kazoo::testkit::reserved_port port;
    fault_gate gate(kazoo::testkit::loopback_name(port.number()));
    gate.wait_for_target(30s);
    plain_peer client(gate.port());
    client.send("early");
    EXPECT_FALSE(client.readable(silence));
    const plain_listener late(std::move(port));
    EXPECT_EQ(late.accept().receive(5), "early");
    EXPECT_EQ(gate.connections(), 1u);
}

TEST(fault_gate, does_not_wait_longer_for_a_server_than_it_was_told) {
    const kazoo::testkit::reserved_port port;
    fault_gate gate(kazoo::testkit::loopback_name(port.number()));
    gate.wait_for_target(100ms);
    plain_peer client(gate.port());
    EXPECT_EQ(client.ending(), ECONNRESET);
    EXPECT_TRUE(wait_until([&] { return gate.connections() == 0; }));
}

TEST(fault_gate, cut_resets_both_sides) {
    one_connection c;
    plain_peer second(c.gate.port());
    plain_peer second_server = c.listener.accept();
    c.gate.cut();
    EXPECT_EQ(c.client.ending(), ECONNRESET);
    EXPECT_EQ(c.server.ending(), ECONNRESET);
    EXPECT_EQ(second.ending(), ECONNRESET);
    EXPECT_EQ(second_server.ending(), ECONNRESET);
    EXPECT_EQ(c.gate.connections(), 0u);
}

TEST(fault_gate, cut_can_end_both_sides_in_order) {
    one_connection c;
    c.gate.cut(fault_gate::ending::fin);
    EXPECT_EQ(c.client.ending(), 0);
    EXPECT_EQ(c.server.ending(), 0);
}

TEST(fault_gate, cut_in_order_is_no_reset_even_with_bytes_under_way) {
    one_connection c;
    c.gate.pause(to_server, true);
    c.client.send("lost");
    c.gate.cut(fault_gate::ending::fin);
    EXPECT_EQ(c.client.ending(), 0);
    EXPECT_EQ(c.server.ending(), 0);
}

TEST(fault_gate, a_new_connection_works_after_a_cut) {
    one_connection c;
    c.gate.cut();
    plain_peer client(c.gate.port());
    plain_peer server = c.listener.accept();
    client.send("again");
    EXPECT_EQ(server.receive(5), "again");
    EXPECT_EQ(c.gate.accepted(), 2u);
}

TEST(fault_gate, refuses_new_connections_and_keeps_old_ones) {
    one_connection c;
    c.gate.refuse(true);
    EXPECT_FALSE(connect_within(loopback_address(c.gate.port()), plain_peer::limit));
    c.client.send("still here");
    EXPECT_EQ(c.server.receive(10), "still here");
    c.gate.refuse(false);
    plain_peer late(c.gate.port());
    plain_peer late_server = c.listener.accept();
    late.send("late");
    EXPECT_EQ(late_server.receive(4), "late");
}

TEST(fault_gate, hanging_connections_go_on_when_it_is_lifted) {
    gate_and_server c;
    c.gate.hang(true);
    plain_peer client(c.gate.port());
    client.send("hello");
    EXPECT_TRUE(wait_until([&] { return c.gate.accepted() == 1; }));
    EXPECT_FALSE(c.listener.waiting(silence));
    c.gate.hang(false);
    plain_peer server = c.listener.accept();
    EXPECT_EQ(server.receive(5), "hello");
}

TEST(fault_gate, hang_leaves_old_connections_alone) {
    one_connection c;
    c.gate.hang(true);
    c.client.send("x");
    EXPECT_EQ(c.server.receive(1), "x");
}

TEST(fault_gate, a_paused_direction_is_silent_and_loses_nothing) {
    for (const auto way : {to_server, to_client}) {
        one_connection c;
        plain_peer& source = way == to_server ? c.client : c.server;
        plain_peer& sink = way == to_server ? c.server : c.client;
        c.gate.pause(way, true);
        source.send("held back");
        sink.send("other way");
        EXPECT_EQ(source.receive(9), "other way");
        source.finish_sending();
        EXPECT_FALSE(sink.readable(silence));
        EXPECT_EQ(c.gate.forwarded(way), 0u);
        c.gate.pause(way, false);
        EXPECT_EQ(sink.receive(9), "held back");
        EXPECT_EQ(sink.ending(), 0);
    }
}

TEST(fault_gate, drop_lets_that_many_bytes_through) {
    for (const auto way : {to_server, to_client}) {
        one_connection c;
        plain_peer& source = way == to_server ? c.client : c.server;
        plain_peer& sink = way == to_server ? c.server : c.client;
        source.send("before");
        EXPECT_EQ(sink.receive(6), "before");
        c.gate.drop(way, 3);
        source.send("abcdef");
        EXPECT_EQ(sink.receive(3), "abc");
        EXPECT_TRUE(wait_until([&] { return c.gate.dropped(way) == 3; }));
        EXPECT_EQ(c.gate.forwarded(way), 9u);
        sink.send("other way");
        EXPECT_EQ(source.receive(9), "other way");
    }
}

TEST(fault_gate, drop_counts_new_connections_from_their_start) {
    gate_and_server c;
    c.gate.drop(to_client, 2);
    for (int round = 0; round < 2; ++round) {
        plain_peer client(c.gate.port());
        plain_peer server = c.listener.accept();
        server.send("xyz");
        EXPECT_EQ(client.receive(2), "xy");
    }
    EXPECT_TRUE(wait_until([&] { return c.gate.dropped(to_client) == 2; }));
}

TEST(fault_gate, pass_resets_streams_with_a_hole_only) {
    one_connection c;
    plain_peer whole(c.gate.port());
    plain_peer whole_server = c.listener.accept();
    c.gate.drop(to_client);
    c.server.send("lost");
    EXPECT_TRUE(wait_until([&] { return c.gate.dropped(to_client) == 4; }));
    c.gate.pass(to_client);
    EXPECT_EQ(c.client.ending(), ECONNRESET);
    EXPECT_EQ(c.server.ending(), ECONNRESET);
    whole_server.send("fine");
    EXPECT_EQ(whole.receive(4), "fine");
}

TEST(fault_gate, delay_holds_bytes_back_both_ways) {
    using clock = std::chrono::steady_clock;
    one_connection c;
    c.gate.delay(60ms);
    const auto begin = clock::now();
    c.client.send("slow");
    EXPECT_EQ(c.server.receive(4), "slow");
    EXPECT_GE(clock::now() - begin, 60ms);
    c.server.send("reply");
    EXPECT_EQ(c.client.receive(5), "reply");
    EXPECT_GE(clock::now() - begin, 120ms);
    c.gate.delay(0ms);
    c.client.send("fast");
    EXPECT_EQ(c.server.receive(4), "fast");
}

TEST(fault_gate, replaces_a_text_in_the_first_bytes_to_the_server_alone) {
    gate_and_server gated;
    gated.gate.replace("port 1", "port 2");
    plain_peer client(gated.gate.port());
    plain_peer server = gated.listener.accept();
    client.send("I am at port 1.");
    EXPECT_EQ(server.receive(15), "I am at port 2.");
    client.send("port 1");
    EXPECT_EQ(server.receive(6), "port 1");
    server.send("port 1");
    EXPECT_EQ(client.receive(6), "port 1");
    EXPECT_THROW(gated.gate.replace("long", "longer"), std::invalid_argument);
}

TEST(fault_gate, is_steered_from_many_threads_while_bytes_flow) {
    gate_and_server c;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&c, i] {
            for (int round = 0; round < 50; ++round) {
                const auto way = (i + round) % 2 == 0 ? to_server : to_client;
                c.gate.pause(way, true);
                if (round % 10 == 0) c.gate.cut();
                c.gate.delay(std::chrono::milliseconds(round % 3));
                c.gate.pause(way, false);
            }
        });
    }
    for (int i = 0; i < 20; ++i) {
        try {
            plain_peer(c.gate.port()).send("bytes");
        } catch (const std::runtime_error&) { // cut before the first byte, or before we saw that we were connected
        }
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(c.gate.accepted(), 20u);
    c.gate.cut();
    EXPECT_EQ(c.gate.connections(), 0u);
    c.gate.delay(0ms);
    while (c.listener.waiting(0ms)) c.listener.accept();
    plain_peer client(c.gate.port());
    plain_peer server = c.listener.accept();
    client.send("calm");
    EXPECT_EQ(server.receive(4), "calm");
}

TEST(fault_gate, its_end_resets_what_is_connected) {
    plain_listener listener;
    auto gate = std::make_unique<fault_gate>(listener.address());
    plain_peer client(gate->port());
    plain_peer server = listener.accept();
    gate.reset();
    EXPECT_EQ(client.ending(), ECONNRESET);
    EXPECT_EQ(server.ending(), ECONNRESET);
}

TEST(fault_gate, a_target_that_is_no_address_is_refused) {
    for (const char* target : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000", "name:2181", ":2181"}) {
        EXPECT_THROW(fault_gate{target}, std::invalid_argument) << target;
    }
}

} // namespace
