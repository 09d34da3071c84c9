// kazoo::set_partitioner: who gets what, and members that do not agree, against a live server.
#include "set_partitioner_test.hpp"

#include <atomic>
#include <stdexcept>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::code_of;
using kazoo::test::eventually;
using kazoo::test::shares;
using kazoo::test::text_of_error;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

namespace {

class partitioners_that_disagree : public test::partitioner_test {};

TEST_F(partitioners_that_disagree, C68_what_the_partition_function_throws_comes_out_and_we_leave) {
    const client c = connect();
    std::atomic<int> calls = 0;
    set_partitioner_options o = named("us");
    o.partition = [&](const std::string& who, const shares& members, const shares& items) -> shares {
        EXPECT_EQ(who, "us");
        EXPECT_THAT(members, ElementsAre("us"));
        switch (++calls) {
        case 1: throw std::runtime_error("no idea");
        case 2: return {"a", "x"};
        case 3: return {"a", "a"};
        default: return {items[2], items[0]};
        }
    };
    set_partitioner p(c, "/s", letters(), o);
    EXPECT_EQ(text_of_error([&] { (void)p.acquire(); }), "no idea");
    EXPECT_EQ(p.state(), partition_state::failure);
    EXPECT_TRUE(eventually([&] { return party(c).empty(); }));
    EXPECT_THAT(text_of_error([&] { (void)p.acquire(); }), HasSubstr("no part of the set"));
    EXPECT_THROW((void)p.acquire_for(1h), error_of<errc::bad_arguments>);
    const partition mine = p.acquire();
    EXPECT_THAT(mine.items(), ElementsAre("c", "a")) << "in the order of the function";
    EXPECT_EQ(all_locks(c, letters()), 2u);
}

TEST_F(partitioners_that_disagree, C68_what_the_partition_function_throws_is_not_taken_for_an_end_of_ours) {
    const client c = connect();
    errc what{};
    set_partitioner_options o = named("us");
    o.partition = [&](const std::string&, const shares&, const shares&) -> shares {
        throw error(make_error_code(what), outcome::unknown, "theirs", {}, {});
    };
    set_partitioner p(c, "/s", letters(), o);
    const std::stop_source never;
    for (const errc code : {errc::cancelled, errc::operation_timeout, errc::closed}) {
        what = code;
        EXPECT_THAT(text_of_error([&] { (void)p.acquire(never.get_token()); }), HasSubstr("theirs")) << code;
        EXPECT_THAT(text_of_error([&] { (void)p.acquire_for(1h); }), HasSubstr("theirs")) << code;
        EXPECT_EQ(p.state(), partition_state::failure) << code;
    }
}

TEST_F(partitioners_that_disagree, C69_two_of_one_name_are_told_so_and_the_first_one_stays) {
    const client a = connect(), b = connect();
    set_partitioner first(a, "/s", letters(), named("twin")), second(b, "/s", letters(), named("twin"));
    std::optional<partition> all = first.acquire();
    auto asked = second.async_acquire();
    ASSERT_TRUE(eventually([&] { return all->revoked().stop_requested(); }));
    all.reset();
    auto again = first.async_acquire();
    const auto refused = std::move(asked).result_for(60s);
    EXPECT_EQ(code_of(refused), errc::bad_arguments);
    EXPECT_THAT(text_of_error([&] { refused.value(); }), AllOf(HasSubstr("twin"), HasSubstr("set_partitioner")));
    EXPECT_EQ(second.state(), partition_state::failure);
    const partition mine = std::move(again).get_for(20s);
    EXPECT_THAT(mine.items(), SizeIs(4));
}

TEST_F(partitioners_that_disagree, C69_who_was_started_again_waits_for_its_old_session) {
    const client c = connect();
    std::optional<client> old(connect());
    {
        const client killed = *old;
        killed.ensure_path("/s/party");
        killed.create(std::string("/s/party/") + an_id + "-us", "us", {.mode = create_mode::ephemeral});
    }
    set_partitioner p(c, "/s", letters(), named("us"));
    auto asked = p.async_acquire();
    ASSERT_TRUE(eventually([&] { return party(c).size() == 2; }));
    test::expire(*old);
    const partition mine = std::move(asked).get_for(20s);
    EXPECT_THAT(mine.items(), SizeIs(4));
}

TEST_F(partitioners_that_disagree, who_shares_out_another_set_is_told_so_and_the_others_go_on) {
    const client a = connect(), b = connect();
    set_partitioner first(a, "/s", letters(), named("elder"));
    set_partitioner other(b, "/s", {"a", "b", "x"}, named("stranger"));
    std::optional<partition> all = first.acquire();
    auto asked = other.async_acquire();
    ASSERT_TRUE(eventually([&] { return all->revoked().stop_requested(); }));
    all.reset();
    auto again = first.async_acquire();
    const auto refused = std::move(asked).result_for(20s);
    EXPECT_EQ(code_of(refused), errc::bad_arguments);
    EXPECT_THAT(text_of_error([&] { refused.value(); }),
                AllOf(HasSubstr("\"elder\""), HasSubstr("\"stranger\""), HasSubstr("another set")));
    EXPECT_EQ(other.state(), partition_state::failure);
    partition mine = std::move(again).get_for(20s);
    while (mine.revoked().stop_requested()) { // it had not left yet
        mine.release();
        mine = first.acquire();
    }
    EXPECT_THAT(mine.items(), SizeIs(4));
}

TEST_F(partitioners_that_disagree, a_stranger_that_stays_does_not_count) {
    const client a = connect(), b = connect();
    set_partitioner first(a, "/s", letters(), named("elder"));
    std::optional<partition> all = first.acquire();
    set_partitioner other(b, "/s", {"a", "b", "x"}, patient("stranger"));
    auto never = other.async_acquire();
    ASSERT_TRUE(eventually([&] { return all->revoked().stop_requested(); }));
    all.reset();
    all = first.acquire();
    EXPECT_THAT(all->items(), SizeIs(4));
    EXPECT_FALSE(never.ready());
    EXPECT_THAT(party(a), SizeIs(2));
}

} // namespace
