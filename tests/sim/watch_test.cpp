// Watches over broken connections and lost sessions.
#include "scene.hpp"

namespace kazoo::testkit {
namespace {

using enum session_state;

struct two_clients : scene {
    machine there = world.add_machine();
    client other{simulation::addresses(), options_on(there)};
    using scene::scene;

    void drop() {
        here.refuse(true);
        here.cut();
        ASSERT_TRUE(reaches(suspended));
    }
};

TEST(watches, C23_a_one_shot_survives_a_reconnect) {
    two_clients s;
    s.c.create("/n");
    auto w = s.c.watch("/n");
    s.drop();
    s.here.refuse(false);
    s.c.wait_connected();
    s.world.run_for(1s);
    EXPECT_FALSE(w.changed.ready()); // nothing changed
    s.other.set("/n", "x");
    EXPECT_EQ(std::move(w.changed).get().type, event_type::data_changed);
}

TEST(watches, C23_a_change_made_while_the_connection_was_down_is_reported) {
    two_clients s;
    s.c.create("/data");
    s.c.create("/parent");
    auto data = s.c.watch("/data");
    auto child = s.c.watch_children("/parent");
    auto creation = s.c.watch_exists("/created");
    auto deletion = s.c.watch("/parent");
    s.drop();
    s.other.set("/data", "x");
    s.other.create("/parent/child");
    s.other.create("/created");
    s.here.refuse(false);
    EXPECT_EQ(std::move(data.changed).get().type, event_type::data_changed);
    EXPECT_EQ(std::move(child.changed).get().type, event_type::children_changed);
    EXPECT_EQ(std::move(creation.changed).get().type, event_type::created);
    s.other.remove("/parent/child");
    s.drop();
    s.other.remove("/parent");
    s.here.refuse(false);
    EXPECT_EQ(std::move(deletion.changed).get().type, event_type::deleted);
}

TEST(watches, C23_a_one_shot_on_a_protected_node_survives_a_reconnect) {
    two_clients s;
    s.c.add_auth("digest", "user:secret");
    s.other.add_auth("digest", "user:secret");
    s.c.create("/mine", "x", {.acl = acls::creator_all()});
    auto w = s.c.watch("/mine");
    s.drop();
    s.other.set("/mine", "y");
    s.here.refuse(false);
    ASSERT_TRUE(s.finish(w.changed)); // the server shows events only to those who may read the node
    EXPECT_EQ(std::move(w.changed).get().type, event_type::data_changed);
    EXPECT_EQ(s.c.get("/mine").data, "y");
}

TEST(watches, a_one_shot_fails_with_its_session) {
    two_clients s;
    s.c.create("/n");
    auto w = s.c.watch("/n");
    s.world.expire_session(s.c.session_id());
    EXPECT_EQ(verdict_of(std::move(w.changed)), failed(errc::session_expired));
}

TEST(watches, a_stream_says_gap_after_a_reconnect_and_after_a_lost_session) {
    two_clients s;
    auto stream = s.c.add_watch("/n");
    s.drop();
    s.other.create("/n");
    s.here.refuse(false);
    EXPECT_EQ(stream.next_for(10s).value().type, event_type::gap);
    s.other.set("/n", "x");
    EXPECT_EQ(stream.next_for(10s).value().type, event_type::data_changed);
    s.world.expire_session(s.c.session_id());
    EXPECT_EQ(stream.next_for(10s).value().type, event_type::gap);
    s.c.wait_connected();
    s.other.set("/n", "y");
    EXPECT_EQ(stream.next_for(10s).value().type, event_type::data_changed);
    EXPECT_FALSE(stream.next_for(1s).has_value());
}

TEST(watches, a_recursive_stream_sees_what_is_below) {
    two_clients s;
    s.c.create("/r");
    auto stream = s.c.add_watch("/r", watch_mode::persistent_recursive);
    s.other.create("/r/a");
    s.other.create("/r/a/b");
    s.other.remove("/r/a/b");
    EXPECT_EQ(stream.next_for(1s).value(), (watch_event{event_type::created, "/r/a", zxid::none}));
    EXPECT_EQ(stream.next_for(1s).value(), (watch_event{event_type::created, "/r/a/b", zxid::none}));
    EXPECT_EQ(stream.next_for(1s).value(), (watch_event{event_type::deleted, "/r/a/b", zxid::none}));
}

TEST(watches, one_shots_and_streams_on_one_path_do_not_destroy_each_other) {
    two_clients s;
    s.c.create("/n");
    auto before = s.c.watch("/n");
    auto stream = s.c.add_watch("/n");
    auto behind = s.c.watch("/n");
    s.drop();
    s.here.refuse(false);
    s.c.wait_connected();
    EXPECT_EQ(stream.next_for(1s).value().type, event_type::gap);
    s.other.set("/n", "x");
    EXPECT_EQ(std::move(before.changed).get().type, event_type::data_changed);
    EXPECT_EQ(std::move(behind.changed).get().type, event_type::data_changed);
    EXPECT_EQ(stream.next_for(1s).value().type, event_type::data_changed);
    s.other.set("/n", "y");
    EXPECT_EQ(stream.next_for(1s).value().type, event_type::data_changed);
}

TEST(watches, a_dropped_or_cancelled_one_shot_is_not_set_again) {
    two_clients s;
    s.c.create("/n");
    {
        auto dropped = s.c.watch("/n");
    }
    auto cancelled = s.c.watch_children("/n");
    cancelled.changed.cancel();
    EXPECT_EQ(verdict_of(std::move(cancelled.changed)), failed(errc::cancelled));
    s.drop();
    s.here.refuse(false);
    s.c.wait_connected();
    s.world.run_for(1s);
    EXPECT_EQ(s.inside().server().watches(), kazoo::server::watch_counts{});
}

TEST(watches, one_whose_request_is_given_up_while_its_reply_is_under_way_is_forgotten) {
    two_clients s;
    s.c.create("/n");
    const auto at_server = [&] { return s.inside().server().watches() != kazoo::server::watch_counts{}; };
    const auto give_up = [&](auto asked) {
        ASSERT_TRUE(s.world.run_until(at_server, 1s));
        ASSERT_FALSE(asked.ready());
        asked.cancel();
        EXPECT_EQ(verdict_of(std::move(asked)), failed(errc::cancelled));
        EXPECT_TRUE(s.world.run_until([&] { return !at_server(); }, 1s));
    };
    give_up(s.c.async_watch("/n"));
    give_up(s.c.async_watch_exists("/missing"));
    give_up(s.c.async_watch_children("/n"));
    give_up(s.c.async_add_watch("/n", watch_mode::persistent));
}

TEST(watches, a_debug_log_names_one_that_does_not_fire) {
    two_clients s;
    std::vector<std::string> lines;
    client_options o = options_on(s.here);
    o.log = {log_level::debug, [&](log_level, std::string_view line) {
                 line.remove_prefix(line.find("] ") + 2); // the client's name
                 if (line.find("watch on") != line.npos) lines.emplace_back(line.substr(0, line.find(" (")));
             }};
    s.c.create("/app");
    client logging(simulation::addresses() + "/app", o);
    auto silent = logging.watch_exists("/n");
    auto fired = logging.watch_children("/");
    s.other.create("/app/other");
    ASSERT_TRUE(s.finish(fired.changed));
    s.drop();
    s.here.refuse(false);
    ASSERT_TRUE(s.world.run_until([&] { return logging.state() == connected; }, 1min));
    silent.changed.cancel();
    s.world.run_for(1s);
    EXPECT_EQ(lines,
              (std::vector<std::string>{"exists watch on /app/n: registered", "child watch on /app: registered",
                                        "child watch on /app: fired, children_changed /app",
                                        "exists watch on /app/n: set again", "exists watch on /app/n: given up"}));
}

TEST(watches, paths_are_relative_to_the_handle) {
    two_clients s;
    s.c.ensure_path("/app/one");
    const client app = s.c.chroot("/app");
    auto w = app.watch_children("/one");
    auto stream = app.add_watch("/", watch_mode::persistent_recursive);
    EXPECT_EQ(app.create("/one/n"), "/one/n");
    EXPECT_EQ(std::move(w.changed).get().path, "/one");
    EXPECT_EQ(stream.next_for(1s).value().path, "/one/n");
    EXPECT_EQ(s.c.get_children("/app/one"), std::vector<std::string>{"n"});
}

} // namespace
} // namespace kazoo::testkit
