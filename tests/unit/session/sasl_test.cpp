// SASL: ahead of everything else on each connection, and no success without a proof.
#include "proto/framing.hpp"
#include "proto/records.hpp"
#include "script.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace kazoo::test::sasl_test {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string required = "the server requires authentication, by SASL or another scheme";

std::string says(std::string_view token) { // the client
    std::string frame;
    proto::put_request(frame, proto::xid::own, proto::opcode::sasl, proto::token_record{token});
    return frame;
}

std::string answers(std::optional<std::string_view> token) {
    std::string frame;
    proto::put_reply(frame, {proto::xid::own, 0, 0}, proto::token_record{token.value_or(std::string_view())});
    return frame;
}

std::string refuses(errc e, std::int32_t xid = proto::xid::own) {
    std::string frame;
    proto::put_reply(frame, {xid, 0, static_cast<std::int32_t>(e)});
    return frame;
}

session::config by_sasl() {
    session::config c = script::one_host();
    c.sasl = true;
    return c;
}

/// Our first token is on its way.
script begun() {
    script s(by_sasl());
    s.start()
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(sent("connect", "new_session"))
        .feed(got("connect", "new_session"))
        .expect("sasl begins")
        .sasl("")
        .write(says(""));
    return s;
}

/// As DIGEST-MD5 does it: the last word is the server's.
script authenticated() {
    script s = begun();
    s.feed(answers("challenge"))
        .expect("sasl challenge")
        .sasl("response")
        .write(says("response"))
        .feed(answers("proof"))
        .expect("sasl proof")
        .sasl("", true)
        .expect("state connected");
    return s;
}

auto set_hosts(std::vector<session::host_port> hosts) {
    return [hosts](world& w) { w.subject.set_hosts(hosts, w.now); };
}

auto failure_is(const std::string& why) {
    return [why](world& w) { EXPECT_THAT(w.subject.last_failures(), HasSubstr(why)); };
}

TEST(sasl, goes_ahead_of_credentials_and_requests) {
    script s = begun();
    s.credential("digest", "u:p")
        .submit({reference("set_data")})
        .write("")
        .expect_nothing()
        .feed(answers("challenge"))
        .expect("sasl challenge")
        .sasl("response")
        .write(says("response"))
        .feed(answers("proof"))
        .expect("sasl proof")
        .sasl("", true)
        .write(sent("auth", "auth_digest"))
        .feed(got("auth", "auth_digest"))
        .expect("accepted digest u:p")
        .expect("state connected")
        .write(reference("set_data"))
        .feed(refuses(errc::no_node, 5))
        .expect("reply 5 err -101")
        .run();
}

TEST(sasl, may_end_with_a_word_of_ours) { // as GSSAPI does
    script s = begun();
    s.feed(answers("layers"))
        .expect("sasl layers")
        .sasl("none", true)
        .write(says("none"))
        .expect_nothing()
        .feed(answers({}))
        .expect("state connected")
        .run();
}

TEST(sasl, the_end_of_a_dialogue_is_the_end) {
    script s = begun();
    s.feed(answers("layers"))
        .expect("sasl layers")
        .sasl("none", true)
        .write(says("none"))
        .feed(answers("more"))
        .expect("disconnect")
        .then(failure_is("SASL token behind the last one"))
        .run();
}

TEST(sasl, is_done_again_on_every_connection) {
    script s = authenticated();
    s.closed()
        .expect("state suspended")
        .advance(50ms)
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(resume_frame(0))
        .feed(got("connect", "resume"))
        .expect("sasl begins")
        .sasl("")
        .write(says(""))
        .feed(answers("challenge"))
        .expect("sasl challenge")
        .sasl("response")
        .write(says("response"))
        .feed(answers("proof"))
        .expect("sasl proof")
        .sasl("", true)
        .expect("state connected")
        .run();
}

TEST(sasl, a_server_without_it_is_left) {
    script s = begun();
    s.submit({reference("set_data")})
        .feed(answers({}))
        .expect("disconnect")
        .then(failure_is("the server has no SASL"))
        .advance(50ms)
        .expect("connect 10.0.0.1:2181")
        .run();
}

TEST(sasl, a_server_that_goes_on_without_a_proof_has_refused) {
    script s = begun();
    s.feed(answers("challenge"))
        .expect("sasl challenge")
        .sasl("response")
        .write(says("response"))
        .feed(answers({}))
        .expect("session lost auth_failed")
        .expect("state auth_failed")
        .expect("disconnect")
        .then(failure_is("refused it, and would go on without"))
        .run();
}

TEST(sasl, a_refusal_is_final_and_everything_ends_with_it) {
    for (const errc e : {errc::auth_failed, errc::sasl_required}) {
        script s = begun();
        s.credential("digest", "u:p")
            .submit({reference("set_data")})
            .feed(refuses(e))
            .expect("refused digest u:p auth_failed")
            .expect("session lost auth_failed")
            .expect("fail 5 auth_failed not_applied")
            .expect("state auth_failed")
            .expect("disconnect")
            .then(failure_is("10.0.0.1:2181: SASL: the server refused it"))
            .advance(1h)
            .expect_nothing()
            .run();
    }
}

TEST(sasl, what_a_server_cannot_judge_costs_the_connection) {
    script s = begun();
    s.feed(refuses(errc::throttled)).expect("disconnect").advance(50ms).expect("connect 10.0.0.1:2181").run();
}

TEST(sasl, C41_what_fails_on_our_side_is_tried_again) {
    script s = begun();
    s.feed(answers("challenge"))
        .expect("sasl challenge")
        .sasl_fails("the ticket has expired")
        .expect("disconnect")
        .then(failure_is("10.0.0.1:2181: SASL: the ticket has expired"))
        .advance(50ms)
        .expect("connect 10.0.0.1:2181")
        .run();
}

TEST(sasl, nobody_waits_for_ever) {
    const auto limit = 3'400ms; // a third of the session's timeout
    script s = begun();
    s.advance(limit).then(failure_is("SASL: no answer by the server within")).expect("disconnect");
    s.expect("connect 10.0.0.1:2181").run();
    script ours = begun();
    ours.feed(answers("challenge"))
        .expect("sasl challenge")
        .advance(limit)
        .then(failure_is("SASL: no answer by the mechanism within"))
        .expect("disconnect")
        .expect("connect 10.0.0.1:2181")
        .run();
}

/// A session that is granted has not shown yet that the server is quick enough for the rest.
TEST(sasl, has_more_time_from_round_to_round) {
    session::config c = by_sasl();
    c.hosts.hosts.clear();
    for (std::uint16_t port = 1; port <= 10; ++port) c.hosts.hosts.push_back({"10.0.0.1", port});
    c.reconnect = {.initial_delay = 1ms, .max_delay = 1ms, .factor = 1, .jitter = 0};
    script s(c);
    s.start();
    std::string hello = sent("connect", "new_session");
    for (const duration limit : {1000ms, 2000ms}) { // a tenth of T, then twice as long
        for (int port = 1; port <= 10; ++port) {
            s.expect("connect 10.0.0.1:" + std::to_string(port)).connected().write(hello);
            s.feed(got("connect", port == 1 && limit == 1000ms ? "new_session" : "resume")).expect("sasl begins");
            s.sasl("").write(says("")).advance(limit).expect("disconnect");
            hello = resume_frame(0);
        }
        s.advance(1ms);
    }
    s.expect("connect 10.0.0.1:1").run();
}

TEST(sasl, a_step_for_an_older_connection_is_no_step) {
    world w(by_sasl());
    w.start();
    w.take_orders();
    w.connected();
    w.write_all();
    w.feed(got("connect", "new_session"));
    w.take_orders();
    const auto older = w.sasl_for.value();
    w.closed();
    w.advance(1s);
    w.connected();
    w.write_all();
    w.feed(got("connect", "resume"));
    w.take_orders();
    ASSERT_NE(w.sasl_for.value(), older);
    w.subject.on_sasl(older, {.is = util::sasl_step::state::more, .token = "late"}, w.now);
    EXPECT_EQ(w.subject.output(), "");
    w.sasl({.is = util::sasl_step::state::more, .token = "now"});
    EXPECT_EQ(to_hex(w.write_all()), to_hex(says("now")));
    w.subject.abort(w.now);
}

TEST(sasl, hosts_may_change_meanwhile) {
    script stays = begun();
    stays.then(set_hosts({{"10.0.0.1", 2181}, {"10.0.0.2", 2181}}))
        .expect_nothing()
        .feed(answers("challenge"))
        .expect("sasl challenge")
        .sasl("", true)
        .expect("state connected")
        .run();
    script moves = begun();
    moves.then(set_hosts({{"10.0.0.2", 2181}})).expect("disconnect").expect("connect 10.0.0.2:2181").run();
}

TEST(sasl, an_answer_to_nothing_is_a_violation) {
    script s(by_sasl());
    s.start()
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(sent("connect", "new_session"))
        .feed(got("connect", "new_session"))
        .expect("sasl begins")
        .feed(answers("early"))
        .expect("disconnect")
        .advance(50ms)
        .expect("connect 10.0.0.1:2181")
        .run();
}

TEST(sasl, who_closes_meanwhile_ends_the_session_behind_it) {
    std::string close;
    proto::put_request(close, proto::xid::own, proto::opcode::close_session);
    script s = begun();
    s.close()
        .write("")
        .feed(answers("challenge"))
        .expect("sasl challenge")
        .sasl("", true)
        .write(close)
        .feed(refuses(errc{}))
        .expect("state closed")
        .expect("disconnect")
        .run();
}

TEST(sasl, who_closes_meanwhile_is_not_told_of_a_refusal) {
    script s = begun();
    s.close().feed(refuses(errc::auth_failed)).expect("state closed").expect("disconnect").run();
}

TEST(sasl, a_session_that_ends_meanwhile_is_begun_anew) {
    world w(by_sasl());
    w.start();
    w.take_orders();
    w.connected();
    w.write_all();
    w.feed(got("connect", "new_session"));
    w.take_orders();
    w.request(reference("set_data"));
    w.subject.expire(w.now);
    w.advance(1s);
    w.take_orders();
    EXPECT_TRUE(w.connecting);
    w.subject.abort(w.now);
}

// -- servers that demand it -------------------------------------------------------------------------------------------

TEST(sasl, a_server_that_demands_it_is_final_and_says_so) {
    script s(script::one_host());
    s.open_session()
        .submit({reference("get_data"), reference("set_data")})
        .write(reference("get_data") + reference("set_data"))
        .feed(refuses(errc::sasl_required, 4))
        .expect("reply 4 err -124")
        .expect("fail 5 auth_failed unknown")
        .expect("session lost auth_failed")
        .expect("state auth_failed")
        .expect("disconnect")
        .then(failure_is(required))
        .run();
}

TEST(sasl, a_server_that_demands_it_at_a_ping_says_so) {
    script s(script::one_host());
    s.open_session()
        .advance(3'400ms)
        .write(reference("ping"))
        .feed(refuses(errc::sasl_required, proto::xid::ping))
        .expect("session lost auth_failed")
        .expect("state auth_failed")
        .expect("disconnect")
        .then(failure_is(required))
        .run();
}

TEST(sasl, a_demand_for_it_that_answers_nothing_is_a_violation) {
    for (const std::int32_t xid : {1, proto::xid::ping, proto::xid::auth, proto::xid::set_watches}) {
        script s = begun();
        s.feed(refuses(errc::sasl_required, xid)).expect("disconnect");
        s.then(failure_is("protocol violation")).advance(50ms).expect("connect 10.0.0.1:2181").run();
    }
}

TEST(sasl, tokens_are_in_no_log) {
    session::config c = by_sasl();
    c.log_threshold = log_level::wire;
    world w(c);
    w.start();
    w.take_orders();
    w.connected();
    w.write_all();
    w.feed(got("connect", "new_session"));
    w.take_orders();
    w.sasl({.is = util::sasl_step::state::more, .token = "topsecret"});
    w.write_all();
    w.feed(answers("hunter2"));
    w.take_orders();
    w.sasl({.is = util::sasl_step::state::done});
    ASSERT_EQ(w.subject.state(), session_state::connected);
    EXPECT_THAT(w.logged, HasSubstr("> sasl xid"));
    EXPECT_THAT(w.logged, HasSubstr("< sasl xid"));
    for (const char* hidden : {"topsecret", "hunter2"}) EXPECT_THAT(w.logged, Not(HasSubstr(hidden)));
    w.subject.abort(w.now);
}

} // namespace
} // namespace kazoo::test::sasl_test
