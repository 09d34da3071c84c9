// Who may make a node, and who is woken to look.
#include "recipe/parts/acquisition_line.hpp"

#include <kazoo/kazoo.hpp>
#include <kazoo/testkit/simulation.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace kazoo::recipe {
namespace {

class acquisition {
  public:
    explicit acquisition(acquisition_line& line, access a) : here(line, a) {}
    /// As a task waits that may not enter yet.
    void wait() { woken_ = here.changed(); }
    bool woken() const { return woken_.ready(); }

  private:
    future<void> woken_;

  public:
    acquisition_line::place here;
};

struct queue {
    testkit::simulation world;
    testkit::machine machine = world.add_machine();
    client zk{testkit::simulation::addresses(), [this] {
                  client_options o;
                  o.loop = machine.loop();
                  return o;
              }()};
    core& owner = client_access::core_of(zk);
    acquisition_line line{owner};
    std::vector<std::unique_ptr<acquisition>> all;

    acquisition& call(access a = access::exclusive) {
        return *all.emplace_back(std::make_unique<acquisition>(line, a));
    }
};

TEST(acquisition_line, C54_nodes_are_made_in_the_order_of_the_calls) {
    queue q;
    auto &a = q.call(), &b = q.call(), &c = q.call();
    EXPECT_TRUE(a.here.may_enter());
    EXPECT_FALSE(b.here.may_enter());
    b.wait();
    c.wait();
    a.here.entered();
    EXPECT_TRUE(b.woken());
    EXPECT_TRUE(b.here.may_enter());
    EXPECT_FALSE(c.woken());
    EXPECT_FALSE(c.here.may_enter());
    b.here.entered();
    EXPECT_TRUE(c.woken());
    EXPECT_TRUE(c.here.may_enter());
}

TEST(acquisition_line, who_needs_a_new_node_goes_first_again) {
    queue q;
    auto &a = q.call(), &b = q.call(), &c = q.call();
    a.here.entered();
    b.here.entered();
    c.wait();
    a.here.stays_outside();
    EXPECT_TRUE(a.here.may_enter());
    EXPECT_FALSE(c.woken());
    EXPECT_FALSE(c.here.may_enter());
    a.here.entered();
    EXPECT_TRUE(c.woken());
    EXPECT_TRUE(c.here.may_enter());
}

TEST(acquisition_line, who_gives_up_lets_the_next_one_in) {
    queue q;
    q.call();
    q.call();
    auto& c = q.call();
    c.wait();
    q.all.erase(q.all.begin() + 1);
    EXPECT_FALSE(c.woken());
    q.all.erase(q.all.begin());
    EXPECT_TRUE(c.woken());
    EXPECT_TRUE(c.here.may_enter());
    EXPECT_TRUE(c.here.first());
}

TEST(acquisition_line, nobody_enters_while_a_loss_waits_for_its_unlock) {
    queue q;
    auto &a = q.call(), &b = q.call(), &c = q.call();
    a.here.entered();
    a.here.acquired();
    b.here.entered();
    b.here.give_way();
    b.here.stays_outside();
    EXPECT_FALSE(b.here.may_enter());
    b.wait();
    c.wait();
    c.here.stays_outside();
    EXPECT_FALSE(b.woken());
    q.all.erase(q.all.begin()); // unlocked
    EXPECT_TRUE(b.woken());
    EXPECT_TRUE(b.here.may_enter());
    EXPECT_FALSE(c.woken());
}

TEST(acquisition_line, whoever_has_no_lock_yet_has_lost_none) {
    queue q;
    auto &a = q.call(), &b = q.call();
    a.here.entered();
    b.here.entered();
    b.here.give_way(); // somebody has deleted a's node
    b.here.stays_outside();
    EXPECT_TRUE(b.here.may_enter());
}

/// Each who has a node lists all nodes: n of n would be n² names.
TEST(acquisition_line, only_a_few_of_an_object_have_a_node_at_the_same_time) {
    queue q;
    for (std::size_t i = 0; i < acquisition_line::most_nodes; ++i) {
        auto& a = q.call();
        ASSERT_TRUE(a.here.may_enter()) << i;
        a.here.entered();
    }
    auto& next = q.call();
    next.wait();
    EXPECT_FALSE(next.here.may_enter());
    EXPECT_FALSE(next.woken());
    q.all.front().reset();
    EXPECT_TRUE(next.woken());
    EXPECT_TRUE(next.here.may_enter());
}

TEST(acquisition_line, the_first_may_always_have_a_node) {
    queue q;
    for (std::size_t i = 0; i <= acquisition_line::most_nodes; ++i) q.call();
    for (std::size_t i = 0; i < acquisition_line::most_nodes; ++i) q.all[i]->here.entered();
    q.all.front()->here.stays_outside(); // somebody has deleted it
    q.all.back()->here.entered();
    EXPECT_TRUE(q.all.front()->here.may_enter());
}

/// Where a change costs a look at all who wait this does not end in time.
TEST(acquisition_line, a_change_wakes_the_one_whose_turn_has_come_and_nobody_else) {
    constexpr std::size_t many = 100'000;
    queue q;
    for (std::size_t i = 0; i < many; ++i) q.call().wait();
    for (std::size_t i = 0; i < many; ++i) {
        if (i >= acquisition_line::most_nodes) {
            EXPECT_FALSE(q.all[i]->woken()) << i;
            q.all[i - acquisition_line::most_nodes].reset();
        }
        ASSERT_TRUE(i == 0 || q.all[i]->woken()) << i; // whose turn had come before it waited is not woken
        ASSERT_TRUE(q.all[i]->here.may_enter()) << i;
        q.all[i]->here.entered();
    }
    for (auto& a : q.all) a.reset();
}

TEST(acquisition_line, those_who_share_hold_together_and_behind_nobody_who_does_not) {
    queue q;
    auto &r1 = q.call(access::shared), &r2 = q.call(access::shared), &w = q.call(), &r3 = q.call(access::shared);
    EXPECT_TRUE(r1.here.may_hold());
    EXPECT_TRUE(r2.here.may_hold());
    EXPECT_FALSE(w.here.may_hold());
    EXPECT_FALSE(r3.here.may_hold());
    for (acquisition* a : {&r1, &r2}) {
        EXPECT_TRUE(a->here.may_enter());
        a->here.entered();
        a->here.acquired();
    }
    w.here.entered();
    r3.here.entered();
    q.all.erase(q.all.begin());
    EXPECT_FALSE(w.here.may_hold());
    q.all.erase(q.all.begin());
    EXPECT_TRUE(w.here.may_hold());
    EXPECT_FALSE(r3.here.may_hold());
    q.all.erase(q.all.begin());
    EXPECT_TRUE(r3.here.may_hold());
}

TEST(acquisition_line, any_number_may_hold_together) {
    queue q;
    for (std::size_t i = 0; i < 3 * acquisition_line::most_nodes; ++i) {
        auto& a = q.call(access::shared);
        ASSERT_TRUE(a.here.may_enter()) << i;
        a.here.entered();
        a.here.acquired();
    }
    EXPECT_TRUE(q.call().here.may_enter()) << "who waits has a node too";
}

} // namespace
} // namespace kazoo::recipe
