// What a burst took is given back; what steady traffic needs is kept.
#include "script.hpp"
#include "session/inbox.hpp"
#include "session/outbox.hpp"
#include "world.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kazoo::test::buffers_test {
namespace {

constexpr std::size_t megabyte = 1 << 20;

void write_all(session::outbox& o) {
    while (!o.next().empty())
        o.advance(o.next().size(), [](std::size_t) {}, [](session::outbox::control, std::size_t) {});
}

TEST(buffers, an_outbox_keeps_a_busy_buffer_until_it_is_told_to_give_it_back) {
    session::outbox o;
    std::string batch(8 * megabyte, 'x');
    o.put_batch(batch);
    write_all(o);
    EXPECT_GE(o.capacity(), 8 * megabyte) << "the next batch may be as large";
    o.give_back();
    EXPECT_LT(o.capacity(), megabyte);
}

TEST(buffers, an_outbox_gives_a_large_buffer_back_that_carried_little) {
    session::outbox o;
    std::string batch;
    batch.reserve(8 * megabyte);
    batch.assign(1000, 'x');
    o.put_batch(batch);
    write_all(o);
    EXPECT_LT(o.capacity(), megabyte);
}

TEST(buffers, an_outbox_never_gives_back_what_waits) {
    session::outbox o;
    std::string batch(8 * megabyte, 'x');
    o.put_batch(batch);
    o.give_back();
    EXPECT_EQ(o.next().size(), 8 * megabyte);
}

TEST(buffers, an_outbox_keeps_a_medium_buffer) {
    session::outbox o;
    std::string batch;
    batch.reserve(megabyte / 2);
    batch.assign(1000, 'x');
    o.put_batch(batch);
    write_all(o);
    o.give_back();
    EXPECT_GE(o.capacity(), megabyte / 2);
}

TEST(buffers, an_outbox_gives_many_control_frames_back) {
    session::outbox o;
    for (int i = 0; i < 1000; ++i)
        o.put_control(session::outbox::control::request, [](std::string& out) { out.append(8192, 'x'); });
    EXPECT_GE(o.capacity(), 8'192'000U);
    write_all(o);
    EXPECT_LT(o.capacity(), megabyte);
}

TEST(buffers, a_dropped_connection_leaves_no_large_buffer_behind) {
    session::outbox o;
    std::string batch(8 * megabyte, 'x');
    o.put_batch(batch);
    o.clear();
    o.give_back();
    EXPECT_LT(o.capacity(), megabyte);
}

void receive(session::inbox& in, std::size_t total) {
    while (total > 0) {
        const auto space = in.space();
        const std::size_t n = std::min(space.size(), total);
        std::memset(space.data(), 'x', n);
        in.received(n);
        total -= n;
    }
}

TEST(buffers, an_inbox_gives_back_what_a_long_reply_took) {
    session::inbox in;
    receive(in, 3 * megabyte);
    in.give_back();
    EXPECT_EQ(in.unread().size(), 3 * megabyte) << "not before it was read";
    in.consume(3 * megabyte);
    in.give_back();
    EXPECT_LT(in.capacity(), megabyte);
    EXPECT_TRUE(in.unread().empty());
    receive(in, 100);
    EXPECT_EQ(in.unread(), std::string(100, 'x'));
}

void receive(session::inbox& in, std::string_view bytes) {
    for (; !bytes.empty();) {
        const auto space = in.space();
        const std::size_t n = std::min(space.size(), bytes.size());
        std::memcpy(space.data(), bytes.data(), n);
        in.received(n);
        bytes.remove_prefix(n);
    }
}

TEST(buffers, an_inbox_writes_nothing_where_a_reply_is_kept) {
    for (const bool more_has_come : {false, true})
        for (const bool connection_is_over : {false, true}) {
            session::inbox in;
            const std::string reply(200'000, 'x'), next(200'000, 'y');
            receive(in, reply);
            if (more_has_come) receive(in, std::string_view(next).substr(0, 10));
            const std::string_view kept = in.unread().substr(0, reply.size());
            const util::block_share share = in.memory()->share();
            in.consume(reply.size());
            if (connection_is_over) in.clear();
            if (more_has_come && !connection_is_over)
                receive(in, std::string_view(next).substr(10));
            else
                receive(in, next);
            EXPECT_EQ(kept, reply);
            EXPECT_EQ(in.unread(), next);
            in.consume(next.size());
            in.give_back();
            receive(in, next);
            EXPECT_EQ(kept, reply);
        }
}

TEST(buffers, an_inbox_goes_on_in_memory_that_nobody_kept) {
    session::inbox in;
    receive(in, 200'000);
    const auto* const memory = in.memory();
    {
        const util::block_share given_up = in.memory()->share();
    }
    in.consume(200'000);
    receive(in, 200'000);
    EXPECT_EQ(in.memory(), memory);
}

TEST(buffers, an_inbox_takes_memory_that_came_back) {
    session::inbox in;
    receive(in, 200'000);
    util::block_share kept = in.memory()->share();
    const auto* const first = kept.get();
    in.consume(200'000);
    receive(in, 200'000);
    EXPECT_NE(in.memory(), first);
    EXPECT_EQ(in.pool().kept(), 0U);
    kept.reset();
    EXPECT_EQ(in.pool().kept(), first->capacity());
    kept = in.memory()->share();
    in.consume(200'000);
    receive(in, 200'000);
    EXPECT_EQ(in.memory(), first) << "no fresh memory";
}

TEST(buffers, an_inbox_keeps_a_bounded_amount_of_what_came_back) {
    session::inbox in;
    std::vector<util::block_share> all;
    for (int i = 0; i < 20; ++i) {
        receive(in, 200'000);
        all.push_back(in.memory()->share());
        in.consume(200'000);
    }
    all.clear();
    EXPECT_GT(in.pool().kept(), 0U);
    EXPECT_LE(in.pool().kept(), megabyte);
}

TEST(buffers, a_kept_reply_outlives_the_inbox) {
    auto in = std::make_unique<session::inbox>();
    receive(*in, 200'000);
    const util::block_share share = in->memory()->share();
    const std::string_view kept = in->unread();
    in.reset();
    EXPECT_EQ(kept, std::string(200'000, 'x'));
}

TEST(buffers, a_session_gives_back_what_a_burst_took) {
    world w(script::one_host());
    w.start();
    w.take_orders();
    w.connected();
    w.write_all();
    w.feed(got("connect", "new_session"));
    const std::size_t before = w.subject.buffer_capacity();
    std::string set = reference("set_data");
    for (int i = 0; i < 40'000; ++i) w.request(with_xid(set, 1 + i));
    w.flush();
    w.write_all();
    EXPECT_GT(w.subject.buffer_capacity(), before + megabyte);
    std::string replies;
    for (int i = 0; i < 40'000; ++i) replies += with_xid(hex("00000010000000010000000000000005ffffff9b"), 1 + i);
    w.feed(replies);
    EXPECT_EQ(w.subject.pending(), 0U);
    w.subject.give_back();
    EXPECT_LE(w.subject.buffer_capacity(), before + megabyte);
}

} // namespace
} // namespace kazoo::test::buffers_test
