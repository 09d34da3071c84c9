// Credentials: in order, on every connection, and never in a log.
#include "script.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kazoo::test::auth_test {
namespace {

using testing::HasSubstr;

const std::string digest_up = sent("auth", "auth_digest"); // u:p
const std::string second = sent("auth", "auth_second");
const std::string accepted = got("auth", "auth_digest");
const std::string bad_scheme = sent("auth_refused", "unknown_scheme"); // nope, u:p
const std::string refused = got("auth_refused", "unknown_scheme");

std::string secret_of(const std::string& auth_frame) { return auth_frame.substr(4 + 8 + 4 + 4 + 6 + 4); }

script opened(session::config c = script::one_host()) {
    script s(std::move(c));
    s.open_session();
    return s;
}

script& reopened(script& s, const std::string& resume = resume_frame(0)) {
    return s.advance(50ms).expect("connect 10.0.0.1:2181").connected().write(resume).feed(got("connect", "resume"));
}

TEST(auth, frames_are_what_the_reference_says) { EXPECT_EQ(to_hex(digest_up), to_hex(reference("auth"))); }

TEST(auth, C01_an_auth_reply_never_completes_a_request) {
    const std::string get = reference("get_data"), set = reference("set_data");
    opened()
        .submit({get, set})
        .write(get + set)
        .credential("digest", "u:p")
        .write(digest_up)
        .feed(accepted) // overtakes both
        .expect("accepted digest u:p")
        .feed(hex("00000010000000040000000000000005ffffff9b") + hex("00000010000000050000000000000005ffffff9b"))
        .expect("reply 4 err -101")
        .expect("reply 5 err -101")
        .run();
}

TEST(auth, a_credential_waits_for_the_end_of_a_batch) {
    const std::string get = reference("get_data");
    opened()
        .submit({get})
        .then([](world& w) {
            w.flush();
            w.write_some(5);
        })
        .credential("digest", "u:p")
        .then([&](world& w) {
            EXPECT_EQ(to_hex(w.write_all()), to_hex(get.substr(5) + digest_up));
            EXPECT_TRUE(w.subject.accepts_requests());
        })
        .run();
}

TEST(auth, C11_connected_is_announced_after_the_verdict) {
    script(script::one_host())
        .credential("digest", "u:p", true)
        .start()
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(sent("connect", "new_session"))
        .feed(got("connect", "new_session"))
        .expect_nothing()
        .then([](world& w) { EXPECT_FALSE(w.subject.accepts_requests()); })
        .write(digest_up)
        .expect_nothing()
        .feed(accepted)
        .expect("accepted digest u:p")
        .expect("state connected")
        .run();
}

TEST(auth, L125_an_accepted_credential_is_sent_on_every_connection) {
    script s = opened();
    s.credential("digest", "u:p").write(digest_up).feed(accepted).expect("accepted digest u:p");
    for (int i = 0; i < 2; ++i) {
        s.closed().expect("state suspended");
        if (i == 0)
            reopened(s);
        else // a connection on which nothing worked is followed by a longer pause
            s.advance(50ms), reopened(s);
        s.expect_nothing().write(digest_up).feed(accepted).expect("state connected");
    }
    s.run();
}

TEST(auth, C14_order_is_kept_and_a_duplicate_is_stored_once) {
    script s = opened();
    const std::string secret = secret_of(second);
    s.credential("digest", secret)
        .write(second)
        .feed(accepted)
        .expect("accepted digest " + secret)
        .credential("digest", "u:p")
        .credential("digest", secret)
        .write(digest_up + second)
        .feed(accepted)
        .expect("accepted digest u:p")
        .feed(accepted)
        .expect("accepted digest " + secret)
        .closed()
        .expect("state suspended");
    reopened(s).write(second + digest_up).feed(accepted + accepted).expect("state connected");
    s.run();
}

TEST(auth, C13_a_refused_credential_is_not_stored) {
    script s = opened();
    s.credential("nope", "u:p")
        .write(bad_scheme)
        .feed(refused)
        .expect("refused nope u:p auth_failed")
        .expect("state suspended")
        .expect("disconnect"); // the server would close anyway
    reopened(s).expect("state connected").then([](world& w) { EXPECT_EQ(w.subject.output(), ""); });
    s.run();
}

TEST(auth, C13_after_a_refusal_only_answers_under_way_are_waited_for) {
    const std::string get = reference("get_data"), set = reference("set_data");
    script s = opened();
    s.submit({get, set})
        .write(get + set)
        .credential("nope", "u:p")
        .write(bad_scheme)
        .feed(refused)
        .expect("refused nope u:p auth_failed")
        .then([](world& w) { EXPECT_FALSE(w.subject.accepts_requests()); })
        .feed(hex("00000010000000040000000000000005ffffff9b"))
        .expect("reply 4 err -101")
        .feed(hex("00000010000000050000000000000005ffffff9b"))
        .expect("reply 5 err -101")
        .expect("state suspended")
        .expect("disconnect");
    reopened(s, resume_frame(5)).expect("state connected");
    s.run();
}

TEST(auth, a_credential_without_a_verdict_is_sent_again) {
    script s = opened();
    s.credential("digest", "u:p").write(digest_up).closed().expect("state suspended");
    reopened(s).write(digest_up).feed(accepted).expect("accepted digest u:p").expect("state connected");
    s.run();
}

TEST(auth, C13_a_waiting_credential_that_is_refused_while_connecting_costs_that_connection_only) {
    script s = opened();
    s.closed().expect("state suspended").credential("nope", "u:p");
    reopened(s)
        .write(bad_scheme)
        .feed(refused)
        .expect("refused nope u:p auth_failed")
        .expect("disconnect")
        .advance(50ms);
    reopened(s).expect("state connected");
    s.run();
}

TEST(auth, C13_a_required_credential_that_is_refused_is_the_end) {
    script(script::one_host())
        .credential("nope", "u:p", true)
        .credential("digest", "u:p", true)
        .start()
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(sent("connect", "new_session"))
        .feed(got("connect", "new_session"))
        .write(bad_scheme + digest_up)
        .feed(refused)
        .expect("refused nope u:p auth_failed")
        .expect("refused digest u:p auth_failed")
        .expect("session lost auth_failed")
        .expect("state auth_failed")
        .expect("disconnect")
        .then([](world& w) { EXPECT_EQ(w.subject.deadline(), never); })
        .advance(1h)
        .expect_nothing()
        .run();
}

TEST(auth, C13_a_stored_credential_that_is_refused_later_is_the_end) {
    script s = opened();
    s.credential("digest", "u:p")
        .write(digest_up)
        .feed(accepted)
        .expect("accepted digest u:p")
        .submit_watch(reference("exists"), "w", session::watch_kind::exists, "/a")
        .write(reference("exists"))
        .feed(hex("00000010000000030000000000000002ffffff9b"))
        .expect("reply 3 err -101")
        .closed()
        .expect("state suspended");
    reopened(s, resume_frame(2))
        .write(digest_up)
        .feed(refused)
        .expect("end w auth_failed")
        .expect("session lost auth_failed")
        .expect("state auth_failed")
        .expect("disconnect");
    s.run();
}

TEST(auth, a_server_that_cannot_judge_a_stored_credential_is_left) {
    script s = opened();
    s.credential("digest", "u:p").write(digest_up).feed(accepted).expect("accepted digest u:p");
    s.closed().expect("state suspended");
    reopened(s)
        .write(digest_up)
        .feed(hex("00000010fffffffc0000000000000000ffffff81")) // throttled
        .expect("disconnect")
        .advance(50ms);
    reopened(s).write(digest_up).feed(accepted).expect("state connected");
    s.run();
}

TEST(auth, after_the_end_a_credential_is_refused_at_once) {
    opened()
        .abort()
        .expect("state closed")
        .expect("disconnect")
        .credential("digest", "u:p")
        .expect("refused digest u:p closed")
        .run();
}

TEST(auth, C13_a_removed_credential_is_not_sent_again) {
    script keeps = opened();
    keeps.credential("digest", "u:p")
        .write(digest_up)
        .feed(accepted)
        .expect("accepted digest u:p")
        .remove_credential("digest", "u:other")
        .remove_credential("nope", "u:p")
        .closed()
        .expect("state suspended");
    reopened(keeps).write(digest_up).feed(accepted).expect("state connected");
    keeps.run();
    script removes = opened();
    removes.credential("digest", "u:p")
        .write(digest_up)
        .feed(accepted)
        .expect("accepted digest u:p")
        .remove_credential("digest", "u:p")
        .closed()
        .expect("state suspended");
    reopened(removes)
        .expect("state connected")
        .credential("digest", "u:p")
        .write(digest_up)
        .feed(accepted)
        .expect("accepted digest u:p")
        .run();
}

TEST(auth, C13_a_credential_that_waits_is_given_up_when_it_is_removed) {
    script s(script::one_host());
    s.start()
        .credential("digest", "u:p", true)
        .remove_credential("digest", "u:p")
        .expect("refused digest u:p cancelled")
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(sent("connect", "new_session"))
        .feed(got("connect", "new_session"))
        .expect("state connected")
        .run();
}

TEST(auth, C13_what_a_server_says_of_a_credential_that_was_removed_meanwhile_is_taken_as_its_answer) {
    script granted = opened();
    granted.credential("digest", "u:p")
        .write(digest_up)
        .remove_credential("digest", "u:p")
        .expect("refused digest u:p cancelled")
        .feed(accepted)
        .closed()
        .expect("state suspended");
    reopened(granted).expect("state connected");
    granted.run();
    script denied = opened();
    denied.credential("nope", "u:p", true)
        .write(bad_scheme)
        .remove_credential("nope", "u:p")
        .expect("refused nope u:p cancelled")
        .feed(refused)
        .expect("state suspended")
        .expect("disconnect");
    reopened(denied).expect("state connected");
    denied.run();
    script stored = opened();
    stored.credential("digest", "u:p").write(digest_up).feed(accepted).expect("accepted digest u:p");
    stored.closed().expect("state suspended");
    reopened(stored)
        .write(digest_up)
        .remove_credential("digest", "u:p")
        .feed(refused)
        .expect("disconnect")
        .advance(50ms);
    reopened(stored).expect("state connected");
    stored.run();
}

TEST(auth, C43_logs_show_no_secret_no_data_and_no_session_password) {
    session::config c = script::one_host();
    c.log_threshold = log_level::wire;
    world w(c);
    w.credential("digest", "jane:hunter2", true);
    w.start();
    w.take_orders();
    w.connected();
    w.write_all();
    std::string granted = got("connect", "new_session");
    granted.replace(granted.size() - 17, 16, "sessionpassword!");
    w.feed(granted);
    w.write_all();
    w.feed(accepted);
    ASSERT_EQ(w.subject.state(), session_state::connected);
    std::string set = reference("set_data"); // /a "yz"
    w.request(set);
    w.flush();
    w.write_all();
    w.feed(with_xid(got("watch_once", "get_data_watch"), 5));
    w.advance(3'334ms);
    w.write_all();
    w.feed(got("connect", "ping_of_resumed_session"));
    w.feed(reference("event_created"));
    w.credential("nope", "topsecret");
    w.write_all();
    w.feed(refused);
    w.take_orders();
    w.advance(100ms);
    for (const char* line : {"> auth xid -4 length", "> setData xid 5 path /a length 24", "< setData xid 5 length",
                             "> ping xid -2", "< ping xid -2", "< notification 1 path /a", "session state: connected"})
        EXPECT_THAT(w.logged, HasSubstr(line));
    for (const char* hidden : {"hunter2", "jane", "topsecret", "sessionpassword", "yz"})
        EXPECT_THAT(w.logged, testing::Not(HasSubstr(hidden)));
}

} // namespace
} // namespace kazoo::test::auth_test
