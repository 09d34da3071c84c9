#include "client/driver.hpp"

#include "client/core.hpp"
#include "session/window.hpp"
#include "util/buffer.hpp"

#include <algorithm>
#include <array>
#include <new>
#include <system_error>
#include <utility>
#include <variant>

namespace kazoo::detail {

namespace {

constexpr std::chrono::milliseconds noticeable_pause{500};
/// So long a closing client waits for a connection.
constexpr std::chrono::milliseconds patience_without_connection{100};

std::string describe_pause(duration d) {
    const auto tenths = d / std::chrono::milliseconds(100);
    return "this process was not running for " + std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10) + " s";
}

} // namespace

struct driver::line final : byte_stream_events {
    line(driver& d, std::uint64_t n, util::endpoint e) : owner(d), number(n), to(std::move(e)) {}
    // Each of them may destroy this.
    void on_open(std::error_code ec) noexcept override { owner.line_opened(*this, ec); }
    void on_readable() noexcept override {
        driver& d = owner;
        if (d.used_.get() != this) return d.line_answered(*this);
        d.read_input();
        d.turn();
    }
    void on_writable() noexcept override { owner.turn(); }

    driver& owner;
    const std::uint64_t number;
    const util::endpoint to;
    std::unique_ptr<byte_stream> stream;
    std::string answer; ///< to a word
    std::unique_ptr<sasl_exchange> sasl;
};

driver::driver(core& c, session::config config)
    : core_(c), loop_(c.loop()), session_(std::move(config), *this), alive_(std::make_shared<driver*>(this)) {}

driver::~driver() {
    if (ending_ != ending::done) *alive_ = nullptr;
}

void driver::start(std::vector<std::shared_ptr<session::credential>> credentials) {
    for (auto& c : credentials) session_.add_credential(std::move(c));
    session_.start(loop_.now());
    turn();
}

void driver::begin_close(duration limit) {
    if (ending_ != ending::no) return;
    ending_ = ending::asked;
    const time_point end = saturating_add(loop_.now(), limit);
    if (end != never) abort_timer_ = loop_.start_timer(end, abort_);
    turn();
}

void driver::begin_detach(duration limit) {
    session_stays_ = ending_ == ending::no;
    begin_close(limit);
}

/// The limit has passed.
void driver::abort() noexcept {
    abort_timer_ = 0;
    leave();
    turn();
}

void driver::lose_patience() noexcept {
    patience_timer_ = 0;
    leave();
    turn();
}

/// Ends our side at once. The servers keep the session for its time.
void driver::leave() noexcept {
    if (std::exchange(session_stays_, false)) core_.on_detached(session_.identity());
    session_.abort(loop_.now());
}

void driver::add_credential(std::shared_ptr<session::credential> c) {
    session_.add_credential(std::move(c));
    turn();
}

void driver::set_hosts(std::vector<session::host_port> hosts) {
    if (ending_ == ending::done) return;
    session_.set_hosts(std::move(hosts), loop_.now());
    turn();
}

void driver::forget(session::watcher& w) {
    if (!w.registered()) return;
    session_.forget(w);
    turn();
}

void driver::claim_certainty() {
    if (++certainty_wanted_ != 1 || ending_ == ending::done) return;
    session_.want_certainty(true, loop_.now());
    turn();
}

void driver::drop_certainty_claim() {
    if (--certainty_wanted_ != 0 || ending_ == ending::done) return;
    session_.want_certainty(false, loop_.now());
    turn();
}

session::certainty::offered_node driver::offer_node(std::string absolute_path) {
    const auto offered = session_.offer_node(std::move(absolute_path), loop_.now());
    turn();
    return offered;
}

// -- the turn ---------------------------------------------------------------------------------------------------------

void driver::turn() {
    if (in_turn_) {
        again_ = true;
        return;
    }
    in_turn_ = true;
    do {
        again_ = false;
        session_.on_time(loop_.now()); // first: a connection may be over by now, and must get nothing more
        obey_orders();
        if (ending_ == ending::asked && core_.queue().empty() && (!session_stays_ || session_.pending() == 0)) {
            ending_ = ending::begun;
            if (session_stays_)
                leave();
            else
                session_.close(loop_.now());
            again_ = true;
            continue;
        }
        if (!submit()) again_ = true;
        if (write_output()) again_ = true;
    } while (again_);
    if (session_.pending() == 0) give_back();
    in_turn_ = false;
    publish_clocks();
    if (!is_connected(session_.state()))
        core_.board().set_last_failures({.text = session_.last_failures(),
                                         .refused_by_all = session_.refused(),
                                         .attempt = session_.present_attempt()});
    keep_clock();
    keep_patience();
    finish_if_closed();
}

/// A client that closes and has no connection does not wait for long: its caller wants to go.
void driver::keep_patience() {
    if (ending_ == ending::no || ending_ == ending::done) return;
    if (is_connected(session_.state())) {
        if (patience_timer_ != 0) loop_.cancel_timer(std::exchange(patience_timer_, 0));
    } else if (patience_timer_ == 0) {
        patience_timer_ = loop_.start_timer(loop_.now() + patience_without_connection, patience_);
    }
}

/// Hands over what waits. False: the connection is over, because there is no memory for it, and the requests wait on;
/// or nothing of it goes out. Then there is more to do.
bool driver::submit() {
    if (!session_.accepts_requests()) return true;
    try {
        if (!core_.queue().take(batch_, batch_frames_, session::batch_limit)) return true;
    } catch (const std::bad_alloc&) {
        stream_broke(make_error_code(std::errc::not_enough_memory));
        return false;
    }
    session_.submit(batch_, batch_frames_);
    return !session_.output().empty(); // if all of it was refused, more may wait
}

void driver::give_back() {
    session_.give_back();
    util::give_back(batch_frames_); // empty between turns
    core_.queue().give_back();
}

std::size_t driver::buffer_capacity() const {
    return session_.buffer_capacity() + batch_frames_.capacity() + core_.queue().capacity();
}

void driver::obey_orders() {
    for (;;) {
        auto order = session_.next_order();
        if (std::holds_alternative<std::monostate>(order)) return;
        if (auto* resolve = std::get_if<session::resolve_order>(&order)) {
            obey(*resolve);
        } else if (auto* connect = std::get_if<session::connect_order>(&order)) {
            obey(*connect);
        } else if (const auto* ask = std::get_if<session::ask_order>(&order)) {
            obey(*ask);
        } else if (const auto* use = std::get_if<session::use_order>(&order)) {
            obey(*use);
        } else if (auto* sasl = std::get_if<session::sasl_order>(&order)) {
            obey(*sasl);
        } else {
            obey(std::get<session::disconnect_order>(order));
        }
    }
}

void driver::obey(session::resolve_order& order) try {
    loop_.resolve(order.host,
                  [alive = alive_, host = order.host](std::error_code ec, std::vector<std::string> addresses) {
                      driver* const self = *alive;
                      if (self == nullptr) return;
                      const time_point now = self->loop_.now();
                      if (ec)
                          self->session_.on_resolve_failed(host, ec, now);
                      else
                          self->session_.on_resolved(host, std::move(addresses), now);
                      self->turn();
                  });
} catch (const std::bad_alloc&) {
    session_.on_resolve_failed(order.host, make_error_code(std::errc::not_enough_memory), loop_.now());
}

void driver::obey(session::connect_order& order) {
    try {
        auto opening = std::make_unique<line>(*this, order.connection, std::move(order.to));
        opening->stream = core_.connect(opening->to, *opening);
        lines_.push_back(std::move(opening));
    } catch (const std::bad_alloc&) {
        session_.on_closed(order.connection, make_error_code(std::errc::not_enough_memory), loop_.now());
    }
}

/// The first bytes of a connection always find room.
void driver::obey(const session::ask_order& order) {
    const auto at = std::ranges::find(lines_, order.connection, [](const auto& l) { return l->number; });
    if (at == lines_.end()) return;
    static_cast<void>((*at)->stream->write_some(order.word));
    (*at)->stream->want_read();
}

void driver::obey(const session::use_order& order) {
    used_ = take_line(order.connection);
    peer_ = used_->to;
    used_->stream->want_read();
}

void driver::obey(session::sasl_order& order) try {
    std::unique_ptr<sasl_exchange>& sasl = used_->sasl;
    if (order.first) sasl = core_.authenticate(order.server);
    if (!sasl) return session_.on_sasl(order.connection, {.why = "there is none here"}, loop_.now());
    sasl->step(std::move(order.said), [this, connection = order.connection](const util::sasl_step& step) {
        session_.on_sasl(connection, step, loop_.now());
        turn();
    });
} catch (const std::bad_alloc&) {
    session_.on_sasl(order.connection, {.why = "out of memory"}, loop_.now());
}

void driver::obey(const session::disconnect_order& order) {
    if (!used_ || used_->number != order.connection) {
        take_line(order.connection);
        return;
    }
    if (!order.last_words.empty()) static_cast<void>(used_->stream->write_some(order.last_words));
    used_.reset();
}

/// An empty pointer if there is none of that number.
std::unique_ptr<driver::line> driver::take_line(std::uint64_t number) {
    const auto at = std::ranges::find(lines_, number, [](const auto& l) { return l->number; });
    if (at == lines_.end()) return {};
    std::unique_ptr<line> taken = std::move(*at);
    lines_.erase(at);
    return taken;
}

/// True if bytes went out: there may be more to do.
bool driver::write_output() {
    if (!used_) return false;
    const std::string_view out = session_.output();
    if (out.empty()) return false;
    const time_point before = loop_.now(); // the lease starts no later than the server can have seen the request
    const io_result r = used_->stream->write_some(out);
    if (r.error) {
        stream_broke(r.error);
        return true;
    }
    if (r.bytes > 0) session_.on_written(r.bytes, before);
    if (r.would_block || r.bytes == 0) {
        used_->stream->want_write();
        return false;
    }
    return true;
}

void driver::read_input() {
    // One look at the socket is enough unless it filled the whole buffer.
    for (int i = 0; i < 16 && used_; ++i) {
        std::span<char> space;
        try {
            space = session_.read_space();
        } catch (const std::bad_alloc&) { // a large reply
            return stream_broke(make_error_code(std::errc::not_enough_memory));
        }
        const io_result r = used_->stream->read_some(space);
        if (r.error || (r.bytes == 0 && !r.would_block)) return stream_broke(r.error);
        if (r.would_block) break;
        session_.on_read(r.bytes, loop_.now());
        obey_orders(); // it may have asked to disconnect
        if (r.bytes < space.size()) break;
    }
    if (used_) used_->stream->want_read();
}

void driver::stream_broke(std::error_code ec) {
    const std::unique_ptr<line> broken = std::move(used_);
    session_.on_closed(broken->number, ec, loop_.now(), broken->stream->why());
}

/// What is still due after on_time() is a peer to be judged. That takes a second ring: by then whatever had come before
/// the first one was read.
void driver::ring() noexcept {
    const time_point now = loop_.now();
    if (now - clock_at_ >= noticeable_pause) core_.log(log_level::warn, describe_pause(now - clock_at_));
    clock_timer_ = 0;
    clock_at_ = never;
    core_.summarise_log(now);
    session_.on_time(now);
    if (all_read_ != never) session_.on_all_read(all_read_, now);
    const bool quiet = session_.deadline() <= now && !(used_ && used_->stream->input_waits());
    all_read_ = quiet ? now : never;
    turn();
}

void driver::keep_clock() {
    const time_point wanted = ending_ == ending::done ? never : std::min(session_.deadline(), core_.log_due());
    // An earlier ring is harmless, so the timer is only moved forward.
    if (wanted >= clock_at_) return;
    const time_point at = std::max(wanted, loop_.now());
    if (at >= clock_at_) return;
    if (clock_timer_ != 0) loop_.cancel_timer(clock_timer_);
    clock_at_ = at;
    clock_timer_ = loop_.start_timer(at, clock_);
}

void driver::finish_if_closed() {
    if (ending_ == ending::done || session_.state() != session_state::closed) return;
    ending_ = ending::done;
    *alive_ = nullptr; // here, on the loop, where answers of the resolver come in
    used_.reset();
    lines_.clear();
    if (clock_timer_ != 0) loop_.cancel_timer(std::exchange(clock_timer_, 0));
    if (abort_timer_ != 0) loop_.cancel_timer(std::exchange(abort_timer_, 0));
    if (patience_timer_ != 0) loop_.cancel_timer(std::exchange(patience_timer_, 0));
    core_.on_closed(); // may destroy us
}

void driver::line_answered(line& l) {
    constexpr std::size_t enough = 16 << 10;
    std::array<char, 4096> buffer;
    const io_result r = l.stream->read_some(buffer);
    l.answer.append(buffer.data(), r.bytes);
    const bool over = r.error || (r.bytes == 0 && !r.would_block) || l.answer.size() >= enough;
    const time_point now = loop_.now();
    const bool whole = l.answer == "rw" || l.answer == "ro";
    if (!over && !whole) return l.stream->want_read();
    const std::unique_ptr<line> ended = take_line(l.number);
    if (ended->answer.empty() || (r.error && !whole))
        session_.on_closed(ended->number, r.error, now);
    else
        session_.on_answer(ended->number, ended->answer, now);
    turn();
}

void driver::line_opened(line& l, std::error_code ec) {
    const time_point now = loop_.now();
    const std::uint64_t number = l.number;
    if (ec) {
        const std::unique_ptr<line> broken = take_line(number);
        session_.on_closed(number, ec, now, broken->stream->why());
    } else {
        session_.on_connected(number, now);
    }
    turn();
}

// -- session::observer ------------------------------------------------------------------------------------------------

void driver::on_state(session_state s) noexcept {
    if (s == session_state::closed || s == session_state::auth_failed) {
        const errc reason = s == session_state::closed ? errc::closed : errc::auth_failed;
        fail_waiting(reason, reason);
    }
    publish_clocks();
    if (s == session_state::connected || s == session_state::connected_read_only)
        core_.name_after(session_.identity().id);
    core_.board().change(core_, s, session_.identity(), peer_);
    const bool over = s == session_state::lost || s == session_state::closed || s == session_state::auth_failed;
    if (over) core_.session_grants().doubt_all();
}

void driver::on_unsent(session::request_list& requests, std::string_view frames) noexcept {
    try {
        core_.queue().put_back(requests, frames);
    } catch (const std::bad_alloc&) {
        while (!requests.empty()) requests.pop_front().on_failure(errc::connection_loss, outcome::not_applied);
        on_write_lost(); // no later write may land without these
    }
}

void driver::on_write_lost() noexcept { fail_waiting(errc::connection_loss); }

void driver::on_refused(std::string_view why) noexcept { core_.board().set_last_failures({.text = std::string(why)}); }

/// A client that is being closed does not wait for another session.
void driver::on_session_lost(const session::session_loss& loss) noexcept {
    const bool next_comes = loss.reason == errc::session_expired && ending_ == ending::no;
    if (next_comes)
        fail(core_.queue().take_bound(loss.write_failed), loss.reason);
    else
        fail_waiting(loss.reason);
}

void driver::on_certainty_over() noexcept {
    core_.board().end_certainty();
    core_.certain_grants().doubt_all();
}

void driver::on_log(log_level level, std::string_view text) noexcept { core_.log(level, text); }

void driver::publish_clocks() noexcept {
    core_.board().set_lease_end(session_.lease_end());
    core_.board().set_certainty({.until = session_.certain_until(), .lasts = session_.certainty_lasts(loop_.now())});
    if (session_.certainty_not_permitted()) core_.board().refuse_certainty();
    core_.publish_counts(session_);
}

void driver::fail_waiting(errc reason, errc from_now_on) { fail(core_.queue().take_all(from_now_on), reason); }

void driver::fail(session::request_list unsent, errc reason) noexcept {
    while (!unsent.empty()) unsent.pop_front().on_failure(reason, outcome::not_applied);
}

} // namespace kazoo::detail
