// kazoo::patient_children_watch in exact situations.
#include "watching_scene.hpp"

#include <kazoo/recipe/patient_children_watch.hpp>

#include <memory>

namespace kazoo::testkit {
namespace {

using testing::ElementsAre;

const std::vector<acl> unreadable{{perms::create | perms::write | perms::remove | perms::admin, "world", "anyone"}};

struct patience : watching_scene {
    explicit patience(const simulation_options& o = {}) : watching_scene(o) { other.create("/g"); }

    patient_children_watch w{c, "/g", 1s};
};

TEST(patient_children_watch, C71_settles_one_boundary_after_the_last_change_and_not_at_the_second_end_of_one) {
    patience s;
    auto settling = s.w.async_settle();
    s.world.run_for(100ms);
    s.other.create("/g/a");
    s.world.run_for(980ms);
    EXPECT_FALSE(settling.ready()) << "not yet: one boundary after the change";
    s.world.run_for(100ms);
    ASSERT_TRUE(settling.ready()) << "kazoo for Python takes until the end of the second boundary";
    auto [children, changed] = std::move(settling).get();
    EXPECT_THAT(children.names, ElementsAre("a"));
    EXPECT_FALSE(changed.ready());
}

TEST(patient_children_watch, C71_each_change_begins_the_boundary_again) {
    patience s;
    auto settling = s.w.async_settle();
    for (int i = 0; i < 20; ++i) {
        s.world.run_for(700ms);
        EXPECT_FALSE(settling.ready());
        s.other.create("/g/" + std::string(1, static_cast<char>('a' + i)));
    }
    s.world.run_for(1100ms);
    ASSERT_TRUE(settling.ready());
    EXPECT_EQ(std::move(settling).get().children.names.size(), 20u);
}

TEST(patient_children_watch, C71_a_broken_connection_is_no_change) {
    patience s;
    auto settling = s.w.async_settle();
    s.world.run_for(700ms);
    s.here.cut();
    s.world.run_for(500ms);
    ASSERT_TRUE(settling.ready());
    auto settled = std::move(settling).get();
    s.here.cut();
    ASSERT_TRUE(s.reaches(session_state::suspended));
    ASSERT_TRUE(s.reaches(session_state::connected));
    s.world.run_for(1s);
    EXPECT_FALSE(settled.changed.ready());
    s.other.create("/g/a");
    s.world.run_for(100ms);
    EXPECT_TRUE(settled.changed.ready());
}

TEST(patient_children_watch, a_list_is_given_out_only_when_a_server_has_confirmed_it) {
    patience s;
    auto settling = s.w.async_settle();
    s.world.run_for(500ms);
    s.here.refuse(true);
    s.here.cut();
    ASSERT_TRUE(s.reaches(session_state::suspended));
    s.other.create("/g/a");
    s.world.run_for(1s);
    EXPECT_FALSE(settling.ready());
    s.here.refuse(false);
    ASSERT_TRUE(s.reaches(session_state::connected));
    s.world.run_for(900ms);
    EXPECT_FALSE(settling.ready()) << "the change counts from when it was learnt";
    s.world.run_for(300ms);
    ASSERT_TRUE(settling.ready());
    EXPECT_THAT(std::move(settling).get().children.names, ElementsAre("a"));
}

TEST(patient_children_watch, C71_a_change_behind_the_one_that_was_told_begins_the_boundary_too) {
    patience s;
    auto settling = s.w.async_settle();
    s.world.run_for(500ms);
    s.here.silence(flow::to_server, true);
    s.other.create("/g/a"); // is told; what is there then will be read later
    s.world.run_for(1200ms);
    s.other.create("/g/b");
    s.here.silence(flow::to_server, false);
    s.world.run_for(900ms);
    EXPECT_FALSE(settling.ready()) << "the newest change is younger than the boundary";
    s.world.run_for(200ms);
    ASSERT_TRUE(settling.ready());
    EXPECT_THAT(std::move(settling).get().children.names, ElementsAre("a", "b"));
}

TEST(patient_children_watch, goes_on_in_the_next_session) {
    patience s;
    auto settling = s.w.async_settle();
    s.world.run_for(500ms);
    s.lose_session();
    s.world.run_for(1100ms);
    ASSERT_TRUE(settling.ready());
    auto settled = std::move(settling).get();
    s.lose_session();
    s.world.run_for(1s);
    EXPECT_FALSE(settled.changed.ready()) << "the list is the same";
    s.here.refuse(true);
    s.here.cut();
    ASSERT_TRUE(s.reaches(session_state::connecting));
    s.other.create("/g/a");
    s.here.refuse(false);
    s.world.run_for(5s);
    EXPECT_TRUE(settled.changed.ready());
    std::move(settled.changed).get();
}

/// Behind any moment of the wait, one after the other, in both orders.
TEST(patient_children_watch, a_cut_and_an_expiry_at_any_time_of_the_wait_cost_no_change_and_no_wait) {
    for (const bool cut_first : {true, false}) {
        for (auto when = 0ms; when < 1500ms; when += 70ms) {
            patience s;
            auto settling = s.w.async_settle();
            const auto fault = [&](bool cut) {
                if (cut)
                    s.here.cut_behind(when / 70ms % 2 == 0 ? flow::to_client : flow::to_server, 3);
                else
                    s.world.expire_session(s.c.session_id());
            };
            s.world.run_for(when);
            fault(cut_first);
            s.world.run_for(20ms);
            fault(!cut_first);
            s.other.create("/g/a");
            ASSERT_TRUE(s.world.run_until([&] { return settling.ready(); }, 20s)) << when;
            auto settled = std::move(settling).get();
            if (settled.children.names.empty()) {
                EXPECT_GT(when, 900ms) << "there was a boundary without a change";
                ASSERT_TRUE(s.world.run_until([&] { return settled.changed.ready(); }, 20s)) << when;
                std::move(settled.changed).get();
                settled = s.w.settle();
            }
            EXPECT_THAT(settled.children.names, ElementsAre("a")) << when;
            s.world.run_for(10s);
            EXPECT_FALSE(settled.changed.ready()) << when;
            s.other.remove("/g/a");
            EXPECT_TRUE(s.world.run_until([&] { return settled.changed.ready(); }, 20s)) << when;
        }
    }
}

TEST(patient_children_watch, C81_ends_at_once_when_it_is_told_to) {
    patience s;
    auto cancelled = s.w.async_settle();
    std::stop_source stop;
    auto stopped = s.w.async_settle(stop.get_token());
    auto limited = s.w.async_settle_for(300ms);
    auto stopped_too = s.w.async_settle_for(1h, stop.get_token());
    s.world.run_for(200ms);
    EXPECT_GT(s.watches_at_the_server(), 0u);
    cancelled.cancel();
    stop.request_stop();
    s.world.run_for(1ms);
    EXPECT_EQ(verdict_of(std::move(cancelled)), failed(errc::cancelled));
    ASSERT_TRUE(stopped.ready() && stopped_too.ready());
    EXPECT_THROW(std::move(stopped).get(), error_of<errc::cancelled>);
    EXPECT_FALSE(std::move(stopped_too).get());
    s.world.run_for(150ms);
    ASSERT_TRUE(limited.ready());
    EXPECT_FALSE(std::move(limited).get());
    s.world.run_for(1s);
    EXPECT_EQ(s.watches_at_the_server(), 0u);
}

TEST(patient_children_watch, C81_the_blocking_twins_end_with_a_stop_and_a_limit) {
    patience s;
    std::stop_source stop;
    s.inside().after(300ms, [&] { stop.request_stop(); });
    const auto begun = s.world.now();
    EXPECT_THROW((void)s.w.settle(stop.get_token()), error_of<errc::cancelled>);
    EXPECT_LT(s.world.now() - begun, 400ms);
    EXPECT_FALSE(s.w.settle_for(500ms));
    EXPECT_FALSE(s.w.settle_for(1h, stop.get_token()));
    EXPECT_TRUE(s.w.settle_for(2s));
    EXPECT_THAT(s.w.settle().children.names, ElementsAre());
}

TEST(patient_children_watch, errors_come_out) {
    patience s;
    patient_children_watch missing(s.c, "/missing", 1s);
    EXPECT_THROW((void)missing.settle(), error_of<errc::no_node>);
    auto settling = s.w.async_settle();
    s.world.run_for(500ms);
    s.other.remove("/g");
    EXPECT_THROW((void)std::move(settling).get(), error_of<errc::no_node>);
    s.other.create("/g", "", {.acl = unreadable});
    EXPECT_THROW((void)s.w.settle(), error_of<errc::no_auth>);
    EXPECT_THROW((void)s.w.settle_for(1h), error_of<errc::no_auth>);
    EXPECT_THROW(patient_children_watch(s.c, "/a/../b"), error_of<errc::invalid_path>);
    s.world.run_for(1s);
    EXPECT_EQ(s.watches_at_the_server(), 0u);
}

TEST(patient_children_watch, a_deletion_is_a_change) {
    patience s;
    auto settled = s.w.settle();
    s.other.remove("/g");
    s.world.run_for(100ms);
    ASSERT_TRUE(settled.changed.ready());
    std::move(settled.changed).get();
}

TEST(patient_children_watch, a_change_that_no_server_tells_of_is_noticed) {
    patience s;
    auto settling = s.w.async_settle();
    s.world.run_for(500ms);
    s.other.set_acl("/g", unreadable);
    s.other.create("/g/a");
    EXPECT_THROW((void)std::move(settling).get(), error_of<errc::no_auth>);
    s.other.set_acl("/g", acls::open_unsafe());
    auto settled = s.w.settle();
    s.other.set_acl("/g", unreadable);
    s.other.create("/g/b");
    s.world.run_for(2 * 3s);
    ASSERT_TRUE(settled.changed.ready());
    EXPECT_THROW(std::move(settled.changed).get(), error_of<errc::no_auth>);
}

TEST(patient_children_watch, all_waits_end_with_the_object_and_no_watch_stays) {
    patience s;
    auto w = std::make_unique<patient_children_watch>(s.c, "/g", 1s);
    auto settled = w->settle();
    auto settling = w->async_settle();
    s.world.run_for(100ms);
    w.reset();
    s.world.run_for(100ms);
    EXPECT_EQ(verdict_of(std::move(settling)), failed(errc::cancelled));
    EXPECT_EQ(verdict_of(std::move(settled.changed)), failed(errc::cancelled));
    EXPECT_EQ(s.watches_at_the_server(), 0u);
}

TEST(patient_children_watch, a_dropped_future_forgets_the_watch) {
    patience s;
    {
        const auto settled = s.w.settle();
    }
    {
        const auto dropped = s.w.async_settle();
    }
    s.world.run_for(1s);
    EXPECT_EQ(s.watches_at_the_server(), 0u);
}

TEST(patient_children_watch, close_ends_all) {
    patience s;
    auto settled = s.w.settle();
    auto settling = s.w.async_settle();
    s.world.run_for(100ms);
    s.c.close();
    EXPECT_THROW((void)std::move(settling).get(), error_of<errc::closed>);
    EXPECT_THROW(std::move(settled.changed).get(), error_of<errc::closed>);
    EXPECT_THROW((void)s.w.settle(), error_of<errc::closed>);
}

} // namespace
} // namespace kazoo::testkit
