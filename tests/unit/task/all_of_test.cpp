// Several futures, all of which are wanted.
#include "manual_host.hpp"
#include "task/all_of.hpp"

#include <memory>
#include <string>
#include <vector>

namespace kazoo::detail {
namespace {

using test::manual_host;
using test::request;
using namespace std::chrono_literals;

struct crowd {
    crowd(manual_host& h, int n) {
        for (int i = 0; i < n; ++i) requests.emplace_back(h);
    }
    task<void> run() {
        std::vector<future<int>> sent;
        for (const auto& r : requests) sent.push_back(r.sent());
        for (auto& r : co_await all_of(std::move(sent))) ended += (r ? std::to_string(*r) : r.error().message()) + " ";
    }
    std::vector<request<int>> requests;
    std::string ended;
};

std::string text(errc e) { return make_error_code(e).message(); }

TEST(all_of, gives_the_results_in_order_whatever_the_order_of_their_ends) {
    manual_host host;
    crowd c(host, 3);
    auto f = spawn(host, {"f", {}}, c.run());
    host.run();
    for (const int i : {2, 0, 1}) {
        EXPECT_EQ(c.ended, "");
        c.requests[static_cast<std::size_t>(i)].succeed(i);
        host.run();
    }
    EXPECT_EQ(c.ended, "0 1 2 ");
}

TEST(all_of, loses_nothing_when_one_fails) {
    manual_host host;
    crowd c(host, 3);
    auto f = spawn(host, {"f", {}}, c.run());
    host.run();
    c.requests[0].fail(errc::no_node);
    host.run();
    EXPECT_EQ(c.requests[1].state->given_up, 0);
    c.requests[1].succeed(1);
    c.requests[2].succeed(2);
    host.run();
    EXPECT_EQ(c.ended, text(errc::no_node) + " 1 2 ");
}

TEST(all_of, nothing_is_done_at_once) {
    manual_host host;
    crowd c(host, 0);
    auto f = spawn(host, {"f", {}}, c.run());
    host.run();
    EXPECT_TRUE(f.ready());
}

TEST(all_of, keeps_what_had_come_when_the_task_is_told_to_end_and_gives_the_rest_up_once) {
    manual_host host;
    crowd c(host, 4);
    auto f = spawn(host, {.name = "f", .path = {}, .deadline = host.events.now() + 1s}, c.run());
    host.run();
    c.requests[2].succeed(2);
    host.pass(1s);
    const std::string late = text(errc::operation_timeout) + " ";
    EXPECT_EQ(c.ended, late + late + "2 " + late);
    for (const int i : {0, 1, 3}) EXPECT_EQ(c.requests[static_cast<std::size_t>(i)].state->given_up, 1) << i;
    EXPECT_EQ(c.requests[2].state->given_up, 0);
}

TEST(all_of, takes_futures_of_different_types) {
    manual_host host;
    const request<std::string> name(host), title(host), town(host);
    const request<int> age(host);
    const request<void> done(host);
    std::string seen;
    const auto ask = [&]() -> task<void> {
        auto [a, b, c, d, e] = co_await all_of(name.sent(), age.sent(), done.sent(), title.sent(), town.sent());
        seen = *a + std::to_string(*b) + (c ? "" : c.error().message()) + *d + *e;
    };
    auto f = spawn(host, {"f", {}}, ask());
    host.run();
    town.succeed("z");
    age.succeed(7);
    done.fail(errc::no_auth);
    title.succeed("y");
    name.succeed("x");
    host.run();
    EXPECT_EQ(seen, "x7" + text(errc::no_auth) + "yz");
}

TEST(all_of, takes_futures_of_one_type_too) {
    manual_host host;
    const request<std::string> a(host), b(host), c(host);
    std::string seen;
    const auto ask = [&]() -> task<void> {
        auto [x, y, z] = co_await all_of(a.sent(), b.sent(), c.sent());
        seen = *x + *y + *z;
    };
    auto f = spawn(host, {"f", {}}, ask());
    host.run();
    c.succeed("c");
    b.succeed("b");
    a.succeed("a");
    host.run();
    EXPECT_EQ(seen, "abc");
}

} // namespace
} // namespace kazoo::detail
