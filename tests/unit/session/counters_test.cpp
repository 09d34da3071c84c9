// What a session counts: connections and why they ended, sessions, bytes, round trips.
#include "script.hpp"

#include <gtest/gtest.h>

namespace kazoo::test::counters_test {
namespace {

/// A session of one host whose counters the test keeps.
struct counted {
    session::config config = script::one_host();
    std::shared_ptr<session::counters> counters = config.count;
    world w{config};

    void open() {
        w.start();
        w.take_orders();
        w.connected();
        w.write_all();
        w.feed(got("connect", "new_session"));
    }
    void reconnect() {
        while (w.take_orders(), !w.connecting) {
            w.now = w.subject.deadline();
            w.ring();
        }
        w.connected();
        w.write_all();
    }
    std::uint64_t ended(disconnect d) const { return counters->of(d).get(); }
    std::uint64_t ended() const {
        std::uint64_t sum = 0;
        for (const auto& d : counters->disconnects) sum += d.get();
        return sum;
    }
};

TEST(counters, tell_of_sessions_connections_and_attempts) {
    counted c;
    c.w.start();
    c.w.take_orders();
    c.w.closed(std::make_error_code(std::errc::connection_refused));
    EXPECT_EQ(c.counters->failed_attempts.get(), 1u);
    c.reconnect();
    c.w.feed(got("connect", "new_session"));
    EXPECT_EQ(c.counters->connections.get(), 1u);
    EXPECT_EQ(c.counters->sessions.get(), 1u);
    c.w.closed();
    EXPECT_EQ(c.ended(disconnect::closed_by_server), 1u);
    c.reconnect();
    c.w.feed(got("connect", "new_session")); // resumed: the same id
    EXPECT_EQ(c.counters->connections.get(), 2u);
    EXPECT_EQ(c.counters->sessions.get(), 1u);
    c.w.closed(std::make_error_code(std::errc::connection_reset));
    EXPECT_EQ(c.ended(disconnect::network_error), 1u);
    c.reconnect();
    c.w.feed(got("connect", "resume_unknown_session"));
    EXPECT_EQ(c.counters->sessions_lost.get(), 1u);
    EXPECT_EQ(c.counters->failed_attempts.get(), 1u) << "the server answered";
    EXPECT_EQ(c.ended(), 2u);
}

TEST(counters, tell_why_a_connection_ended) {
    {
        counted c;
        c.open();
        c.w.feed(hex("00000003010203"));
        EXPECT_EQ(c.ended(disconnect::protocol_violation), 1u);
    }
    {
        counted c;
        c.open();
        c.w.request(reference("exists"));
        c.w.flush();
        c.w.write_all();
        c.w.advance(7s);
        EXPECT_EQ(c.ended(disconnect::silence), 1u);
    }
    {
        counted c;
        c.open();
        c.w.subject.expire(c.w.now);
        EXPECT_EQ(c.ended(disconnect::session_over), 1u);
        EXPECT_EQ(c.counters->sessions_lost.get(), 1u);
    }
    {
        counted c;
        c.open();
        c.w.subject.close(c.w.now);
        c.w.subject.abort(c.w.now);
        EXPECT_EQ(c.ended(), 0u) << "closing is no trouble";
        EXPECT_EQ(c.counters->sessions_lost.get(), 0u);
    }
}

TEST(counters, a_session_that_was_taken_over_counts_once) {
    counted first;
    first.open();
    counted second;
    session::config config = script::one_host();
    config.resume = first.w.subject.identity();
    world w(config);
    w.start();
    w.take_orders();
    w.connected();
    w.write_all();
    w.feed(got("connect", "new_session"));
    EXPECT_EQ(config.count->sessions.get(), 1u);
    EXPECT_EQ(config.count->connections.get(), 1u);
}

TEST(counters, tell_of_bytes_and_of_each_round_trip) {
    counted c;
    c.open();
    const auto sent_before = c.counters->bytes_sent.get(), received = c.counters->bytes_received.get();
    EXPECT_EQ(sent_before, test::sent("connect", "new_session").size());
    EXPECT_EQ(received, got("connect", "new_session").size());
    c.w.request(reference("exists"));
    c.w.flush();
    const std::string out = c.w.write_all();
    c.w.now += 100us;
    const std::string reply = hex("00000010000000030000000000000002ffffff9b");
    c.w.feed(reply);
    EXPECT_EQ(c.counters->bytes_sent.get() - sent_before, out.size());
    EXPECT_EQ(c.counters->bytes_received.get() - received, reply.size());
    const auto& trips = c.counters->round_trip.published();
    EXPECT_EQ(trips.count(7), 1u) << "64 to 128 us";
    EXPECT_EQ(trips.sum(), 100us);
}

TEST(counters, an_answer_is_counted_before_its_caller_hears_of_it) {
    counted c;
    c.open();
    duration when_told{};
    c.w.request(reference("exists")).answered = [&] { when_told = c.counters->round_trip.published().sum(); };
    c.w.flush();
    c.w.write_all();
    c.w.now += 100us;
    c.w.feed(hex("00000010000000030000000000000002ffffff9b"));
    EXPECT_EQ(when_told, 100us);
}

} // namespace
} // namespace kazoo::test::counters_test
