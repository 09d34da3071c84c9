// shared_mutex, semaphore and tree_cache on three servers that are killed, stopped and cut off from each other.
// KAZOO_SOAK_SECONDS says for how long, KAZOO_SOAK_SEED repeats the order of the faults.
#include "real/recipe_crowd.hpp"
#include "testing/wait_until.hpp"

#include <kazoo/recipe/tree_cache.hpp>

#include <gmock/gmock.h>

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
using kazoo::test::gardener;
using kazoo::test::gated_client;
using kazoo::test::holder_loop;
using kazoo::testkit::ensemble;
using kazoo::testkit::wait_until;
using ::testing::IsEmpty;

namespace {

constexpr auto tick = 200ms;
constexpr auto session_timeout = 2000ms;
/// A session that ends, an election, and a busy machine.
constexpr auto recovery = 30s;
constexpr std::size_t permits = 2;

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

/// Everything of a tree that a cache shows: path, data version and data.
using contents = std::map<std::string, std::pair<version, std::string>>;

void collect(const tree_cache& cache, const std::string& path, contents& all) {
    const auto node = cache.get(path);
    if (!node) return;
    all[path] = {node->stat.data_version, node->data.str()};
    const auto children = cache.children(path);
    if (!children) return;
    for (const std::string& name : *children) collect(cache, path + '/' + name, all);
}

contents contents_of(const tree_cache& cache, const std::string& path) {
    contents all;
    collect(cache, path, all);
    return all;
}

contents on_the_servers(const client& zk, const std::string& path) {
    zk.sync(path);
    contents all;
    std::vector<std::string> left{path};
    while (!left.empty()) {
        const std::string p = left.back();
        left.pop_back();
        const node n = zk.get(p);
        all[p] = {n.stat.data_version, n.data.str()};
        for (const std::string_view name : zk.get_children(p)) left.push_back(p + '/' + std::string(name));
    }
    return all;
}

class soak_recipes : public ::testing::Test {
  protected:
    soak_recipes() {
        client_options o;
        o.session_timeout = session_timeout;
        o.reconnect.max_delay = 200ms;
        o.close_timeout = 1s;
        for (int i = 0; i < 6; ++i) clients_.push_back(std::make_unique<gated_client>(zk_, o));
        for (const auto& c : clients_) c->zk().wait_connected(30s);
        clients_[0]->zk().ensure_path("/tree");
        for (std::size_t i = 0; i < clients_.size(); ++i) {
            const client& c = clients_[i]->zk();
            locks_.push_back(i % 3 == 0 ? test::writer_of(c, "/shared") : test::reader_of(c, "/shared"));
            takers_.push_back(test::permit_taker(c, "/pool", permits));
        }
        for (std::size_t i = 0; i < 2; ++i) {
            gardeners_.push_back(std::make_unique<gardener>(clients_[i]->zk(), "/tree"));
            caches_.push_back(std::make_unique<tree_cache>(clients_[i + 2]->zk(), "/tree"));
            caches_.back()->start();
        }
        judge_ = std::jthread([this](const std::stop_token& stop) { judge(stop); });
    }

    void judge(const std::stop_token& stop) {
        for (; !stop.stop_requested(); std::this_thread::sleep_for(200us)) {
            const auto in = test::together(locks_);
            const bool writes = std::ranges::any_of(in, [](std::size_t i) { return i % 3 == 0; });
            if (writes && in.size() > 1) ++overlaps_;
            if (!writes && in.size() > 1) ++read_together_;
            const auto taken = test::together(takers_);
            if (taken.size() > permits) ++overlaps_;
            if (taken.size() == permits) ++all_taken_;
        }
    }

    bool everybody_goes_on(std::string_view after) {
        std::vector<const holder_loop*> all;
        for (const auto& l : locks_) all.push_back(l.get());
        for (const auto& t : takers_) all.push_back(t.get());
        std::vector<std::uint64_t> then;
        for (const auto* h : all) then.push_back(h->turns());
        const bool done = wait_until(
            [&] {
                for (std::size_t i = 0; i < all.size(); ++i)
                    if (all[i]->turns() <= then[i]) return false;
                return true;
            },
            recovery);
        EXPECT_TRUE(done) << "after " << after;
        EXPECT_EQ(overlaps_, 0u) << "after " << after;
        return done;
    }

    bool caches_are_equal_to_the_tree() {
        for (const auto& g : gardeners_) g->end();
        const contents truth = on_the_servers(clients_[5]->zk(), "/tree");
        for (const auto& cache : caches_) {
            EXPECT_TRUE(wait_until([&] { return contents_of(*cache, "/tree") == truth; }, recovery))
                << to_string(cache->state());
        }
        plant();
        return !HasFailure();
    }

    void plant() {
        for (const auto& g : gardeners_) g->begin(chance_());
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
    std::vector<std::unique_ptr<gated_client>> clients_;
    std::vector<std::unique_ptr<holder_loop>> locks_, takers_;
    std::vector<std::unique_ptr<gardener>> gardeners_;
    std::vector<std::unique_ptr<tree_cache>> caches_;
    std::atomic<std::size_t> overlaps_{0}, read_together_{0}, all_taken_{0};
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

TEST_F(soak_recipes, no_grants_overlap_and_caches_are_equal_to_the_tree_after_quiet) {
    const auto seconds = std::chrono::seconds(number_from("KAZOO_SOAK_SECONDS", 15));
    std::printf("%ld seconds, seed %lu\n", static_cast<long>(seconds.count()), static_cast<unsigned long>(seed_));
    for (const auto& l : locks_) l->begin(chance_());
    for (const auto& t : takers_) t->begin(chance_());
    plant();
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
            ASSERT_TRUE(caches_are_equal_to_the_tree()) << "after " << f.name;
            if (std::chrono::steady_clock::now() >= end) break;
        }
        if (!warm) warm = footprint::now();
    }
    const footprint last = footprint::now();

    std::uint64_t turns = 0, changes = 0;
    for (const auto& l : locks_) turns += (l->end(), l->turns());
    for (const auto& t : takers_) turns += (t->end(), t->turns());
    for (const auto& g : gardeners_) changes += (g->end(), g->changes());
    EXPECT_EQ(overlaps_, 0u);
    EXPECT_GT(read_together_, 0u);
    EXPECT_GT(all_taken_, 0u);
    EXPECT_LE(last.descriptors, warm->descriptors + 12) << "each client may be between two connections";
    const std::size_t more_kb = seconds >= 60s ? 8192 : 65536; // in a short run the allocator still settles
    EXPECT_LE(last.memory_kb, warm->memory_kb + more_kb);
    const client looker(zk_.addresses());
    EXPECT_TRUE(wait_until(
        [&] { return looker.get_children("/shared").empty() && looker.get_children("/pool").empty(); }, recovery));
    std::printf("%lu turns, %lu changes of the tree; %zu moments with several readers, %zu with all permits taken\n"
                "%zu kB and %zu descriptors after the warm-up, %zu kB and %zu at the end\n",
                static_cast<unsigned long>(turns), static_cast<unsigned long>(changes), read_together_.load(),
                all_taken_.load(), warm->memory_kb, warm->descriptors, last.memory_kb, last.descriptors);
    for (const auto& [name, n] : counts) std::printf("%4d x %.*s\n", n, static_cast<int>(name.size()), name.data());
}

} // namespace
