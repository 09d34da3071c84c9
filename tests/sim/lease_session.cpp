#include "lease_session.hpp"

#include "proto/multi.hpp"

#include <algorithm>
#include <limits>

namespace kazoo::testkit {

using namespace std::chrono_literals;
using proto::opcode;

void lease_session::later(duration d, void (lease_session::*what)()) {
    machine_->world().after(d, [this, what, then = generation_] {
        if (then == generation_) (this->*what)();
    });
}

// -- the connection ---------------------------------------------------------------------------------------------------

void lease_session::connect() {
    sim_world& w = machine_->world();
    ++generation_;
    established_ = false;
    patient_ = w.chance(2);
    input_.clear();
    output_.clear();
    unanswered_.clear();
    answered_.clear();
    last_first_.reset();
    heard_ = now();
    stream_ = machine_->connect({.address = "10.0.0." + std::to_string(1 + w.random().below(3))}, *this);
    look_for_silence();
}

void lease_session::disconnect() {
    stream_.reset();
    ++generation_;
    later(machine_->world().between(20ms, 400ms), &lease_session::connect);
}

/// Some leave a server that does not answer, some never do.
void lease_session::look_for_silence() {
    const duration limit = established_ && patient_ ? timeout_ * 10 : timeout_ * 2 / 3;
    if (now() >= heard_ + limit && (!established_ || !unanswered_.empty())) return disconnect();
    later(timeout_ / 6, &lease_session::look_for_silence);
}

void lease_session::on_open(std::error_code why) noexcept {
    if (why) return disconnect();
    connect_sent_ = now();
    resumed_ = id_ != 0;
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(timeout_).count();
    std::string hello;
    proto::put_connect_request(hello, {0, 0, static_cast<std::int32_t>(ms), id_, password_}, false);
    stream_->want_read();
    write(hello);
}

void lease_session::write(std::string_view bytes) {
    output_ += bytes;
    while (!output_.empty()) {
        const auto done = stream_->write_some(output_);
        if (done.error) return; // reading tells it too
        if (done.would_block) return stream_->want_write();
        output_.erase(0, done.bytes);
    }
}

void lease_session::on_readable() noexcept {
    const std::uint64_t here = generation_;
    std::array<char, 4096> buffer;
    const auto got = stream_->read_some(buffer);
    if (!got.would_block && got.bytes == 0) return disconnect();
    input_.append(buffer.data(), got.bytes);
    while (here == generation_) {
        const proto::frame f = proto::next_frame(input_, input_.size());
        if (f.state != proto::frame::status::complete) return stream_->want_read();
        const std::string payload(f.payload);
        input_.erase(0, 4 + payload.size());
        heard_ = now();
        take(payload);
    }
}

// -- what is said -----------------------------------------------------------------------------------------------------

template <class... Body> void lease_session::ask(opcode type, const Body&... body) {
    const std::int32_t xid = type == opcode::ping ? proto::xid::ping : ++last_xid_;
    unanswered_.push_back({xid, type, now()});
    std::string frame;
    proto::put_request(frame, xid, type, body...);
    write(frame);
}

void lease_session::ask_check() {
    unanswered_.push_back({++last_xid_, opcode::multi, now()});
    std::string frame;
    {
        proto::frame_writer out(frame);
        out.put(proto::request_header{last_xid_, static_cast<std::int32_t>(opcode::multi)});
        proto::put_multi_op(out, {opcode::check, proto::path_version_request{node_, -1}});
        proto::put_multi_end(out);
    }
    write(frame);
}

void lease_session::take(std::string_view payload) {
    if (!established_) return take_handshake(payload);
    proto::reader in(payload);
    proto::reply_header header;
    in.get(header);
    if (header.xid == proto::xid::notification || unanswered_.empty()) return;
    const asked a = unanswered_.front();
    unanswered_.pop_front();
    bool good = header.err == 0;
    if (good && a.type == opcode::multi) { // its operations tell what failed
        proto::multi_header first;
        in.get(first);
        good = first.type == static_cast<std::int32_t>(opcode::check);
    }
    take_answer(a, good);
}

void lease_session::take_handshake(std::string_view payload) {
    proto::connect_response answer;
    std::optional<bool> read_only;
    proto::get_connect_response(payload, answer, read_only);
    if (answer.session_id == 0) { // it is over: a new one
        id_ = 0;
        password_ = std::string(16, '\0');
        certain_until_ = {};
        return disconnect();
    }
    established_ = true;
    id_ = answer.session_id;
    password_ = answer.password;
    if (!resumed_ || rule_ == certainty_rule::answered) certain(connect_sent_);
    answered_.push_back(connect_sent_);
    if (!resumed_) {
        node_ = "/";
        if (machine_->world().chance(2)) {
            node_ = "/" + std::to_string(id_);
            const std::vector<proto::acl_entry> open{{31, {"world", "anyone"}}};
            ask(opcode::create, proto::create_request{node_, "", open, proto::create_flags::ephemeral});
        }
    }
    later(machine_->world().between(0ms, timeout_ / 3), &lease_session::beat);
}

void lease_session::beat() {
    switch (rule_) {
    case certainty_rule::answered: ask(opcode::ping); return later(timeout_ / 3, &lease_session::beat);
    case certainty_rule::synced:
        ask(opcode::sync, proto::path_request{"/"});
        return later(timeout_ / 4, &lease_session::beat);
    case certainty_rule::pairs: first_ = now(); return ask(opcode::sync, proto::path_request{"/"});
    }
}

// -- what it proves ---------------------------------------------------------------------------------------------------

void lease_session::certain(time_point sent) {
    const time_point until = sent + timeout_;
    if (until <= certain_until_) return;
    if (certain_until_ != time_point{} && certain_until_ < now()) ++lapses_;
    certain_until_ = until;
    if (on_certain) on_certain();
}

void lease_session::take_answer(const asked& a, bool good) {
    const bool of_a_pair = rule_ == certainty_rule::pairs && (a.type == opcode::sync || a.type == opcode::multi);
    if (!good) {
        if (of_a_pair) later(timeout_ / 3, &lease_session::beat);
        return;
    }
    if (rule_ == certainty_rule::answered) certain(a.sent);
    if (rule_ == certainty_rule::synced && a.type == opcode::sync) {
        const time_point latest = a.sent - timeout_ / 4;
        while (answered_.size() > 1 && answered_[1] <= latest) answered_.pop_front();
        if (!answered_.empty() && answered_.front() <= latest) certain(answered_.front());
    }
    answered_.push_back(a.sent);
    if (!of_a_pair) return;
    if (a.type == opcode::sync) return ask_check();
    complete_pair();
}

void lease_session::complete_pair() {
    if (last_first_)
        certain(*last_first_);
    else if (resumed_)
        certain(connect_sent_);
    last_first_ = first_;
    later(timeout_ / 3, &lease_session::beat);
}

} // namespace kazoo::testkit
