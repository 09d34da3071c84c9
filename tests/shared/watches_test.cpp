// Watches: one-shots as values, streams, and what a broken connection does to them.
#include "backend.hpp"

#include <kazoo/kazoo.hpp>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::eventually;
using kazoo::testkit::fault_gate;

namespace {

class watches : public test::client_test {};

TEST_F(watches, a_one_shot_tells_one_change) {
    const client c = connect();
    c.create("/a", "1");
    auto seen = c.watch("/a");
    EXPECT_EQ(seen.value.data, "1");
    EXPECT_FALSE(seen.changed.ready());
    c.set("/a", "2");
    const watch_event e = std::move(seen.changed).get_for(10s);
    EXPECT_EQ(e.type, event_type::data_changed);
    EXPECT_EQ(e.path, "/a");
}

TEST_F(watches, exists_watches_wait_for_a_creation) {
    const client c = connect();
    auto missing = c.watch_exists("/a");
    EXPECT_FALSE(missing.value);
    c.create("/a");
    EXPECT_EQ(std::move(missing.changed).get_for(10s).type, event_type::created);
    auto there = c.watch_exists("/a");
    EXPECT_TRUE(there.value);
    c.remove("/a");
    EXPECT_EQ(std::move(there.changed).get_for(10s).type, event_type::deleted);
}

TEST_F(watches, L182_children_watches_tell_of_new_children) {
    const client c = connect();
    c.create("/a");
    auto seen = c.watch_children("/a");
    EXPECT_TRUE(seen.value.names.empty());
    c.create("/a/b");
    EXPECT_EQ(std::move(seen.changed).get_for(10s).type, event_type::children_changed);
}

TEST_F(watches, a_failed_read_watches_nothing) {
    const client c = connect();
    EXPECT_THROW(c.watch("/none"), no_node_error);
    c.create("/none");
}

TEST_F(watches, L101_L103_each_holder_of_a_path_is_told_once) {
    const client c = connect();
    c.create("/a", "");
    auto first = c.watch("/a").changed, second = c.watch("/a").changed;
    auto third = c.watch_exists("/a").changed;
    c.set("/a", "x");
    for (auto* f : {&first, &second, &third}) EXPECT_EQ(std::move(*f).get_for(10s).type, event_type::data_changed);
}

TEST_F(watches, a_watch_can_be_given_up) {
    const client c = connect();
    c.create("/a", "");
    auto dropped = c.watch("/a").changed;
    dropped = {};
    auto cancelled = c.watch("/a").changed;
    cancelled.cancel();
    EXPECT_EQ(std::move(cancelled).result().error(), errc::cancelled);
    auto kept = c.watch("/a").changed;
    c.set("/a", "x");
    EXPECT_EQ(std::move(kept).get_for(10s).type, event_type::data_changed);
    auto timed = c.watch("/a").changed;
    EXPECT_THROW(std::move(timed).get_for(1ms), timeout_error);
}

TEST_F(watches, an_event_comes_before_what_is_read_behind_the_change) {
    const client reader = connect(), writer = connect();
    reader.create("/a", "0");
    for (int i = 0; i < 50; ++i) {
        auto changed = reader.watch("/a").changed;
        writer.set("/a", std::to_string(i + 1));
        reader.sync("/a");
        EXPECT_EQ(reader.get("/a").data, std::to_string(i + 1));
        EXPECT_TRUE(changed.ready()) << i;
    }
}

TEST_F(watches, streams_tell_every_change) {
    const client c = connect();
    auto node = c.add_watch("/a", watch_mode::persistent);
    auto tree = c.add_watch("/", watch_mode::persistent_recursive);
    c.create("/a", "");
    c.set("/a", "1");
    c.create("/a/b", "");
    c.set("/a/b", "1");
    c.remove("/a/b");
    c.remove("/a");
    using enum event_type;
    for (const event_type t : {created, data_changed, children_changed, children_changed, deleted})
        EXPECT_EQ(test::without_zxid(node.next_for(10s).value()), (watch_event{t, "/a"}));
    const std::vector<std::pair<event_type, std::string>> all{{created, "/a"},   {data_changed, "/a"},
                                                              {created, "/a/b"}, {data_changed, "/a/b"},
                                                              {deleted, "/a/b"}, {deleted, "/a"}};
    for (const auto& [type, path] : all)
        EXPECT_EQ(test::without_zxid(tree.next_for(10s).value()), (watch_event{type, path}));
    EXPECT_FALSE(tree.next_for(50ms));
}

// wire-protocol 4.7: up to 3.8 the modes of one connection replace each other on the server.
TEST_F(watches, one_shots_and_streams_on_one_path_do_not_disturb_each_other) {
    const client c = connect();
    c.create("/a", "");
    auto stream = c.add_watch("/a", watch_mode::persistent);
    for (int i = 0; i < 3; ++i) {
        auto data = c.watch("/a").changed, exists = c.watch_exists("/a").changed;
        auto children = c.watch_children("/a").changed;
        c.set("/a", "x");
        EXPECT_EQ(std::move(data).get_for(10s).type, event_type::data_changed);
        EXPECT_EQ(std::move(exists).get_for(10s).type, event_type::data_changed);
        EXPECT_FALSE(children.ready());
        const std::string child = "/a/" + std::to_string(i);
        c.create(child);
        EXPECT_EQ(std::move(children).get_for(10s).type, event_type::children_changed);
        EXPECT_EQ(stream.next_for(10s)->type, event_type::data_changed) << i;
        EXPECT_EQ(stream.next_for(10s)->type, event_type::children_changed) << i;
    }
}

TEST_F(watches, persistent_and_recursive_streams_on_one_path_live_together) {
    const client c = connect();
    c.create("/a", "");
    auto recursive = c.add_watch("/a", watch_mode::persistent_recursive);
    auto persistent = c.add_watch("/a", watch_mode::persistent);
    auto children = c.watch_children("/a").changed;
    c.create("/a/b", "");
    c.set("/a", "x");
    EXPECT_EQ(test::without_zxid(recursive.next_for(10s).value()), (watch_event{event_type::created, "/a/b"}));
    EXPECT_EQ(test::without_zxid(recursive.next_for(10s).value()), (watch_event{event_type::data_changed, "/a"}));
    EXPECT_EQ(test::without_zxid(persistent.next_for(10s).value()), (watch_event{event_type::children_changed, "/a"}));
    EXPECT_EQ(test::without_zxid(persistent.next_for(10s).value()), (watch_event{event_type::data_changed, "/a"}));
    EXPECT_EQ(std::move(children).get_for(10s).type, event_type::children_changed);
}

TEST_F(watches, ending_one_stream_leaves_the_other) {
    const client c = connect();
    c.create("/a", "");
    auto keep = c.add_watch("/a", watch_mode::persistent);
    for (int i = 0; i < 3; ++i) {
        {
            auto ended = c.add_watch("/a", watch_mode::persistent);
        }
        {
            auto ended = c.add_watch("/a", watch_mode::persistent_recursive);
        }
        c.set("/a", "x");
        EXPECT_EQ(keep.next_for(10s)->type, event_type::data_changed) << i;
    }
    keep = {};
    auto again = c.add_watch("/a", watch_mode::persistent);
    c.set("/a", "y");
    EXPECT_EQ(again.next_for(10s)->type, event_type::data_changed);
}

TEST_F(watches, a_stream_ends_with_stop_limit_and_close) {
    client c = connect();
    auto stream = c.add_watch("/a", watch_mode::persistent);
    EXPECT_FALSE(stream.next_for(1ms));
    std::stop_source stop;
    stop.request_stop();
    EXPECT_FALSE(stream.next(stop.get_token()));
    auto waiting = stream.async_next();
    c.close();
    EXPECT_EQ(std::move(waiting).result().error(), errc::closed);
    EXPECT_FALSE(stream.next());
}

TEST_F(watches, only_one_event_of_a_stream_is_waited_for_at_a_time) {
    const client c = connect();
    auto stream = c.add_watch("/a", watch_mode::persistent);
    auto first = stream.async_next();
    EXPECT_EQ(stream.async_next().result().error(), errc::bad_arguments);
    c.create("/a");
    EXPECT_EQ(std::move(first).get_for(10s).type, event_type::created);
}

TEST_F(watches, a_wait_ends_with_its_stream_and_a_dropped_wait_takes_no_event) {
    const client c = connect();
    auto stream = c.add_watch("/a", watch_mode::persistent);
    {
        auto dropped = stream.async_next();
    }
    c.create("/a");
    EXPECT_EQ(stream.next_for(10s)->type, event_type::created);
    auto waiting = stream.async_next();
    stream = {};
    EXPECT_EQ(std::move(waiting).result_for(10s).error(), errc::cancelled);
}

TEST_F(watches, cancelling_a_wait_on_a_stream_loses_no_event) {
    const client c = connect();
    auto stream = c.add_watch("/a", watch_mode::persistent);
    auto given_up = stream.async_next();
    given_up.cancel();
    c.create("/a");
    EXPECT_EQ(stream.next_for(10s)->type, event_type::created);
}

// -- over a broken connection -----------------------------------------------------------------------------------------

TEST_F(watches, C23_one_shots_survive_a_cut_and_tell_what_happened_meanwhile) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate), other = connect();
    for (const char* path : {"/quiet", "/data", "/gone", "/parent"}) c.create(path, "");
    auto quiet = c.watch("/quiet").changed, data = c.watch("/data").changed, gone = c.watch("/gone").changed;
    auto children = c.watch_children("/parent").changed, created = c.watch_exists("/new").changed;
    const auto session = c.session_id();

    gate.refuse(true);
    gate.cut();
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::suspended; }));
    other.set("/data", "x");
    other.remove("/gone");
    other.create("/parent/child");
    other.create("/new");
    gate.refuse(false);

    EXPECT_EQ(std::move(data).get_for(20s).type, event_type::data_changed);
    EXPECT_EQ(std::move(gone).get_for(20s).type, event_type::deleted);
    EXPECT_EQ(std::move(children).get_for(20s).type, event_type::children_changed);
    EXPECT_EQ(std::move(created).get_for(20s).type, event_type::created);
    EXPECT_EQ(c.session_id(), session);
    EXPECT_FALSE(quiet.ready()) << "nothing happened to it";
    other.set("/quiet", "x");
    EXPECT_EQ(std::move(quiet).get_for(20s).type, event_type::data_changed);
}

TEST_F(watches, L091_after_many_cuts_each_watch_fires_once) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate);
    c.create("/a", "");
    auto changed = c.watch("/a").changed;
    auto stream = c.add_watch("/a", watch_mode::persistent);
    for (int i = 0; i < 3; ++i) {
        gate.cut();
        ASSERT_TRUE(eventually([&] { return c.state() == session_state::suspended; }));
        c.wait_connected(20s);
    }
    c.set("/a", "x");
    EXPECT_EQ(std::move(changed).get_for(20s).type, event_type::data_changed);
    int gaps = 0, changes = 0;
    while (auto e = stream.next_for(300ms)) (e->type == event_type::gap ? gaps : changes) += 1;
    EXPECT_GE(gaps, 1);
    EXPECT_EQ(changes, 1);
}

TEST_F(watches, a_stream_says_gap_before_anything_new) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate), other = connect();
    c.create("/a", "");
    auto stream = c.add_watch("/", watch_mode::persistent_recursive);
    gate.refuse(true);
    gate.cut();
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::suspended; }));
    other.set("/a", "missed");
    gate.refuse(false);
    EXPECT_EQ(test::without_zxid(stream.next_for(20s).value()), (watch_event{event_type::gap, "/"}));
    c.wait_connected(20s);
    other.set("/a", "seen");
    EXPECT_EQ(test::without_zxid(stream.next_for(20s).value()), (watch_event{event_type::data_changed, "/a"}));
}

TEST_F(watches, one_shots_that_a_stream_serves_survive_a_cut_too) {
    fault_gate gate(test::server().address());
    const client c = connect_through(gate), other = connect();
    c.create("/a", "");
    auto stream = c.add_watch("/a", watch_mode::persistent);
    auto missed = c.watch("/a").changed;
    gate.refuse(true);
    gate.cut();
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::suspended; }));
    other.set("/a", "x");
    gate.refuse(false);
    EXPECT_EQ(std::move(missed).get_for(20s).type, event_type::data_changed);
    c.wait_connected(20s);
    auto later = c.watch("/a").changed;
    other.set("/a", "y");
    EXPECT_EQ(std::move(later).get_for(20s).type, event_type::data_changed);
}

TEST_F(watches, when_the_session_is_lost_one_shots_fail_and_streams_go_on) {
    const client c = connect(), other = connect();
    c.create("/a", "");
    auto one_shot = c.watch("/a").changed;
    auto stream = c.add_watch("/a", watch_mode::persistent);
    const auto old = c.session_id();
    test::expire(c);
    EXPECT_EQ(std::move(one_shot).result_for(20s).error(), errc::session_expired);
    EXPECT_EQ(stream.next_for(20s)->type, event_type::gap);
    ASSERT_TRUE(eventually([&] { return c.state() == session_state::connected && c.session_id() != old; }));
    other.set("/a", "x");
    EXPECT_EQ(stream.next_for(20s)->type, event_type::data_changed);
}

} // namespace
