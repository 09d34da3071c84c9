// The heap of timers against a sorted list.
#include "net/timer_queue.hpp"

#include <gtest/gtest.h>
#include <map>
#include <random>
#include <utility>
#include <vector>

namespace kazoo::net {
namespace {

TEST(net_timer_queue, agrees_with_a_sorted_list) {
    std::mt19937 random(1);
    timer_queue queue;
    std::map<std::pair<time_point, std::uint64_t>, std::pair<std::uint64_t, detail::job*>> model;
    std::vector<detail::job> jobs(20'000);
    std::vector<std::uint64_t> ended;
    time_point now{};
    std::uint64_t popped = 0, cancelled = 0;
    for (detail::job& j : jobs) {
        const time_point when = now + duration(random() % 300);
        const std::uint64_t number = queue.started();
        model.emplace(std::pair(when, number), std::pair(queue.add(when, j), &j));
        if (random() % 3 == 0) {
            const auto victim = std::next(model.begin(), static_cast<std::ptrdiff_t>(random() % model.size()));
            EXPECT_TRUE(queue.cancel(victim->second.first));
            ended.push_back(victim->second.first);
            model.erase(victim);
            ++cancelled;
        }
        if (!ended.empty()) {
            ASSERT_FALSE(queue.cancel(ended[random() % ended.size()]));
        }
        now += duration(random() % 3);
        while (detail::job* due = queue.pop_due(now, queue.started())) {
            ASSERT_FALSE(model.empty());
            ASSERT_EQ(due, model.begin()->second.second);
            ended.push_back(model.begin()->second.first);
            model.erase(model.begin());
            ++popped;
        }
        ASSERT_EQ(queue.next(), model.empty() ? never : model.begin()->first.first);
        ASSERT_TRUE(model.empty() || model.begin()->first.first > now);
    }
    EXPECT_GT(popped, 5'000u);
    EXPECT_GT(cancelled, 5'000u);
    EXPECT_GT(model.size(), 10u);
}

TEST(net_timer_queue, leaves_what_was_started_after_the_bound) {
    timer_queue queue;
    std::vector<detail::job> jobs(2);
    queue.add(time_point{}, jobs[0]);
    const std::uint64_t bound = queue.started();
    queue.add(time_point{}, jobs[1]);
    EXPECT_EQ(queue.pop_due(time_point{}, bound), &jobs[0]);
    EXPECT_EQ(queue.pop_due(time_point{}, bound), nullptr);
    EXPECT_EQ(queue.pop_due(time_point{}, queue.started()), &jobs[1]);
}

} // namespace
} // namespace kazoo::net
