// What the states of futures are made of: counted objects, and jobs of an owner.
#include <kazoo/detail/job.hpp>
#include <kazoo/detail/ref_counted.hpp>

#include <gtest/gtest.h>

#include <string>

namespace kazoo::detail {
namespace {

class asks_for_counts {
  public:
    virtual void retain() noexcept = 0;
    virtual void release() noexcept = 0;

  protected:
    virtual ~asks_for_counts() = default;
};

class counted final : public ref_counted<counted, asks_for_counts> {
  public:
    explicit counted(int& ends) noexcept : ends_(ends) {}

  private:
    friend class ref_counted<counted, asks_for_counts>;
    ~counted() override { ++ends_; }
    int& ends_;
};

TEST(ref_counted, goes_with_the_last_count) {
    int ends = 0;
    ref<counted> one(new counted(ends));
    ref<counted> two = one;
    one.reset();
    EXPECT_EQ(ends, 0);
    two.reset();
    EXPECT_EQ(ends, 1);
}

TEST(ref_counted, counts_through_its_base) {
    int ends = 0;
    const ref<counted> one(new counted(ends));
    asks_for_counts& base = *one;
    base.retain();
    base.release();
    EXPECT_EQ(ends, 0);
    {
        const ref<asks_for_counts> two = one;
    }
    EXPECT_EQ(ends, 0);
}

class owner {
  public:
    void run_all() {
        for (job* j : {static_cast<job*>(&first_), static_cast<job*>(&second_), static_cast<job*>(&first_)}) j->run(j);
    }
    std::string seen;

  private:
    void first() noexcept { seen += '1'; }
    void second() noexcept { seen += '2'; }
    bound_job<&owner::first> first_{*this};
    bound_job<&owner::second> second_{*this};
};

TEST(bound_job, calls_the_function_of_its_owner_each_time_it_runs) {
    owner o;
    o.run_all();
    EXPECT_EQ(o.seen, "121");
}

} // namespace
} // namespace kazoo::detail
