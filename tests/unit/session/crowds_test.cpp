// Many addresses, many credentials. Where each costs a look at all others, these tests do not end in time.
#include "session/credentials.hpp"
#include "session/host_round.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace kazoo::session {
namespace {

constexpr std::size_t many = 300'000;

TEST(host_round, a_name_may_have_many_addresses_each_tried_once) {
    host_round r({{"one", 1}, {"other", 1}, {"other", 2}});
    EXPECT_EQ(r.begin().size(), 2u) << "each name is looked up once";
    std::vector<std::string> addresses;
    for (std::size_t i = 0; i < many; ++i)
        addresses.push_back("10." + std::to_string(i >> 16) + "." + std::to_string(i >> 8 & 255) + "." +
                            std::to_string(i & 255));
    r.resolved("one", addresses);
    EXPECT_TRUE(r.resolved("other", {"10.0.0.0", "10.0.0.0", "10.0.0.1"}));
    util::random_source random(1);
    r.order(false, random, {.address = "10.0.0.0", .port = 1});
    EXPECT_EQ(r.size(), many + 2) << "the same address with another port is another one";
    EXPECT_EQ(to_string(*r.next()), "10.0.0.1:1") << "the dropped one goes to the end";
}

class test_credential final : public credential {
  public:
    explicit test_credential(std::string s) {
        scheme = "digest";
        secret = std::move(s);
    }
    void on_accepted() noexcept override {}
    void on_refused(errc) noexcept override {}
};

TEST(credentials, many_may_be_judged_and_each_is_kept_once) {
    credentials all;
    for (std::size_t i = 0; i < many; ++i) all.add(std::make_shared<test_credential>("u:" + std::to_string(i / 2)));
    std::size_t sent = 0;
    const auto send = [&](const std::string&, const std::string&) { ++sent; };
    all.send_all(send);
    EXPECT_EQ(sent, many);
    for (std::size_t i = 0; i < many; ++i) EXPECT_EQ(all.answered(0), credentials::verdict::accepted);
    EXPECT_TRUE(all.all_judged());
    all.connection_lost();
    sent = 0;
    all.send_all(send);
    EXPECT_EQ(sent, many / 2);
}

} // namespace
} // namespace kazoo::session
