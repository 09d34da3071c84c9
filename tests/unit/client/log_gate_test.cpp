#include "client/log_gate.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using kazoo::log_level;
using kazoo::log_sink;
using kazoo::detail::log_gate;

namespace {

TEST(log_gate, lets_lines_from_the_threshold_on_through) {
    std::vector<std::string> lines;
    log_gate gate(log_sink{log_level::info, [&](log_level, std::string_view line) { lines.emplace_back(line); }});
    gate.write(log_level::debug, "fine");
    gate.write(log_level::info, "news");
    gate.write(log_level::error, "bad");
    EXPECT_EQ(lines, (std::vector<std::string>{"news", "bad"}));
}

TEST(log_gate, needs_no_sink) {
    log_gate gate(log_sink{log_level::wire, {}});
    gate.write(log_level::error, "bad");
    gate.shut(true);
}

TEST(log_gate, survives_a_sink_that_throws) {
    log_gate gate(
        log_sink{log_level::wire, [](log_level, std::string_view) { throw std::runtime_error("disk full"); }});
    gate.write(log_level::error, "bad");
    gate.shut(true);
}

TEST(log_gate, is_silent_and_without_its_sink_once_it_is_shut) {
    const auto kept = std::make_shared<int>(0);
    log_gate gate(log_sink{log_level::wire, [kept](log_level, std::string_view) { ++*kept; }});
    gate.shut(true);
    EXPECT_EQ(kept.use_count(), 1);
    gate.write(log_level::error, "late");
    EXPECT_EQ(*kept, 0);
}

TEST(log_gate, shutting_waits_for_calls_in_progress) {
    for (int i = 0; i < 50; ++i) {
        std::latch entered(1), leave(1);
        std::atomic<int> calls{0};
        std::atomic<bool> finished{false};
        log_gate gate(log_sink{log_level::wire, [&](log_level, std::string_view line) {
                                   ++calls;
                                   if (line != "slow") return;
                                   entered.count_down();
                                   leave.wait();
                                   finished = true;
                               }});
        std::jthread writer([&] { gate.write(log_level::info, "slow"); });
        entered.wait();
        std::jthread last_handle([&] {
            gate.shut(true);
            EXPECT_TRUE(finished);
        });
        for (int before = -1; before != calls;) { // until it is shut
            before = calls;
            gate.write(log_level::info, "more");
        }
        leave.count_down();
    }
}

TEST(log_gate, shut_where_nothing_may_block_leaves_the_sink_to_the_last_call) {
    const auto kept = std::make_shared<std::latch>(1);
    std::latch entered(1);
    log_gate gate(log_sink{log_level::wire, [kept, &entered](log_level, std::string_view) {
                               entered.count_down();
                               kept->wait();
                           }});
    {
        std::jthread writer([&] { gate.write(log_level::info, "slow"); });
        entered.wait();
        gate.shut(false);
        EXPECT_EQ(kept.use_count(), 2) << "it is still being called";
        kept->count_down();
    }
    EXPECT_EQ(kept.use_count(), 1);
}

TEST(log_gate, shut_inside_the_sink_does_not_wait_for_itself) {
    const auto kept = std::make_shared<int>(0);
    log_gate* itself = nullptr;
    log_gate gate(log_sink{log_level::wire, [kept, &itself](log_level, std::string_view) {
                               itself->shut(true);
                               ++*kept;
                           }});
    itself = &gate;
    gate.write(log_level::info, "last");
    EXPECT_EQ(*kept, 1);
    EXPECT_EQ(kept.use_count(), 1) << "the call in progress lets go of it";
    gate.write(log_level::info, "late");
    EXPECT_EQ(*kept, 1);
}

} // namespace
