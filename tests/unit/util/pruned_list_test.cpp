#include "util/pruned_list.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace {

struct thing {
    std::shared_ptr<bool> over = std::make_shared<bool>(false);
};
std::size_t looks = 0;
struct is_over {
    bool operator()(const thing& t) const {
        ++looks;
        return *t.over;
    }
};
using list = kazoo::util::pruned_list<thing, is_over>;

std::size_t looks_for(std::size_t n, bool given_up) {
    list l;
    looks = 0;
    for (std::size_t i = 0; i < n; ++i) {
        thing t;
        l.add(t);
        if (given_up) *t.over = true;
    }
    return looks;
}

TEST(pruned_list, adding_one_to_many_costs_what_adding_one_to_few_does) {
    EXPECT_LE(looks_for(100'000, false), 2 * 100'000u);
    EXPECT_LE(looks_for(100'000, true), 2 * 100'000u);
}

TEST(pruned_list, what_is_over_does_not_pile_up) {
    list l;
    std::vector<std::weak_ptr<bool>> all;
    thing lives;
    l.add(lives);
    for (int i = 0; i < 10'000; ++i) {
        thing t;
        all.push_back(t.over);
        *t.over = true;
        l.add(std::move(t));
    }
    EXPECT_LE(std::ranges::count_if(all, [](const auto& t) { return !t.expired(); }), 20);
    EXPECT_EQ(l.rest().size(), 1u);
    EXPECT_EQ(l.rest().front().over, lives.over);
}

TEST(pruned_list, keeps_the_order_and_gives_everything_away) {
    list l;
    std::vector<thing> things(100);
    for (std::size_t i = 0; i < things.size(); ++i) {
        if (i % 3 == 0) *things[i].over = true;
        l.add(things[i]);
    }
    const auto rest = l.take();
    EXPECT_TRUE(l.rest().empty());
    auto at = rest.begin();
    for (const thing& t : things) {
        if (at != rest.end() && at->over == t.over)
            ++at;
        else
            EXPECT_TRUE(*t.over) << "only what is over may be missing";
    }
    EXPECT_EQ(at, rest.end());
}

} // namespace
