#include "client/submit_queue.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

using kazoo::errc;
using kazoo::outcome;
using kazoo::detail::encoded;
using kazoo::detail::queued_request;
using kazoo::detail::submit_queue;

namespace {

struct test_request : queued_request {
    test_request() { op = kazoo::proto::opcode::exists; }
    void on_reply(const kazoo::session::reply&) noexcept override { ++replies; }
    void on_failure(errc e, outcome o) noexcept override {
        ++failures;
        error = e;
        how = o;
    }
    void retain_request() noexcept override { ++counts; }
    void release_request() noexcept override { --counts; }
    int replies = 0, failures = 0, counts = 1;
    errc error{};
    outcome how{};
};

const auto encode_a = [](kazoo::proto::writer& w) { w.put(kazoo::proto::path_watch_request{"/a", false}); };
// exists /a without a watch, as a real server took it (but for the xid)
constexpr std::size_t frame_length = 19;

std::vector<std::int32_t> xids(kazoo::session::request_list list) {
    std::vector<std::int32_t> out;
    while (!list.empty()) out.push_back(list.pop_front().xid);
    return out;
}

TEST(submit_queue, hands_frames_and_requests_over_in_order) {
    submit_queue q({.requests = 10, .longest = 1000});
    test_request a, b;
    EXPECT_EQ(q.push(a, encoded::in_place, encode_a).refused, errc{});
    EXPECT_EQ(q.push(b, encoded::apart, encode_a).refused, errc{});
    kazoo::session::request_list taken;
    std::string frames;
    ASSERT_TRUE(q.take(taken, frames));
    EXPECT_EQ(frames, std::string("\0\0\0\x0f\0\0\0\1\0\0\0\3\0\0\0\2/a\0\0\0\0\x0f\0\0\0\2\0\0\0\3\0\0\0\2/a\0", 38));
    EXPECT_EQ(xids(std::move(taken)), (std::vector<std::int32_t>{1, 2}));
}

TEST(submit_queue, C07_says_queue_full_and_never_blocks) {
    submit_queue q({.requests = 2, .longest = 1000});
    test_request a, b, c;
    EXPECT_EQ(q.push(a, encoded::in_place, encode_a).refused, errc{});
    EXPECT_EQ(q.push(b, encoded::in_place, encode_a).refused, errc{});
    EXPECT_EQ(q.push(c, encoded::in_place, encode_a).refused, errc::queue_full);
    EXPECT_TRUE(q.withdraw(a));
    EXPECT_EQ(q.push(c, encoded::in_place, encode_a).refused, errc{}) << "a withdrawn request makes room";
}

TEST(submit_queue, wakes_the_loop_only_when_it_sleeps) {
    submit_queue q({.requests = 10, .longest = 1000});
    test_request a, b, c;
    kazoo::session::request_list taken;
    std::string frames;
    EXPECT_FALSE(q.push(a, encoded::in_place, encode_a).wake_loop);
    EXPECT_TRUE(q.take(taken, frames));
    EXPECT_FALSE(q.take(taken = {}, frames));
    EXPECT_TRUE(q.push(b, encoded::in_place, encode_a).wake_loop);
    EXPECT_FALSE(q.push(c, encoded::in_place, encode_a).wake_loop);
}

TEST(submit_queue, a_withdrawn_request_is_never_sent) {
    submit_queue q({.requests = 10, .longest = 1000});
    test_request a, b, c;
    for (auto* r : {&a, &b, &c}) q.push(*r, encoded::in_place, encode_a);
    EXPECT_TRUE(q.withdraw(b));
    EXPECT_FALSE(q.withdraw(b));
    kazoo::session::request_list taken;
    std::string frames;
    ASSERT_TRUE(q.take(taken, frames));
    EXPECT_EQ(frames.size(), 2 * frame_length);
    EXPECT_EQ(xids(std::move(taken)), (std::vector<std::int32_t>{1, 3}));
    EXPECT_EQ(b.counts, 0) << "the queue's count is gone";
    EXPECT_FALSE(q.withdraw(a)) << "it was handed over: perhaps sent";
}

TEST(submit_queue, requests_that_were_given_up_do_not_pile_up_while_nobody_takes_them) {
    submit_queue q({.requests = 10'000, .longest = 1000});
    std::vector<std::unique_ptr<test_request>> all;
    for (int i = 0; i < 1000; ++i) {
        all.push_back(std::make_unique<test_request>());
        q.push(*all.back(), encoded::in_place, encode_a);
        EXPECT_TRUE(q.withdraw(*all.back()));
    }
    std::size_t kept = 0;
    for (const auto& r : all) kept += r->counts > 0;
    EXPECT_LT(kept, 100u);
}

TEST(submit_queue, what_was_not_sent_goes_back_to_the_front_and_can_be_withdrawn_again) {
    submit_queue q({.requests = 10, .longest = 1000});
    test_request a, b;
    q.push(a, encoded::in_place, encode_a);
    kazoo::session::request_list taken;
    std::string frames;
    ASSERT_TRUE(q.take(taken, frames));
    q.push(b, encoded::in_place, encode_a);
    q.put_back(taken, frames);
    EXPECT_TRUE(taken.empty());
    ASSERT_TRUE(q.take(taken, frames));
    EXPECT_EQ(taken.front(), &a);
    EXPECT_EQ(taken.size(), 2u);
    q.put_back(taken, frames);
    EXPECT_TRUE(q.withdraw(a));
    EXPECT_TRUE(q.withdraw(b));
}

struct read_request : test_request {
    explicit read_request(bool outlives = true) { outlives_session = outlives; }
};
struct write_request : test_request {
    explicit write_request(bool outlives = true) {
        is_write = true;
        outlives_session = outlives;
    }
};

TEST(submit_queue, what_belongs_to_a_session_goes_with_it_and_the_rest_stays_in_order) {
    submit_queue q({});
    read_request first, second;
    read_request pinned(false);
    write_request before, behind;
    write_request ephemeral(false);
    for (test_request* r : {static_cast<test_request*>(&first), static_cast<test_request*>(&before),
                            static_cast<test_request*>(&pinned), static_cast<test_request*>(&ephemeral),
                            static_cast<test_request*>(&behind), static_cast<test_request*>(&second)})
        q.push(*r, encoded::in_place, encode_a);
    EXPECT_EQ(xids(q.take_bound(false)), (std::vector<std::int32_t>{3, 4, 5})) << "no write stays behind one that goes";
    EXPECT_FALSE(q.withdraw(pinned)) << "it is failing";
    EXPECT_TRUE(q.withdraw(second));
    kazoo::session::request_list taken;
    std::string frames;
    ASSERT_TRUE(q.take(taken, frames));
    EXPECT_EQ(frames.size(), 2 * frame_length);
    EXPECT_EQ(frames[7], '\1');
    EXPECT_EQ(frames[frame_length + 7], '\2');
    EXPECT_EQ(xids(std::move(taken)), (std::vector<std::int32_t>{1, 2}));
}

TEST(submit_queue, no_write_outlives_a_session_with_which_an_earlier_one_failed) {
    submit_queue q({});
    read_request read;
    write_request write;
    q.push(read, encoded::in_place, encode_a);
    q.push(write, encoded::in_place, encode_a);
    EXPECT_EQ(xids(q.take_bound(true)), (std::vector<std::int32_t>{2}));
    EXPECT_FALSE(q.empty());
}

TEST(submit_queue, a_withdrawn_write_keeps_no_other_from_outliving_the_session) {
    submit_queue q({});
    write_request ephemeral(false), write;
    q.push(ephemeral, encoded::in_place, encode_a);
    q.push(write, encoded::in_place, encode_a);
    EXPECT_TRUE(q.withdraw(ephemeral));
    EXPECT_EQ(xids(q.take_bound(false)), (std::vector<std::int32_t>{1})) << "it is to be released";
    kazoo::session::request_list taken;
    std::string frames;
    ASSERT_TRUE(q.take(taken, frames));
    EXPECT_EQ(xids(std::move(taken)), (std::vector<std::int32_t>{2}));
}

TEST(submit_queue, refuses_long_requests_itself) {
    submit_queue q({.requests = 10, .longest = frame_length - 4});
    test_request fits, too_long;
    EXPECT_EQ(q.push(fits, encoded::in_place, encode_a).refused, errc{});
    const auto encode_ab = [](kazoo::proto::writer& w) { w.put(kazoo::proto::path_watch_request{"/ab", false}); };
    EXPECT_EQ(q.push(too_long, encoded::in_place, encode_ab).refused, errc::too_large);
    EXPECT_EQ(q.push(too_long, encoded::apart, encode_ab).refused, errc::too_large);
    kazoo::session::request_list taken;
    std::string frames;
    ASSERT_TRUE(q.take(taken, frames));
    EXPECT_EQ(frames.size(), frame_length) << "no half frame is left behind";
}

auto encode_data(std::size_t size) {
    return [size](kazoo::proto::writer& w) { w.put(kazoo::proto::set_data_request{"/a", std::string(size, 'x'), -1}); };
}
constexpr std::size_t data_frame_length = 26; ///< and the data

TEST(submit_queue, C07_says_queue_full_when_as_many_bytes_wait_as_may) {
    submit_queue q({.bytes = 2 * frame_length});
    test_request a, b, c;
    EXPECT_EQ(q.push(a, encoded::in_place, encode_a).refused, errc{});
    EXPECT_EQ(q.push(b, encoded::apart, encode_a).refused, errc{});
    EXPECT_EQ(q.push(c, encoded::in_place, encode_a).refused, errc::queue_full);
    EXPECT_EQ(q.push(c, encoded::apart, encode_a).refused, errc::queue_full);
    EXPECT_TRUE(q.withdraw(a));
    EXPECT_EQ(q.push(c, encoded::apart, encode_a).refused, errc{}) << "a withdrawn request makes room";
    EXPECT_EQ(q.push(a, encoded::in_place, encode_a).refused, errc::queue_full);
    kazoo::session::request_list taken;
    std::string frames;
    ASSERT_TRUE(q.take(taken, frames));
    EXPECT_EQ(frames.size(), 2 * frame_length) << "no half frame is left behind";
    EXPECT_EQ(q.push(a, encoded::in_place, encode_a).refused, errc{}) << "what was handed over waits no more";
}

TEST(submit_queue, a_request_longer_than_all_that_may_wait_may_wait_alone) {
    for (const encoded where : {encoded::in_place, encoded::apart}) {
        submit_queue q({.bytes = 100, .longest = 1000});
        test_request long_one, next;
        EXPECT_EQ(q.push(long_one, where, encode_data(500)).refused, errc{});
        EXPECT_EQ(q.push(next, where, encode_a).refused, errc::queue_full);
        EXPECT_TRUE(q.withdraw(long_one));
        EXPECT_EQ(q.push(next, where, encode_a).refused, errc{});
        EXPECT_EQ(q.push(long_one, where, encode_data(500)).refused, errc::queue_full) << "not alone";
        EXPECT_TRUE(q.withdraw(next));
        EXPECT_EQ(q.push(next, where, encode_data(1000)).refused, errc::too_large);
    }
}

TEST(submit_queue, what_a_drop_puts_back_may_go_beyond_the_limits_but_nothing_is_added) {
    submit_queue q({.requests = 2, .bytes = 2 * frame_length});
    std::vector<test_request> r(5);
    q.push(r[0], encoded::in_place, encode_a);
    q.push(r[1], encoded::in_place, encode_a);
    kazoo::session::request_list taken;
    std::string frames;
    ASSERT_TRUE(q.take(taken, frames));
    EXPECT_EQ(q.push(r[2], encoded::in_place, encode_a).refused, errc{});
    EXPECT_EQ(q.push(r[3], encoded::in_place, encode_a).refused, errc{});
    q.put_back(taken, frames);
    EXPECT_EQ(q.push(r[4], encoded::in_place, encode_a).refused, errc::queue_full);
    frames.clear();
    ASSERT_TRUE(q.take(taken, frames));
    EXPECT_EQ(frames.size(), 4 * frame_length);
    EXPECT_EQ(xids(std::move(taken)), (std::vector<std::int32_t>{1, 2, 3, 4}));
}

TEST(submit_queue, limits_at_the_end_of_their_type_are_no_limits) {
    submit_queue q({.requests = SIZE_MAX, .bytes = SIZE_MAX, .longest = INT32_MAX});
    test_request a, b;
    EXPECT_EQ(q.push(a, encoded::in_place, encode_a).refused, errc{});
    EXPECT_EQ(q.push(b, encoded::apart, encode_data(1 << 20)).refused, errc{});
}

TEST(submit_queue, requests_that_were_given_up_leave_no_memory_behind) {
    constexpr std::size_t megabyte = 1'000'000;
    submit_queue q({.longest = 2 * megabyte});
    std::vector<std::unique_ptr<test_request>> all;
    for (int i = 0; i < 40; ++i) {
        all.push_back(std::make_unique<test_request>());
        q.push(*all.back(), encoded::apart, encode_data(megabyte));
    }
    EXPECT_GE(q.capacity(), 40 * megabyte);
    for (const auto& r : all) EXPECT_TRUE(q.withdraw(*r));
    EXPECT_LE(q.capacity(), 2 * megabyte);
}

TEST(submit_queue, the_frames_that_are_kept_stay_whole_while_others_are_given_up) {
    submit_queue q({});
    std::vector<std::unique_ptr<test_request>> all;
    for (std::size_t i = 0; i < 300; ++i) {
        all.push_back(std::make_unique<test_request>());
        q.push(*all.back(), encoded::in_place, encode_data(i * 10));
    }
    std::size_t expected = 0;
    for (std::size_t i = 0; i < 300; ++i) {
        if (i % 4 == 1)
            expected += data_frame_length + i * 10;
        else
            EXPECT_TRUE(q.withdraw(*all[i]));
    }
    kazoo::session::request_list taken;
    std::string frames;
    ASSERT_TRUE(q.take(taken, frames));
    EXPECT_EQ(frames.size(), expected);
    for (const char* at = frames.data(); !taken.empty(); at += taken.pop_front().frame_size) {
        const auto frame = kazoo::proto::next_frame({at, frames.data() + frames.size()}, INT32_MAX);
        EXPECT_EQ(frame.length + 4, taken.front()->frame_size);
        EXPECT_EQ(frame.payload.substr(frame.payload.size() - 4), std::string(4, '\xff')) << "the version";
    }
}

TEST(submit_queue, failing_everything_gives_its_memory_back) {
    submit_queue q({.longest = 10 << 20});
    test_request a;
    q.push(a, encoded::apart, encode_data(8 << 20));
    EXPECT_EQ(q.take_all(errc{}).size(), 1u);
    EXPECT_LT(q.capacity(), 1u << 20);
}

TEST(submit_queue, C10_nothing_is_accepted_behind_the_one_that_fails_everything) {
    submit_queue q({.requests = 10, .longest = 1000});
    test_request a, b;
    q.push(a, encoded::in_place, encode_a);
    auto all = q.take_all(errc::closed);
    EXPECT_EQ(all.size(), 1u);
    EXPECT_EQ(q.push(b, encoded::in_place, encode_a).refused, errc::closed);
    EXPECT_TRUE(q.empty());
}

} // namespace
