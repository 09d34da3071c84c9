// Recipes on three servers that are killed, stopped and cut off from each other, for clients whose networks break.
// KAZOO_SOAK_SECONDS says for how long, KAZOO_SOAK_SEED repeats the order of the faults.
#include "real/fire/trial.hpp"
#include "testing/wait_until.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string_view>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::fire::gated_client;
using kazoo::test::fire::recovery;
namespace fire = kazoo::test::fire;
using kazoo::testkit::ensemble;
using kazoo::testkit::wait_until;

namespace {

constexpr auto tick = 200ms;
constexpr auto session_timeout = 2000ms;

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const char* text = std::getenv(variable);
    return text != nullptr ? std::stoull(text) : otherwise;
}

struct footprint {
    std::size_t memory_kb = 0, descriptors = 0;
    static footprint now() {
        footprint f;
        std::ifstream status("/proc/self/status");
        for (std::string word; status >> word;)
            if (word == "VmRSS:") status >> f.memory_kb;
        const std::filesystem::directory_iterator all("/proc/self/fd");
        f.descriptors = static_cast<std::size_t>(std::distance(begin(all), end(all)));
        return f;
    }
};

class soak_recipes : public ::testing::Test {
  protected:
    soak_recipes() {
        client_options o;
        o.session_timeout = session_timeout;
        o.reconnect.max_delay = 200ms;
        o.close_timeout = 1s;
        for (int i = 0; i < 6; ++i) clients_.push_back(std::make_unique<gated_client>(zk_, o));
        for (const auto& c : clients_) c->zk().wait_connected(30s);
        for (const auto& make :
             {&fire::readers_and_writers, &fire::permits, &fire::leaders, &fire::trees, &fire::parties, &fire::counters,
              &fire::queues, &fire::locking_queues, &fire::double_barriers, &fire::partitions})
            trials_.push_back(make(clients_));
        judge_ = std::jthread([this](const std::stop_token& stop) {
            for (; !stop.stop_requested(); std::this_thread::sleep_for(200us))
                for (const auto& t : trials_) t->look();
        });
    }

    bool everybody_goes_on(std::string_view after) {
        std::vector<std::vector<std::uint64_t>> then;
        for (const auto& t : trials_) then.push_back(t->turns());
        const auto goes_on = [&](std::size_t i) {
            const auto now = trials_[i]->turns();
            for (std::size_t m = 0; m < now.size(); ++m)
                if (now[m] <= then[i][m]) return false;
            return true;
        };
        for (std::size_t i = 0; i < trials_.size(); ++i)
            EXPECT_TRUE(wait_until([&] { return goes_on(i); }, recovery)) << "trial " << i << " after " << after;
        return !HasFailure();
    }

    bool all_is_true(std::string_view after) {
        for (const auto& t : trials_) t->check(sober_, chance_);
        if (HasFailure()) ADD_FAILURE() << "after " << after;
        return !HasFailure();
    }

    struct fault {
        std::string_view name;
        std::function<void(soak_recipes&)> strike;
    };
    std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(chance_); }
    void pause_for(std::chrono::milliseconds longest) {
        std::this_thread::sleep_for(std::chrono::milliseconds(below(static_cast<std::size_t>(longest.count()))));
    }
    static std::vector<fault> all_faults();

    const std::uint64_t seed_ = number_from("KAZOO_SOAK_SEED", std::random_device{}());
    std::mt19937_64 chance_{seed_};
    ensemble zk_{{.each = {.tick = tick, .config = {"syncLimit=10"}}, .gated = true}};
    const client sober_{zk_.addresses()};
    fire::gated_clients clients_;
    std::vector<std::unique_ptr<fire::trial>> trials_;
    std::jthread judge_; // declared last: it ends first
};

std::vector<soak_recipes::fault> soak_recipes::all_faults() {
    using self = soak_recipes;
    const auto between_leader_and_another = [](self& s, const auto& does) {
        const std::size_t leader = s.zk_.wait_leader();
        does(leader, (leader + 1 + s.below(2)) % 3);
    };
    return {
        {"connections cut",
         [](self& s) {
             for (const auto& c : s.clients_) c->cut();
         }},
        {"a client silenced",
         [](self& s) {
             gated_client& c = *s.clients_[s.below(s.clients_.size())];
             c.silence(true);
             s.pause_for(2 * session_timeout);
             c.silence(false);
         }},
        {"leader killed",
         [](self& s) {
             const std::size_t leader = s.zk_.wait_leader();
             s.zk_[leader].kill();
             s.pause_for(1s);
             s.zk_[leader].start();
         }},
        {"a server stopped",
         [](self& s) {
             const std::size_t index = s.below(3);
             s.zk_[index].pause();
             s.pause_for(2 * session_timeout);
             s.zk_[index].resume();
         }},
        {"a member held both ways",
         [=](self& s) {
             between_leader_and_another(s, [&](std::size_t leader, std::size_t member) {
                 s.zk_.hold(leader, member);
                 s.zk_.hold(member, leader);
             });
             s.pause_for(2 * session_timeout);
         }},
        {"a member mute, then deaf",
         [=](self& s) {
             between_leader_and_another(s, [&](std::size_t leader, std::size_t member) {
                 s.zk_.hold(member, leader);
                 s.pause_for(session_timeout);
                 s.zk_.hold(member, leader, false);
                 s.zk_.hold(leader, member);
             });
             s.pause_for(session_timeout);
         }},
        {"links cut",
         [=](self& s) {
             between_leader_and_another(s, [&](std::size_t leader, std::size_t member) {
                 s.zk_.drop(leader, member);
                 s.zk_.drop(member, leader);
             });
             s.pause_for(2 * session_timeout);
         }},
        {"leader isolated",
         [](self& s) {
             s.zk_.isolate(s.zk_.wait_leader());
             s.pause_for(3 * session_timeout);
         }},
    };
}

TEST_F(soak_recipes, what_each_recipe_promises_is_true_while_everything_breaks) {
    const auto seconds = std::chrono::seconds(number_from("KAZOO_SOAK_SECONDS", 15));
    std::printf("%ld seconds, seed %lu\n", static_cast<long>(seconds.count()), static_cast<unsigned long>(seed_));
    for (const auto& t : trials_) t->begin(chance_);
    ASSERT_TRUE(everybody_goes_on("the beginning"));

    std::map<std::string_view, int> counts;
    std::optional<footprint> warm;
    const auto end = std::chrono::steady_clock::now() + seconds;
    for (auto deck = all_faults(); std::chrono::steady_clock::now() < end || !warm;) {
        std::ranges::shuffle(deck, chance_);
        for (const fault& f : deck) {
            f.strike(*this);
            zk_.heal();
            zk_.wait_ready();
            ++counts[f.name];
            ASSERT_TRUE(everybody_goes_on(f.name));
            ASSERT_TRUE(all_is_true(f.name));
            if (std::chrono::steady_clock::now() >= end) break;
        }
        if (!warm) warm = footprint::now();
    }
    const footprint last = footprint::now();

    for (const auto& t : trials_) t->end();
    for (const auto& t : trials_) std::printf("%s\n", t->report(sober_).c_str());
    EXPECT_LE(last.descriptors, warm->descriptors + 12) << "each client may be between two connections";
    const std::size_t more_kb = seconds >= 60s ? 8192 : 65536; // in a short run the allocator still settles
    EXPECT_LE(last.memory_kb, warm->memory_kb + more_kb);
    std::printf("%zu kB and %zu descriptors after the warm-up, %zu kB and %zu at the end\n", warm->memory_kb,
                warm->descriptors, last.memory_kb, last.descriptors);
    for (const auto& [name, n] : counts) std::printf("%4d x %.*s\n", n, static_cast<int>(name.size()), name.data());
}

} // namespace
