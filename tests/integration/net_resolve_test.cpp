// Names through the real loop.
#include "net_support.hpp"

#include <algorithm>
#include <set>
#include <vector>

namespace kazoo::net {
namespace {

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

/// A lookup that hangs until the test lets it go.
struct gate {
    moment entered, opened, left;
};
gate* hanging = nullptr;

std::error_code hang(const std::string&, std::vector<std::string>& addresses) {
    gate& g = *hanging;
    g.entered.happen();
    g.opened.wait();
    addresses.emplace_back("127.0.0.1");
    g.left.happen();
    return {};
}

TEST(net_resolve, the_loop_ends_at_once_while_a_lookup_hangs) {
    gate g;
    hanging = &g;
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

} // namespace
} // namespace kazoo::net
