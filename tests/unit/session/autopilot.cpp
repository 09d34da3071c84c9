#include "autopilot.hpp"

#include "proto/framing.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace kazoo::test {

namespace {

void grant(world& w, std::string_view payload) {
    proto::connect_request asked;
    std::optional<bool> read_only;
    ASSERT_TRUE(proto::get_connect_request(payload, asked, read_only));
    proto::connect_response answer;
    answer.timeout_ms = asked.timeout_ms;
    answer.session_id = asked.session_id != 0 ? asked.session_id : 0x77;
    answer.password = "0123456789abcdef";
    std::string bytes;
    proto::put_connect_response(bytes, answer, false);
    w.feed(bytes);
}

void answer(world& w, std::string_view payload) {
    proto::request_header header;
    ASSERT_TRUE(proto::decode(payload, header));
    std::string bytes;
    if (header.type == static_cast<std::int32_t>(proto::opcode::sasl))
        proto::put_reply(bytes, {header.xid, 0, 0}, proto::token_record{"proof"});
    else
        proto::put_reply(bytes, {header.xid, 1, 0});
    w.feed(bytes);
    w.take_orders();
    if (header.type == static_cast<std::int32_t>(proto::opcode::close_session) && w.connection_open) w.closed();
}

} // namespace

void drive_home(world& w) {
    if (!w.started) w.start();
    bool first_frame = true;
    std::string written;
    std::uint64_t used = w.used;
    for (int turns = 0; turns < 3'000; ++turns) {
        w.take_orders();
        const session_state state = w.subject.state();
        if (state == session_state::closed || state == session_state::auth_failed) return;
        for (const std::string& name : std::vector(w.names_asked)) w.resolved(name, {"10.9.9.9"});
        w.take_orders();
        w.flush();
        if (w.sasl_for) {
            const bool first = w.said.back() == "sasl begins";
            w.sasl({.is = first ? util::sasl_step::state::more : util::sasl_step::state::done});
            continue;
        }
        if (w.connecting && !w.connection_open) {
            w.connected();
            continue;
        }
        if (std::exchange(used, w.used) != w.used) {
            first_frame = true;
            written.clear();
        }
        if (w.connection_open && !w.subject.output().empty()) {
            written += w.write_some(std::string::npos);
            proto::frame next;
            while (w.connection_open &&
                   (next = proto::next_frame(written, 1 << 20)).state == proto::frame::status::complete) {
                const std::string payload(next.payload);
                written.erase(0, 4 + next.length);
                std::exchange(first_frame, false) ? grant(w, payload) : answer(w, payload);
                w.take_orders();
            }
            continue;
        }
        if (state == session_state::connected && w.subject.pending() == 0 && w.waiting.empty()) return;
        const time_point wake = w.subject.deadline();
        ASSERT_NE(wake, never) << "it waits for nothing";
        if (wake > w.now) w.now = wake;
        w.ring();
    }
    FAIL() << "it does not come to rest; state " << to_string(w.subject.state()) << "\n" << w.all_said;
}

void check_end(world& w) {
    if (w.subject.state() != session_state::closed) w.subject.abort(w.now);
    w.take_orders();
    EXPECT_EQ(w.subject.state(), session_state::closed);
    EXPECT_EQ(w.subject.pending(), 0U);
    for (const auto& r : w.requests) EXPECT_TRUE(r->done) << "xid " << r->xid << " never completed\n" << w.all_said;
    for (const auto& c : w.credentials) EXPECT_TRUE(c->judged);
    for (const auto& [name, watcher] : w.watchers) {
        const auto carries = [&](const auto& r) { return r->watcher.get() == watcher.get(); };
        EXPECT_EQ(watcher->counts, std::ranges::count_if(w.requests, carries)) << name << " is in the table yet";
    }
    w.said.clear();
    w.subject.on_time(w.now + 1h);
    EXPECT_TRUE(w.lines.empty()) << "left open: " << w.lines.front().address;
    EXPECT_FALSE(w.connection_open);
    w.subject.on_closed(w.used, {}, w.now + 1h);
    w.take_orders();
    EXPECT_TRUE(w.said.empty()) << "after closed: " << w.said.front();
    EXPECT_EQ(w.subject.deadline(), never);
}

} // namespace kazoo::test
