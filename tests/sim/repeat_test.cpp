// Steps that failed and may be done again: when.
#include "client/client_access.hpp"
#include "client/task_signal.hpp"
#include "scene.hpp"

namespace kazoo::testing {
namespace {

/// How long it took to decide, in the world's time; nothing if the step may not be repeated.
std::optional<std::chrono::nanoseconds> pause_after(errc e) {
    scene s;
    s.c.wait_connected();
    const auto begun = s.world.now();
    detail::core& c = detail::client_access::core_of(s.c);
    if (!detail::spawn(c, {"step", "/"}, detail::may_repeat(make_error_code(e))).get()) return std::nullopt;
    return s.world.now() - begun;
}

TEST(repeat, after_a_lost_connection_at_once) { EXPECT_LT(pause_after(errc::connection_loss).value(), 1ms); }

TEST(repeat, what_a_server_answers_at_once_is_not_repeated_at_once) {
    EXPECT_GE(pause_after(errc::session_moved), 50ms);
    EXPECT_GE(pause_after(errc::throttled), 50ms);
    EXPECT_GE(pause_after(errc::queue_full), 50ms);
}

TEST(repeat, refusals_and_ends_are_not_repeated) {
    for (const errc e : {errc::no_auth, errc::operation_timeout, errc::session_expired, errc::closed, errc::cancelled})
        EXPECT_EQ(pause_after(e), std::nullopt) << make_error_code(e);
}

} // namespace
} // namespace kazoo::testing
