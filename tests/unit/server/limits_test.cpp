// Clients that send too much, read too little, or come too often.
#include "support.hpp"

namespace kazoo::server::test {
namespace {

std::string length_prefix(std::uint32_t length) {
    std::string bytes(4, '\0');
    proto::store_be32(bytes.data(), length);
    return bytes;
}

TEST(limits, a_request_of_1048575_bytes_is_accepted_and_one_more_closes) {
    world w;
    client c(w), d(w);
    ASSERT_TRUE(c.connect());
    ASSERT_TRUE(d.connect());
    const auto create_frame = [&](std::size_t length) {
        const std::string bare = c.encoded(1, opcode::create, proto::create_request{"/big", "", open_to_all(), 0});
        return c.encoded(1, opcode::create,
                         proto::create_request{"/big", std::string(length - (bare.size() - 4), 'x'), open_to_all(), 0});
    };
    d.send(create_frame(0x100000));
    EXPECT_FALSE(d.receive());
    EXPECT_TRUE(d.finished());
    c.send(create_frame(0xfffff));
    const auto reply = c.receive();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->error, errc{});
}

TEST(limits, a_length_that_cannot_be_closes_as_soon_as_it_is_known) {
    for (const std::uint32_t length : {0x100000U, 0x7fffffffU, 0x80000000U, 0xffffffffU}) {
        world w;
        client fresh(w), open(w);
        ASSERT_TRUE(open.connect());
        fresh.send(length_prefix(length));
        open.send(length_prefix(length));
        EXPECT_TRUE(fresh.finished()) << length;
        EXPECT_TRUE(open.finished()) << length;
    }
}

TEST(limits, what_was_answered_before_a_bad_length_is_still_sent) {
    world w;
    client c(w);
    ASSERT_TRUE(c.connect());
    c.send(c.encoded(7, opcode::exists, proto::path_watch_request{"/", false}) + length_prefix(0xffffffff));
    EXPECT_FALSE(c.finished());
    const auto reply = c.receive();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->xid, 7);
    EXPECT_TRUE(c.finished());
}

TEST(limits, input_waits_while_the_client_does_not_read_and_goes_on_when_it_does) {
    config c = test_config();
    c.output_pause = 1000;
    world w(c);
    client reader(w);
    ASSERT_TRUE(reader.connect());
    reader.create("/n", 0, std::string(400, 'x'));
    std::string batch;
    for (int i = 1; i <= 20; ++i)
        batch += reader.encoded(100 + i, opcode::get_data, proto::path_watch_request{"/n", false});
    reader.send(batch);
    EXPECT_FALSE(w.subject.wants_input(reader.id()));
    EXPECT_LT(w.subject.unsent(reader.id()).size(), 1000U + 600U);
    for (int i = 1; i <= 20; ++i) {
        const auto reply = reader.receive();
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->xid, 100 + i);
    }
    EXPECT_TRUE(w.subject.wants_input(reader.id()));
    EXPECT_FALSE(reader.receive());
}

TEST(limits, a_session_lives_while_its_client_takes_a_long_answer) {
    config c = test_config();
    c.output_pause = 100;
    world w(c);
    client reader(w);
    ASSERT_TRUE(reader.connect({.timeout_ms = 2'000}));
    reader.create("/n", 0, std::string(400, 'x'));
    reader.send(reader.encoded(1, opcode::get_data, proto::path_watch_request{"/n", false}));
    for (int i = 0; i < 6; ++i) {
        w.pass(1s);
        w.subject.sent(reader.id(), 10, w.now);
    }
    EXPECT_EQ(w.subject.sessions().size(), 1U);
    w.pass(4s); // it takes no more
    EXPECT_TRUE(w.subject.sessions().empty());
}

TEST(limits, a_client_that_never_reads_its_events_is_closed_and_nobody_else) {
    config c = test_config();
    c.output_limit = 10'000;
    world w(c);
    client mute(w), writer(w);
    ASSERT_TRUE(mute.connect({.timeout_ms = 20'000}));
    ASSERT_TRUE(writer.connect());
    mute.add_watch("/n", 0);
    writer.create("/n");
    for (int i = 0; i < 1000 && !mute.finished(); ++i) {
        writer.set("/n", "x");
        EXPECT_LE(w.subject.unsent(mute.id()).size(), 10'000U);
    }
    EXPECT_TRUE(mute.finished());
    EXPECT_EQ(writer.get("/n").error, errc{});
    client again(w);
    ASSERT_TRUE(again.resume(mute));
    EXPECT_EQ(again.session, mute.session) << "the session is not to blame";
}

TEST(limits, input_that_nobody_asked_for_is_not_kept_without_end) {
    config c = test_config();
    c.output_pause = 100;
    world w(c);
    client pushy(w);
    ASSERT_TRUE(pushy.connect());
    const std::string chunk(1u << 20, '\0'); // frames of length 0 would close, but they are never looked at
    std::string reads;
    for (int i = 0; i < 10; ++i) reads += pushy.encoded(i, opcode::get_data, proto::path_watch_request{"/", false});
    pushy.send(reads);
    ASSERT_FALSE(w.subject.wants_input(pushy.id()));
    for (int i = 0; i < 10; ++i) pushy.send(chunk);
    EXPECT_TRUE(w.subject.finished(pushy.id()));
}

TEST(limits, a_multi_read_that_multiplies_a_large_node_is_cut_short) {
    config c = test_config();
    c.output_limit = 1u << 20;
    world w(c);
    client greedy(w);
    ASSERT_TRUE(greedy.connect());
    greedy.create("/n", 0, std::string(100'000, 'x'));
    std::string frame;
    {
        proto::frame_writer f(frame);
        f.put(proto::request_header{1, static_cast<std::int32_t>(opcode::multi_read)});
        for (int i = 0; i < 1000; ++i)
            proto::put_multi_op(f, {opcode::get_data, proto::path_watch_request{"/n", false}});
        proto::put_multi_end(f);
    }
    greedy.send(frame);
    EXPECT_FALSE(greedy.receive());
    EXPECT_TRUE(greedy.finished());
}

TEST(limits, connections_of_one_address_are_counted) {
    config c = test_config();
    c.max_connections_per_address = 2;
    world w(c);
    client first(w, "10.0.0.1"), second(w, "10.0.0.1"), third(w, "10.0.0.1"), other(w, "10.0.0.2");
    EXPECT_TRUE(third.finished());
    EXPECT_FALSE(third.connect());
    third.leave();
    EXPECT_TRUE(first.connect());
    EXPECT_TRUE(other.connect());
    second.leave();
    client fourth(w, "10.0.0.1");
    EXPECT_TRUE(fourth.connect());
}

TEST(limits, a_batch_of_requests_makes_one_contiguous_output) {
    world w;
    client c(w);
    ASSERT_TRUE(c.connect());
    std::string batch;
    for (int i = 0; i < 1000; ++i) batch += c.encoded(i, opcode::ping);
    c.send(batch);
    EXPECT_EQ(w.subject.unsent(c.id()).size(), 1000U * 20U);
}

TEST(limits, authenticating_without_end_is_refused_at_last) {
    world w;
    client c(w);
    ASSERT_TRUE(c.connect());
    errc last{};
    for (int i = 0; i < 2000 && last == errc{}; ++i) last = c.login("u:" + std::to_string(i)).error;
    EXPECT_EQ(last, errc::auth_failed);
    EXPECT_TRUE(c.finished());
}

TEST(limits, the_descendants_of_a_deep_node_are_counted) {
    world w;
    client c(w);
    ASSERT_TRUE(c.connect());
    std::string path;
    for (int i = 0; i < 500; ++i) {
        path += "/d";
        ASSERT_EQ(c.create(path).error, errc{});
    }
    EXPECT_EQ(c.call(opcode::get_all_children_number, proto::path_request{"/d"}).as<proto::count_reply>().count, 499);
}

} // namespace
} // namespace kazoo::server::test
