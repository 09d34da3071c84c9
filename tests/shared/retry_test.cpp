// Doing again what failed: kazoo::retry and kazoo::async_retry.
#include "backend.hpp"

#include <kazoo/kazoo.hpp>

#include <atomic>
#include <stdexcept>
#include <thread>

using namespace kazoo;
using namespace std::chrono_literals;

namespace {

class retries : public test::client_test {
  protected:
    static constexpr retry_policy fast{.initial_delay = 1ms, .max_delay = 2ms};
    static constexpr retry_policy endless{.initial_delay = 1h, .max_delay = 1h};
};

[[noreturn]] void fail(errc e, outcome o = outcome::not_applied) { throw_error(make_error_code(e), o, "try", "/a"); }

/// How often something is tried that always fails so, in both forms.
int tries_of(const client& c, const retry_rules& rules, errc e, outcome o = outcome::not_applied) {
    int tries = 0;
    EXPECT_THROW(retry(c, rules,
                       [&] {
                           ++tries;
                           fail(e, o);
                       }),
                 error);
    int async_tries = 0;
    const auto attempt = [&] {
        ++async_tries;
        return c.async_exists("/").then([=](future<std::optional<node_stat>>) { fail(e, o); });
    };
    const auto r = async_retry(c, rules, attempt).result();
    EXPECT_EQ(r.error(), e);
    EXPECT_EQ(r.outcome(), o);
    EXPECT_EQ(async_tries, tries);
    return tries;
}

TEST_F(retries, gives_what_f_gives_when_it_succeeds) {
    const client c = connect();
    int tries = 0;
    EXPECT_EQ(retry(c, {.pauses = fast},
                    [&] {
                        if (++tries < 3) fail(errc::throttled);
                        return 7;
                    }),
              7);
    EXPECT_EQ(tries, 3);
    tries = 0;
    const auto attempt = [&]() -> future<node_stat> {
        return c.async_exists("/").then([&](future<std::optional<node_stat>> f) {
            if (++tries < 3) fail(errc::session_moved);
            return std::move(f).get().value();
        });
    };
    EXPECT_EQ(async_retry(c, {.pauses = fast}, attempt).get(), c.exists("/").value());
    EXPECT_EQ(tries, 3);
}

TEST_F(retries, attempts_limit_it_and_the_last_error_comes_out) {
    const client c = connect();
    EXPECT_EQ(tries_of(c, {.pauses = fast, .attempts = 4}, errc::throttled), 4);
    EXPECT_EQ(tries_of(c, {.pauses = fast, .attempts = 1}, errc::throttled), 1);
}

TEST_F(retries, a_deadline_that_the_pause_would_pass_ends_it_at_once) {
    const client c = connect();
    EXPECT_EQ(tries_of(c, {.pauses = endless, .deadline = 1min}, errc::throttled), 1);
    EXPECT_EQ(tries_of(c, {.pauses = fast, .deadline = -1s}, errc::throttled), 1);
    int tries = 0;
    const retry_rules short_one{.pauses = fast, .deadline = 300ms};
    EXPECT_THROW(retry(c, short_one,
                       [&] {
                           ++tries;
                           fail(errc::throttled);
                       }),
                 error);
    EXPECT_GT(tries, 1);
}

TEST_F(retries, C39_only_what_a_later_try_may_mend_is_repeated) {
    const client c = connect();
    const retry_rules usual{.pauses = fast, .attempts = 3};
    for (const errc e : {errc::connection_loss, errc::operation_timeout, errc::session_moved, errc::throttled,
                         errc::request_timeout, errc::queue_full})
        EXPECT_EQ(tries_of(c, usual, e), 3) << make_error_code(e);
    for (const errc e : {errc::no_node, errc::no_auth, errc::session_expired, errc::auth_failed, errc::too_large,
                         errc::cancelled, errc::closed})
        EXPECT_EQ(tries_of(c, usual, e), 1) << make_error_code(e);
}

TEST_F(retries, C30_options_change_what_they_name_and_nothing_else) {
    const client c = connect();
    retry_rules rules{.pauses = fast, .attempts = 3};
    EXPECT_EQ(tries_of(c, rules, errc::connection_loss, outcome::unknown), 1);
    rules.repeat_unknown = true;
    EXPECT_EQ(tries_of(c, rules, errc::connection_loss, outcome::unknown), 3);
    EXPECT_EQ(tries_of(c, rules, errc::session_expired), 1);
    rules.across_sessions = true;
    EXPECT_EQ(tries_of(c, rules, errc::session_expired), 3);
    rules.again = [](const error& e) { return e.code() == errc::no_node; };
    EXPECT_EQ(tries_of(c, rules, errc::no_node), 3);
    EXPECT_EQ(tries_of(c, rules, errc::throttled), 1);
    rules.again = [](const error&) { return true; };
    EXPECT_EQ(tries_of(c, rules, errc::cancelled), 1); // whoever asked for the end gets it
    EXPECT_EQ(retry_rules{}.attempts, std::numeric_limits<std::size_t>::max());
}

TEST_F(retries, C30_the_rules_are_copied_and_can_be_used_again) {
    const client c = connect();
    const retry_rules rules{.pauses = fast, .attempts = 2};
    EXPECT_EQ(tries_of(c, rules, errc::throttled), 2);
    EXPECT_EQ(tries_of(c, rules, errc::throttled), 2);
}

TEST_F(retries, rules_that_make_no_sense_are_refused) {
    const client c = connect();
    const auto code_of = [&](const retry_rules& rules) -> std::error_code {
        try {
            retry(c, rules, [] {});
        } catch (const error& e) {
            return e.code();
        }
        return {};
    };
    EXPECT_EQ(code_of({.attempts = 0}), errc::bad_arguments);
    EXPECT_EQ(code_of({.pauses = {.factor = 0.5}}), errc::bad_arguments);
    EXPECT_EQ(code_of({}), std::error_code());
}

TEST_F(retries, other_exceptions_come_out_at_once) {
    const client c = connect();
    EXPECT_THROW(retry(c, {.pauses = fast}, [] { throw std::logic_error("mine"); }), std::logic_error);
    const auto attempt = [&] {
        return c.async_exists("/").then([](future<std::optional<node_stat>>) { throw std::logic_error("mine"); });
    };
    EXPECT_THROW(async_retry(c, {.pauses = fast}, attempt).get(), std::logic_error);
}

TEST_F(retries, C29_a_stop_ends_the_pause_at_once) {
    const client c = connect();
    std::stop_source stop;
    int tries = 0;
    const std::jthread stopper([&] { stop.request_stop(); });
    EXPECT_THROW(retry(c, {.pauses = endless}, stop.get_token(),
                       [&] {
                           ++tries;
                           fail(errc::throttled);
                       }),
                 cancelled_error);
    EXPECT_LE(tries, 1);
    const auto attempt = [&] {
        return c.async_exists("/").then([](future<std::optional<node_stat>>) { fail(errc::throttled); });
    };
    auto trying = async_retry(c, {.pauses = endless}, attempt).stop_on(stop.get_token());
    EXPECT_EQ(std::move(trying).result_for(20s).error(), errc::cancelled);
}

TEST_F(retries, C29_close_ends_the_pause_at_once) {
    const client c = connect();
    const client waits = connect();
    std::atomic<int> tries = 0;
    const std::jthread closer([&] {
        test::eventually([&] { return tries == 1; });
        waits.close();
    });
    EXPECT_THROW(retry(waits, {.pauses = endless},
                       [&] {
                           ++tries;
                           fail(errc::throttled);
                       }),
                 closed_error);
    EXPECT_EQ(tries, 1);
    const auto attempt = [&] {
        return c.async_exists("/").then([](future<std::optional<node_stat>>) { fail(errc::throttled); });
    };
    auto trying = async_retry(c, {.pauses = endless}, attempt);
    c.exists("/");
    c.close();
    EXPECT_EQ(std::move(trying).result_for(20s).error(), errc::closed);
}

TEST_F(retries, cancelling_gives_up_what_was_begun) {
    const client nobody("127.0.0.1:1", quick());
    auto trying = async_retry(nobody, {.pauses = fast}, [&] { return nobody.async_create("/a"); });
    trying.cancel();
    const auto r = std::move(trying).result_for(20s);
    EXPECT_EQ(r.error(), errc::cancelled);
}

TEST_F(retries, one_that_was_stopped_is_unknown_behind_a_try_and_not_applied_ahead_of_the_first) {
    const client c = connect();
    std::stop_source stop;
    int tries = 0;
    const auto outcome_when_stopped = [&] {
        try {
            retry(c, {.pauses = endless}, stop.get_token(), [&] {
                ++tries;
                stop.request_stop();
                fail(errc::throttled);
            });
        } catch (const cancelled_error& e) {
            return e.outcome();
        }
        throw std::logic_error("it was not stopped");
    };
    EXPECT_EQ(outcome_when_stopped(), outcome::unknown);
    EXPECT_EQ(tries, 1);
    EXPECT_EQ(outcome_when_stopped(), outcome::not_applied);
    EXPECT_EQ(tries, 1) << "nothing is begun after a stop";
}

TEST_F(retries, a_server_that_was_away_is_found_again) {
    kazoo::testkit::fault_gate gate(test::server().address());
    const client c = connect_through(gate);
    c.create("/n");
    gate.cut();
    EXPECT_EQ(retry(c, {.pauses = fast}, [&] { return std::move(c.async_get("/n")).get_for(50ms).data; }), "");
    EXPECT_EQ(async_retry(c, {.pauses = fast}, [&] { return c.async_get("/n"); }).get().data, "");
}

} // namespace
