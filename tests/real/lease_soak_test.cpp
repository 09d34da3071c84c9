// The long form of lease_test.cpp: ZooKeeper's own ticks and limits, many sessions, every kind of fault, a table.
// KAZOO_SOAK_SECONDS: for how long; without it every fault comes once. KAZOO_SOAK_SEED repeats their order and lengths.
#include "real/lease_faults.hpp"
#include "real/lease_trial.hpp"
#include "testing/wait_until.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace kazoo::test::lease;
using kazoo::testkit::ensemble;
using kazoo::testkit::ensemble_options;
using kazoo::testkit::wait_until;

namespace {

constexpr auto tick = 2000ms;
constexpr std::array timeouts{4000ms, 10'000ms};

using table = std::map<std::pair<std::string_view, milliseconds>, tally>;

void print(const table& rows) {
    std::printf("%-26s %4s %9s %8s %11s %10s %10s %13s\n", "fault", "T", "sessions", "expired", "violations",
                "margin ms", "late news", "false alarms");
    for (const auto& [key, t] : rows) {
        const std::string margin = t.margin ? std::to_string(t.margin->count()) : "-";
        std::printf("%-26.*s %4ld %9zu %8zu %11zu %10s %10zu %13zu\n", static_cast<int>(key.first.size()),
                    key.first.data(), static_cast<long>(key.second / 1s), t.sessions, t.expired, t.violations,
                    margin.c_str(), t.late_news, t.false_alarms);
    }
    std::fflush(stdout);
}

class soak_lease : public ::testing::Test {
  protected:
    cast roles() {
        zk_.wait_ready();
        const std::size_t leader = zk_.wait_leader();
        return {leader, (leader + 1) % 3, (leader + 2) % 3};
    }

    /// Sessions that stay at their server, and as many that may go to a second one.
    void one_trial(const named_fault& fault, std::mt19937_64& chance) {
        stage s(zk_, roles(), chance);
        trial holders(zk_, fault.at_leader ? s.who.leader : s.who.follower, s.who.other,
                      {.timeouts = {timeouts.begin(), timeouts.end()}, .staying = 12, .moving = 12});
        ASSERT_TRUE(holders.all_hold_beyond_the_first_timeout()) << "before any fault";
        s.wait(0s, tick); // anywhere between two pings and two renewals
        fault.strike(s);
        zk_.heal();
        for (std::size_t i = 0; i < zk_.size(); ++i)
            if (!zk_[i].running()) zk_[i].start();
        zk_.wait_ready();
        ASSERT_TRUE(wait_until([&] { return holders.settled(); }));
        for (const milliseconds timeout : timeouts) {
            const tally t = holders.verdict(timeout);
            rows_[{fault.name, timeout}] += t;
            std::printf("%.*s, %ld s: ", static_cast<int>(fault.name.size()), fault.name.data(),
                        static_cast<long>(timeout / 1s));
            std::cout << t << std::endl;
        }
    }

    ensemble zk_{ensemble_options{.each = {.tick = tick,
                                           .min_session_timeout = 2 * tick,
                                           .max_session_timeout = 20 * tick,
                                           .config = {"syncLimit=5", "initLimit=10"}},
                                  .gated = true}};
    table rows_;
};

TEST_F(soak_lease, certainty_ends_before_the_servers_take_a_lock_away) {
    const char* const length = std::getenv("KAZOO_SOAK_SECONDS");
    const char* const wanted = std::getenv("KAZOO_SOAK_SEED");
    const std::uint64_t seed = wanted != nullptr ? std::stoull(wanted) : std::random_device{}();
    std::mt19937_64 chance(seed);
    std::vector<named_fault> deck = all_faults();
    const auto begin = now();
    const auto end = begin + std::chrono::seconds(length != nullptr ? std::stoull(length) : 0);
    std::printf("seed %lu\n", static_cast<unsigned long>(seed));
    do {
        std::ranges::shuffle(deck, chance);
        std::iter_swap(deck.begin(), std::ranges::find(deck, true, &named_fault::deadly)); // a short run has one, too
        for (const named_fault& fault : deck) {
            ASSERT_NO_FATAL_FAILURE(one_trial(fault, chance)) << fault.name;
            if (length != nullptr && now() > end) break;
        }
    } while (now() < end);

    print(rows_);
    for (const auto& [key, t] : rows_) {
        EXPECT_EQ(t.violations, 0u) << key.first << ", T = " << key.second / 1s << " s";
        const auto kind = std::ranges::find(deck, key.first, &named_fault::name);
        if (kind->deadly && key.second == timeouts.front()) {
            EXPECT_GT(t.expired, 0u) << key.first << " has tried nothing";
        }
    }
}

} // namespace
