// Six processes take one lock and write to one store, while servers, network and workers are tormented.
// KAZOO_SOAK_SECONDS says for how long, KAZOO_SOAK_SEED repeats the order of the faults.
#include "real/soak_faults.hpp"
#include "real/soak_store.hpp"
#include "real/soak_worker.hpp"
#include "shared/backend.hpp"
#include "testing/real/real_server.hpp"
#include "testing/wait_until.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace kazoo::test::soak;
using namespace std::chrono_literals;
using kazoo::testkit::wait_until;
using ::testing::IsEmpty;
using clock_type = std::chrono::steady_clock;

namespace {

constexpr std::uint32_t worker_count = 6;
constexpr auto session_timeout = 2000ms;
constexpr auto soak_tick = 200ms;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif
#else
constexpr bool sanitized = false;
#endif

/// What a worker may keep more at the end than after the warm-up.
constexpr std::size_t more_memory_kb(std::chrono::seconds length) {
    if (sanitized) return 512 * 1024;   // freed memory stays in quarantine, and every address has its shadow
    return length >= 60s ? 1024 : 4096; // in a short run the allocator still settles
}
constexpr std::size_t more_descriptors = 1;

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const char* text = std::getenv(variable);
    return text != nullptr ? std::stoull(text) : otherwise;
}

class soak : public ::testing::Test {
  protected:
    soak() : zk_(3, {.tick = soak_tick, .config = {"syncLimit=10"}}), store_((folder_.path() / "store").string()) {
        for (std::uint32_t i = 0; i < worker_count; ++i)
            workers_.push_back(std::make_unique<worker>(i, zk_, session_timeout, folder_.path()));
    }

    /// Those that have not finished a turn since then.
    std::vector<std::uint32_t> behind(fenced_store::turn_counts then, const std::set<std::uint32_t>& victims) const {
        auto now = store_.turns();
        std::vector<std::uint32_t> found;
        for (std::uint32_t i = 0; i < worker_count; ++i)
            if (!victims.contains(i) && now[i] <= then[i]) found.push_back(i);
        return found;
    }

    /// Every worker that can go on finishes a turn within a session timeout, and what the fault is allowed to cost.
    bool all_progress(const fault& f, const std::set<std::uint32_t>& victims) {
        const auto then = store_.turns();
        const auto begin = clock_type::now();
        const bool progressed =
            wait_until([&] { return behind(then, victims).empty() || !store_.violations().empty(); },
                       session_timeout + soak_tick + f.allowance);
        longest_[f.name] = std::max(longest_[f.name], clock_type::now() - begin);
        EXPECT_THAT(store_.violations(), IsEmpty());
        const auto stuck = progressed ? std::vector<std::uint32_t>{} : behind(then, victims);
        EXPECT_THAT(stuck, IsEmpty()) << "workers that do not go on";
        return !HasFailure();
    }

    std::vector<footprint> footprints_of_survivors() const {
        std::vector<footprint> all;
        for (std::uint32_t i = 0; i < tormentor::first_mortal; ++i) all.push_back(workers_[i]->measure());
        return all;
    }

    std::string log() const {
        std::ifstream file(folder_.path() / "workers.log");
        return {std::istreambuf_iterator<char>(file), {}};
    }

    const kazoo::testkit::temporary_directory folder_;
    kazoo::testkit::ensemble zk_;
    fenced_store store_;
    std::vector<std::unique_ptr<worker>> workers_;
    std::map<std::string_view, clock_type::duration> longest_; ///< wait for all workers, by kind of fault
};

TEST_F(soak, six_processes_share_a_lock_under_fire) {
    const auto seconds = std::chrono::seconds(number_from("KAZOO_SOAK_SECONDS", 20));
    const auto seed = number_from("KAZOO_SOAK_SEED", std::random_device{}());
    std::printf("%ld seconds, seed %lu\n", static_cast<long>(seconds.count()), static_cast<unsigned long>(seed));
    tormentor faults(zk_, workers_, store_, seed);
    ASSERT_TRUE(all_progress({"before any fault", load_allowance}, {})) << log();

    std::map<std::string_view, int> counts;
    std::vector<footprint> warm;
    const auto begin = clock_type::now();
    for (auto spent = 0ns; spent < seconds || warm.empty(); spent = clock_type::now() - begin) {
        if (warm.empty() && spent >= seconds / 4 && counts.size() == tormentor::kinds) warm = footprints_of_survivors();
        std::this_thread::sleep_for(std::chrono::milliseconds(faults.below(500))); // undisturbed turns
        const fault f = faults.strike();
        ++counts[f.name];
        ASSERT_TRUE(all_progress(f, f.victims)) << "while there is a fault: " << f.name << "; " << log();
        f.mend();
        ASSERT_TRUE(all_progress(f, {})) << "after a fault: " << f.name << "; " << log();
    }
    const std::vector<footprint> last = footprints_of_survivors();

    store_.stop();
    for (const auto& w : workers_) {
        ASSERT_TRUE(w->wait_exit(60s)) << log();
        EXPECT_EQ(w->how_it_ended(), "exit code 0") << log();
    }
    const kazoo::client looker(zk_.addresses());
    EXPECT_THAT(looker.get_children("/soak"), IsEmpty());
    EXPECT_THAT(store_.violations(), IsEmpty());
    EXPECT_THAT(log(), IsEmpty());
    const int displacing = counts["holder silenced"] + counts["holder stopped"];
    EXPECT_GE(store_.refused(), static_cast<std::uint64_t>(displacing)) << "each of them wrote with its old token";

    ASSERT_EQ(warm.size(), last.size());
    for (std::size_t i = 0; i < last.size(); ++i) {
        std::printf("worker %zu: %zu kB and %zu descriptors after the warm-up, %zu kB and %zu at the end\n", i,
                    warm[i].memory_kb, warm[i].descriptors, last[i].memory_kb, last[i].descriptors);
        EXPECT_LE(last[i].memory_kb, warm[i].memory_kb + more_memory_kb(seconds));
        EXPECT_LE(last[i].descriptors, warm[i].descriptors + more_descriptors);
    }
    const auto turns = store_.turns();
    const auto total = std::accumulate(turns.begin(), turns.end(), std::uint64_t{0},
                                       [](std::uint64_t sum, const auto& one) { return sum + one.second; });
    std::printf("%lu turns, %lu holders displaced, %lu writes refused; longest waits for all workers:\n",
                static_cast<unsigned long>(total), static_cast<unsigned long>(store_.displaced()),
                static_cast<unsigned long>(store_.refused()));
    for (const auto& [name, wait] : longest_)
        std::printf("%4d x %.*s: %ld ms\n", counts[name], static_cast<int>(name.size()), name.data(),
                    static_cast<long>(wait / 1ms));
}

} // namespace
