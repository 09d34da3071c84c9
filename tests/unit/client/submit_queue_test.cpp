#include "client/submit_queue.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

using kazoo::errc;
using kazoo::outcome;
using kazoo::detail::queued_request;
using kazoo::detail::submit_queue;

namespace {

struct test_request final : queued_request {
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
    submit_queue q(10, 1000);
    test_request a, b;
    EXPECT_EQ(q.push(a, false, encode_a).refused, errc{});
    EXPECT_EQ(q.push(b, true, encode_a).refused, errc{});
    kazoo::session::request_list taken;
    std::string frames;
    ASSERT_TRUE(q.take(taken, frames));
    EXPECT_EQ(frames, std::string("\0\0\0\x0f\0\0\0\1\0\0\0\3\0\0\0\2/a\0\0\0\0\x0f\0\0\0\2\0\0\0\3\0\0\0\2/a\0", 38));
    EXPECT_EQ(xids(std::move(taken)), (std::vector<std::int32_t>{1, 2}));
}

TEST(submit_queue, C07_says_queue_full_and_never_blocks) {
    submit_queue q(2, 1000);
    test_request a, b, c;
    EXPECT_EQ(q.push(a, false, encode_a).refused, errc{});
    EXPECT_EQ(q.push(b, false, encode_a).refused, errc{});
    EXPECT_EQ(q.push(c, false, encode_a).refused, errc::queue_full);
    EXPECT_TRUE(q.withdraw(a));
    EXPECT_EQ(q.push(c, false, encode_a).refused, errc{}) << "a withdrawn request makes room";
}

TEST(submit_queue, wakes_the_loop_only_when_it_sleeps) {
    submit_queue q(10, 1000);
    test_request a, b, c;
    kazoo::session::request_list taken;
    std::string frames;
    EXPECT_FALSE(q.push(a, false, encode_a).wake_loop);
    EXPECT_TRUE(q.take(taken, frames));
    EXPECT_FALSE(q.take(taken = {}, frames));
    EXPECT_TRUE(q.push(b, false, encode_a).wake_loop);
    EXPECT_FALSE(q.push(c, false, encode_a).wake_loop);
}

TEST(submit_queue, a_withdrawn_request_is_never_sent) {
    submit_queue q(10, 1000);
    test_request a, b, c;
    for (auto* r : {&a, &b, &c}) q.push(*r, false, encode_a);
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
    submit_queue q(10'000, 1000);
    std::vector<std::unique_ptr<test_request>> all;
    for (int i = 0; i < 1000; ++i) {
        all.push_back(std::make_unique<test_request>());
        q.push(*all.back(), false, encode_a);
        EXPECT_TRUE(q.withdraw(*all.back()));
    }
    std::size_t kept = 0;
    for (const auto& r : all) kept += r->counts > 0;
    EXPECT_LT(kept, 100u);
}

TEST(submit_queue, what_was_not_sent_goes_back_to_the_front_and_can_be_withdrawn_again) {
    submit_queue q(10, 1000);
    test_request a, b;
    q.push(a, false, encode_a);
    kazoo::session::request_list taken;
    std::string frames;
    ASSERT_TRUE(q.take(taken, frames));
    q.push(b, false, encode_a);
    q.put_back(taken, frames);
    EXPECT_TRUE(taken.empty());
    ASSERT_TRUE(q.take(taken, frames));
    EXPECT_EQ(taken.front(), &a);
    EXPECT_EQ(taken.size(), 2u);
    q.put_back(taken, frames);
    EXPECT_TRUE(q.withdraw(a));
    EXPECT_TRUE(q.withdraw(b));
}

TEST(submit_queue, refuses_long_requests_itself) {
    submit_queue q(10, frame_length - 4);
    test_request fits, too_long;
    EXPECT_EQ(q.push(fits, false, encode_a).refused, errc{});
    const auto encode_ab = [](kazoo::proto::writer& w) { w.put(kazoo::proto::path_watch_request{"/ab", false}); };
    EXPECT_EQ(q.push(too_long, false, encode_ab).refused, errc::too_large);
    EXPECT_EQ(q.push(too_long, true, encode_ab).refused, errc::too_large);
    kazoo::session::request_list taken;
    std::string frames;
    ASSERT_TRUE(q.take(taken, frames));
    EXPECT_EQ(frames.size(), frame_length) << "no half frame is left behind";
}

TEST(submit_queue, C10_nothing_is_accepted_behind_the_one_that_fails_everything) {
    submit_queue q(10, 1000);
    test_request a, b;
    q.push(a, false, encode_a);
    auto all = q.take_all(errc::closed);
    EXPECT_EQ(all.size(), 1u);
    EXPECT_EQ(q.push(b, false, encode_a).refused, errc::closed);
    EXPECT_TRUE(q.empty());
}

} // namespace
