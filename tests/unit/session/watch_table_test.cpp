// Crowds on one path. Half a million of them: where each costs a look at all others, these tests do not end in time.
#include "session/set_watches.hpp"
#include "session/watch_table.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace kazoo::session::watch_table_test {
namespace {

constexpr int many = 500'000;

class counting_watcher final : public watcher {
  public:
    counting_watcher(watch_kind k, std::string where) {
        kind = k;
        path = std::move(where);
    }
    void retain() noexcept override { ++counts; }
    void release() noexcept override { --counts; }
    void on_event(event_type, std::string_view, std::int64_t) noexcept override { ++events; }
    void on_end(errc) noexcept override { ++ends; }
    int events = 0, ends = 0, counts = 0;
};

class silent_request final : public request {
  public:
    explicit silent_request(counting_watcher& w) {
        watcher = detail::ref<kazoo::session::watcher>::share(&w);
        frame_size = 16;
    }
    void on_reply(const reply&) noexcept override {}
    void on_failure(errc, outcome) noexcept override {}
};

struct crowd {
    std::vector<std::unique_ptr<counting_watcher>> watchers;
    watch_table table;
    std::vector<std::unique_ptr<silent_request>> requests;

    counting_watcher& carry(watch_kind kind, std::string path = "/n") {
        char frame[16];
        auto& w = *watchers.emplace_back(std::make_unique<counting_watcher>(kind, std::move(path)));
        table.carry(*requests.emplace_back(std::make_unique<silent_request>(w)), frame);
        return w;
    }
    void carry_many(watch_kind kind) {
        for (int i = 0; i < many; ++i) carry(kind);
    }
    void answer_all(errc e = {}) {
        for (const auto& r : requests) table.answered(*r, static_cast<std::int32_t>(e), 7);
        requests.clear();
    }
    void forget_all() {
        for (const auto& w : watchers) table.forget(*w);
    }
};

TEST(watch_table, many_one_shots_of_one_path_are_given_up_one_by_one) {
    crowd c;
    c.carry_many(watch_kind::data);
    c.answer_all();
    EXPECT_FALSE(c.table.has_orders());
    c.forget_all();
    EXPECT_TRUE(c.table.empty());
    EXPECT_EQ(c.table.take_orders().removals, std::vector<std::string>{"/n"});
}

TEST(watch_table, many_streams_of_one_path_are_given_up_one_by_one) {
    crowd c;
    c.carry_many(watch_kind::persistent);
    c.carry_many(watch_kind::recursive);
    c.answer_all();
    c.forget_all();
    EXPECT_TRUE(c.table.empty());
    EXPECT_EQ(c.table.take_orders().removals, std::vector<std::string>{"/n"});
}

TEST(watch_table, many_streams_of_one_path_are_refused_one_by_one) {
    crowd c;
    c.carry_many(watch_kind::persistent);
    c.answer_all(errc::no_auth);
    EXPECT_TRUE(c.table.empty());
    EXPECT_FALSE(c.table.has_orders()) << "the server has nothing of it";
}

TEST(watch_table, many_one_shots_behind_a_refused_stream_are_set_one_by_one) {
    crowd c;
    c.carry(watch_kind::persistent);
    c.carry_many(watch_kind::data);
    c.table.answered(*c.requests.front(), static_cast<std::int32_t>(errc::no_auth), 5);
    c.requests.erase(c.requests.begin());
    c.answer_all();
    EXPECT_EQ(c.table.take_orders().rearms.size(), std::size_t{many});
}

TEST(watch_table, events_do_not_look_at_those_who_wait_for_others) {
    crowd c;
    auto& stream = c.carry(watch_kind::recursive);
    c.carry_many(watch_kind::child);
    c.answer_all();
    for (int i = 0; i < many; ++i) c.table.dispatch(event_type::data_changed, i % 2 == 0 ? "/n" : "/n/a/b", i);
    EXPECT_EQ(stream.events, many);
    c.table.dispatch(event_type::children_changed, "/n", many);
    int fired = 0;
    for (const auto& w : c.watchers) fired += w->events;
    EXPECT_EQ(fired, 2 * many) << "every one-shot once";
}

TEST(watch_table, what_is_fired_or_ended_cannot_be_given_up_again) {
    crowd c;
    auto& fired = c.carry(watch_kind::data);
    auto& waits = c.carry(watch_kind::child);
    auto& ended = c.carry(watch_kind::persistent);
    c.answer_all();
    c.table.dispatch(event_type::data_changed, "/n", 8);
    c.table.end_streams(errc::closed);
    EXPECT_EQ(fired.events, 1);
    EXPECT_EQ(ended.ends, 1);
    c.table.forget(fired);
    c.table.forget(ended);
    EXPECT_FALSE(c.table.empty());
    c.table.forget(waits);
    c.table.forget(waits);
    EXPECT_TRUE(c.table.empty());
}

} // namespace
} // namespace kazoo::session::watch_table_test
