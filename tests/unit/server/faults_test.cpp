// What a test orders to happen to requests, in virtual time.
#include "support.hpp"

namespace kazoo::server::test {
namespace {

using kind = fault::kind;

struct faults : testing::Test {
    world w;
    client c{w}, other{w};
    faults() {
        EXPECT_TRUE(c.connect());
        EXPECT_TRUE(other.connect());
    }

    std::uint64_t order(fault f, fault_target whom = {}) { return w.subject.faults().order(f, std::move(whom)); }
    /// Whether the server has ended this connection.
    bool is_cut(const client& who) const { return who.finished(); }
    bool is_there(std::string_view path) const { return w.subject.nodes().find(path) != nullptr; }

    void send_create(client& by, std::string_view path) {
        by.send(by.encoded(7, opcode::create, proto::create_request{path, "", open_to_all(), 0}));
    }
};

TEST_F(faults, a_cut_before_leaves_nothing_applied) {
    order({kind::cut_before});
    send_create(c, "/a");
    EXPECT_TRUE(is_cut(c));
    EXPECT_FALSE(is_there("/a"));
}

TEST_F(faults, a_cut_after_is_applied_and_not_told) {
    c.exists("/a", true); // its own event goes the same way
    order({kind::cut_after});
    send_create(c, "/a");
    EXPECT_FALSE(c.read());
    EXPECT_TRUE(is_cut(c));
    EXPECT_TRUE(is_there("/a"));
}

TEST_F(faults, earlier_answers_arrive_before_a_cut) {
    for (const kind k : {kind::cut_before, kind::cut_after}) {
        client early(w);
        early.connect();
        order({k}, {.types = {opcode::create}});
        early.send(early.encoded(1, opcode::exists, proto::path_watch_request{"/none", false}) +
                   early.encoded(2, opcode::create, proto::create_request{"/b", "", open_to_all(), 0}));
        const auto first = early.receive();
        ASSERT_TRUE(first);
        EXPECT_EQ(first->error, errc::no_node);
        EXPECT_FALSE(early.receive());
        EXPECT_TRUE(is_cut(early));
    }
}

TEST_F(faults, what_comes_behind_a_cut_is_not_looked_at) {
    order({kind::cut_after}, {.path = "/first"});
    c.send(c.encoded(1, opcode::create, proto::create_request{"/first", "", open_to_all(), 0}) +
           c.encoded(2, opcode::create, proto::create_request{"/second", "", open_to_all(), 0}));
    EXPECT_TRUE(is_there("/first"));
    EXPECT_FALSE(is_there("/second"));
}

TEST_F(faults, a_hold_before_waits_until_it_is_released) {
    order({kind::hold_before, duration::max()});
    send_create(c, "/a");
    w.pass(1500ms);
    EXPECT_FALSE(is_there("/a"));
    EXPECT_FALSE(w.subject.wants_input(c.id()));
    EXPECT_EQ(other.create("/elsewhere").error, errc{}) << "others are served meanwhile";
    w.subject.release_held(w.now);
    EXPECT_TRUE(is_there("/a"));
    ASSERT_TRUE(c.receive());
    EXPECT_TRUE(w.subject.wants_input(c.id()));
    EXPECT_EQ(c.get("/a").error, errc{});
}

TEST_F(faults, a_hold_after_is_applied_and_told_when_its_time_is_over) {
    order({kind::hold_after, 700ms});
    send_create(c, "/a");
    c.send(c.encoded(8, opcode::create, proto::create_request{"/behind", "", open_to_all(), 0}));
    EXPECT_TRUE(is_there("/a"));
    EXPECT_FALSE(is_there("/behind"));
    EXPECT_EQ(w.subject.deadline(), w.now.at + 700ms);
    w.pass(699ms);
    EXPECT_FALSE(c.receive());
    w.pass(1ms);
    EXPECT_TRUE(c.receive());
    EXPECT_TRUE(is_there("/behind"));
    EXPECT_TRUE(c.receive());
}

TEST_F(faults, a_session_that_is_held_ends_like_one_that_is_silent) {
    order({kind::hold_before, duration::max()});
    send_create(c, "/a");
    w.pass(10s);
    EXPECT_TRUE(is_cut(c));
    EXPECT_FALSE(is_there("/a"));
    w.subject.release_held(w.now);
}

TEST_F(faults, a_session_ends_as_its_request_comes) {
    order({kind::expire});
    send_create(c, "/a");
    EXPECT_TRUE(is_cut(c));
    EXPECT_FALSE(is_there("/a"));
    client back(w);
    EXPECT_TRUE(back.resume(c));
    EXPECT_EQ(back.session, 0);
}

TEST_F(faults, a_session_that_has_moved_lives) {
    order({kind::move});
    send_create(c, "/a");
    EXPECT_TRUE(is_cut(c));
    EXPECT_FALSE(is_there("/a"));
    client back(w);
    EXPECT_TRUE(back.resume(c));
    EXPECT_EQ(back.session, c.session);
}

TEST_F(faults, a_request_is_answered_with_an_error_and_not_applied) {
    order({.what = kind::answer, .error = errc::connection_loss});
    EXPECT_EQ(c.create("/a").error, errc::connection_loss);
    EXPECT_FALSE(is_there("/a"));
    EXPECT_EQ(c.create("/a").error, errc{}) << "once is enough";
}

TEST_F(faults, a_request_is_unknown_to_this_server) {
    order({.what = kind::unknown}, {.types = {opcode::create}, .times = 0});
    for (int i = 0; i < 2; ++i) {
        client asks(w);
        asks.connect();
        const answer a = asks.create("/a");
        EXPECT_EQ(a.error, errc::unimplemented);
        EXPECT_EQ(a.zxid, -1);
        EXPECT_TRUE(is_cut(asks));
    }
}

TEST_F(faults, a_target_is_a_kind_a_path_and_a_count) {
    const auto id = order({.what = kind::answer, .error = errc::bad_version},
                          {.types = {opcode::set_data}, .path = "/a", .skip = 1, .times = 2});
    c.create("/a");
    c.create("/b");
    EXPECT_EQ(c.set("/b", "").error, errc{});
    EXPECT_EQ(c.set("/a", "").error, errc{});
    EXPECT_EQ(other.set("/a", "").error, errc::bad_version);
    EXPECT_EQ(c.get("/a").error, errc{});
    EXPECT_EQ(c.set("/a", "").error, errc::bad_version);
    EXPECT_EQ(c.set("/a", "").error, errc{});
    EXPECT_EQ(w.subject.faults().hits(id), 2u);
}

TEST_F(faults, a_target_is_a_session_or_paths_that_begin_so) {
    order({.what = kind::answer, .error = errc::bad_version}, {.path = "/a/*", .session = other.session, .times = 0});
    c.create("/a");
    EXPECT_EQ(c.create("/a/b").error, errc{});
    EXPECT_EQ(other.create("/ab").error, errc{});
    EXPECT_EQ(other.exists("/a/b").error, errc::bad_version);
}

TEST_F(faults, a_transaction_has_the_paths_of_its_operations) {
    const auto send_multi = [&](std::string_view path) {
        std::string frame;
        {
            proto::frame_writer f(frame);
            f.put(proto::request_header{9, static_cast<std::int32_t>(opcode::multi)});
            proto::put_multi_op(f, {opcode::create, proto::create_request{"/t", "", open_to_all(), 0}});
            proto::put_multi_op(f, {opcode::remove, proto::path_version_request{path, -1}});
            proto::put_multi_end(f);
        }
        c.send(frame);
    };
    order({kind::cut_before}, {.path = "/x"});
    send_multi("/y");
    EXPECT_TRUE(c.receive());
    send_multi("/x");
    EXPECT_TRUE(is_cut(c));
}

TEST_F(faults, what_a_client_says_by_itself_is_no_callers_request) {
    order({.what = kind::cut_before});
    EXPECT_EQ(c.ping().error, errc{});
    EXPECT_EQ(c.login("a:b").error, errc{});
    EXPECT_EQ(c.call(opcode::set_watches, proto::set_watches_request{}).error, errc{});
    EXPECT_FALSE(is_cut(c));
    order({.what = kind::cut_before}, {.types = {opcode::ping}});
    c.send(c.encoded(-2, opcode::ping));
    EXPECT_TRUE(is_cut(c));
}

TEST_F(faults, a_session_is_granted_and_nobody_hears_of_it) {
    order({kind::cut_after}, {.types = {opcode::create_session}});
    client c2(w);
    EXPECT_FALSE(c2.connect());
    EXPECT_TRUE(is_cut(c2));
    EXPECT_EQ(w.subject.sessions().size(), 3u);
    order({kind::hold_before, 500ms}, {.types = {opcode::create_session}});
    client c3(w);
    EXPECT_FALSE(c3.connect());
    EXPECT_EQ(w.subject.sessions().size(), 3u);
    w.pass(500ms);
    EXPECT_EQ(w.subject.sessions().size(), 4u);
}

TEST_F(faults, what_is_taken_back_happens_no_more) {
    const auto id = order({kind::cut_before}, {.times = 0});
    EXPECT_TRUE(w.subject.faults().take_back(id));
    EXPECT_FALSE(w.subject.faults().take_back(id));
    order({kind::cut_before}, {.times = 0});
    w.subject.faults().order_at_random(1, {.cut_before = 1});
    w.subject.faults().take_back_all();
    EXPECT_EQ(c.create("/a").error, errc{});
}

TEST_F(faults, chance_repeats_itself) {
    const auto drawn = [](std::uint64_t seed) {
        fault_book book;
        book.order_at_random(seed,
                             {.cut_before = 0.1, .cut_after = 0.2, .hold = 0.3, .expire = 0.1, .longest_hold = 1s});
        std::vector<int> all;
        for (int i = 0; i < 1000; ++i) {
            const auto f = book.meet({opcode::create, {}, 1});
            all.push_back(f ? static_cast<int>(f->what) : -1);
        }
        return all;
    };
    EXPECT_EQ(drawn(1), drawn(1));
    EXPECT_NE(drawn(1), drawn(2));
    const auto count = [all = drawn(3)](int what) {
        return static_cast<int>(std::count(all.begin(), all.end(), what));
    };
    EXPECT_NEAR(count(static_cast<int>(kind::cut_before)), 100, 50);
    EXPECT_NEAR(count(static_cast<int>(kind::cut_after)), 200, 60);
    EXPECT_NEAR(count(static_cast<int>(kind::expire)), 100, 50);
    EXPECT_NEAR(count(-1), 300, 70);
}

TEST_F(faults, watches_of_a_session_are_told) {
    c.create("/a");
    c.get("/a", true);
    c.children("/a", true);
    c.exists("/none", true);
    c.add_watch("/p", 0);
    c.add_watch("/r", 1);
    EXPECT_EQ(w.subject.watches_of(c.session), (std::vector<registered_watch>{{"/a", watch_kind::one_shot, false},
                                                                              {"/a", watch_kind::one_shot, true},
                                                                              {"/none", watch_kind::one_shot, false},
                                                                              {"/p", watch_kind::persistent, false},
                                                                              {"/r", watch_kind::recursive, false}}));
    EXPECT_TRUE(w.subject.watches_of(other.session).empty());
    EXPECT_TRUE(w.subject.is_attached(c.session));
    c.leave();
    EXPECT_FALSE(w.subject.is_attached(c.session));
    EXPECT_TRUE(w.subject.watches_of(c.session).empty());
}

} // namespace
} // namespace kazoo::server::test
