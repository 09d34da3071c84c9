#include "script.hpp"

#include "autopilot.hpp"
#include "golden/golden.hpp"
#include "proto/jute.hpp"

#include <gtest/gtest.h>

namespace kazoo::test {

// -- golden frames ----------------------------------------------------------------------------------------------------

std::string sent(std::string_view transcript, std::string_view exchange) {
    return golden::find(transcript, exchange).request().bytes;
}

std::string got(std::string_view transcript, std::string_view exchange) {
    return golden::find(transcript, exchange).reply().bytes;
}

std::string got(std::string_view transcript, std::string_view exchange, std::size_t n, int connection) {
    for (const golden::step& s : golden::find(transcript, exchange).steps)
        if (s.what == golden::step::kind::receive && (connection == 0 || s.connection == connection) && n-- == 0)
            return s.bytes;
    throw std::runtime_error("no such frame in " + std::string(exchange));
}

std::string reference(std::string_view name) {
    for (const golden::exchange& e : golden::read(golden::folder() / "reference_frames.txt"))
        if (e.name == name) return e.steps.front().bytes;
    throw std::runtime_error("no reference frame " + std::string(name));
}

std::string hex(std::string_view digits) { return golden::from_hex(digits); }
std::string to_hex(std::string_view bytes) { return golden::to_hex(bytes); }

std::string with_xid(std::string frame, std::int32_t xid) {
    proto::store_be32(frame.data() + 4, static_cast<std::uint32_t>(xid));
    return frame;
}

std::string resume_frame(std::int64_t last_zxid) {
    std::string frame = sent("connect", "resume");
    proto::store_be64(frame.data() + 8, static_cast<std::uint64_t>(last_zxid));
    return frame;
}

// -- steps ------------------------------------------------------------------------------------------------------------

session::config script::one_host() {
    session::config c;
    c.hosts.hosts = {{"10.0.0.1", 2181}};
    c.randomize_hosts = false;
    c.reconnect.jitter = 0;
    return c;
}

script& script::start() {
    return add([](world& w, const how&) { w.start(); });
}

script& script::connected(std::string address) {
    return add([address = std::move(address)](world& w, const how&) {
        w.take_orders();
        w.connected(address);
    });
}

script& script::refused(std::string address) {
    return add([address = std::move(address)](world& w, const how&) { w.refused(address); });
}

script& script::closed(std::error_code ec, std::string_view why) {
    return add([ec, why](world& w, const how&) { w.closed(ec, why); });
}

script& script::write(std::string bytes) {
    return add([bytes = std::move(bytes)](world& w, const how& h) {
        w.flush();
        EXPECT_EQ(to_hex(w.write_all(h.output_chunk)), to_hex(bytes));
    });
}

script& script::feed(std::string bytes) {
    longest_input_ = std::max(longest_input_, bytes.size());
    return add([bytes = std::move(bytes)](world& w, const how& h) {
        if (h.input_split > 0)
            w.feed_split(bytes, h.input_split);
        else
            w.feed(bytes, h.input_chunk);
    });
}

script& script::advance(duration d) {
    return add([d](world& w, const how&) { w.advance(d); });
}

script& script::submit(std::vector<std::string> frames) {
    return add([frames = std::move(frames)](world& w, const how&) {
        for (const std::string& frame : frames) w.request(frame);
    });
}

script& script::submit_watch(std::string frame, std::string name, session::watch_kind kind, std::string path) {
    return add([=](world& w, const how&) { w.request(frame, &w.watcher(name, kind, path)); });
}

script& script::forget(std::string name) {
    return add([name = std::move(name)](world& w, const how&) { w.subject.forget(w.watcher(name)); });
}

script& script::credential(std::string scheme, std::string secret, bool required) {
    return add([=](world& w, const how&) { w.credential(scheme, secret, required); });
}

script& script::remove_credential(std::string scheme, std::string secret) {
    return add([=](world& w, const how&) { w.subject.remove_credential(scheme, secret); });
}

script& script::sasl(std::string token, bool done) {
    using state = util::sasl_step::state;
    return add([token = std::move(token), done](world& w, const how&) {
        w.take_orders();
        w.sasl({.is = done ? state::done : state::more, .token = token});
    });
}

script& script::sasl_fails(std::string why) {
    return add([why = std::move(why)](world& w, const how&) {
        w.take_orders();
        w.sasl({.why = why});
    });
}

script& script::close() {
    return add([](world& w, const how&) { w.subject.close(w.now); });
}

script& script::abort() {
    return add([](world& w, const how&) { w.subject.abort(w.now); });
}

script& script::expect(std::string line) {
    return add([line = std::move(line)](world& w, const how&) {
        w.take_orders();
        ASSERT_FALSE(w.said.empty()) << "nothing said, expected: " << line;
        EXPECT_EQ(w.said.front(), line);
        w.said.pop_front();
    });
}

script& script::expect_nothing() {
    return add([](world& w, const how&) {
        w.take_orders();
        EXPECT_TRUE(w.said.empty()) << "said: " << w.said.front();
    });
}

script& script::then(std::function<void(world&)> f) {
    return add([f = std::move(f)](world& w, const how&) { f(w); });
}

script& script::open_session() {
    return start()
        .expect("connect 10.0.0.1:2181")
        .connected()
        .write(sent("connect", "new_session"))
        .feed(got("connect", "new_session"))
        .expect("state connected");
}

// -- runs -------------------------------------------------------------------------------------------------------------

void script::play(world& w, std::size_t steps, const how& h) const {
    for (std::size_t i = 0; i < steps; ++i) {
        SCOPED_TRACE("step " + std::to_string(i + 1));
        steps_[i](w, h);
        if (::testing::Test::HasFailure()) return;
    }
}

void script::play_whole(const how& h) const {
    world w(config_);
    play(w, steps_.size(), h);
    w.take_orders();
    EXPECT_TRUE(w.said.empty()) << "said, and not expected: " << w.said.front();
    check_end(w);
}

void script::play_with_failure_after(std::size_t steps, int kind) const {
    world w(config_);
    play(w, steps, {});
    w.take_orders();
    switch (kind) {
    case 0:
        if (w.connection_open || w.connecting) w.closed(std::make_error_code(std::errc::connection_reset));
        break;
    case 1:
        if (w.connection_open || w.connecting) w.closed();
        break;
    case 2: w.advance(config_.timeout * 3 / 4); break;
    case 3: w.advance(config_.timeout * 2); break;
    default: // a paused process: all the time passes at once
        w.now += config_.timeout * 2;
        w.ring();
        break;
    }
    drive_home(w);
    check_end(w);
}

void script::run() {
    const auto attempt = [](const std::string& what, auto&& play_it) {
        SCOPED_TRACE(what);
        play_it();
        return !::testing::Test::HasFailure();
    };
    if (!attempt("as written", [&] { play_whole({}); })) return;
    if (!attempt("input byte by byte", [&] { play_whole({.input_chunk = 1}); })) return;
    if (!attempt("output byte by byte", [&] { play_whole({.output_chunk = 1}); })) return;
    for (std::size_t at = 1; at < longest_input_; ++at)
        if (!attempt("input split at " + std::to_string(at), [&] { play_whole({.input_split = at}); })) return;
    for (std::size_t steps = 1; steps <= steps_.size(); ++steps)
        for (int kind = 0; kind < 5; ++kind)
            if (!attempt("failure " + std::to_string(kind) + " behind step " + std::to_string(steps),
                         [&] { play_with_failure_after(steps, kind); }))
                return;
}

session::config with_hosts(std::vector<session::host_port> hosts) {
    session::config c = script::one_host();
    c.hosts.hosts = std::move(hosts);
    return c;
}

} // namespace kazoo::test
