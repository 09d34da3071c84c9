// Names through the real loop.
#include "net_support.hpp"

#include "loop/loop_access.hpp"

#include <kazoo/client.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <new>
#include <set>
#include <vector>

namespace kazoo::net {
namespace {

using namespace std::chrono_literals;

struct found {
    std::error_code error;
    std::vector<std::string> addresses;
};

found resolve(detail::loop& loop, const std::string& host) {
    handover<found> result;
    on(loop, [&] {
        auto inside = std::make_shared<bool>(true);
        loop.resolve(host, [&result, &loop, inside](std::error_code e, std::vector<std::string> a) {
            EXPECT_TRUE(loop.on_loop_thread());
            EXPECT_FALSE(*inside) << "answered inside resolve()";
            result.give({e, std::move(a)});
        });
        *inside = false;
    });
    return result.take();
}

TEST(net_resolve, localhost_has_each_of_its_addresses_once) {
    const auto loop = make_loop();
    const found f = resolve(*loop, "localhost");
    EXPECT_FALSE(f.error) << f.error.message();
    EXPECT_TRUE(std::ranges::count(f.addresses, "127.0.0.1") == 1 || std::ranges::count(f.addresses, "::1") == 1);
    EXPECT_EQ(std::set(f.addresses.begin(), f.addresses.end()).size(), f.addresses.size());
}

TEST(net_resolve, a_name_that_cannot_be_fails_and_says_why) {
    const auto loop = make_loop();
    const found f = resolve(*loop, std::string(300, 'x')); // too long to be asked for on any network
    EXPECT_TRUE(f.error);
    EXPECT_TRUE(f.addresses.empty());
    EXPECT_FALSE(f.error.message().empty());
    EXPECT_STREQ(f.error.category().name(), "name lookup");
}

TEST(net_resolve, numeric_addresses_are_not_looked_up) {
    const auto loop = make_loop([](const std::string&, std::vector<std::string>&) -> std::error_code {
        ADD_FAILURE();
        return {};
    });
    for (const char* address : {"127.0.0.1", "::1", "fe80::1%1"}) {
        const found f = resolve(*loop, address);
        EXPECT_FALSE(f.error);
        EXPECT_EQ(f.addresses, std::vector<std::string>{address});
    }
}

/// A lookup that hangs until the test lets it go. It may outlive its test, so its gate outlives them all.
struct gate {
    moment entered, opened, left;
};
std::atomic<gate*> hanging = nullptr;

gate& new_gate() {
    static std::vector<std::unique_ptr<gate>>& all = *new std::vector<std::unique_ptr<gate>>;
    all.push_back(std::make_unique<gate>());
    hanging = all.back().get();
    return *all.back();
}

std::error_code hang(const std::string&, std::vector<std::string>& addresses) {
    gate& g = *hanging;
    g.entered.happen();
    g.opened.wait();
    addresses.emplace_back("127.0.0.1");
    g.left.happen();
    return {};
}

TEST(net_resolve, the_loop_ends_at_once_while_a_lookup_hangs) {
    gate& g = new_gate();
    auto token = std::make_shared<int>();
    const std::weak_ptr<int> callback_lives = token;
    auto loop = make_loop(hang);
    on(*loop, [&, token = std::move(token)] {
        loop->resolve("slow.example", [token](std::error_code, std::vector<std::string>) { ADD_FAILURE(); });
    });
    ASSERT_TRUE(g.entered.wait());
    settle(*loop); // and goes on while the lookup hangs
    loop.reset();
    EXPECT_TRUE(callback_lives.expired()) << "the callback must not outlive the loop on the lookup's thread";
    g.opened.happen();
    EXPECT_TRUE(g.left.wait());
}

std::atomic<int> times_asked = 0;

std::error_code counted_hang(const std::string& host, std::vector<std::string>& addresses) {
    ++times_asked;
    return hang(host, addresses);
}

TEST(net_resolve, who_asks_for_a_name_that_is_looked_up_gets_that_answer) {
    gate& g = new_gate();
    times_asked = 0;
    const auto loop = make_loop(counted_hang);
    constexpr int askers = 100;
    std::vector<found> answers;
    moment all;
    on(*loop, [&] {
        for (int i = 0; i < askers; ++i)
            loop->resolve("slow.example", [&](std::error_code e, std::vector<std::string> a) {
                answers.push_back({e, std::move(a)});
                if (answers.size() == askers) all.happen();
            });
    });
    ASSERT_TRUE(g.entered.wait());
    settle(*loop);
    EXPECT_EQ(times_asked, 1);
    g.opened.happen();
    ASSERT_TRUE(all.wait());
    for (const found& f : answers) {
        EXPECT_FALSE(f.error);
        EXPECT_EQ(f.addresses, std::vector<std::string>{"127.0.0.1"});
    }
    EXPECT_FALSE(resolve(*loop, "slow.example").error);
    EXPECT_EQ(times_asked, 2) << "an answer that was given is not kept";
}

TEST(net_resolve, a_look_up_that_throws_has_failed) {
    const auto loop = make_loop([](const std::string&, std::vector<std::string>& addresses) -> std::error_code {
        addresses.emplace_back("127.0.0.1");
        throw std::bad_alloc();
    });
    const found f = resolve(*loop, "any.example");
    EXPECT_EQ(f.error, std::errc::not_enough_memory);
    EXPECT_TRUE(f.addresses.empty());
}

// Five rounds of a client that three hanging names keep from connecting cost three threads.
TEST(net_resolve, a_client_asks_for_a_hanging_name_once) {
    gate& g = new_gate();
    times_asked = 0;
    client_options o;
    o.session_timeout = 300ms;
    o.loop = detail::loop_access::make(make_loop(counted_hang));
    const client zk("one.example,two.example,three.example", o);
    for (int i = 0; i < 5; ++i) {
        EXPECT_THROW(zk.wait_connected(1s), error);
        EXPECT_LE(times_asked, 3);
    }
    EXPECT_FALSE(zk.last_failures().empty()) << "rounds went by";
    EXPECT_GT(times_asked, 0);
    zk.close(); // and does not wait for them
    g.opened.happen();
}

} // namespace
} // namespace kazoo::net
