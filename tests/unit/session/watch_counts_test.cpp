// Who keeps a watcher alive: the request that sets the watch, then the table, until it has left that in whatever way.
#include "session/set_watches.hpp"
#include "session/watch_table.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kazoo::session::watch_counts_test {
namespace {

/// Destroys itself with its last count, and writes down what it hears until then.
class counted_watcher final : public watcher {
  public:
    counted_watcher(std::vector<std::string>& heard, watch_kind k, std::string where) : heard_(heard) {
        kind = k;
        path = std::move(where);
    }
    ~counted_watcher() override { heard_.emplace_back("gone"); }
    void retain() noexcept override { ++counts_; }
    void release() noexcept override {
        if (--counts_ == 0) delete this;
    }
    void on_event(event_type type, std::string_view, std::int64_t) noexcept override {
        heard_.emplace_back(to_string(type));
    }
    void on_end(errc) noexcept override { heard_.emplace_back("end"); }

  private:
    std::vector<std::string>& heard_;
    int counts_ = 1;
};

class carrier final : public request {
  public:
    explicit carrier(detail::ref<kazoo::session::watcher> w) {
        watcher = std::move(w);
        frame_size = 16;
    }
    void on_reply(const reply&) noexcept override {}
    void on_failure(errc, outcome) noexcept override {}
};

/// One watch that nobody holds but those who must.
struct course {
    std::vector<std::string> heard;
    std::optional<watch_table> table{std::in_place};
    std::unique_ptr<carrier> sets;
    watcher* who = nullptr; ///< while it is there
    char frame[16]{};

    explicit course(watch_kind kind) {
        who = new counted_watcher(heard, kind, "/n");
        sets = std::make_unique<carrier>(detail::ref<watcher>(who));
    }
    void carry() { table->carry(*sets, frame); }
    void answer(errc e = {}) { table->answered(*sets, static_cast<std::int32_t>(e), 7); }
    void register_it() {
        carry();
        answer();
        sets.reset();
    }
};

using lines = std::vector<std::string>;
constexpr auto all_kinds = {watch_kind::data, watch_kind::exists, watch_kind::child, watch_kind::persistent,
                            watch_kind::recursive};
bool is_stream(watch_kind k) { return k == watch_kind::persistent || k == watch_kind::recursive; }

TEST(watch_counts, a_request_that_is_never_handed_over_lets_its_watcher_go) {
    for (const watch_kind kind : all_kinds) {
        course c(kind);
        c.sets.reset(); // withdrawn
        EXPECT_EQ(c.heard, lines{"gone"});
    }
}

TEST(watch_counts, the_table_keeps_what_is_registered) {
    for (const watch_kind kind : all_kinds) {
        course c(kind);
        c.register_it();
        EXPECT_EQ(c.heard, lines{});
        EXPECT_TRUE(c.who->registered());
        c.table.reset();
        EXPECT_EQ(c.heard, lines{"gone"});
    }
}

TEST(watch_counts, the_request_lets_go_with_its_reply) {
    for (const watch_kind kind : all_kinds) {
        course c(kind);
        c.carry();
        c.answer();
        EXPECT_FALSE(c.sets->watcher);
        c.table->forget(*c.who);
        EXPECT_EQ(c.heard, lines{"gone"}) << "although the caller still has the request";
    }
}

TEST(watch_counts, one_that_fires_is_let_go_behind_its_event) {
    for (const watch_kind kind : {watch_kind::data, watch_kind::exists, watch_kind::child}) {
        course c(kind);
        c.register_it();
        c.table->dispatch(event_type::deleted, "/n", 8);
        EXPECT_EQ(c.heard, (lines{"deleted", "gone"}));
        c.table->dispatch(event_type::deleted, "/n", 9);
        EXPECT_TRUE(c.table->empty());
    }
}

TEST(watch_counts, a_stream_stays_whatever_it_hears) {
    for (const watch_kind kind : {watch_kind::persistent, watch_kind::recursive}) {
        course c(kind);
        c.register_it();
        c.table->dispatch(event_type::deleted, "/n", 8);
        c.table->connection_lost();
        c.table->tell_gap();
        c.table->end_one_shots(errc::session_expired);
        EXPECT_EQ(c.heard, (lines{"deleted", "gap"}));
        EXPECT_TRUE(c.who->registered());
    }
}

TEST(watch_counts, one_that_is_given_up_is_let_go) {
    for (const watch_kind kind : all_kinds) {
        course c(kind);
        c.register_it();
        c.table->forget(*c.who);
        EXPECT_EQ(c.heard, lines{"gone"});
        EXPECT_TRUE(c.table->empty());
        EXPECT_EQ(c.table->take_orders().removals, lines{"/n"});
        c.table->dispatch(event_type::deleted, "/n", 8); // what was under way
        EXPECT_EQ(c.heard, lines{"gone"});
    }
}

TEST(watch_counts, one_that_has_left_or_has_not_come_cannot_be_given_up) {
    for (const watch_kind kind : all_kinds) {
        course c(kind);
        const auto mine = detail::ref<watcher>::share(c.who);
        c.table->forget(*mine);
        c.carry();
        c.table->forget(*mine);
        EXPECT_FALSE(c.table->has_orders());
        c.answer();
        EXPECT_TRUE(mine->registered());
        c.table->forget(*mine);
        EXPECT_EQ(c.table->take_orders().removals, lines{"/n"});
        c.table->forget(*mine);
        EXPECT_FALSE(c.table->has_orders());
        EXPECT_FALSE(mine->registered());
    }
}

TEST(watch_counts, one_that_the_server_refused_is_let_go_with_the_reply) {
    for (const watch_kind kind : all_kinds)
        for (const errc e : {errc::no_auth, errc::no_node}) {
            course c(kind);
            c.carry();
            c.answer(e);
            const bool waits_for_creation = kind == watch_kind::exists && e == errc::no_node;
            EXPECT_EQ(c.heard, waits_for_creation ? lines{} : lines{"gone"});
            EXPECT_EQ(c.table->empty(), !waits_for_creation);
        }
}

TEST(watch_counts, without_a_reply_the_request_alone_keeps_its_watcher) {
    for (const watch_kind kind : all_kinds) {
        course c(kind);
        c.carry();
        c.table->not_answered(*c.sets);
        c.table->connection_lost();
        EXPECT_TRUE(c.table->empty());
        EXPECT_EQ(c.heard, lines{});
        c.register_it(); // it goes out again
        EXPECT_TRUE(c.who->registered());
        course lost(kind);
        lost.carry();
        lost.table->not_answered(*lost.sets);
        lost.sets.reset();
        EXPECT_EQ(lost.heard, lines{"gone"});
    }
}

TEST(watch_counts, one_shots_are_let_go_with_the_session_and_all_with_the_client) {
    for (const watch_kind kind : all_kinds) {
        course c(kind);
        c.register_it();
        c.table->end_one_shots(errc::session_expired);
        EXPECT_EQ(c.heard, is_stream(kind) ? lines{} : (lines{"end", "gone"}));
        c.table->end_streams(errc::closed);
        EXPECT_EQ(c.heard, (lines{"end", "gone"}));
        EXPECT_TRUE(c.table->empty());
    }
}

TEST(watch_counts, one_that_is_held_elsewhere_outlives_the_table) {
    for (const watch_kind kind : all_kinds) {
        course c(kind);
        auto mine = detail::ref<watcher>::share(c.who);
        c.register_it();
        c.table.reset();
        EXPECT_EQ(c.heard, lines{});
        mine.reset();
        EXPECT_EQ(c.heard, lines{"gone"});
    }
}

} // namespace
} // namespace kazoo::session::watch_counts_test
