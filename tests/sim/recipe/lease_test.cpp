// kazoo::lease in exact situations: lost replies, late requests, clocks.
#include "sim/scene.hpp"

#include <kazoo/recipe/lease.hpp>

#include <optional>
#include <string>

namespace kazoo::testkit {
namespace {

struct lease_scene : scene {
    lease_scene() {
        other.wait_connected();
        c.create("/job");
    }
    std::string record() const {
        const auto* n = inside().server().nodes().find("/job/lease_holder");
        return n == nullptr ? "" : std::string(n->data);
    }
    machine elsewhere = world.add_machine();
    client other{simulation::addresses(), options_on(elsewhere)};
};

TEST(leases, C82_ends_by_the_clock_and_not_by_the_session) {
    lease_scene s;
    const auto l = lease::try_obtain(s.c, "/job", 10min, {.identifier = "us"});
    ASSERT_TRUE(l);
    s.here.pause(true); // as if it had died
    s.world.run_for(9min + 55s);
    EXPECT_FALSE(lease::try_obtain(s.other, "/job", 10min, {.identifier = "them"}));
    s.world.run_for(10s);
    EXPECT_TRUE(lease::try_obtain(s.other, "/job", 10min, {.identifier = "them"}));
    s.here.pause(false);
    EXPECT_FALSE(l->holds());
}

TEST(leases, what_others_wrote_since_the_servers_lost_their_disks_is_not_ours_whatever_its_number) {
    int same_number = 0;
    for (int more = 0; more < 20; ++more) { // transactions: their numbers begin again
        lease_scene s;
        for (int i = 0; i < 15; ++i) s.c.set("/job", "");
        auto ours = lease::try_obtain(s.c, "/job", 1h, {.identifier = "us"});
        const auto number = s.inside().server().nodes().find("/job/lease_holder")->mzxid;
        s.world.forget_everything();
        ASSERT_TRUE(s.world.run_until([&] { return s.world.sessions().size() == 2; }));
        s.other.create("/job");
        for (int i = 0; i < more; ++i) s.other.set("/job", "");
        const auto theirs = lease::try_obtain(s.other, "/job", 1h, {.identifier = "them"});
        ASSERT_TRUE(theirs);
        if (s.inside().server().nodes().find("/job/lease_holder")->mzxid == number) ++same_number;
        EXPECT_FALSE(ours->release());
        EXPECT_NE(s.record(), "") << "it is theirs";
    }
    EXPECT_EQ(same_number, 1);
}

TEST(leases, a_clock_that_goes_wrong_is_what_it_rests_on) {
    lease_scene s;
    s.elsewhere.set_clock_error(9min);
    const auto l = lease::try_obtain(s.c, "/job", 10min, {.identifier = "us"});
    ASSERT_TRUE(l);
    EXPECT_FALSE(lease::try_obtain(s.other, "/job", 10min, {.identifier = "them"}));
    s.elsewhere.set_clock_error(11min);
    EXPECT_TRUE(lease::try_obtain(s.other, "/job", 10min, {.identifier = "them"}));
    EXPECT_TRUE(l->holds()) << "as the page says";
}

std::uint64_t gets_answered(const client& c) {
    std::uint64_t n = 0;
    for (const auto& o : c.metrics().operations)
        if (o.name == "get") n += o.succeeded + o.failed;
    return n;
}

/// Every step of what is asked for has its turn: all of it takes less than 50 ms, and bytes travel for longer than 100
/// us.
template <class Do> void at_every_step(Do&& what) {
    for (std::uint64_t step = 0; step < 500; ++step) what(std::chrono::microseconds(100 * step));
}

TEST(leases, one_whose_reply_was_lost_is_obtained_once) {
    for (const bool late : {false, true}) {
        at_every_step([&](auto after) {
            lease_scene s;
            s.here.late(late);
            auto asked = lease::async_try_obtain(s.c, "/job", 1h, {.identifier = "us"});
            s.world.run_for(after);
            s.here.cut();
            ASSERT_TRUE(s.finish(asked));
            const auto l = std::move(asked).get();
            ASSERT_TRUE(l) << after.count();
            s.world.run_for(20s);
            const auto* n = s.inside().server().nodes().find("/job/lease_holder");
            ASSERT_NE(n, nullptr) << after.count();
            EXPECT_EQ(n->version, 0) << after.count();
            EXPECT_TRUE(l->holds());
            EXPECT_EQ(s.inside().server().nodes().find("/job")->children.size(), 1u) << after.count();
        });
    }
}

TEST(leases, C82_one_that_was_applied_though_its_reply_was_lost_is_known_to_be_ours) {
    lease_scene s;
    int applied = 0, refused = 0;
    s.inside().on_write = [&](const sim_write& w) {
        if (w.write.type != proto::opcode::multi) return;
        ++(w.write.error == errc{} ? applied : refused);
        if (applied == 1 && refused == 0) s.inside().after(0ns, [&] { s.here.cut(); });
    };
    auto asked = lease::async_try_obtain(s.c, "/job", 1h, {.identifier = "us"});
    ASSERT_TRUE(s.finish(asked));
    auto l = std::move(asked).get();
    ASSERT_TRUE(l);
    EXPECT_EQ(refused, 1) << "it was asked again";
    EXPECT_EQ(applied, 1);
    EXPECT_TRUE(l->holds());
    EXPECT_EQ(s.inside().server().nodes().find("/job/lease_holder")->version, 0);
    EXPECT_TRUE(l->release()) << "it knows its last change";
}

TEST(leases, one_whose_session_is_lost_meanwhile_is_obtained) {
    at_every_step([](auto after) {
        lease_scene s;
        auto asked = lease::async_try_obtain(s.c, "/job", 1h, {.identifier = "us"});
        s.world.run_for(after);
        s.world.expire_session(s.c.session_id());
        ASSERT_TRUE(s.finish(asked));
        auto l = std::move(asked).get();
        ASSERT_TRUE(l) << after.count();
        EXPECT_FALSE(lease::try_obtain(s.other, "/job", 1h, {.identifier = "them"}));
        EXPECT_TRUE(l->release()) << after.count() << ": it knows its last change";
        s.world.run_for(20s);
        EXPECT_EQ(s.inside().server().nodes().find("/job")->children.size(), 0u) << after.count();
    });
}

TEST(leases, a_release_whose_reply_or_session_is_lost_is_made) {
    for (const bool session : {false, true}) {
        at_every_step([&](auto after) {
            lease_scene s;
            auto l = lease::try_obtain(s.c, "/job", 1h, {.identifier = "us"});
            auto asked = l->async_release();
            s.world.run_for(after);
            if (session)
                s.world.expire_session(s.c.session_id());
            else
                s.here.cut();
            ASSERT_TRUE(s.finish(asked));
            EXPECT_TRUE(std::move(asked).get()) << after.count();
            EXPECT_FALSE(l->holds());
            EXPECT_EQ(s.record(), "") << after.count();
        });
    }
}

TEST(leases, C82_what_may_have_been_applied_counts_where_it_makes_a_lease_shorter) {
    lease_scene s;
    auto l = lease::try_obtain(s.c, "/job", 1h, {.identifier = "us"});
    const auto end = l->end();
    auto renewing = l->async_renew();
    ASSERT_TRUE(s.finish(renewing));
    s.world.run_for(1min);
    s.here.silence(flow::to_client, true);
    s.here.refuse(true);
    auto never_answered = l->async_renew();
    ASSERT_TRUE(s.finish(never_answered));
    EXPECT_EQ(std::move(never_answered).result().error(), errc::operation_timeout);
    EXPECT_TRUE(l->holds());
    EXPECT_EQ(l->end(), end) << "it was for an hour, within the same second";
    s.here.silence(flow::to_client, false);
    s.here.refuse(false);
    ASSERT_TRUE(s.reaches(session_state::connected));
    ASSERT_TRUE(l->renew());

    // The reply to the transaction is lost, and nobody answers any more.
    int released = 0;
    at_every_step([&](auto after) {
        lease_scene t;
        auto m = lease::try_obtain(t.c, "/job", 1h, {.identifier = "us"});
        auto releasing = m->async_release();
        t.world.run_for(after);
        t.here.silence(flow::to_client, true);
        t.here.refuse(true);
        ASSERT_TRUE(t.finish(releasing));
        (void)std::move(releasing).result();
        if (t.record().empty()) {
            ++released;
            EXPECT_FALSE(m->holds()) << after.count() << ": others may have it";
        }
    });
    EXPECT_GT(released, 0);
}

std::string held_until(std::string_view end) {
    return R"({"version": 1, "holder": "them", "end": ")" + std::string(end) + R"("})";
}

TEST(leases, one_that_ends_in_a_far_year_is_held_until_then) {
    for (const char* end : {"2262-04-12T00:00:00", "2999-01-01T00:00:00", "9999-12-31T23:59:59"}) {
        lease_scene s;
        s.other.create("/job/lease_holder", held_until(end));
        EXPECT_FALSE(lease::try_obtain(s.c, "/job", 1h, {.identifier = "us"})) << end;
        EXPECT_EQ(s.record(), held_until(end));
    }
}

TEST(leases, may_end_in_the_year_9999_and_no_later) {
    lease_scene s;
    const std::chrono::sys_seconds second = lease::try_obtain(s.c, "/clock", 1s)->end() - 1s;
    const auto millennium = lease::try_obtain(s.c, "/long", std::chrono::years(1000), {.identifier = "us"});
    ASSERT_TRUE(millennium);
    EXPECT_TRUE(millennium->holds());
    EXPECT_EQ(millennium->end(), second + std::chrono::years(1000));
    EXPECT_FALSE(lease::try_obtain(s.other, "/long", 1h, {.identifier = "them"}));

    const std::chrono::seconds left = std::chrono::sys_days(std::chrono::year(10000) / 1 / 1) - second - 1s;
    auto longest = lease::try_obtain(s.c, "/job", left, {.identifier = "us"});
    ASSERT_TRUE(longest);
    EXPECT_TRUE(longest->holds());
    EXPECT_NE(s.record().find("9999-12-31T23:59:59"), std::string::npos) << s.record();
    for (const auto too_long : {left + 1s, std::chrono::seconds::max()})
        EXPECT_THROW((void)lease::try_obtain(s.c, "/x", too_long), error_of<errc::bad_arguments>);
    s.world.run_for(2s);
    EXPECT_THROW((void)longest->renew(), error_of<errc::bad_arguments>);
    EXPECT_TRUE(longest->holds());
}

TEST(leases, one_that_is_over_when_the_answer_comes_is_not_handed_out) {
    for (const bool renews : {false, true}) {
        for (const bool others_come : {false, true}) {
            int applied = 0;
            at_every_step([&](auto after) {
                lease_scene s;
                std::optional<lease> l;
                if (renews) l = lease::try_obtain(s.c, "/job", 2s, {.identifier = "us"});
                const auto before = s.record();
                s.world.run_for(renews ? 1s : 0s);
                auto obtaining = renews ? future<std::optional<lease>>()
                                        : lease::async_try_obtain(s.c, "/job", 2s, {.identifier = "us"});
                auto renewing = renews ? l->async_renew() : future<bool>();
                const auto ready = [&] { return renews ? renewing.ready() : obtaining.ready(); };
                s.world.run_for(after);
                s.here.cut();
                s.here.refuse(true);
                s.world.run_for(5s);
                if (ready()) return;
                applied += s.record() != before ? 1 : 0;
                if (others_come) (void)lease::try_obtain(s.other, "/job", 1h, {.identifier = "them"});
                s.here.refuse(false);
                ASSERT_TRUE(s.world.run_until(ready, 1min));
                bool done = false;
                if (renews)
                    done = std::move(renewing).get();
                else
                    done = (l = std::move(obtaining).get()).has_value();
                EXPECT_EQ(done, !others_come) << after.count();
                EXPECT_EQ(l && l->holds(), done) << after.count();
            });
            EXPECT_GT(applied, 0) << "its end passed between the transaction and the answer";
        }
    }
}

TEST(leases, a_renewal_that_nobody_waited_for_does_not_keep_from_releasing) {
    int applied = 0;
    at_every_step([&](auto after) {
        lease_scene s;
        auto l = lease::try_obtain(s.c, "/job", 1h, {.identifier = "us"});
        const auto before = s.record();
        s.world.run_for(1min);
        auto renewing = l->async_renew();
        s.world.run_for(after);
        applied += !renewing.ready() && s.record() != before ? 1 : 0;
        renewing.cancel();
        EXPECT_TRUE(l->release()) << after.count();
        EXPECT_EQ(s.record(), "") << after.count();
    });
    EXPECT_GT(applied, 0);
}

TEST(leases, nor_does_another_one_after_it) {
    at_every_step([](auto after) {
        lease_scene s;
        auto l = lease::try_obtain(s.c, "/job", 1h, {.identifier = "us"});
        const auto before = s.record();
        s.world.run_for(1min);
        auto applied = l->async_renew();
        ASSERT_TRUE(s.world.run_until([&] { return s.record() != before; }, 1min));
        ASSERT_FALSE(applied.ready());
        applied.cancel();
        s.world.run_for(1min);
        auto renewing = l->async_renew();
        s.world.run_for(after);
        renewing.cancel();
        EXPECT_TRUE(l->release()) << after.count();
        EXPECT_EQ(s.record(), "") << after.count();
    });
}

TEST(leases, others_who_do_not_stand_in_line_are_seen_or_win) {
    const std::string theirs = R"({"version": 1, "holder": "them", "end": "2020-01-01T12:00:00"})";
    at_every_step([&](auto after) {
        lease_scene s;
        auto asked = lease::async_try_obtain(s.c, "/job", 1h, {.identifier = "us"});
        s.world.run_for(after);
        auto meddling = s.other.async_create("/job/lease_holder", theirs);
        ASSERT_TRUE(s.finish(asked, meddling));
        const auto l = std::move(asked).get();
        const bool made = std::move(meddling).result().has_value();
        EXPECT_NE(l.has_value(), made) << after.count();
        EXPECT_EQ(s.record() == theirs, made) << after.count();
    });
    at_every_step([&](auto after) {
        lease_scene s;
        auto l = lease::try_obtain(s.c, "/job", 1h, {.identifier = "us"});
        auto asked = l->async_renew();
        s.world.run_for(after);
        auto meddling = s.other.async_set("/job/lease_holder", theirs);
        ASSERT_TRUE(s.finish(asked, meddling));
        EXPECT_EQ(s.record(), theirs) << after.count() << ": it came last, or ours was refused";
    });
}

TEST(leases, C82_one_that_came_between_the_look_and_the_write_is_not_written_over) {
    // Python's kazoo deletes and creates: its node has the version that was seen before.
    int between = 0;
    at_every_step([&](auto after) {
        lease_scene s;
        auto l = lease::try_obtain(s.c, "/job", 1h, {.identifier = "us"});
        s.world.run_for(1s);
        const auto before = gets_answered(s.c);
        auto asked = l->async_renew();
        s.world.run_for(after);
        if (asked.ready()) return;
        const bool looked = gets_answered(s.c) > before;
        s.here.silence(flow::to_server, true);
        s.world.run_for(1s); // what had been sent arrives
        const bool written = s.inside().server().nodes().find("/job/lease_holder")->version > 0;
        between += looked && !written ? 1 : 0;
        s.other.remove("/job/lease_holder");
        const auto theirs = lease::try_obtain(s.other, "/job", 1h, {.identifier = "them"});
        ASSERT_TRUE(theirs);
        s.here.silence(flow::to_server, false);
        ASSERT_TRUE(s.finish(asked));
        const bool renewed = std::move(asked).get();
        EXPECT_TRUE(written || !renewed) << after.count();
        EXPECT_NE(s.record().find("them"), std::string::npos);
    });
    EXPECT_GT(between, 0);
}

TEST(leases, C82_one_of_several_whose_reply_was_lost_is_one) {
    for (const bool late : {false, true}) {
        for (const bool session : {false, true}) {
            at_every_step([&](auto after) {
                lease_scene s;
                s.c.create("/job/0");
                s.here.late(late);
                auto asked = multi_lease::async_try_obtain(s.c, "/job", 3, 1h, {.identifier = "us"});
                s.world.run_for(after);
                s.here.cut();
                if (session) s.world.expire_session(s.c.session_id());
                ASSERT_TRUE(s.finish(asked));
                const auto l = std::move(asked).get();
                ASSERT_TRUE(l) << after.count();
                EXPECT_EQ(l->path(), "/job/0");
                s.world.run_for(20s);
                EXPECT_EQ(s.inside().server().nodes().find("/job/1"), nullptr) << after.count();
                EXPECT_EQ(s.inside().server().nodes().find("/job")->children.size(), 1u) << after.count();
                EXPECT_EQ(s.inside().server().nodes().find("/job/0")->children.size(), 1u) << after.count();
            });
        }
    }
}

} // namespace
} // namespace kazoo::testkit
