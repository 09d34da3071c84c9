// kazoo::lease and multi_lease: what the header promises, against a live server.
#include "shared/mutex_test.hpp"

#include <kazoo/recipe/lease.hpp>

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <thread>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::error_of_call;
using kazoo::test::eventually;
using kazoo::testkit::fault_gate;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

namespace {

class leases : public test::mutex_test {
  protected:
    static std::string record(const std::string& holder, std::chrono::sys_seconds end,
                              const std::string& version = "1") {
        const auto day = std::chrono::floor<std::chrono::days>(end);
        const std::chrono::year_month_day d(day);
        const std::chrono::hh_mm_ss t(end - day);
        char text[32];
        std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(d.year()),
                      static_cast<unsigned>(d.month()), static_cast<unsigned>(d.day()),
                      static_cast<int>(t.hours().count()), static_cast<int>(t.minutes().count()),
                      static_cast<int>(t.seconds().count()));
        return R"({"version": )" + version + R"(, "holder": ")" + holder + R"(", "end": ")" + text + R"("})";
    }
    static std::chrono::sys_seconds now() {
        return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    }
    static std::uint64_t requests(const client& c) {
        std::uint64_t sum = 0;
        for (const auto& o : c.metrics().operations) sum += o.succeeded + o.failed;
        return sum;
    }
    bool only_the_lease_is_left(const client& c, const std::string& path = "/job") const {
        return eventually([&] { return nodes(c, path) == std::vector<std::string>{"lease_holder"}; });
    }
};

TEST_F(leases, A26_its_node_is_that_of_kazoo) {
    const client c = connect();
    const auto before = now();
    const auto l = lease::try_obtain(c, "/job", 1h, {.identifier = "h\xC3\xA9"});
    ASSERT_TRUE(l);
    EXPECT_TRUE(l->holds());
    EXPECT_GE(l->end(), before + 1h);
    EXPECT_LE(l->end(), now() + 1h);
    const node n = c.get("/job/lease_holder");
    EXPECT_EQ(n.data, record("h\\u00e9", l->end()));
    EXPECT_EQ(n.stat.owner, session_id::none);
    EXPECT_TRUE(only_the_lease_is_left(c));
}

TEST_F(leases, somebody_elses_is_not_obtained_and_not_touched) {
    const client a = connect(), b = connect();
    const auto held = lease::try_obtain(a, "/job", 1h, {.identifier = "a"});
    ASSERT_TRUE(held);
    const node_stat before = *a.exists("/job/lease_holder");
    EXPECT_FALSE(lease::try_obtain(b, "/job", 1h, {.identifier = "b"}));
    EXPECT_EQ(a.exists("/job/lease_holder")->modified, before.modified);
    EXPECT_TRUE(held->holds());
}

TEST_F(leases, the_same_holder_renews_and_its_node_is_kept) {
    const client c = connect();
    const auto first = lease::try_obtain(c, "/job", 1h, {.identifier = "a"});
    const auto again = lease::try_obtain(c, "/job", 2h, {.identifier = "a"});
    ASSERT_TRUE(first && again);
    EXPECT_GT(again->end(), first->end());
    EXPECT_EQ(c.exists("/job/lease_holder")->data_version, version{1}) << "C82: set, not deleted and made again";
}

TEST_F(leases, C82_one_that_has_ended_is_taken_over_and_cannot_be_renewed_by_who_had_it) {
    const client c = connect();
    auto old = lease::try_obtain(c, "/job", 1h, {.identifier = "a"});
    ASSERT_TRUE(old);
    c.set("/job/lease_holder", record("a", now() - 1s));
    const auto next = lease::try_obtain(c, "/job", 1h, {.identifier = "b"});
    ASSERT_TRUE(next);
    EXPECT_TRUE(old->holds()) << "it was told that it is its own until then";
    EXPECT_FALSE(old->renew());
    EXPECT_FALSE(old->holds());
    EXPECT_FALSE(old->release());
    EXPECT_EQ(c.get("/job/lease_holder").data, record("b", next->end()));
    EXPECT_TRUE(only_the_lease_is_left(c));
}

TEST_F(leases, C82_it_can_be_renewed_and_released) {
    const client c = connect();
    auto l = lease::try_obtain(c, "/job", 1h, {.identifier = "a"});
    ASSERT_TRUE(l);
    c.set("/job/lease_holder", record("a", now() + 1s));
    EXPECT_FALSE(l->release()) << "somebody of the same name has written it since";
    EXPECT_FALSE(l->holds()) << "it was given back";
    EXPECT_TRUE(l->renew());
    EXPECT_TRUE(l->holds());
    EXPECT_GE(l->end(), now() + 59min);
    EXPECT_TRUE(l->release());
    EXPECT_FALSE(l->holds());
    EXPECT_LT(l->end(), now());
    EXPECT_TRUE(l->release()) << "nobody has it";
    const auto next = lease::try_obtain(c, "/job", 1h, {.identifier = "b"});
    EXPECT_TRUE(next);
    EXPECT_FALSE(l->release());
    EXPECT_FALSE(l->renew());
    EXPECT_FALSE(l->holds());
    EXPECT_EQ(c.get("/job/lease_holder").data, record("b", next->end()));
    EXPECT_TRUE(only_the_lease_is_left(c));
}

TEST_F(leases, a_copy_is_the_same_lease) {
    const client c = connect();
    auto l = lease::try_obtain(c, "/job", 1h);
    ASSERT_TRUE(l);
    EXPECT_EQ(l->path(), "/job");
    EXPECT_FALSE(l->identifier().empty()) << "the machine's name";
    EXPECT_EQ(c.get("/job/lease_holder").data, record(l->identifier(), l->end()));
    lease copy = *l;
    EXPECT_TRUE(copy.release());
    EXPECT_FALSE(l->holds());
}

TEST_F(leases, a_deleted_node_is_free) {
    const client c = connect();
    auto l = lease::try_obtain(c, "/job", 1h, {.identifier = "a"});
    ASSERT_TRUE(only_the_lease_is_left(c));
    c.remove("/job/lease_holder");
    EXPECT_TRUE(l->renew());
    EXPECT_FALSE(lease::try_obtain(c, "/job", 1h, {.identifier = "b"}));
    c.remove("/job/lease_holder");
    EXPECT_TRUE(l->holds()) << "it does not hear of it";
    EXPECT_TRUE(lease::try_obtain(c, "/job", 1h, {.identifier = "b"}));
    EXPECT_FALSE(l->renew());
    c.remove_tree("/job");
    EXPECT_TRUE(l->renew()) << "the path is made again";
    c.remove("/job/lease_holder");
    EXPECT_TRUE(l->release()) << "it is free";
    EXPECT_FALSE(l->holds());
}

TEST_F(leases, stays_its_holders_when_the_object_is_destroyed_and_the_client_closed) {
    const client other = connect();
    {
        client c = connect();
        auto l = lease::try_obtain(c, "/job", 1h, {.identifier = "a"});
        ASSERT_TRUE(l);
        c.close();
        EXPECT_TRUE(l->holds());
        EXPECT_EQ(error_of_call([&] { (void)l->renew(); }), errc::closed);
        EXPECT_EQ(error_of_call([&] { (void)l->release(); }), errc::closed);
        EXPECT_TRUE(l->holds());
        EXPECT_EQ(error_of_call([&] { (void)lease::try_obtain(c, "/job", 1h); }), errc::closed);
    }
    EXPECT_FALSE(lease::try_obtain(other, "/job", 1h, {.identifier = "b"}));
    EXPECT_TRUE(lease::try_obtain(other, "/job", 1h, {.identifier = "a"}));
}

TEST_F(leases, other_nodes_below_the_path_are_left_alone) {
    const client c = connect();
    c.create("/job");
    c.create("/job/README", "not a lease");
    c.create("/job/lease_holder_", null);
    EXPECT_TRUE(lease::try_obtain(c, "/job", 1h, {.identifier = "a"}));
    EXPECT_FALSE(lease::try_obtain(c, "/job", 1h, {.identifier = "b"}));
    EXPECT_TRUE(eventually([&] {
        const auto all = nodes(c, "/job");
        return std::set<std::string>(all.begin(), all.end()) ==
               std::set<std::string>{"README", "lease_holder", "lease_holder_"};
    }));
}

TEST_F(leases, needs_as_many_requests_as_it_says_and_no_watch) {
    const client a = connect(), b = connect();
    auto l = lease::try_obtain(a, "/job", 1h, {.identifier = "a"});
    auto other = multi_lease::try_obtain(b, "/jobs", 1, 1h, {.identifier = "b"});
    ASSERT_TRUE(l && other && l->release());
    const auto requests_of = [](const client& c, auto call) {
        const auto before = requests(c);
        call();
        return requests(c) - before;
    };
    // Read; node in the line beside the line; read; transaction beside a read.
    EXPECT_EQ(requests_of(a, [&] { l = lease::try_obtain(a, "/job", 1h, {.identifier = "a"}); }), 6u);
    EXPECT_EQ(requests_of(a, [&] { EXPECT_TRUE(l->renew()); }), 5u);
    EXPECT_EQ(requests_of(b, [&] { EXPECT_FALSE(lease::try_obtain(b, "/job", 1h, {.identifier = "b"})); }), 1u);
    EXPECT_EQ(requests_of(a, [&] { EXPECT_TRUE(l->release()); }), 5u);
    // Each place is read, at first and when it is our turn, and there are two lines.
    EXPECT_EQ(requests_of(b, [&] { other = multi_lease::try_obtain(b, "/jobs", 1, 1h, {.identifier = "b"}); }), 9u);
    EXPECT_EQ(requests_of(a, [&] { EXPECT_FALSE(multi_lease::try_obtain(a, "/jobs", 1, 1h, {.identifier = "a"})); }),
              1u);
    EXPECT_EQ(a.metrics().watches, 0u);
    EXPECT_EQ(b.metrics().watches, 0u);
}

TEST_F(leases, one_that_is_given_up_leaves_nobody_in_the_line) {
    const client c = connect();
    c.create("/job");
    const auto stuck =
        c.create("/job/0123456789abcdef0123456789abcdef__lock__", "stuck", {.mode = create_mode::ephemeral_sequential});
    std::stop_source stop;
    auto asked = lease::async_try_obtain(c, "/job", 1h);
    ASSERT_TRUE(eventually([&] { return nodes(c, "/job").size() == 2; }));
    asked.cancel();
    EXPECT_EQ(test::code_of(std::move(asked).result()), errc::cancelled);
    EXPECT_TRUE(
        eventually([&] { return nodes(c, "/job") == std::vector<std::string>{std::string(path::basename(stuck))}; }));
    stop.request_stop();
    EXPECT_EQ(error_of_call([&] { (void)lease::try_obtain(c, "/job", 1h, {}, stop.get_token()); }), errc::cancelled);
    c.remove(stuck);
    EXPECT_TRUE(lease::try_obtain(c, "/job", 1h));
    EXPECT_TRUE(only_the_lease_is_left(c));
}

TEST_F(leases, many_who_come_at_once_are_one_holder) {
    const client a = connect(), b = connect();
    std::vector<future<std::optional<lease>>> asked;
    for (int i = 0; i < 20; ++i)
        asked.push_back(lease::async_try_obtain(i % 2 == 0 ? a : b, "/job", 1h, {.identifier = std::to_string(i)}));
    int obtained = 0;
    for (auto& f : asked) obtained += std::move(f).get() ? 1 : 0;
    EXPECT_EQ(obtained, 1);
    EXPECT_EQ(a.exists("/job/lease_holder")->data_version, version{0});
}

TEST_F(leases, calls_of_one_object_are_carried_out_in_their_order) {
    const client c = connect();
    auto l = lease::try_obtain(c, "/job", 1h);
    ASSERT_TRUE(l);
    for (int i = 0; i < 20; ++i) {
        auto released = l->async_release();
        auto renewed = l->async_renew();
        auto again = l->async_renew();
        EXPECT_TRUE(std::move(released).get());
        EXPECT_TRUE(std::move(renewed).get());
        EXPECT_TRUE(std::move(again).get());
        EXPECT_TRUE(l->holds());
    }
}

TEST_F(leases, what_is_no_lease_is_named_and_left_alone) {
    const client c = connect();
    for (const std::string& garbage : {std::string(), std::string("hello"), std::string("[1]"), std::string("{}"),
                                       std::string(R"({"version": 1, "holder": 5, "end": "x"})"),
                                       std::string(R"({"version": 1, "holder": "a", "end": "2026-13-01T00:00:00"})")}) {
        c.set_or_create("/job/lease_holder", garbage, {.make_parents = true});
        try {
            (void)lease::try_obtain(c, "/job", 1h);
            ADD_FAILURE() << garbage;
        } catch (const error& e) {
            EXPECT_EQ(e.code(), errc::bad_arguments) << garbage;
            EXPECT_THAT(e.what(), HasSubstr("/job/lease_holder")) << garbage;
        }
        EXPECT_EQ(c.get("/job/lease_holder").data, garbage);
    }
    c.set("/job/lease_holder", null);
    EXPECT_EQ(error_of_call([&] { (void)lease::try_obtain(c, "/job", 1h); }), errc::bad_arguments)
        << "null data is no lease either";
    c.set("/job/lease_holder", record("a", now() - 1h, "2"));
    EXPECT_FALSE(lease::try_obtain(c, "/job", 1h)) << "another version counts as held";
    EXPECT_THROW((void)lease::try_obtain(c, "/job", 0s), error_of<errc::bad_arguments>);
    EXPECT_THROW((void)lease::try_obtain(c, "/job", 1h, {.identifier = "\xFF"}), error_of<errc::bad_arguments>);
    EXPECT_THROW((void)lease::try_obtain(c, "/a/../b", 1h), error_of<errc::invalid_path>);
}

TEST_F(leases, C82_a_holder_that_keeps_the_guard_costs_operation_timeout_and_no_more) {
    client_options o = quick();
    o.operation_timeout = 1s;
    const client impatient = connect(o), c = connect();
    c.create("/job");
    c.create("/job/0123456789abcdef0123456789abcdef__lock__", "stuck", {.mode = create_mode::ephemeral_sequential});
    auto asked = lease::async_try_obtain(impatient, "/job", 1h, {.identifier = "a"});
    EXPECT_EQ(test::code_of(std::move(asked).result_for(20s)), errc::operation_timeout);
    EXPECT_TRUE(eventually([&] { return nodes(c, "/job").size() == 1; }));
}

TEST_F(leases, a_stop_ends_the_waiting_in_line) {
    const client c = connect();
    c.create("/job");
    c.create("/job/0123456789abcdef0123456789abcdef__lock__", "stuck", {.mode = create_mode::ephemeral_sequential});
    std::error_code end;
    {
        std::jthread waiting([&](const std::stop_token& stop) {
            end = error_of_call([&] { (void)lease::try_obtain(c, "/job", 1h, {.identifier = "a"}, stop); });
        });
        EXPECT_TRUE(eventually([&] { return nodes(c, "/job").size() == 2; }));
    } // the stop is requested
    EXPECT_EQ(end, errc::cancelled);
    EXPECT_TRUE(eventually([&] { return nodes(c, "/job").size() == 1; }));
}

TEST_F(leases, of_several_places_each_holder_has_one) {
    const client c = connect();
    std::set<std::string> paths;
    for (const char* who : {"a", "b", "a", "b"}) {
        const auto l = multi_lease::try_obtain(c, "/jobs", 2, 1h, {.identifier = who});
        ASSERT_TRUE(l) << who;
        paths.insert(std::string(who) + l->path());
    }
    EXPECT_THAT(paths, ElementsAre("a/jobs/0", "b/jobs/1")) << "C82: nobody has two places";
    EXPECT_FALSE(multi_lease::try_obtain(c, "/jobs", 2, 1h, {.identifier = "c"}));
    auto b = multi_lease::try_obtain(c, "/jobs", 2, 1h, {.identifier = "b"});
    EXPECT_TRUE(b->release());
    const auto third = multi_lease::try_obtain(c, "/jobs", 2, 1h, {.identifier = "c"});
    ASSERT_TRUE(third);
    EXPECT_EQ(third->path(), "/jobs/1");
    EXPECT_THROW((void)multi_lease::try_obtain(c, "/jobs", 0, 1h), error_of<errc::bad_arguments>);
    EXPECT_TRUE(only_the_lease_is_left(c, "/jobs/0"));
    EXPECT_TRUE(eventually([&] { return nodes(c, "/jobs").size() == 2; }));
}

TEST_F(leases, C82_who_has_a_place_keeps_it_though_an_earlier_one_is_free) {
    const client c = connect();
    auto first = multi_lease::try_obtain(c, "/jobs", 3, 1h, {.identifier = "a"});
    auto second = multi_lease::try_obtain(c, "/jobs", 3, 1h, {.identifier = "b"});
    ASSERT_TRUE(first && second && first->release());
    const auto again = multi_lease::try_obtain(c, "/jobs", 3, 1h, {.identifier = "b"});
    ASSERT_TRUE(again);
    EXPECT_EQ(again->path(), "/jobs/1");
    EXPECT_FALSE(c.exists("/jobs/0/lease_holder"));
}

TEST_F(leases, C82_a_place_that_was_lost_is_not_obtained_anew_by_renewing_it) {
    const client c = connect();
    auto first = multi_lease::try_obtain(c, "/jobs", 2, 1h, {.identifier = "a"});
    ASSERT_TRUE(first);
    c.remove("/jobs/0/lease_holder");
    auto theirs = multi_lease::try_obtain(c, "/jobs", 2, 1h, {.identifier = "b"});
    auto second = multi_lease::try_obtain(c, "/jobs", 2, 1h, {.identifier = "a"});
    ASSERT_TRUE(theirs && second && theirs->release());
    ASSERT_EQ(second->path(), "/jobs/1");
    EXPECT_FALSE(first->renew()) << "it would have two";
    EXPECT_FALSE(first->holds());
    EXPECT_FALSE(c.exists("/jobs/0/lease_holder"));
    c.set("/jobs/1/lease_holder", record("a", now() - 1s));
    EXPECT_TRUE(second->renew()) << "it has ended, but is nobody else's";
    EXPECT_TRUE(second->holds());
}

TEST_F(leases, C82_one_identifier_in_two_places_at_once_gets_one) {
    const client a = connect(), b = connect();
    for (int i = 0; i < 10; ++i) {
        const std::string path = "/jobs" + std::to_string(i);
        auto one = multi_lease::async_try_obtain(a, path, 2, 1h, {.identifier = "same"});
        auto two = multi_lease::async_try_obtain(b, path, 2, 1h, {.identifier = "same"});
        const auto l1 = std::move(one).get(), l2 = std::move(two).get();
        ASSERT_TRUE(l1 && l2);
        EXPECT_EQ(l1->path(), l2->path());
        EXPECT_FALSE(a.exists(path + "/1/lease_holder"));
    }
}

TEST_F(leases, a_broken_connection_and_a_lost_session_cost_nothing) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate);
    auto l = lease::try_obtain(c, "/job", 1h, {.identifier = "a"});
    ASSERT_TRUE(l);
    gate.cut();
    EXPECT_TRUE(l->renew());
    test::expire(c);
    EXPECT_TRUE(l->holds());
    EXPECT_TRUE(l->renew());
    EXPECT_TRUE(l->release());
}

} // namespace
