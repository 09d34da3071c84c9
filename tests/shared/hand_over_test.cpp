// Sessions that pass from one client to another: detach() and client_options::resume.
#include "backend.hpp"

#include <gmock/gmock.h>

#include <sstream>

using namespace kazoo;
using namespace std::chrono_literals;
using kazoo::test::eventually;

namespace {

class hand_over : public test::client_test {
  protected:
    client resume(const session_ticket& ticket) const {
        auto o = quick();
        o.resume = ticket;
        return connect(std::move(o));
    }
};

TEST_F(hand_over, the_session_goes_on_with_its_ephemeral_nodes) {
    client first = connect();
    first.create("/e", "", {.mode = create_mode::ephemeral});
    const session_id id = first.session_id();
    auto last = first.async_set("/e", "written last");
    const session_ticket ticket = first.detach();
    EXPECT_EQ(ticket.id, id);
    EXPECT_EQ(ticket.negotiated_timeout, 4s);
    EXPECT_TRUE(std::move(last).result()) << "what was submitted is finished first";
    EXPECT_EQ(first.state(), session_state::closed);
    EXPECT_THROW(first.get("/e"), closed_error);

    const client second = resume(ticket);
    EXPECT_EQ(second.session_id(), id);
    const node n = second.get("/e");
    EXPECT_EQ(n.stat.owner, id);
    EXPECT_EQ(n.data, "written last");
    second.close();
    const client third = connect();
    EXPECT_FALSE(third.exists("/e")) << "closing ends the session, whoever began it";
}

TEST_F(hand_over, a_session_that_is_over_gives_a_new_one) {
    const session_ticket ticket = connect().detach();
    resume(ticket).close();
    const client late = resume(ticket);
    EXPECT_NE(late.session_id(), ticket.id);
    EXPECT_EQ(late.create("/n"), "/n");
}

TEST_F(hand_over, a_session_that_is_over_is_no_refusal_of_all_addresses) {
    const session_ticket ticket = connect().detach();
    resume(ticket).close();
    auto o = quick();
    o.resume = ticket;
    const client late(test::server().address() + root, o);
    late.async_try_connect().get_for(20s);
    EXPECT_NE(late.session_id(), ticket.id);
}

TEST_F(hand_over, a_wrong_password_gives_a_new_session) {
    session_ticket ticket = connect().detach();
    ticket.password.fill('x');
    EXPECT_NE(resume(ticket).session_id(), ticket.id);
}

TEST_F(hand_over, the_old_holder_notices_when_another_one_takes_over) {
    const session_ticket ticket = connect().detach();
    auto o = quick();
    o.resume = ticket;
    o.reconnect.initial_delay = o.reconnect.max_delay = 30s;
    const client old = connect(std::move(o));
    const test::state_log states(old);
    const client thief = resume(ticket);
    EXPECT_TRUE(eventually([&] { return states.saw(session_state::suspended); }));
    EXPECT_EQ(thief.session_id(), ticket.id);
}

TEST_F(hand_over, happens_once) {
    const client c = connect();
    auto first = c.async_detach();
    auto second = c.async_detach();
    EXPECT_NE(std::move(first).get().id, session_id::none);
    EXPECT_EQ(std::move(second).result().error(), errc::closed);
    EXPECT_EQ(c.async_detach().result().error(), errc::closed);
    c.close();
}

TEST_F(hand_over, without_a_session_there_is_nothing_to_give) {
    const client nobody("127.0.0.1:1", quick());
    EXPECT_EQ(nobody.async_detach().result().error(), errc::connection_loss);
    EXPECT_EQ(nobody.state(), session_state::closed);
}

TEST_F(hand_over, a_ticket_prints_no_password_and_no_log_line_has_one) {
    std::mutex mutex;
    std::string log;
    auto o = quick();
    o.log = {log_level::wire, [&](log_level, std::string_view line) {
                 const std::lock_guard lock(mutex);
                 log.append(line).append("\n");
             }};
    const client c = connect(o);
    const session_ticket ticket = c.detach();
    o.resume = ticket;
    connect(std::move(o)).close();
    std::ostringstream printed;
    printed << ticket;
    const std::string raw(ticket.password.begin(), ticket.password.end());
    std::string hex;
    for (const char b : raw) {
        constexpr char digits[] = "0123456789abcdef";
        hex += digits[static_cast<unsigned char>(b) >> 4];
        hex += digits[static_cast<unsigned char>(b) & 15];
    }
    const std::lock_guard lock(mutex);
    for (const std::string& text : {log, printed.str()}) {
        EXPECT_THAT(text, testing::Not(testing::HasSubstr(raw)));
        EXPECT_THAT(text, testing::Not(testing::HasSubstr(hex)));
    }
    EXPECT_THAT(printed.str(), testing::StartsWith(to_string(ticket.id)));
}

} // namespace
