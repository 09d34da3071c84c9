// What a storm's test notices, whatever the storm is about.
#include "storm/seeds.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest-spi.h>

#include <cstdlib>
#include <optional>

namespace kazoo::testkit {
namespace {

/// As if nobody had chosen seeds, or somebody these.
class chosen {
  public:
    explicit chosen(const char* name, const char* value = nullptr) : name_(name) {
        if (const char* text = std::getenv(name)) before_ = text;
        set(value);
    }
    ~chosen() { set(before_ ? before_->c_str() : nullptr); }
    chosen(const chosen&) = delete;
    chosen& operator=(const chosen&) = delete;

  private:
    void set(const char* value) { value != nullptr ? ::setenv(name_, value, 1) : ::unsetenv(name_); }
    const char* name_;
    std::optional<std::string> before_;
};

struct plain : seeded {
    explicit plain(std::uint64_t s) : seed(s) {}
    void run() override { ++runs; }
    std::uint64_t trace_hash() const override { return seed; }
    std::string last_events() const override { return "something"; }
    void remember_more() override { at_length = true; }
    std::uint64_t seed;
    bool at_length = false;
    static inline std::uint64_t runs;
};
struct complaining : plain {
    using plain::plain;
    void run() override {
        plain::run();
        if (seed % 3 == 0) complain("it went wrong");
    }
};
struct never_the_same : plain {
    using plain::plain;
    void run() override { run_ = ++runs; }
    std::uint64_t trace_hash() const override { return run_; }

  private:
    std::uint64_t run_ = 0;
};

template <class Storm> struct run_of {
    chosen seed, seeds;
    testing::TestPartResultArray failures;
    std::vector<std::uint64_t> taken;
    std::uint64_t judged = 0;

    explicit run_of(std::uint64_t usual, const char* one = nullptr, const char* number = nullptr)
        : seed("KAZOO_SIM_SEED", one), seeds("KAZOO_SIM_SEEDS", number) {
        plain::runs = 0;
        const testing::ScopedFakeTestPartResultReporter kept(&failures);
        judged = run_seeds<Storm>(usual, [this](const Storm& s) { taken.push_back(s.seed); });
    }
};

TEST(storm_seeds, run_one_after_the_other_and_each_twentieth_twice) {
    const run_of<plain> r(40);
    EXPECT_EQ(r.judged, 40U);
    EXPECT_EQ(r.taken.size(), 40U);
    EXPECT_EQ(plain::runs, 42U);
    EXPECT_EQ(r.failures.size(), 0);
}

TEST(storm_seeds, say_which_one_complained_and_end_after_three) {
    const run_of<complaining> r(40);
    EXPECT_EQ(r.judged, 0U);
    EXPECT_EQ(r.taken.size(), 9U);
    ASSERT_EQ(r.failures.size(), 3);
    EXPECT_STREQ(r.failures.GetTestPartResult(2).message(),
                 "Failed\nKAZOO_SIM_SEED=9:\nit went wrong\nwhat happened last:\nsomething");
}

TEST(storm_seeds, that_do_not_repeat_themselves_fail) {
    const run_of<never_the_same> r(20);
    ASSERT_EQ(r.failures.size(), 1);
    EXPECT_THAT(r.failures.GetTestPartResult(0).message(), testing::HasSubstr("seed 20 does not repeat itself"));
}

TEST(storm_seeds, a_chosen_one_runs_alone_and_twice_and_says_nothing_of_sums) {
    const run_of<plain> r(40, "7");
    EXPECT_EQ(r.judged, 0U);
    EXPECT_EQ(r.taken, std::vector<std::uint64_t>{7});
    EXPECT_EQ(plain::runs, 2U);
}

TEST(storm_seeds, are_as_many_as_one_asks_for) { EXPECT_EQ(run_of<plain>(40, nullptr, "60").judged, 60U); }

struct two_things {
    enum what : std::uint8_t {
        first,
        second,
        count
    };
    static constexpr std::array<std::string_view, count> names{"first", "second"};
};

TEST(storm_seeds, what_never_happened_fails_when_there_were_enough) {
    static counts<two_things> sum;
    sum.add(two_things::first);
    show_and_judge(sum, seeds_with_everything - 1);
    EXPECT_NONFATAL_FAILURE(show_and_judge(sum, seeds_with_everything), "second");
    sum.add(two_things::second);
    show_and_judge(sum, seeds_with_everything);
}

} // namespace
} // namespace kazoo::testkit
