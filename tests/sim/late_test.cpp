// What was sent on a connection that is gone lands late: when the session is back, and beside what is newer.
#include "scene.hpp"

#include <algorithm>

namespace kazoo::testkit {
namespace {

constexpr std::uint64_t seeds = 40;

/// A client that loses its connection while a request is on its way, and is back with the same session.
struct late_scene : scene {
    explicit late_scene(std::uint64_t seed, bool late = true) : scene(simulation_options{.seed = seed}) {
        here.late(late);
        c.create("/a");
        mine = c.session_id();
    }
    std::uint64_t landed() const { return inside().machines().front()->faults.late; }
    template <class Begin> auto lose(Begin begin) {
        here.silence(flow::to_server, true);
        auto asked = begin();
        world.run_for(30ms);
        here.cut();
        here.silence(flow::to_server, false);
        finish(asked);
        c.wait_connected();
        EXPECT_EQ(c.session_id(), mine);
        return verdict_of(std::move(asked));
    }
    session_id mine{};
};

TEST(late, a_create_lands_after_the_session_came_back_and_read_that_it_is_not_there) {
    std::uint64_t behind_the_read = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        late_scene s(seed);
        EXPECT_EQ(s.lose([&] { return s.c.async_create("/late", "", {.mode = create_mode::ephemeral}); }),
                  failed(errc::connection_loss, outcome::unknown));
        s.c.sync("/");
        const bool there = s.c.exists("/late").has_value();
        s.world.run_for(3s);
        EXPECT_EQ(s.c.session_id(), s.mine);
        const auto later = s.c.exists("/late");
        EXPECT_EQ(later.has_value(), s.landed() == 1) << "seed " << seed;
        if (there || !later) continue;
        EXPECT_EQ(later->owner, s.mine);
        ++behind_the_read;
    }
    EXPECT_GE(behind_the_read, 5u);
}

TEST(late, a_set_lands_behind_a_newer_one) {
    std::uint64_t behind = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        late_scene s(seed);
        EXPECT_EQ(s.lose([&] { return s.c.async_set("/a", "old"); }), failed(errc::connection_loss, outcome::unknown));
        s.c.set("/a", "new");
        s.world.run_for(3s);
        if (s.c.get("/a").data == "old") ++behind;
    }
    EXPECT_GE(behind, 5u);
}

TEST(late, some_of_several_requests_land_in_their_order) {
    std::uint64_t several = 0, without_the_first = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        late_scene s(seed);
        std::vector<std::string> landed;
        s.inside().on_write = [&](const sim_write& w) {
            if (w.late) landed.emplace_back(w.write.path);
        };
        s.lose([&] {
            for (const char* path : {"/1", "/2", "/3"}) s.c.async_create(path).detach();
            return s.c.async_create("/4");
        });
        s.world.run_for(3s);
        EXPECT_EQ(landed.size(), s.landed());
        EXPECT_TRUE(std::ranges::is_sorted(landed));
        several += landed.size() > 1;
        without_the_first += !landed.empty() && landed.front() != "/1";
    }
    EXPECT_GE(several, 5u);
    EXPECT_GE(without_the_first, 5u);
}

TEST(late, nothing_lands_when_it_is_off_or_when_the_server_was_restarted) {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        late_scene off(seed, false);
        off.lose([&] { return off.c.async_create("/late"); });
        off.world.run_for(3s);
        EXPECT_FALSE(off.c.exists("/late"));
        late_scene s(seed);
        s.here.silence(flow::to_server, true);
        auto asked = s.c.async_create("/late");
        s.world.run_for(30ms);
        s.here.cut();
        s.world.stop_server();
        s.here.silence(flow::to_server, false);
        s.world.start_server();
        s.world.run_for(3s);
        EXPECT_EQ(s.landed(), 0u);
    }
}

TEST(late, a_seed_repeats_itself) {
    const auto hash = [](std::uint64_t seed) {
        late_scene s(seed);
        s.lose([&] { return s.c.async_set("/a", "old"); });
        s.world.run_for(3s);
        return s.world.trace_hash();
    };
    EXPECT_EQ(hash(3), hash(3));
    EXPECT_NE(hash(3), hash(4));
}

} // namespace
} // namespace kazoo::testkit
