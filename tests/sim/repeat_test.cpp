// Steps that failed and may be done again: when.
#include "client/client_access.hpp"
#include "scene.hpp"
#include "task/repetition.hpp"
#include "task/root_task.hpp"

namespace kazoo::testkit {
namespace {

/// How often a step is done in this time that always fails so, at once.
int tries_within(duration d, errc e) {
    scene s;
    s.c.wait_connected();
    detail::core& c = detail::client_access::core_of(s.c);
    int tries = 0;
    const auto steps = [&tries, e]() -> detail::task<void> {
        detail::repetition step;
        do ++tries;
        while (co_await step.again(make_error_code(e)));
    };
    auto trying = detail::spawn(c, {"try", {}}, steps());
    s.world.run_for(d);
    trying.cancel();
    s.c.close();
    return tries;
}

TEST(repetition, after_a_lost_connection_at_once) { EXPECT_EQ(tries_within(1ms, errc::connection_loss), 2); }

TEST(repetition, what_a_server_answers_at_once_is_not_repeated_at_once) {
    EXPECT_EQ(tries_within(1ms, errc::session_moved), 1);
    EXPECT_EQ(tries_within(1ms, errc::throttled), 1);
    EXPECT_EQ(tries_within(1ms, errc::queue_full), 1);
}

TEST(repetition, what_goes_on_failing_is_repeated_later_and_later) {
    for (const errc e : {errc::connection_loss, errc::session_moved, errc::throttled}) {
        EXPECT_LT(tries_within(60s, e), 60) << make_error_code(e);
        EXPECT_GT(tries_within(60s, e), 20) << make_error_code(e);
    }
}

TEST(repetition, refusals_and_ends_are_not_repeated) {
    for (const errc e : {errc::no_auth, errc::operation_timeout, errc::session_expired, errc::closed, errc::cancelled})
        EXPECT_EQ(tries_within(60s, e), 1) << make_error_code(e);
}

} // namespace
} // namespace kazoo::testkit
