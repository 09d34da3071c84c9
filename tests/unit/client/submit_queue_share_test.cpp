// The queue hands over a share at a time: what stays can still be given up for certain.
#include "client/submit_queue.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace kazoo::detail {
namespace {

struct waiting_request final : queued_request {
    waiting_request() { op = proto::opcode::set_data; }
    void on_reply(const session::reply&) noexcept override {}
    void on_failure(errc, outcome) noexcept override {}
    void retain_request() noexcept override {}
    void release_request() noexcept override { released = true; }
    bool released = false;
};

struct filled_queue {
    explicit filled_queue(std::size_t n) {
        for (std::size_t i = 0; i < n; ++i) {
            all.push_back(std::make_unique<waiting_request>());
            const auto encode = [&](proto::writer& w) { w.put(proto::path_watch_request{"/a", false}); };
            EXPECT_EQ(queue.push(*all.back(), encoded::in_place, encode).refused, errc{});
        }
        frame = all.front()->frame_size;
    }
    /// The xids of the next share; checks that the frames are those of the requests.
    std::vector<std::int32_t> take(std::size_t share) {
        session::request_list requests;
        std::string frames;
        queue.take(requests, frames, share);
        std::vector<std::int32_t> xids, in_frames;
        while (!requests.empty()) xids.push_back(requests.pop_front().xid);
        for (std::size_t at = 0; at < frames.size(); at += frame)
            in_frames.push_back(static_cast<std::int32_t>(proto::load_be32(frames.data() + at + 4)));
        EXPECT_EQ(in_frames, xids);
        return xids;
    }
    waiting_request& operator[](std::int32_t xid) { return *all[static_cast<std::size_t>(xid - 1)]; }

    submit_queue queue{submit_queue::limits{}};
    std::vector<std::unique_ptr<waiting_request>> all;
    std::size_t frame = 0;
};

using xids = std::vector<std::int32_t>;

TEST(submit_queue_share, is_the_oldest_ones_that_fit) {
    filled_queue q(5);
    EXPECT_EQ(q.take(2 * q.frame), (xids{1, 2}));
    EXPECT_EQ(q.take(3 * q.frame - 1), (xids{3, 4}));
    EXPECT_EQ(q.take(1000), (xids{5}));
    EXPECT_EQ(q.take(1000), xids{});
    EXPECT_TRUE(q.queue.empty());
}

TEST(submit_queue_share, is_one_at_least) {
    filled_queue q(2);
    EXPECT_EQ(q.take(1), (xids{1}));
    EXPECT_EQ(q.take(0), (xids{2}));
}

TEST(submit_queue_share, what_stays_can_be_withdrawn_and_what_went_cannot) {
    filled_queue q(5);
    EXPECT_EQ(q.take(2 * q.frame), (xids{1, 2}));
    EXPECT_FALSE(q.queue.withdraw(q[2]));
    EXPECT_TRUE(q.queue.withdraw(q[3]));
    EXPECT_TRUE(q.queue.withdraw(q[5]));
    EXPECT_EQ(q.take(2 * q.frame), (xids{4}));
    EXPECT_TRUE(q[3].released);
    EXPECT_TRUE(q[5].released);
    EXPECT_TRUE(q.queue.empty());
}

TEST(submit_queue_share, the_rest_keeps_the_loop_awake) {
    filled_queue q(2);
    EXPECT_EQ(q.take(q.frame), (xids{1}));
    waiting_request late;
    const auto encode = [](proto::writer& w) { w.put(proto::path_watch_request{"/a", false}); };
    EXPECT_FALSE(q.queue.push(late, encoded::in_place, encode).wake_loop);
    EXPECT_EQ(q.take(1000), (xids{2, 3}));
    EXPECT_EQ(q.take(1000), xids{});
    waiting_request next;
    EXPECT_TRUE(q.queue.push(next, encoded::in_place, encode).wake_loop);
    EXPECT_EQ(q.take(1000), (xids{4}));
}

TEST(submit_queue_share, what_was_not_sent_goes_before_what_stayed) {
    filled_queue q(4);
    session::request_list requests;
    std::string frames;
    ASSERT_TRUE(q.queue.take(requests, frames, 2 * q.frame));
    requests.pop_front(); // the first one was sent
    q.queue.put_back(requests, std::string_view(frames).substr(q.frame));
    EXPECT_TRUE(q.queue.withdraw(q[3]));
    EXPECT_EQ(q.take(1000), (xids{2, 4}));
}

TEST(submit_queue_share, those_given_up_do_not_pile_up_behind_a_share) {
    filled_queue q(1000);
    EXPECT_EQ(q.take(q.frame), (xids{1}));
    for (std::int32_t xid = 2; xid < 1000; ++xid) EXPECT_TRUE(q.queue.withdraw(q[xid]));
    std::size_t kept = 0;
    for (const auto& r : q.all) kept += !r->released;
    EXPECT_LT(kept, 100U);
    EXPECT_EQ(q.take(1000), (xids{1000}));
}

} // namespace
} // namespace kazoo::detail
