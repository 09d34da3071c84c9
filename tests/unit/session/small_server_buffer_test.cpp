// A server takes shorter requests than we send (jute.maxbuffer): it closes the connection and says nothing.
#include "proto/framing.hpp"
#include "script.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace kazoo::test::small_server_buffer_test {
namespace {

using namespace std::chrono_literals;

/// A session with watches on three nodes whose paths have 30,000 bytes.
void watch_long_paths(world& w) {
    for (std::int32_t xid = 1; xid <= 3; ++xid) {
        const std::string path = "/" + std::string(30'000, static_cast<char>('a' + xid));
        std::string frame;
        proto::put_request(frame, xid, proto::opcode::exists, proto::path_watch_request{path, true});
        w.request(frame, &w.watcher("w" + std::to_string(xid), session::watch_kind::exists, path));
        w.flush();
        w.write_all();
        w.feed(with_xid(hex("00000010000000030000000000000002ffffff9b"), xid));
    }
    w.said.clear();
}

/// The session comes back on a new connection; the frames that it then sends, by length.
std::vector<std::size_t> restore(world& w) {
    w.closed();
    while (!w.connecting) {
        w.advance(50ms);
        w.take_orders();
    }
    w.said.clear();
    w.connected();
    w.write_all();
    w.feed(got("connect", "resume"));
    const std::string written = w.write_all();
    std::vector<std::size_t> lengths;
    for (std::size_t at = 0; at < written.size(); at += 4 + lengths.back())
        lengths.push_back(proto::load_be32(written.data() + at));
    return lengths;
}

void answer(world& w, std::size_t batches) {
    for (std::size_t i = 0; i < batches; ++i) w.feed(got("set_watches", "set_watches_data"));
}

script watching() {
    script s(script::one_host());
    s.open_session().then(watch_long_paths);
    return s;
}

TEST(small_server_buffer, requests_to_restore_watches_halve_until_the_server_takes_them) {
    watching()
        .then([](world& w) {
            EXPECT_EQ(restore(w).size(), 1U);
            EXPECT_EQ(restore(w).size(), 2U); // 64 KiB
            const auto lengths = restore(w);  // 32 KiB
            EXPECT_EQ(lengths.size(), 3U);
            for (const std::size_t length : lengths) EXPECT_LT(length, 32U << 10);
            EXPECT_EQ(restore(w).size(), 3U); // not less than one path
            answer(w, 3);
            EXPECT_EQ(w.subject.state(), session_state::connected);
            EXPECT_EQ(restore(w).size(), 3U); // it is remembered
            w.said.clear();
        })
        .run();
}

TEST(small_server_buffer, connections_that_end_otherwise_change_nothing) {
    watching()
        .then([](world& w) {
            EXPECT_EQ(restore(w).size(), 1U);
            answer(w, 1);
            EXPECT_EQ(w.subject.state(), session_state::connected);
            EXPECT_EQ(restore(w).size(), 1U);
            w.advance(7s); // silent: it may be dead
            w.said.clear();
        })
        .then([](world& w) {
            w.take_orders();
            while (!w.connecting) {
                w.advance(10ms);
                w.take_orders();
            }
            EXPECT_EQ(restore(w).size(), 1U);
            w.said.clear();
        })
        .run();
}

} // namespace
} // namespace kazoo::test::small_server_buffer_test
