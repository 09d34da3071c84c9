// What the world may ask about a session, on a core whose loop is driven by hand and whose connections never open.
#include "client/core.hpp"
#include "loop/loop_access.hpp"
#include "session/host_list.hpp"

#include "unit/task/manual_loop.hpp"

#include <kazoo/future.hpp>
#include <kazoo/watch.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <vector>

namespace kazoo::detail {
namespace {

using enum session_state;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr session_state all_states[] = {connecting, connected, connected_read_only, suspended,
                                        lost,       closed,    auth_failed};

/// As kazoo::subscription, which the library alone can make.
class registration {
  public:
    explicit registration(ref<listener> l) : listener_(std::move(l)) {}
    ~registration() { reset(); }
    registration(const registration&) = delete;
    registration& operator=(const registration&) = delete;
    void reset() noexcept {
        if (listener_) listener_->end();
        listener_.reset();
    }

  private:
    ref<listener> listener_;
};

struct board_world {
    board_world() : loop(detail::loop_access::make(std::make_unique<test::manual_loop>())) {
        session::config config;
        config.hosts = session::parse_hosts("10.0.0.1:2181");
        client_options o;
        o.loop = loop;
        o.log = {log_level::warn, [this](log_level, std::string_view line) { logged.emplace_back(line); }};
        owner = core::start(std::move(config), std::move(o), {});
    }
    ~board_world() {
        owner->begin_close();
        events().pass(1min);
        events().run_callbacks();
        EXPECT_TRUE(events().idle());
    }
    test::manual_loop& events() const { return static_cast<test::manual_loop&>(detail::loop_access::loop_of(*loop)); }
    session_board& board() const { return owner->board(); }
    void become(session_state s, const util::endpoint& server = {.address = "10.0.0.1", .port = 2181}) const {
        board().change(*owner, s, who, server);
    }
    future<void> wait_connected() const { return detail::make_future(board().wait_connected(*owner)); }
    future<void> try_connect() const { return detail::make_future(board().try_connect(*owner)); }
    future<void> wait_certain(std::uint64_t epoch) const {
        return detail::make_future(board().wait_certain(*owner, epoch));
    }

    std::shared_ptr<event_loop> loop;
    std::vector<std::string> logged;
    ref<core> owner;
    session::identity who{};
};

std::error_code error_of_future(future<void> f) { return std::move(f).result().error(); }
std::string text_of(future<void> f) {
    try {
        std::move(f).get();
        return "nothing";
    } catch (const error& e) {
        return e.what();
    }
}

// -- who waits for a connection ---------------------------------------------------------------------------------------

TEST(session_board, all_who_wait_go_on_with_the_next_connection) {
    for (const session_state usable : {connected, connected_read_only}) {
        board_world w;
        auto a = w.wait_connected(), b = w.wait_connected(), c = w.try_connect();
        for (const session_state s : {suspended, lost, connecting}) {
            w.become(s);
            EXPECT_FALSE(a.ready() || b.ready() || c.ready());
        }
        w.become(usable);
        EXPECT_FALSE(error_of_future(std::move(a)));
        EXPECT_FALSE(error_of_future(std::move(b)));
        EXPECT_FALSE(error_of_future(std::move(c)));
        EXPECT_TRUE(w.wait_connected().ready()) << "and nobody waits while there is one";
        EXPECT_TRUE(w.try_connect().ready());
    }
}

TEST(session_board, nobody_waits_for_what_will_never_connect_again) {
    for (const auto& [state, code] : {std::pair(closed, errc::closed), std::pair(auth_failed, errc::auth_failed)}) {
        board_world w;
        auto a = w.wait_connected(), b = w.try_connect();
        w.become(state);
        EXPECT_EQ(error_of_future(std::move(a)), code);
        EXPECT_EQ(error_of_future(std::move(b)), code);
        EXPECT_EQ(error_of_future(w.wait_connected()), code);
        EXPECT_EQ(error_of_future(w.try_connect()), code);
    }
}

TEST(session_board, who_was_refused_for_good_hears_why_and_so_does_who_comes_later) {
    board_world w;
    auto waiting = w.wait_connected(), trying = w.try_connect();
    w.board().set_last_failures({.text = "10.0.0.1:2181: the cause"});
    w.become(auth_failed);
    for (auto* f : {&waiting, &trying}) EXPECT_THAT(text_of(std::move(*f)), HasSubstr("10.0.0.1:2181: the cause"));
    EXPECT_THAT(text_of(w.wait_connected()), HasSubstr("10.0.0.1:2181: the cause"));
    EXPECT_THAT(text_of(w.try_connect()), HasSubstr("10.0.0.1:2181: the cause"));
}

TEST(session_board, nothing_is_waited_for_in_a_forked_process) {
    board_world w;
    w.events().is_forked = true;
    EXPECT_EQ(error_of_future(w.wait_connected()), errc::forked);
    EXPECT_EQ(error_of_future(w.try_connect()), errc::forked);
    w.events().is_forked = false;
}

TEST(session_board, who_gives_up_waiting_hears_the_last_failures) {
    board_world w;
    auto waiting = w.wait_connected();
    w.board().set_last_failures({.text = "10.0.0.1:2181: refused"});
    waiting.cancel();
    EXPECT_THAT(text_of(std::move(waiting)), HasSubstr("10.0.0.1:2181: refused"));
    EXPECT_EQ(w.board().last_failures(), "10.0.0.1:2181: refused");
    w.become(connected);
    EXPECT_EQ(w.board().last_failures(), "") << "they are no news any more";
}

TEST(session_board, what_is_being_tried_is_told_with_the_time_it_has_taken) {
    board_world w;
    const time_point begun = w.events().now();
    w.board().set_last_failures({.text = "a: refused", .attempt = {"b: no connection", begun}});
    EXPECT_EQ(w.board().why_no_connection(begun + 1250ms), "a: refused; b: no connection within 1.2 s");
    w.board().set_last_failures({.attempt = {"b: no connection", begun}});
    EXPECT_EQ(w.board().why_no_connection(begun + 80ms), "b: no connection within 80 ms");
    w.become(connected);
    EXPECT_EQ(w.board().why_no_connection(begun + 1s), "");
}

TEST(session_board, who_tries_fails_when_all_addresses_refuse_and_who_waits_does_not) {
    board_world w;
    auto waiting = w.wait_connected(), trying = w.try_connect();
    w.board().set_last_failures({.text = "one of them: refused"});
    EXPECT_FALSE(trying.ready());
    w.board().set_last_failures({.text = "both: refused", .refused_by_all = true});
    EXPECT_FALSE(waiting.ready());
    EXPECT_THAT(text_of(std::move(trying)), HasSubstr("both: refused"));
    EXPECT_EQ(error_of_future(w.try_connect()), errc::connection_loss) << "as long as the last round was refused";
    w.become(connected);
    w.become(suspended);
    auto again = w.try_connect();
    EXPECT_FALSE(again.ready());
    EXPECT_FALSE(error_of_future(std::move(waiting)));
}

// -- epochs and the token of a session --------------------------------------------------------------------------------

TEST(session_board, an_epoch_ends_with_its_session_and_with_nothing_else) {
    for (const session_state s : all_states) {
        board_world w;
        const std::uint64_t before = w.board().epoch();
        EXPECT_NE(before, 0U);
        w.become(s);
        const bool over = s == lost || s == closed || s == auth_failed;
        EXPECT_EQ(w.board().epoch(), before + (over ? 1 : 0));
        EXPECT_EQ(w.board().state(), s);
        EXPECT_EQ(w.events().signals.size(), over ? 1U : 0U);
    }
}

TEST(session_board, a_token_is_stopped_with_its_session_on_the_signal_thread) {
    board_world w;
    const std::stop_token first = w.board().session_token();
    w.become(suspended);
    EXPECT_TRUE(w.events().signals.empty());
    w.become(lost);
    EXPECT_FALSE(first.stop_requested()) << "request_stop() runs user code";
    const std::stop_token second = w.board().session_token();
    ASSERT_EQ(w.events().signals.size(), 1U);
    w.events().signals[0].request_stop();
    EXPECT_TRUE(first.stop_requested());
    EXPECT_FALSE(second.stop_requested());
}

TEST(session_board, a_token_asked_for_when_all_is_over_says_so) {
    for (const session_state s : {closed, auth_failed}) {
        board_world w;
        w.become(s);
        for (auto& source : w.events().signals) source.request_stop();
        EXPECT_TRUE(w.board().session_token().stop_requested());
    }
}

TEST(session_board, a_server_is_named_as_long_as_there_is_a_connection_to_it) {
    board_world w;
    w.become(connected, {.address = "10.0.0.2", .port = 2181});
    EXPECT_EQ(w.board().server(), "10.0.0.2:2181");
    w.become(suspended, {.address = "10.0.0.2", .port = 2181});
    EXPECT_EQ(w.board().server(), "");
}

TEST(session_board, without_a_session_its_lease_has_ended_long_ago) {
    board_world w;
    w.board().set_lease_end(time_point(5s));
    EXPECT_EQ(w.board().lease_end(), time_point(5s));
    w.board().set_lease_end(never);
    EXPECT_EQ(w.board().lease_end(), time_point::min());
}

// -- certainty --------------------------------------------------------------------------------------------------------

TEST(session_board, who_waits_for_certainty_goes_on_when_it_lasts) {
    board_world w;
    auto waiting = w.wait_certain(w.board().epoch());
    w.board().set_certainty({.until = time_point(5s)});
    EXPECT_FALSE(waiting.ready()) << "certain, and not for long enough";
    w.board().set_certainty({.until = time_point(6s), .lasts = true});
    EXPECT_FALSE(error_of_future(std::move(waiting)));
    EXPECT_EQ(w.board().certain_until(), time_point(6s));
    EXPECT_TRUE(w.wait_certain(w.board().epoch()).ready());
}

TEST(session_board, who_waits_for_certainty_waits_for_that_of_one_session) {
    board_world w;
    const std::uint64_t epoch = w.board().epoch();
    auto waiting = w.wait_certain(epoch);
    w.become(suspended);
    EXPECT_FALSE(waiting.ready());
    w.become(lost);
    EXPECT_EQ(error_of_future(std::move(waiting)), errc::session_expired);
    w.board().set_certainty({.until = time_point(5s), .lasts = true});
    EXPECT_EQ(error_of_future(w.wait_certain(epoch)), errc::session_expired);
}

TEST(session_board, who_waits_for_certainty_that_never_comes_hears_so) {
    board_world w;
    auto waiting = w.wait_certain(w.board().epoch());
    w.board().refuse_certainty();
    EXPECT_EQ(error_of_future(std::move(waiting)), errc::no_auth);
}

TEST(session_board, the_end_of_certainty_leaves_a_doubt_whatever_becomes_certain_later) {
    board_world w;
    w.board().set_certainty({.until = time_point(5s), .lasts = true});
    const std::uint64_t before = w.board().doubts();
    w.board().end_certainty();
    EXPECT_EQ(w.board().doubts(), before + 1);
    EXPECT_EQ(w.board().certain_until(), time_point::min());
    EXPECT_FALSE(w.board().certainty_lasts());
    w.board().set_certainty({.until = time_point(9s), .lasts = true});
    EXPECT_EQ(w.board().doubts(), before + 1);
}

// -- listeners --------------------------------------------------------------------------------------------------------

TEST(session_board, listeners_hear_every_change_in_order_and_on_the_executor) {
    board_world w;
    std::vector<session_state> heard;
    const registration l(w.board().add_listener([&](session_state s) { heard.push_back(s); }));
    w.become(connected);
    w.become(suspended);
    EXPECT_TRUE(heard.empty()) << "within change()";
    w.become(lost);
    w.events().run_callbacks();
    EXPECT_THAT(heard, ElementsAre(connected, suspended, lost));
}

TEST(session_board, a_listener_hears_nothing_after_its_end_even_of_what_was_announced_before) {
    board_world w;
    std::vector<session_state> heard;
    registration l(w.board().add_listener([&](session_state s) { heard.push_back(s); }));
    w.become(connected);
    l.reset();
    w.become(suspended);
    w.events().run_callbacks();
    EXPECT_TRUE(heard.empty());
}

TEST(session_board, a_listener_that_throws_is_logged_and_costs_the_others_nothing) {
    board_world w;
    int calls = 0;
    const registration a(w.board().add_listener([](session_state) { throw std::runtime_error("out of order"); }));
    const registration b(w.board().add_listener([](session_state) { throw 7; })); // NOLINT: that is what is tried
    const registration c(w.board().add_listener([&](session_state) { ++calls; }));
    w.become(connected);
    w.events().run_callbacks();
    EXPECT_EQ(calls, 1);
    EXPECT_THAT(w.logged, ElementsAre(HasSubstr("out of order"), HasSubstr("no std::exception")));
}

TEST(session_board, waiters_have_gone_on_when_listeners_hear_of_a_connection) {
    board_world w;
    auto waiting = w.wait_connected();
    bool before = false;
    const registration l(w.board().add_listener([&](session_state) { before = waiting.ready(); }));
    w.become(connected);
    w.events().run_callbacks();
    EXPECT_TRUE(before);
}

} // namespace
} // namespace kazoo::detail
