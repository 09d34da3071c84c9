#include "lock_holder.hpp"

#include <gtest/gtest.h>

#include <string>

namespace kazoo::test {

client_options lock_holder::with_timeout(std::chrono::milliseconds session_timeout) {
    client_options o;
    o.session_timeout = session_timeout;
    o.reconnect.max_delay = 200ms;
    return o;
}

lock_holder::lock_holder(const client& victim, const client& rival)
    : victim_(victim), rival_(rival), mutex_(victim, "/lock"), rival_mutex_(rival, "/lock"), log_(victim) {
    victim.wait_connected(30s);
    session_ = victim.session_id();
    session_timeout_ = victim.negotiated_timeout();
    victim.create("/watched", "");
    victim.create("/ephemeral", "", {.mode = create_mode::ephemeral});
    change_ = victim.watch("/watched").changed;
    mutex_.lock();
    token_ = mutex_.fencing_token();
    lost_ = mutex_.lost();
    rival_waits_ = rival_mutex_.async_lock();
    if (!eventually([&] { return rival_mutex_.contenders().size() == 2; })) ADD_FAILURE() << "the rival does not wait";
}

lock_holder::clock::time_point lock_holder::in_touch() const {
    const auto before = clock::now();
    victim_.sync("/");
    return before;
}

void lock_holder::expect_connection_lost_only() {
    ASSERT_TRUE(eventually([&] { return log_.saw(session_state::suspended); })) << "the fault has not hit";
    ASSERT_TRUE(eventually([&] { return victim_.state() == session_state::connected; }));
    expect_untouched();
}

void lock_holder::expect_untouched() {
    EXPECT_EQ(victim_.get("/ephemeral").stat.owner, session_);
    EXPECT_EQ(victim_.session_id(), session_);
    EXPECT_FALSE(log_.saw(session_state::lost));

    EXPECT_TRUE(mutex_.holds());
    EXPECT_FALSE(lost_.stop_requested());
    EXPECT_EQ(mutex_.fencing_token(), token_);
    EXPECT_FALSE(rival_waits_.ready());
    EXPECT_NO_THROW(victim_.transaction().check(mutex_.check()).set("/ephemeral", "written by the holder").commit());

    EXPECT_FALSE(change_.ready());
    rival_.set("/watched", "changed after the fault");
    const watch_event event = std::move(change_).get_for(30s);
    EXPECT_EQ(event.type, event_type::data_changed);
    EXPECT_EQ(event.path, "/watched");

    EXPECT_TRUE(mutex_.async_unlock().get_for(30s)) << "it was ours to the end";
    EXPECT_FALSE(lost_.stop_requested()) << "our own unlock is no loss";
    expect_handed_on();
}

void lock_holder::expect_loss_announced(clock::time_point in_touch) {
    const auto silent = clock::now(); // the fault began just before
    ASSERT_TRUE(eventually([&] {
        EXPECT_FALSE(both_hold());
        return log_.saw(session_state::lost);
    }));
    const auto lost = clock::now();
    EXPECT_GE(lost - in_touch, session_timeout_);
    // The lease ends a session timeout after the last word of a server; the rest is for a busy machine.
    EXPECT_LE(lost - silent, session_timeout_ + 5s);
    ::testing::Test::RecordProperty("loss_announced_after_ms", std::to_string((lost - silent) / 1ms));
    EXPECT_TRUE(log_.saw(session_state::suspended)) << "the connection goes first";
    EXPECT_EQ(victim_.server(), "") << "no server has told it";
    EXPECT_FALSE(mutex_.holds());
    EXPECT_TRUE(eventually([&] { return lost_.stop_requested(); }));
    EXPECT_EQ(std::move(change_).result_for(30s).error(), errc::session_expired);
}

void lock_holder::expect_new_session() {
    ASSERT_NO_THROW(victim_.wait_connected(30s));
    EXPECT_NE(victim_.session_id(), session_) << "a lost session is never resumed";
    EXPECT_FALSE(mutex_.holds());
    EXPECT_FALSE(mutex_.async_unlock().get_for(30s)) << "there was nothing left to unlock";
    expect_handed_on();
    // The rival got it because the old session is over at the servers too.
    EXPECT_FALSE(victim_.exists("/ephemeral"));
    EXPECT_NE(victim_.session_id(), session_);
}

bool lock_holder::both_hold() const { return rival_mutex_.holds() && mutex_.holds(); }

void lock_holder::expect_handed_on() {
    ASSERT_NO_THROW(std::move(rival_waits_).get_for(30s));
    EXPECT_TRUE(rival_mutex_.holds());
    EXPECT_GT(rival_mutex_.fencing_token(), token_);
    EXPECT_FALSE(mutex_.holds());
    EXPECT_FALSE(mutex_.try_lock());
    auto again = mutex_.async_try_lock_for(30s);
    rival_mutex_.unlock();
    EXPECT_TRUE(std::move(again).get());
    EXPECT_TRUE(mutex_.holds());
    EXPECT_GT(mutex_.fencing_token(), token_);
    EXPECT_TRUE(mutex_.async_unlock().get_for(30s));
    EXPECT_TRUE(victim_.get_children("/lock").empty());
}

} // namespace kazoo::test
