// Clean-up in the background, in exact situations. What it takes are requests, so there is a server.
#include "client/client_access.hpp"
#include "client/composed/janitor.hpp"
#include "scene.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

namespace kazoo::testkit {
namespace {

using enum session_state;

/// A client with a logbook, and a second one that nothing happens to.
struct house {
    simulation world;
    machine here = world.add_machine(), elsewhere = world.add_machine();
    std::vector<std::string> logged;
    client c{simulation::addresses(), logging()}, other{simulation::addresses(), options_on(elsewhere)};

    house() {
        c.wait_connected();
        other.wait_connected();
    }
    client_options logging() {
        auto o = options_on(here);
        o.read_only = true;
        o.log = {log_level::warn, [this](log_level, std::string_view line) {
                     if (line.find("clean") != std::string_view::npos || line.find("remove") != std::string_view::npos)
                         logged.emplace_back(line);
                 }};
        return o;
    }
    detail::core& core() const { return detail::client_access::core_of(c); }
    future<bool> remove_until_gone(const std::string& path) const {
        return detail::remove_until_gone(detail::pinned_handle(core(), ""), "remove", path);
    }
    /// In whatever session there is, or in the present one alone.
    void remove_protected_later(bool pinned, zxid kept = zxid::none) const {
        const detail::pinned_handle zk(core(), "");
        detail::remove_protected_later(pinned ? detail::handle(zk) : detail::handle(core(), ""), "/q", "id", kept);
    }
    std::vector<std::string> names() const {
        child_names found = other.get_children("/q");
        found.sort();
        return found;
    }
    bool reaches(session_state s) {
        return world.run_until([&] { return c.state() == s; }, 30s);
    }
};

using names = std::vector<std::string>;

// -- one node ---------------------------------------------------------------------------------------------------------

TEST(janitor, a_removal_is_in_line_when_the_call_returns) {
    house h;
    h.other.create("/n");
    auto removing = h.remove_until_gone("/n");
    EXPECT_FALSE(h.c.exists("/n"));
    EXPECT_TRUE(std::move(removing).get());
}

TEST(janitor, a_node_that_is_gone_was_not_removed_by_us) {
    house h;
    EXPECT_FALSE(h.remove_until_gone("/n").get());
}

TEST(janitor, a_removal_goes_on_over_reconnects) {
    house h;
    h.other.create("/n");
    h.here.cut_behind(flow::to_server, 3);
    auto removing = h.remove_until_gone("/n");
    ASSERT_TRUE(h.reaches(suspended));
    EXPECT_TRUE(h.other.exists("/n"));
    EXPECT_TRUE(std::move(removing).get());
    EXPECT_FALSE(h.other.exists("/n"));
}

TEST(janitor, a_removal_whose_reply_was_lost_was_ours) {
    house h;
    h.other.create("/n");
    h.here.cut_behind(flow::to_client, 3);
    auto removing = h.remove_until_gone("/n");
    ASSERT_TRUE(h.reaches(suspended));
    EXPECT_FALSE(h.other.exists("/n"));
    EXPECT_TRUE(std::move(removing).get());
}

TEST(janitor, a_removal_does_not_end_with_its_future) {
    house h;
    h.other.create("/n");
    h.here.refuse(true);
    h.here.cut();
    ASSERT_TRUE(h.reaches(suspended));
    auto removing = h.remove_until_gone("/n");
    removing.cancel();
    EXPECT_EQ(verdict_of(std::move(removing)), failed(errc::cancelled, outcome::unknown));
    h.here.refuse(false);
    EXPECT_TRUE(h.world.run_until([&] { return !h.other.exists("/n"); }, 10s));
}

TEST(janitor, a_removal_ends_with_its_session) {
    house h;
    h.other.create("/n");
    h.here.silence(flow::to_server, true);
    auto removing = h.remove_until_gone("/n");
    h.world.expire_session(h.c.session_id());
    EXPECT_FALSE(std::move(removing).get()) << "an ephemeral node goes with it";
    EXPECT_TRUE(h.other.exists("/n"));
}

TEST(janitor, a_removal_that_is_refused_says_so_and_is_logged) {
    house h;
    h.other.create("/q/n", "", {.make_parents = true});
    const std::vector<acl> read_only{{perms::read, "world", "anyone"}};
    h.other.set_acl("/q", read_only);
    EXPECT_EQ(verdict_of(h.remove_until_gone("/q/n")).code, errc::no_auth);
    EXPECT_THAT(h.logged, testing::ElementsAre(testing::HasSubstr("could not remove /q/n")));
}

TEST(janitor, a_removal_ends_with_its_client_and_that_is_no_news) {
    house h;
    h.other.create("/n");
    h.here.refuse(true);
    h.here.cut();
    ASSERT_TRUE(h.reaches(suspended));
    auto removing = h.remove_until_gone("/n");
    h.c.close();
    EXPECT_EQ(verdict_of(std::move(removing)).code, errc::closed);
    EXPECT_TRUE(h.logged.empty());
}

// -- what protected creates leave -------------------------------------------------------------------------------------

TEST(janitor, what_carries_the_id_goes_and_nothing_else) {
    house h;
    for (const char* name : {"/q/id-1", "/q/id-2", "/q/other", "/q/x-id"})
        h.other.create(name, "", {.make_parents = true});
    h.remove_protected_later(false);
    h.world.run_for(100ms);
    EXPECT_EQ(h.names(), (names{"other", "x-id"}));
}

TEST(janitor, what_was_kept_stays) {
    house h;
    h.other.create("/q/id-1", "", {.make_parents = true});
    const auto kept = h.other.create_with_stat("/q/id-2").stat.created;
    h.remove_protected_later(false, kept);
    h.world.run_for(10s);
    EXPECT_EQ(h.names(), names{"id-2"});
}

TEST(janitor, what_turns_up_within_a_session_timeout_goes_too) {
    house h;
    h.other.create("/q");
    h.remove_protected_later(false);
    h.world.run_for(2s);
    h.other.create("/q/id-late");
    h.world.run_for(500ms);
    EXPECT_EQ(h.names(), names{"id-late"}) << "it looks twice, and not all the time";
    h.world.run_for(1s);
    EXPECT_EQ(h.names(), names{});
    h.other.create("/q/id-much-later");
    h.world.run_for(1min);
    EXPECT_EQ(h.names(), names{"id-much-later"});
}

TEST(janitor, a_folder_that_is_not_there_is_looked_at_again_all_the_same) {
    house h;
    h.remove_protected_later(false);
    h.world.run_for(1s);
    h.other.create("/q/id-late", "", {.make_parents = true});
    h.world.run_for(3s);
    EXPECT_EQ(h.names(), names{});
    EXPECT_TRUE(h.logged.empty());
}

TEST(janitor, a_server_without_a_quorum_is_waited_for) {
    house h;
    h.other.create("/q/id-1", "", {.make_parents = true});
    h.world.set_read_only(true);
    ASSERT_TRUE(h.reaches(connected_read_only));
    h.remove_protected_later(false);
    h.world.run_for(1s);
    h.world.set_read_only(false);
    ASSERT_TRUE(h.reaches(connected));
    h.world.run_for(1s);
    EXPECT_EQ(h.names(), names{});
    EXPECT_TRUE(h.logged.empty());
}

TEST(janitor, looking_goes_on_over_reconnects) {
    for (const flow way : {flow::to_server, flow::to_client}) {
        house h;
        h.other.create("/q/id-1", "", {.make_parents = true});
        h.here.cut_behind(way, 3);
        h.remove_protected_later(true);
        ASSERT_TRUE(h.reaches(suspended));
        ASSERT_TRUE(h.reaches(connected));
        h.world.run_for(1s);
        EXPECT_EQ(h.names(), names{});
    }
}

TEST(janitor, persistent_nodes_are_looked_for_in_the_next_session_and_ephemeral_ones_are_not) {
    for (const bool pinned : {false, true}) {
        house h;
        h.other.create("/q/id-1", "", {.make_parents = true});
        h.here.refuse(true);
        h.here.cut();
        ASSERT_TRUE(h.reaches(suspended));
        h.remove_protected_later(pinned);
        ASSERT_TRUE(h.reaches(connecting));
        h.here.refuse(false);
        ASSERT_TRUE(h.reaches(connected));
        h.world.run_for(10s);
        EXPECT_EQ(h.names(), pinned ? names{"id-1"} : names{});
        EXPECT_TRUE(h.logged.empty());
    }
}

TEST(janitor, what_may_not_be_looked_for_is_logged_once) {
    house h;
    h.other.create("/q/id-1", "", {.make_parents = true});
    const std::vector<acl> hidden{{perms::admin, "world", "anyone"}};
    h.other.set_acl("/q", hidden);
    h.remove_protected_later(false);
    h.world.run_for(10s);
    EXPECT_THAT(h.logged, testing::ElementsAre(testing::HasSubstr("could not clean up below /q")));
}

} // namespace
} // namespace kazoo::testkit
