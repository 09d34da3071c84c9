#include "world.hpp"

#include "proto/records.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

namespace kazoo::test {

std::string errc_name(errc e) {
    switch (e) {
    case errc::connection_loss: return "connection_loss";
    case errc::session_expired: return "session_expired";
    case errc::closed: return "closed";
    case errc::auth_failed: return "auth_failed";
    case errc::cancelled: return "cancelled";
    case errc::too_large: return "too_large";
    case errc::unimplemented: return "unimplemented";
    default: return std::to_string(static_cast<int>(e));
    }
}

namespace {

std::string outcome_name(outcome o) { return o == outcome::unknown ? "unknown" : "not_applied"; }

bool is_write(proto::opcode op) {
    using enum proto::opcode;
    return op == create || op == remove || op == set_data || op == set_acl || op == multi || op == create2;
}

} // namespace

// -- owned by the owner -----------------------------------------------------------------------------------------------

test_request::test_request(world& w, std::string_view bytes) : frame(bytes), world_(w) {
    proto::request_header header;
    proto::decode(bytes.substr(4), header);
    xid = header.xid;
    op = static_cast<proto::opcode>(header.type);
    frame_size = static_cast<std::uint32_t>(bytes.size());
    is_write = test::is_write(op);
}

void test_request::on_reply(const session::reply& r) noexcept {
    EXPECT_FALSE(done) << "completed twice: xid " << xid;
    done = true;
    world_.say("reply " + std::to_string(xid) + " err " + std::to_string(r.err));
    answered();
}

void test_request::on_failure(errc e, outcome o) noexcept {
    EXPECT_FALSE(done) << "completed twice: xid " << xid;
    done = true;
    world_.say("fail " + std::to_string(xid) + " " + errc_name(e) + " " + outcome_name(o));
}

test_watcher::test_watcher(world& w, std::string n, session::watch_kind k, std::string p)
    : name(std::move(n)), world_(w) {
    kind = k;
    path = std::move(p);
}

test_watcher::~test_watcher() { EXPECT_EQ(counts, 0) << name << " was not let go"; }

void test_watcher::on_event(event_type type, std::string_view where, std::int64_t) noexcept {
    EXPECT_FALSE(over) << name << " fired after its end";
    over = !is_stream();
    world_.say("event " + name + " " + std::string(to_string(type)) + " " + std::string(where));
}

void test_watcher::on_end(errc e) noexcept {
    EXPECT_FALSE(over) << name << " ended twice";
    over = true;
    world_.say("end " + name + " " + errc_name(e));
}

test_credential::test_credential(world& w, std::string s, std::string secret_text, bool is_required) : world_(w) {
    scheme = std::move(s);
    secret = std::move(secret_text);
    required = is_required;
}

void test_credential::on_accepted() noexcept {
    EXPECT_FALSE(std::exchange(judged, true));
    world_.say("accepted " + scheme + " " + secret);
}

void test_credential::on_refused(errc e) noexcept {
    EXPECT_FALSE(std::exchange(judged, true));
    world_.say("refused " + scheme + " " + secret + " " + errc_name(e));
}

// -- the loop ---------------------------------------------------------------------------------------------------------

world::world(session::config c) : subject(std::move(c), *this) {}

world::~world() = default;

void world::say(std::string text) {
    all_said += text + "\n";
    said.push_back(std::move(text));
}

void world::start() {
    started = true;
    subject.start(now);
}

world::line& world::opening_to(std::string_view address) {
    const auto wanted = [&](const line& l) { return !l.open && (address.empty() || l.address == address); };
    const auto found = std::find_if(lines.rbegin(), lines.rend(), wanted);
    if (found == lines.rend()) throw std::runtime_error("nothing is being opened to " + std::string(address));
    return *found;
}

void world::forget_line(std::uint64_t number) {
    std::erase_if(lines, [&](const line& l) { return l.number == number; });
    connecting = !std::ranges::all_of(lines, &line::open);
}

void world::connected(std::string_view address) {
    line& opened = opening_to(address);
    opened.open = true;
    const std::uint64_t number = opened.number;
    connecting = !std::ranges::all_of(lines, &line::open);
    subject.on_connected(number, now);
    take_orders();
}

void world::closed(std::error_code ec, std::string_view why) {
    take_orders();
    std::uint64_t number = used;
    if (!std::exchange(connection_open, false) && connecting) {
        number = opening_to({}).number;
        forget_line(number);
    }
    sasl_for.reset();
    subject.on_closed(number, ec, now, why);
}

void world::refused(std::string_view address) {
    const std::uint64_t number = opening_to(address).number;
    forget_line(number);
    subject.on_closed(number, std::make_error_code(std::errc::connection_refused), now);
}

void world::resolved(const std::string& name, std::vector<std::string> addresses) {
    std::erase(names_asked, name);
    subject.on_resolved(name, std::move(addresses), now);
}

void world::resolve_failed(const std::string& name) {
    std::erase(names_asked, name);
    subject.on_resolve_failed(name, std::make_error_code(std::errc::host_unreachable), now);
}

void world::answered(std::string_view address, std::string_view answer) {
    const auto asked = [&](const line& l) { return l.address == address && !l.word.empty(); };
    const auto at = std::ranges::find_if(lines, asked);
    if (at == lines.end()) throw std::runtime_error("nothing was asked of " + std::string(address));
    subject.on_answer(at->number, answer, now);
    take_orders();
}

void world::sasl(const util::sasl_step& step) {
    ASSERT_TRUE(sasl_for) << "no step was asked for";
    subject.on_sasl(*std::exchange(sasl_for, std::nullopt), step, now);
}

void world::feed(std::string_view bytes, std::size_t chunk) {
    while (!bytes.empty()) {
        const std::span<char> space = subject.read_space();
        ASSERT_FALSE(space.empty());
        const std::size_t n = std::min({bytes.size(), space.size(), chunk == 0 ? bytes.size() : chunk});
        std::memcpy(space.data(), bytes.data(), n);
        subject.on_read(n, now);
        bytes.remove_prefix(n);
    }
}

void world::feed_split(std::string_view bytes, std::size_t at) {
    at = std::min(at, bytes.size());
    feed(bytes.substr(0, at));
    feed(bytes.substr(at));
}

std::string world::write_some(std::size_t n) {
    std::string taken(subject.output().substr(0, n));
    subject.on_written(taken.size(), now);
    return taken;
}

std::string world::write_all(std::size_t chunk) {
    std::string taken;
    while (!subject.output().empty()) taken += write_some(chunk == 0 ? std::string::npos : chunk);
    return taken;
}

void world::advance(duration d) {
    const time_point until = now + d;
    for (int turns = 0; subject.deadline() <= until; ++turns) {
        ASSERT_LT(turns, 10'000) << "a loop that time does not end";
        if (subject.deadline() > now) now = subject.deadline();
        ring();
        ASSERT_GT(subject.deadline(), now) << "a loop without time";
        take_orders();
    }
    now = until;
    ring();
}

void world::ring() {
    subject.on_time(now);
    if (subject.deadline() <= now) subject.on_all_read(now, now);
}

void world::take_orders() {
    for (;;) {
        const session::order next = subject.next_order();
        if (std::holds_alternative<std::monostate>(next)) return;
        if (const auto* resolve = std::get_if<session::resolve_order>(&next)) {
            EXPECT_EQ(std::ranges::find(names_asked, resolve->host), names_asked.end()) << "two look-ups at once";
            names_asked.push_back(resolve->host);
            say("resolve " + resolve->host);
        } else if (const auto* connect = std::get_if<session::connect_order>(&next)) {
            connecting = true;
            connecting_to = connect->to;
            lines.push_back({connect->connection, to_string(connect->to)});
            most_lines = std::max(most_lines, lines.size());
            say("connect " + to_string(connect->to));
        } else if (const auto* ask = std::get_if<session::ask_order>(&next)) {
            const auto at = std::ranges::find(lines, ask->connection, &line::number);
            ASSERT_TRUE(at != lines.end() && at->open) << "a word on what is not open";
            at->word = ask->word;
            say("ask " + at->address + " " + ask->word);
        } else if (const auto* use = std::get_if<session::use_order>(&next)) {
            EXPECT_FALSE(connection_open) << "two are used at once";
            const auto at = std::ranges::find(lines, use->connection, &line::number);
            EXPECT_TRUE(at != lines.end() && at->open) << "use of what is not open";
            used = use->connection;
            connection_open = true;
            forget_line(used);
        } else if (const auto* sasl = std::get_if<session::sasl_order>(&next)) {
            EXPECT_TRUE(connection_open && sasl->connection == used) << "authentication on what is not used";
            sasl_for = sasl->connection;
            say("sasl " + (sasl->first ? "begins" : sasl->said));
        } else {
            const auto& order = std::get<session::disconnect_order>(next);
            if (connection_open && order.connection == used) {
                connection_open = false;
                sasl_for.reset();
                last_words = order.last_words;
                say("disconnect");
                continue;
            }
            const auto at = std::ranges::find(lines, order.connection, &line::number);
            EXPECT_NE(at, lines.end()) << "disconnect without a connection";
            if (at == lines.end()) continue;
            EXPECT_EQ(order.last_words, "");
            say("give up " + at->address);
            forget_line(order.connection);
        }
    }
}

// -- the owner --------------------------------------------------------------------------------------------------------

test_request& world::request(std::string_view frame, test_watcher* watcher) {
    test_request& r = *requests.emplace_back(std::make_unique<test_request>(*this, frame));
    if (watcher != nullptr) r.watcher = detail::ref<session::watcher>::share(watcher);
    waiting.push_back(r);
    waiting_frames += frame;
    return r;
}

void world::flush() {
    if (waiting.empty() || !subject.accepts_requests()) return;
    subject.submit(waiting, waiting_frames);
    EXPECT_TRUE(waiting.empty());
    EXPECT_TRUE(waiting_frames.empty());
}

test_watcher& world::watcher(const std::string& name, session::watch_kind kind, const std::string& path) {
    auto& slot = watchers[name];
    if (!slot) slot = std::make_unique<test_watcher>(*this, name, kind, path);
    return *slot;
}

void world::credential(const std::string& scheme, const std::string& secret, bool required) {
    credentials.push_back(std::make_shared<test_credential>(*this, scheme, secret, required));
    subject.add_credential(credentials.back());
}

// -- session::observer ------------------------------------------------------------------------------------------------

void world::on_state(session_state s) noexcept {
    std::string text = "state " + std::string(to_string(s));
    all_said += text + "\n";
    said.push_back(std::move(text));
    if (s == session_state::closed) fail_waiting(errc::closed);
}

void world::on_unsent(session::request_list& list, std::string_view frames) noexcept {
    std::string text = "unsent";
    std::size_t size = 0;
    for (session::request* r = list.front(); r != nullptr; r = r->next) {
        text += " " + std::to_string(r->xid);
        size += r->frame_size;
    }
    EXPECT_EQ(size, frames.size());
    say(text);
    list.splice_back(waiting);
    waiting = std::move(list);
    waiting_frames.insert(0, frames);
}

void world::on_write_lost() noexcept {
    say("write lost");
    fail_waiting(errc::connection_loss);
}

void world::on_refused(std::string_view why) noexcept {
    EXPECT_EQ(why, subject.last_failures());
    refusal = why;
}

void world::on_session_lost(const session::session_loss& loss) noexcept {
    say("session lost " + errc_name(loss.reason));
    write_failed = loss.write_failed;
    EXPECT_EQ(loss.reason == errc::auth_failed, !refusal.empty()) << "no cause, or one without an end";
    fail_waiting(loss.reason);
}

void world::on_certainty_over() noexcept { certain = false; }

void world::on_log(log_level, std::string_view text) noexcept { logged.append(text).append("\n"); }

void world::fail_waiting(errc reason) {
    session::request_list all;
    all.swap(waiting);
    waiting_frames.clear();
    while (!all.empty()) all.pop_front().on_failure(reason, outcome::not_applied);
}

} // namespace kazoo::test
